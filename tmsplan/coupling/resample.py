"""From one voxel grid to another, by one declared rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..space.frame import Scanner, require_same
from ..space.grid import Grid, Volume

__all__ = ["resampled", "same_grid", "steps_mm", "whole_grid"]

Floats = NDArray[np.float64]

#: Headers of one grid may differ by float32 rounding; further apart is another grid. mm, at
#: the worst corner.
_GRID_MM = 1e-3
#: A voxel has a value where samples with a value hold at least this much of it (decision 0012).
_KNOWN = 0.5
_BLOCK = 20_000


def same_grid(a: Grid[Scanner], b: Grid[Scanner]) -> bool:
    """Whether two grids have one shape and one place in the world."""
    if a.shape != b.shape or a.world != b.world:
        return False
    corners = np.indices((2, 2, 2)).reshape(3, -1).T * (np.array(a.shape) - 1)
    return float(a.centres(corners).distances(b.centres(corners)).max()) <= _GRID_MM


def resampled(volume: Volume[Scanner], grid: Grid[Scanner], ijk: NDArray[np.intp]) -> Floats:
    """Return a volume's values at voxels of another grid.

    One grid: the values themselves. A finer volume: its mean over each voxel's box, taken
    over a lattice of points at most one of its own voxels apart. An equal or coarser volume:
    trilinear interpolation at the voxel's centre.

    Parameters
    ----------
    volume : Volume
        NaN is missing.
    grid : Grid
        In the same world.
    ijk : (n, 3) int
        Voxels of `grid`; they may lie outside its shape.

    Returns
    -------
    (n,) float64
        NaN where less than half of the voxel has a value.

    Raises
    ------
    FrameError
        If volume and grid are in different worlds.
    """
    require_same(grid.world, volume.grid.world, "bring a map to another grid")
    data = np.asarray(volume.data, dtype=np.float64)
    if same_grid(volume.grid, grid):
        inside = ((ijk >= 0) & (ijk < np.array(grid.shape))).all(axis=1)
        out = np.full(len(ijk), np.nan)
        out[inside] = data[tuple(ijk[inside].T)]
        return out
    known = np.isfinite(data)
    filled, share = np.where(known, data, 0.0), known.astype(np.float64)
    inner = _inner_points(volume.grid, grid)
    out = np.empty(len(ijk))
    for start in range(0, len(ijk), _BLOCK):
        rows = ijk[start : start + _BLOCK, None, :] + inner
        at = volume.grid.indices(grid.centres(rows.reshape(-1, 3))).T
        total, weight = (_trilinear(d, at, rows.shape[:2]) for d in (filled, share))
        enough = weight >= _KNOWN
        out[start : start + _BLOCK] = np.where(
            enough, total / np.where(enough, weight, 1.0), np.nan
        )
    return out


def whole_grid(volume: Volume[Scanner], grid: Grid[Scanner]) -> Floats:
    """Return a volume's values at every voxel of another grid, flat, last index fastest."""
    return resampled(volume, grid, np.indices(grid.shape).reshape(3, -1).T)


def _trilinear(data: Floats, at: Floats, shape: tuple[int, ...]) -> Floats:
    """Return the mean of the interpolated values of each row; 0 outside the volume."""
    values = ndimage.map_coordinates(data, at, order=1, mode="constant", cval=0.0)
    return np.asarray(values.reshape(shape).mean(axis=1))


def _inner_points(fine: Grid[Scanner], coarse: Grid[Scanner]) -> Floats:
    """Return the (m, 3) points inside a voxel of `coarse`, in its own units, around 0."""
    counts = np.maximum(1, np.ceil(steps_mm(coarse) / steps_mm(fine).min() - 1e-3).astype(int))
    axes = [(np.arange(n) + 0.5) / n - 0.5 for n in counts]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def steps_mm(grid: Grid[Scanner]) -> Floats:
    """Return the (3,) distances between neighbouring voxels in mm."""
    m = grid.world_from_voxel.matrix(grid.world, grid.voxel)
    return np.asarray(np.linalg.norm(m[:3, :3], axis=0))
