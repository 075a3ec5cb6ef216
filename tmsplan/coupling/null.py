"""What a statistic says of two maps that have nothing in common but their smoothness.

Two smooth maps correlate inside a region by chance: with 400 voxels of 2 mm and a smoothness of
6 mm the correlation of independent maps has a standard deviation of 0.21. So beside each value
stands the same statistic with the functional data moved: shifted in space (voxels), or spun
about the registered sphere (vertices). What is left is chance agreement of that patient's own
maps at their own smoothness.

What it is not: a significance test. A shift is not exchangeable with the identity, because
anatomy is not stationary; neighbouring shifts resemble each other; and shifted activity comes
partly from white matter or another region. It is a yardstick for the size of chance, and only
the comparison with controls says whether a value is unusual.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from ..patient.patient import Cortex
from ..space.frame import Scanner
from ..space.grid import Grid
from ..space.side import Hemi
from ..surface.pair import Pair
from .region_limits import MIN_PLACES, NULL_FAR, NULL_NEAR
from .region_sample import Statistic
from .region_values import RegionValues

__all__ = ["SpatialNull", "shift_of_volume", "spatial_null", "spin_of_surface"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

#: A draw counts for a region if at least this share of its places still reads a value: fewer
#: places scatter more, and the null would look wider than the value it stands beside.
KEPT = 0.8
#: So many draws for one that counts: at the rim of the brain most shifts leave it.
_TRIES = 8
#: Fewer draws than this give no standard deviation worth printing.
_FEWEST = 10


@dataclass(frozen=True, slots=True, eq=False)
class SpatialNull:
    """Mean and spread of a statistic over moved activity, per region.

    Parameters
    ----------
    mean, sd : (r,) float64
        NaN where too few draws counted.
    draws : (r,) int
        Draws that counted.
    how : str
        In words.
    """

    mean: Floats
    sd: Floats
    draws: Ints
    how: str


def spatial_null(
    values: RegionValues,
    statistic: Statistic,
    *,
    covariates: tuple[str, ...] = (),
    wanted: NDArray[np.bool_],
    draws: int,
    seed: int,
) -> SpatialNull:
    """Return the null of a statistic in each region.

    Parameters
    ----------
    values : RegionValues
    statistic : callable
        The same that gave the value.
    covariates : tuple of str
        As for the value. Mean BOLD moves with the activity: the functional scan moves as one.
    wanted : (r,) bool
        Regions that have a value to stand beside.
    draws : int
        Per region; 0 gives none.
    seed : int

    Returns
    -------
    SpatialNull
    """
    r = len(values.order)
    found: list[Floats] = []
    counted = np.zeros(r, dtype=np.intp)
    own = values.sample(covariates).counts
    tries = _TRIES * draws if values.functional.how else 0
    for k in range(tries):
        if (counted[wanted] >= draws).all():
            break
        sample = values.sample(covariates, values.functional.shift(seed * 1_000_003 + k))
        enough = wanted & (counted < draws)
        enough &= sample.counts >= np.maximum(MIN_PLACES.value, KEPT * own)
        sample = sample.only(enough[sample.group])
        now = np.where(enough, statistic(sample), np.nan)
        counted += np.isfinite(now)
        found.append(now)
    return _summary(found, counted, values.functional.how)


def _summary(found: list[Floats], counted: Ints, how: str) -> SpatialNull:
    table = np.array(found).reshape(len(found), len(counted))
    with warnings.catch_warnings():
        # A region without a draw is all NaN, and so are its mean and spread.
        warnings.simplefilter("ignore", RuntimeWarning)
        mean, sd = np.nanmean(table, axis=0), np.nanstd(table, axis=0, ddof=1)
    some = counted >= _FEWEST
    return SpatialNull(np.where(some, mean, np.nan), np.where(some, sd, np.nan), counted, how)


def shift_of_volume(
    grid: Grid[Scanner], ijk: Ints, left: NDArray[np.bool_]
) -> Callable[[int], Ints]:
    """Return the shifts of a volume: from a draw's number to the entry each voxel reads.

    Directions are uniform, lengths from `NULL_NEAR` to `NULL_FAR`, in whole voxels, so that
    nothing is interpolated and the smoothness stays. Left and right move as mirror images.

    Parameters
    ----------
    grid : Grid
    ijk : (n, 3) int
    left : (n,) bool
    """
    to_steps = np.linalg.inv(grid.world_from_voxel.matrix(grid.world, grid.voxel)[:3, :3])
    limit = np.array(grid.shape)

    def shift(draw: int) -> Ints:
        away = _vector(draw)
        by_side = [
            np.rint(to_steps @ (away * (sign, 1.0, 1.0))).astype(np.intp) for sign in (1.0, -1.0)
        ]
        there = ijk + np.where(left[:, None], by_side[1], by_side[0])
        inside = np.asarray(((there >= 0) & (there < limit)).all(axis=1))
        flat = np.ravel_multi_index(tuple(np.where(inside[:, None], there, 0).T), grid.shape)
        return np.where(inside, flat, -1)

    return shift


def _vector(draw: int) -> Floats:
    """Return the (3,) shift in mm of a right hemisphere; its x is mirrored for the left."""
    rng = np.random.default_rng(draw)
    direction = rng.normal(size=3)
    length = rng.uniform(NULL_NEAR.value, NULL_FAR.value)
    return np.asarray(direction / np.linalg.norm(direction) * length)


def spin_of_surface(
    cortex: Pair[Cortex], sides: Pair[Ints], rows: Ints
) -> Callable[[int], Ints] | None:
    """Return the spins of surface data, or None where a side has no registered sphere.

    Each hemisphere's data turn rigidly about its sphere, left and right as mirror images; a
    vertex reads the nearest turned one. Data turned out of the medial wall are missing.

    Parameters
    ----------
    cortex : Pair of Cortex
    sides : Pair of (k,) intp
        Vertices of each side that are places, left first in the functional table.
    rows : (n,) intp
        Order of the places: ``concatenate(left, right)[rows]``.

    Source: doi:10.1016/j.neuroimage.2018.05.070.
    """
    spheres = {}
    for hemi, one in cortex.sides():
        if one.sphere is None:
            return None
        xyz = one.sphere.points.mm(one.sphere.frame)
        unit = xyz / np.linalg.norm(xyz, axis=1, keepdims=True)
        spheres[hemi] = unit
    trees = {h: cKDTree(xyz) for h, xyz in spheres.items()}
    offset = {Hemi.LEFT: 0, Hemi.RIGHT: len(spheres[Hemi.LEFT])}

    def shift(draw: int) -> Ints:
        turn = _rotation(draw)
        mirror = np.diag([-1.0, 1.0, 1.0])
        turned = {Hemi.LEFT: mirror @ turn @ mirror, Hemi.RIGHT: turn}
        found = [
            trees[h].query(spheres[h][vertices] @ turned[h].T)[1] + offset[h]
            for h, vertices in sides.sides()
        ]
        return np.asarray(np.concatenate(found)[rows], dtype=np.intp)

    return shift


def _rotation(draw: int) -> Floats:
    return np.asarray(Rotation.random(random_state=np.random.default_rng(draw)).as_matrix())
