"""Images on coarser and finer cubic grids, one axis after the other. Numeric kernels, no frames.

Interpolation along the axes of a grid is three products with sparse matrices: several times as
fast as sampling every voxel in three dimensions, and a blur comes along for nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["block_means", "from_blocks", "linear_weights", "rescaled"]

Floats = NDArray[np.float32]


def rescaled(data: NDArray[Any], weights: tuple[NDArray[np.float64], ...]) -> Floats:
    """Return an image multiplied along each axis by that axis' (new, old) weights."""
    from scipy.sparse import csr_array

    out = np.asarray(data, dtype=np.float32)
    for w in weights:
        first = csr_array(w.astype(np.float32)) @ out.reshape(out.shape[0], -1)
        out = np.ascontiguousarray(np.moveaxis(first.reshape(-1, *out.shape[1:]), 0, -1))
    return out


def linear_weights(at: NDArray[np.float64], n: int, *, blur: float = 0.0) -> NDArray[np.float64]:
    """Return the (len(at), n) weights of linear interpolation at fractional indices.

    Parameters
    ----------
    at : (m,) float64
        Indices; 0 from one voxel beyond the ends on.
    n : int
        Voxels along the axis.
    blur : float
        SD of a blur before it, voxels.
    """
    from scipy import ndimage

    hat = np.clip(1 - np.abs(at[:, None] - np.arange(n)), 0, 1)
    if blur > 0:
        hat = hat @ ndimage.gaussian_filter1d(np.eye(n), blur, axis=0)
    return np.asarray(hat, dtype=np.float64)


def block_means(data: NDArray[Any], size: tuple[int, int, int]) -> Floats:
    """Return the means of blocks of `size` voxels; the last block of an axis may be smaller."""
    return rescaled(
        data, tuple(_mean_weights(n, k) for n, k in zip(data.shape, size, strict=True))
    )


def from_blocks(blocks: NDArray[Any], size: int, shape: tuple[int, ...]) -> Floats:
    """Return a smooth image of `shape` from its blocks' means; its rim has the last block's."""
    weights = []
    for n, m in zip(shape, blocks.shape, strict=True):
        at = (np.arange(n) - (size - 1) / 2) / size
        weights.append(linear_weights(np.clip(at, 0, m - 1), m))
    return rescaled(blocks, tuple(weights))


def _mean_weights(n: int, size: int) -> NDArray[np.float64]:
    member = np.arange(n) // size == np.arange(-(-n // size))[:, None]
    return np.asarray(member / member.sum(axis=1, keepdims=True))
