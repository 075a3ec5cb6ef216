"""Masks of voxels: filled, closed by a ball, halved and doubled. Numeric kernels, no frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["blocks", "closed_by_ball", "doubled", "filled", "filled_slices", "largest_part"]

Bools = NDArray[np.bool_]


def filled(mask: Bools) -> Bools:
    """Return the mask with every hole that no way outside reaches."""
    return mask | ~_reached(~mask, axes=(0, 1, 2))


def filled_slices(mask: Bools) -> Bools:
    """Fill closed holes, and holes of every slice: the neck is open where the image ends."""
    out = filled(mask)
    for axis in range(3):
        out = out | ~_reached(~out, axes=tuple(k for k in range(3) if k != axis))
    return out


def _reached(free: Bools, axes: tuple[int, ...]) -> Bools:
    """Return the free voxels that steps along `axes` join to the array's border across them.

    Labels, not a flood: one pass for all slices.
    """
    from scipy import ndimage

    near = np.zeros((3, 3, 3), dtype=np.bool_)
    near[1, 1, 1] = True
    for axis in axes:
        near[tuple(slice(None) if k == axis else 1 for k in range(3))] = True
    labels, n = ndimage.label(free, structure=near)
    outside = np.zeros(n + 1, dtype=np.bool_)
    for axis in axes:
        for end in (0, -1):
            outside[np.take(labels, end, axis=axis)] = True
    outside[0] = False
    return np.asarray(outside[labels])


def closed_by_ball(mask: Bools, radius: float) -> Bools:
    """Close by a ball of `radius` voxels and fill. Distances make the ball, exact and fast."""
    from scipy import ndimage

    grown = ndimage.distance_transform_edt(~mask) <= radius
    closed = ndimage.distance_transform_edt(filled_slices(grown)) > radius
    return filled_slices(closed | mask)


def largest_part(mask: Bools) -> Bools:
    """Return the largest connected part; the mask itself if it is empty."""
    from scipy import ndimage

    labels, n = ndimage.label(mask)
    if n == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == int(sizes.argmax()))


def blocks(mask: Bools, *, at_least: int) -> Bools:
    """Return the 2 x 2 x 2 blocks of which at least so many voxels are set."""
    i, j, k = (n // 2 for n in mask.shape)
    parts = mask[: 2 * i, : 2 * j, : 2 * k].reshape(i, 2, j, 2, k, 2)
    return np.asarray(parts.sum(axis=(1, 3, 5), dtype=np.uint8) >= at_least)


def doubled(mask: Bools, shape: tuple[int, ...]) -> Bools:
    """Return each voxel as a block of 2 x 2 x 2 on an array of `shape`."""
    out = np.zeros(shape, dtype=np.bool_)
    fine = mask.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    out[: fine.shape[0], : fine.shape[1], : fine.shape[2]] = fine
    return out
