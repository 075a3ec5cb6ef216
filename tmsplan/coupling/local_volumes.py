"""Several volumes of one patient on one grid, and only as much of it as they fill."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..space.frame import Scanner
from ..space.grid import Grid, Volume
from .resample import steps_mm, whole_grid

__all__ = ["VolumeStack", "stack_volumes"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class VolumeStack:
    """Maps on a box of one grid.

    Parameters
    ----------
    maps : (c, i, j, k) float64
        NaN where missing.
    grid : Grid
        The whole grid.
    box : three slices
        Which part of it `maps` are.
    """

    maps: Floats
    grid: Grid[Scanner]
    box: tuple[slice, slice, slice]

    @property
    def step_mm(self) -> tuple[float, float, float]:
        """Voxel size along each array axis."""
        x, y, z = (float(s) for s in steps_mm(self.grid))
        return x, y, z

    def cropped(self, margin: tuple[int, int, int]) -> VolumeStack:
        """Return the box around the voxels where every map has a value, and a margin.

        The margin is so wide that nothing outside the box is a neighbour of such a voxel;
        what remains is as if the rest of the grid were there.
        """
        known = np.asarray(np.isfinite(self.maps).all(axis=0))
        cut = []
        for axis in range(3):
            at = np.flatnonzero(np.moveaxis(known, axis, 0).reshape(known.shape[axis], -1).any(1))
            first, last = (int(at[0]), int(at[-1])) if len(at) else (0, 0)
            cut.append(slice(max(0, first - margin[axis]), last + 1 + margin[axis]))
        i, j, k = (
            slice(old.start + new.start, min(old.start + new.stop, old.stop))
            for old, new in zip(self.box, cut, strict=True)
        )
        return VolumeStack(self.maps[:, cut[0], cut[1], cut[2]], self.grid, (i, j, k))

    def volume(self, values: Floats) -> Volume[Scanner]:
        """Return values of the box on the whole grid; NaN around it."""
        whole = np.full(self.grid.shape, math.nan)
        whole[self.box] = values
        return Volume(whole, self.grid)


def stack_volumes(
    volumes: Sequence[Volume[Scanner]], *, gm_min: float | None = None
) -> VolumeStack:
    """Bring volumes to the grid of the coarsest of them.

    The coarsest, because no other choice invents detail: finer maps are averaged over each of
    its voxels, as `resampled` says. Of equally coarse grids the first is taken. The order in
    which a file stores its axes makes no difference.

    Parameters
    ----------
    volumes : sequence of Volume
        In one scanner frame; NaN is missing.
    gm_min : float or None
        Voxels whose first map is below this become missing in it, after resampling.

    Raises
    ------
    FrameError
        If they are in different frames.
    """
    sizes = [float(np.prod(steps_mm(v.grid))) for v in volumes]
    # Headers round: sizes within a millionth are equal.
    coarsest = next(k for k, s in enumerate(sizes) if s >= max(sizes) * (1 - 1e-6))
    grid = volumes[coarsest].grid
    maps = np.stack([whole_grid(v, grid).reshape(grid.shape) for v in volumes])
    if gm_min is not None:
        with np.errstate(invalid="ignore"):  # NaN is below nothing, and stays NaN
            maps[0] = np.where(maps[0] >= gm_min, maps[0], math.nan)
    i, j, k = (slice(0, n) for n in grid.shape)
    return VolumeStack(maps, grid, (i, j, k))
