"""Which voxels are head: without helmet, headphones, wrapped signal and noise; holes filled.

Bright voxels fall into connected parts. The head is the largest; a shell round it, a wrapped
nose or a capsule on a pad are others. Only the chosen part is closed and filled, so that no gap
between head and helmet is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from .scalp_bias import evened, noise_level, otsu
from .voxel_mask import blocks, closed_by_ball, doubled, filled, filled_slices, largest_part

__all__ = ["LEAST_LITRES", "head_mask"]

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

#: Radius of the closing: bridges nostrils, ear canals and the sinuses of an open face.
CLOSING = Param(8.0, "mm", 2, 20, "docs/decisions/0017")
#: A head has more than this; a phantom, a hand or noise has less.
LEAST_LITRES = 1.0
#: Air ends at this share of Otsu's threshold in the evened image: skin is darker than brain.
_AIR_SHARE = 0.5
#: Or at so many times the median of the noise, if that is more: 4 times a Rayleigh median is
#: reached by 1.5 voxels in 100,000.
_NOISE_TIMES = 4.0
#: Parts smaller than this share of the largest are noise, wires, vessels.
_PART_SHARE = 0.02
#: Under skin and fat lies dark bone: of what lies this deep in the filled head, that share is
#: not bright. A part with less is a brain that no bright voxel joins to its skin (the image ends
#: above the face); the part around it then belongs to the head, a helmet round a head does not.
_BONE_MM, _DARK_SHARE = (5.0, 12.0), 0.2


def head_mask(data: Floats, voxel_mm: float, owner: str) -> Bools:
    """Return the head: its bright edge on the given grid, closed and filled inside.

    Parameters
    ----------
    data : (i, j, k) float32
        On cubic voxels, with at least `CLOSING` of empty voxels around.
    voxel_mm : float
    owner : str
        Whose image it is, for messages.

    Raises
    ------
    InputError
        If less than a litre is brighter than air.
    """
    from scipy import ndimage

    bright = _bright(data, voxel_mm)
    part = _part_of_head(bright, voxel_mm)
    litres = float(part.sum()) * voxel_mm**3 / 1e6
    if litres < LEAST_LITRES / 2:
        raise InputError(_too_small(owner, litres))
    hull = largest_part(np.asarray(ndimage.binary_opening(_hull(part, voxel_mm))))
    core = doubled(ndimage.binary_erosion(hull), part.shape)
    near = doubled(ndimage.binary_dilation(hull), part.shape)
    mask = filled((part & near) | core)
    litres = float(mask.sum()) * voxel_mm**3 / 1e6
    if litres < LEAST_LITRES:
        raise InputError(_too_small(owner, litres))
    return mask


def _too_small(owner: str, litres: float) -> str:
    return (
        f"{owner}: the T1 shows {litres:.2f} litres brighter than air. Expected a head, more "
        f"than {LEAST_LITRES:g} litre. Pass a whole-head T1 that is not skull-stripped or masked."
    )


def _bright(data: Floats, voxel_mm: float) -> Bools:
    first = otsu(data)
    noise = noise_level(data, first)
    even = evened(data, voxel_mm)
    return np.asarray((even > _AIR_SHARE * otsu(even)) & (data > _NOISE_TIMES * noise))


def _part_of_head(bright: Bools, voxel_mm: float) -> Bools:
    """Return the largest connected part, with what lies inside it."""
    from scipy import ndimage

    labels, n = ndimage.label(bright)
    if n == 0:
        return np.zeros_like(bright)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    order = np.argsort(-sizes)
    order = order[sizes[order] >= _PART_SHARE * sizes[order[0]]]
    chosen = np.asarray(labels == order[0])
    hull = _hull(chosen, voxel_mm)
    for label in order[1:]:
        part = blocks(labels == label, at_least=2)
        within = float((part & hull).sum()) > 0.5 * float(part.sum())
        if within or (_surrounds(part, hull) and not _has_bone(chosen, hull, voxel_mm)):
            chosen |= labels == label
            hull = _hull(chosen, voxel_mm)
    return chosen


def _hull(part: Bools, voxel_mm: float) -> Bools:
    return closed_by_ball(filled_slices(blocks(part, at_least=2)), CLOSING.value / voxel_mm / 2)


def _has_bone(part: Bools, hull: Bools, voxel_mm: float) -> bool:
    """Whether a dark layer lies under the surface of a part."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(hull) * 2 * voxel_mm
    layer = (depth > _BONE_MM[0]) & (depth <= _BONE_MM[1])
    dark = layer & ~blocks(part, at_least=4)
    return float(dark.sum()) > _DARK_SHARE * float(max(layer.sum(), 1))


def _surrounds(part: Bools, inner: Bools) -> bool:
    """Whether a part reaches beyond another on five of six sides, or on four of a cut one."""
    a, b = (np.argwhere(m) for m in (part, inner))
    if not len(a) or not len(b):
        return False
    beyond = int((a.min(axis=0) < b.min(axis=0)).sum() + (a.max(axis=0) > b.max(axis=0)).sum())
    return beyond >= 4
