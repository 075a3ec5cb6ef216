"""A T1 made even: air's noise, and how bright a head is here and there.

Receive coils make one side of a head three times as bright as the other. A threshold for the
whole image then loses the dark skin; a threshold relative to the neighbourhood does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .voxel_scale import block_means, from_blocks

__all__ = ["evened", "noise_level", "otsu"]

Floats = NDArray[np.float32]

#: Width of the neighbourhood (SD): wider than the brain's own contrast, narrower than a coil's
#: sensitivity.
_WIDTH_MM = 30.0
#: Every so many voxels along each axis make a histogram.
_EVERY = 2
#: The width is large, so every so many mm are enough.
_STEP_MM = 4.8
#: What counts as head when brightness is averaged, as a share of the first Otsu threshold.
_HEAD_SHARE = 0.25
#: Weight of the whole head's mean, so that far air has a level too.
_PRIOR = 0.02
#: The level is held to this range about its median: beyond it is no coil but no head.
_LEVEL_RANGE = (0.15, 4.0)


def otsu(data: Floats) -> float:
    """Return Otsu's threshold between air and head (doi:10.1109/TSMC.1979.4310076).

    Raises
    ------
    InputError
        If nothing in the image is positive.
    """
    data = data[::_EVERY, ::_EVERY, ::_EVERY]
    positive = data[data > 0]
    top = float(np.quantile(positive, 0.99)) if len(positive) else 0.0
    if top <= 0:
        raise InputError(
            "the T1 holds no positive value, so no head. Pass a T1-weighted image of a head."
        )
    # Very bright fat and vessels would pull the threshold up.
    counts, edges = np.histogram(np.clip(data, 0, top), bins=256)
    middle = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    mass = np.cumsum(counts * middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (mass / below - (mass[-1] - mass) / above) ** 2
    return float(middle[int(np.nanargmax(between))])


def noise_level(data: Floats, threshold: float) -> float:
    """Return the median of what is neither head nor exactly empty: 0 if all air was zeroed."""
    air = data[(data > 0) & (data < threshold / 2)]
    # Fewer than a hundredth of all voxels are rims of the head, not air.
    return float(np.median(air)) if len(air) > data.size / 100 else 0.0


def evened(data: Floats, voxel_mm: float) -> Floats:
    """Return the image divided by how bright the head is around each place; about 1 in tissue.

    Parameters
    ----------
    data : (i, j, k) float32
        On cubic voxels.
    voxel_mm : float
    """
    from scipy import ndimage

    stride = max(1, round(_STEP_MM / voxel_mm))
    coarse = block_means(data, (stride, stride, stride))
    head = coarse > _HEAD_SHARE * otsu(data)
    if not head.any():
        return data
    sigma = _WIDTH_MM / (stride * voxel_mm)
    mean = float(coarse[head].mean())
    weight = ndimage.gaussian_filter(head.astype(np.float32), sigma) + _PRIOR
    level = ndimage.gaussian_filter(np.where(head, coarse, 0), sigma) + _PRIOR * mean
    level = level / weight
    usual = float(np.median(level[head]))
    level = np.clip(level, _LEVEL_RANGE[0] * usual, _LEVEL_RANGE[1] * usual)
    return np.asarray(data / from_blocks(level, stride, data.shape), dtype=np.float32)
