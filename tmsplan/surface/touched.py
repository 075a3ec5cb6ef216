"""The few voxels of a grid that an operator reads, gathered in the array's own order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["TouchedVoxels"]


@dataclass(frozen=True, slots=True, eq=False)
class TouchedVoxels:
    """Indices of some voxels of a 3-D array.

    Parameters
    ----------
    ijk : (t, 3) intp
        Voxel indices, sorted by the first axis, then the second, then the third.
    last_fastest, first_fastest : (t,) intp
        The same as flat indices into a C-ordered and a Fortran-ordered array. Both are kept:
        NIfTI arrays are Fortran-ordered, computed ones C-ordered, and a flat look-up is several
        times faster than three indices or a copy of the volume.
    """

    ijk: NDArray[np.intp]
    last_fastest: NDArray[np.intp]
    first_fastest: NDArray[np.intp]

    @classmethod
    def of(cls, ijk: NDArray[np.intp], shape: tuple[int, int, int]) -> TouchedVoxels:
        """Return the voxels of (t, 3) indices into an array of `shape`."""
        axes = (ijk[:, 0], ijk[:, 1], ijk[:, 2])
        return cls(
            ijk,
            np.ravel_multi_index(axes, shape, order="C"),
            np.ravel_multi_index(axes, shape, order="F"),
        )

    def __len__(self) -> int:
        return len(self.ijk)

    def of_array(self, data: NDArray[Any]) -> NDArray[Any]:
        """Return the (t,) values of a 3-D array of the shape that the indices are for."""
        if data.flags.c_contiguous:
            return np.asarray(data.reshape(-1).take(self.last_fastest))
        if data.flags.f_contiguous:
            return np.asarray(data.T.reshape(-1).take(self.first_fastest))
        return np.asarray(data[self.ijk[:, 0], self.ijk[:, 1], self.ijk[:, 2]])
