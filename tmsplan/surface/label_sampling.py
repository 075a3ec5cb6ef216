"""From a volume of labels to the cortex: the most frequent label between white and pial."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..space.frame import K, require_same
from ..space.grid import Volume
from .sample_locations import blocks, default_samples, locations, require_sheet
from .surface import Surface

__all__ = ["sample_labels"]

Ints = NDArray[np.int32]


def sample_labels(
    white: Surface[K], pial: Surface[K], volume: Volume[K], *, samples: int = 10
) -> Ints:
    """Return the most frequent label between white and pial of each vertex.

    Each sample takes the nearest voxel; labels are never interpolated. Background (0, or
    outside the image) loses to any label, so that a gap between atlas and pial surface makes no
    hole. Of labels that are equally frequent the one sampled nearest to the middle wins, where
    cortex is surest; of two equally near, the deeper one.

    Parameters
    ----------
    white, pial : Surface
        One cortical sheet, mm, in the frame of `volume`.
    volume : Volume
        Whole numbers that fit int32; 0 is background.
    samples : int
        Depths from pial to white, both included.

    Returns
    -------
    (n,) int32
        0 where every sample is background.

    Raises
    ------
    FrameError, DomainError
        If surfaces and volume are not in one frame, or white and pial not one sheet.
    InputError
        If the volume holds anything but whole numbers of 0 and above.
    """
    require_sheet(white, pial, "sample labels between white and pial")
    require_same(pial.frame, volume.grid.world, "sample labels on a surface")
    ids = _whole(volume.data)
    where = locations(white, pial, "depth", default_samples("depth", samples), 1.0)
    grid = volume.grid
    to_voxel = grid.world_from_voxel.inverse().matrix(grid.voxel, grid.world)
    out = np.empty(len(pial), dtype=np.int32)
    for rows in blocks(len(pial)):
        ijk = np.rint(where.ijk(rows, to_voxel)).astype(np.intp)
        inside = ((ijk >= 0) & (ijk < np.array(grid.shape))).all(axis=2)
        found = np.zeros(inside.shape, dtype=np.int32)
        i, j, k = ijk[inside].T
        found[inside] = ids[i, j, k]
        out[rows] = _most_frequent(found)
    return out


def _whole(data: NDArray[Any]) -> Ints:
    limits = np.iinfo(np.int32)
    if data.dtype.kind not in "biuf":
        raise InputError(f"labels must be whole numbers; the image holds {data.dtype}.")
    if data.dtype.kind == "f" and not np.isfinite(data).all():
        raise InputError("labels must be whole numbers; the image holds NaN or infinite values.")
    if data.size and (data.min() < 0 or data.max() > limits.max):
        raise InputError(
            f"labels must lie between 0 and {limits.max}; the image holds {data.min()} to "
            f"{data.max()}. It may be no label image."
        )
    # Widened, never narrowed: ids above 255 are common, and int8 would wrap them.
    ids = data.astype(np.int32)
    if data.dtype.kind == "f" and not np.array_equal(ids, data):
        raise InputError(
            "labels must be whole numbers; the image holds fractions. It may be a probability "
            "map, or labels that were interpolated: use nearest neighbours to resample it."
        )
    return ids


def _most_frequent(found: Ints) -> Ints:
    """Return the winner of each row of (n, samples) labels, pial first."""
    samples = found.shape[1]
    votes = np.zeros(found.shape, dtype=np.int64)
    for k in range(samples):
        votes += found == found[:, [k]]
    # One number orders the rules: votes first, then nearness to the middle, then depth.
    off_middle = np.abs(2 * np.arange(samples) - (samples - 1))
    nearness = 2 * (samples - off_middle) + (np.arange(samples) >= samples / 2)
    score = np.where(found == 0, -1, votes * (2 * samples + 2) + nearness)
    return np.asarray(np.take_along_axis(found, score.argmax(axis=1)[:, None], axis=1)[:, 0])
