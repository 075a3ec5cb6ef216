"""What the checker needs to know of a T1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...space.frame import Frame, Scanner
from ...space.grid import Grid
from ...space.points import Points

__all__ = ["T1Facts"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class T1Facts:
    """Header of the T1 that the navigator has loaded.

    Parameters
    ----------
    name : str
        Base name.
    grid : Grid
        Shape and place, in the T1's own world.
    qform_code, sform_code : int or None
        None for an MGH image, which has none.
    sha256 : str
    """

    name: str
    grid: Grid[Scanner]
    qform_code: int | None
    sform_code: int | None
    sha256: str

    @property
    def frame(self) -> Frame[Scanner]:
        """World of the T1."""
        return self.grid.world

    def corners(self) -> Points[Scanner]:
        """Return the eight outermost voxel centres."""
        ends = [(0, n - 1) for n in self.grid.shape]
        ijk = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3)
        return self.grid.centres(ijk)

    def outside_mm(self, points: Points[Scanner]) -> Floats:
        """Return the (n,) distances in mm from the box of voxel centres; 0 inside it."""
        ijk = self.grid.indices(points)
        held = np.clip(ijk, 0, np.array(self.grid.shape) - 1)
        return self.grid.centres(held).distances(points)

    def middle(self) -> Points[Scanner]:
        """Return the middle of the field of view."""
        return self.corners().centroid()
