"""A plain image inside the preparation: an array and its RAS affine, mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Picture", "cropped", "resampled_along_axes"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Voxels and where they lie.

    Parameters
    ----------
    data : (i, j, k) float32
    affine : (4, 4) float64
        RAS world, mm, from voxel indices.
    """

    data: NDArray[np.float32]
    affine: Floats

    @property
    def zooms(self) -> Floats:
        """Voxel size in mm."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))

    def with_data(self, data: NDArray[np.generic]) -> Picture:
        """Return other values on the same grid."""
        return Picture(np.asarray(data, dtype=np.float32), self.affine)

    def at(self, world: Floats) -> Floats:
        """Return the values at (n, 3) RAS positions, linear; 0 outside the image."""
        from scipy.ndimage import map_coordinates

        back = np.linalg.inv(self.affine)
        ijk = world @ back[:3, :3].T + back[:3, 3]
        found = map_coordinates(self.data, ijk.T, order=1, cval=0.0, output=np.float64)
        return np.asarray(found)


def resampled_along_axes(picture: Picture, step_mm: float) -> Picture:
    """Return the image on cubic voxels of `step_mm` along its own axes.

    Blurred before by what coarser voxels cannot hold, so that fine texture does not alias.
    """
    from scipy import ndimage

    zooms = picture.zooms
    step = step_mm / zooms
    sigma = np.sqrt(np.maximum(step**2 - 1, 0)) * 0.42  # half maximum of the missing width
    data = picture.data
    if (sigma > 0.1).any():
        data = ndimage.gaussian_filter(data, sigma)
    shape = tuple(int(np.floor((n - 1) / s)) + 1 for n, s in zip(data.shape, step, strict=True))
    out = ndimage.affine_transform(data, step, output_shape=shape, order=1)
    affine = picture.affine.copy()
    affine[:3, :3] = picture.affine[:3, :3] * step
    return Picture(np.asarray(out, dtype=np.float32), affine)


def cropped(picture: Picture, where: Picture, margin_mm: float) -> Picture:
    """Return the box around what `where` (on the same grid) marks, and a margin."""
    marked = np.argwhere(where.data > 0)
    margin = np.ceil(margin_mm / picture.zooms).astype(int)
    low = np.maximum(marked.min(axis=0) - margin, 0)
    high = np.minimum(marked.max(axis=0) + 1 + margin, picture.data.shape)
    affine = picture.affine.copy()
    affine[:3, 3] = picture.affine[:3, :3] @ low + picture.affine[:3, 3]
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return Picture(np.ascontiguousarray(picture.data[box]), affine)
