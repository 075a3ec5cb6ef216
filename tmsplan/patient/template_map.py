"""Maps between a template and the patient's scanner world, by the patient's own route."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..base.errors import FrameError
from ..space.frame import Frame, Scanner, Voxel
from ..space.grid import Grid, Volume
from ..space.points import Points
from ..space.transform import Affine
from ..space.tree import FrameTree
from ..surface.pair import Pair
from .patient import Cortex

__all__ = ["to_scanner", "to_template"]

#: Grid of the resampled map: finer than functional data, coarse enough for a laptop.
GRID_MM = 2.0
_MARGIN_MM = 6.0
#: A value is interpolated only if this share of its neighbours' weight has one.
MIN_WEIGHT = 0.5


def to_scanner(
    volume: Volume[Any],
    tree: FrameTree,
    cortex: Pair[Cortex],
    name: str,
    *,
    step_mm: float = GRID_MM,
) -> Volume[Scanner]:
    """Resample a template-space map to a straight grid of the patient's scanner world.

    Every grid point is moved to the template by the patient's own route, and the map is
    interpolated there (trilinear; neighbours without a value have no weight).

    Parameters
    ----------
    volume : Volume
        In a template frame; NaN is missing.
    tree : FrameTree
        Must hold that frame.
    cortex : Pair of Cortex
        The grid is laid around it.
    name : str
        Base name of the map's file, for messages.
    step_mm : float
        Of the grid.

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
    grid = _grid_around(cortex, tree.root, template, step_mm)
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij"), -1)
    there = tree.points(grid.centres(ijk.reshape(-1, 3)), template)
    known = np.isfinite(volume.data)
    return Volume(_interpolated(volume, known, there).reshape(grid.shape), grid)


def to_template(
    volume: Volume[Scanner], tree: FrameTree, cortex: Pair[Cortex], grid: Grid[Any]
) -> Volume[Any]:
    """Resample a map of the patient to a grid of a template: that of a run, for example.

    Only the box around the patient's cortex is filled: far outside the head a warp has no
    inverse, and no map is needed.

    Parameters
    ----------
    volume : Volume
        In scanner RAS.
    tree : FrameTree
        Must hold the grid's frame.
    cortex : Pair of Cortex
    grid : Grid
        In a template frame.

    Returns
    -------
    Volume
        On `grid`; NaN outside the box and where the map has no value.

    Raises
    ------
    FrameError
        If nothing relates the template to the patient.
    """
    template = grid.world
    if template not in tree:
        raise FrameError(
            f"nothing relates {template.kind.__name__} to this patient, so no map of the patient "
            f"can be brought there. Give from_mni and template under [anatomy] of patient.toml."
        )
    inside = _box_around(cortex, tree, grid)
    here = tree.points(grid.centres(np.argwhere(inside)), tree.root)
    out = np.full(grid.shape, np.nan)
    out[inside] = _interpolated(volume, np.isfinite(volume.data), here)
    return Volume(out, grid)


def _interpolated(
    volume: Volume[Any], known: NDArray[np.bool_], places: Points[Any]
) -> NDArray[np.float64]:
    """Return trilinear values; neighbours that are not `known` have no weight."""
    at = volume.grid.indices(places).T
    filled = np.where(known, volume.data, 0).astype(np.float64)
    weight = ndimage.map_coordinates(known.astype(np.float64), at, order=1, cval=0.0)
    total = ndimage.map_coordinates(filled, at, order=1, cval=0.0)
    value = np.full(len(weight), np.nan)
    enough = weight >= MIN_WEIGHT
    value[enough] = total[enough] / weight[enough]
    return value


def _box_around(cortex: Pair[Cortex], tree: FrameTree, grid: Grid[Any]) -> NDArray[np.bool_]:
    """Return the voxels of a template's grid in the box that holds the patient's cortex."""
    ijk = [grid.indices(tree.points(c.pial.points, grid.world)) for _, c in cortex.sides()]
    both = np.vstack(ijk)
    low = np.clip(np.floor(both.min(axis=0)).astype(int) - 1, 0, grid.shape)
    high = np.clip(np.ceil(both.max(axis=0)).astype(int) + 2, 0, grid.shape)
    inside = np.zeros(grid.shape, dtype=np.bool_)
    inside[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return inside


def _grid_around(
    cortex: Pair[Cortex], scanner: Frame[Scanner], template: Frame[Any], step_mm: float
) -> Grid[Scanner]:
    """Return a straight grid around the cortex: the rest of the head needs no map."""
    both = np.vstack([c.pial.points.mm(scanner) for _, c in cortex.sides()])
    low, high = both.min(axis=0) - _MARGIN_MM, both.max(axis=0) + _MARGIN_MM
    i, j, k = (int(n) for n in np.ceil((high - low) / step_mm) + 1)
    matrix = np.diag([step_mm, step_mm, step_mm, 1.0])
    matrix[:3, 3] = low
    claim = Affine.claim(
        matrix,
        dst=scanner,
        src=Frame(Voxel, f"{scanner.owner} map from {template.kind.__name__}"),
        because=f"own {step_mm:g} mm grid in scanner RAS",
    )
    return Grid((i, j, k), claim)
