"""A map of a template space, brought to the patient's scanner world."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from ..base.errors import FrameError
from ..space.frame import Frame, Scanner, Voxel
from ..space.grid import Grid, Volume
from ..space.transform import Affine
from ..space.tree import FrameTree
from ..surface.pair import Pair
from .patient import Cortex

__all__ = ["to_scanner"]

#: Grid of the resampled map: finer than functional data, coarse enough for a laptop.
GRID_MM = 2.0
_MARGIN_MM = 6.0
#: A value is interpolated only if this share of its neighbours' weight has one.
MIN_WEIGHT = 0.5


def to_scanner(
    volume: Volume[Any], tree: FrameTree, cortex: Pair[Cortex], name: str
) -> Volume[Scanner]:
    """Resample a template-space map to a 2 mm grid of the patient's scanner world.

    Every grid point is moved to the template by the patient's own route, and the map is
    interpolated there (trilinear; neighbours without a value have no weight).

    Parameters
    ----------
    volume : Volume
        In a template frame.
    tree : FrameTree
        Must hold that frame.
    cortex : Pair of Cortex
        The grid is laid around it.
    name : str
        Base name of the map's file, for messages.

    Returns
    -------
    Volume
        In scanner RAS; NaN where the map has no value.

    Raises
    ------
    FrameError
        If nothing relates the template to the patient.
    """
    template = volume.grid.world
    if template not in tree:
        raise FrameError(
            f"{name}: the map is in {template.kind.__name__}, and nothing relates that template "
            f"to this patient. Give from_mni and template under [anatomy] of patient.toml, or "
            f"pass a map in the space of the T1."
        )
    grid = _grid_around(cortex, tree.root, template)
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij"), -1)
    there = tree.points(grid.centres(ijk.reshape(-1, 3)), template)
    at = volume.grid.indices(there).T
    known = np.isfinite(volume.data) & (volume.data != 0)
    filled = np.where(known, volume.data, 0).astype(np.float64)
    weight = ndimage.map_coordinates(known.astype(np.float64), at, order=1, cval=0.0)
    total = ndimage.map_coordinates(filled, at, order=1, cval=0.0)
    value = np.full(len(weight), np.nan)
    enough = weight >= MIN_WEIGHT
    value[enough] = total[enough] / weight[enough]
    return Volume(value.reshape(grid.shape), grid)


def _grid_around(
    cortex: Pair[Cortex], scanner: Frame[Scanner], template: Frame[Any]
) -> Grid[Scanner]:
    """Return a 2 mm grid around the cortex: the rest of the head needs no map."""
    both = np.vstack([c.pial.points.mm(scanner) for _, c in cortex.sides()])
    low, high = both.min(axis=0) - _MARGIN_MM, both.max(axis=0) + _MARGIN_MM
    i, j, k = (int(n) for n in np.ceil((high - low) / GRID_MM) + 1)
    matrix = np.diag([GRID_MM, GRID_MM, GRID_MM, 1.0])
    matrix[:3, 3] = low
    claim = Affine.claim(
        matrix,
        dst=scanner,
        src=Frame(Voxel, f"{scanner.owner} map from {template.kind.__name__}"),
        because="own 2 mm grid in scanner RAS",
    )
    return Grid((i, j, k), claim)
