"""A voxel grid in a world, and the data on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .frame import Frame, K, Voxel
from .points import Points
from .transform import Affine

__all__ = ["Grid", "Volume"]


@dataclass(frozen=True, slots=True, eq=False)
class Grid(Generic[K]):
    """Shape of a 3-D array and the map from its indices to a world."""

    shape: tuple[int, int, int]
    world_from_voxel: Affine[K, Voxel]

    @property
    def world(self) -> Frame[K]:
        """The frame that the grid lies in."""
        return self.world_from_voxel.dst

    @property
    def voxel(self) -> Frame[Voxel]:
        """The grid's own index frame."""
        return self.world_from_voxel.src

    def indices(self, points: Points[K]) -> NDArray[np.float64]:
        """Return the (n, 3) fractional voxel indices of world points."""
        return (self.world_from_voxel.inverse() @ points).ijk(self.voxel)

    def nearest(self, points: Points[K]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return the (n, 3) nearest indices and the (n,) mask of points inside the grid."""
        ijk = np.rint(self.indices(points)).astype(np.intp)
        inside = np.asarray(((ijk >= 0) & (ijk < np.array(self.shape))).all(axis=1))
        return ijk, inside

    def centres(self, ijk: NDArray[Any]) -> Points[K]:
        """Return the world positions of (n, 3) voxel indices."""
        return self.world_from_voxel @ Points(ijk, self.voxel)


@dataclass(frozen=True, slots=True, eq=False)
class Volume(Generic[K]):
    """A 3-D array on a grid; read-only."""

    data: NDArray[Any]
    grid: Grid[K]

    def __post_init__(self) -> None:
        if self.data.shape != self.grid.shape:
            raise InputError(
                f"an image of shape {self.data.shape} does not fit its grid {self.grid.shape}."
            )
        self.data.flags.writeable = False

    def at_nearest(self, points: Points[K], *, outside: float) -> NDArray[Any]:
        """Return the value of the nearest voxel of each point; `outside` beyond the grid."""
        ijk, inside = self.grid.nearest(points)
        out = np.full(len(points), outside, dtype=np.result_type(self.data.dtype, type(outside)))
        out[inside] = self.data[tuple(ijk[inside].T)]
        return out

    def __str__(self) -> str:
        return f"{self.data.dtype} {'x'.join(map(str, self.grid.shape))} in {self.grid.world}"
