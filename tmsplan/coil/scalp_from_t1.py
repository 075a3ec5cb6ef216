"""The scalp from a T1 alone: where intensity falls to half of the skin's own level.

Contouring a mask puts the skin almost a millimetre too far out; the intensity itself places it
between voxels. The mask only says which side is head: it closes nostrils, ears and the dark
skull, and leaves noise, helmets and wrapped signal outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..space.frame import Scanner
from ..space.grid import Volume
from ..surface.field import Field
from ..surface.surface import Surface
from .head_mask import CLOSING, LEAST_LITRES, head_mask
from .scalp_contour import closed_contour
from .scalp_cut import find_cuts
from .scalp_edge import edge_profiles
from .scalp_quality import ScalpQuality, quality_of, require_skin
from .voxel_scale import block_means, from_blocks, linear_weights, rescaled

__all__ = ["LEAST_LITRES", "MadeScalp", "scalp_from_t1"]

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

#: Working grid. A T1 has about 1 mm; finer voxels add noise and time, no place.
GRID = Param(1.2, "mm", 0.8, 2.0, "docs/decisions/0017")
#: The skin's level is averaged over this distance: coils make it vary over centimetres.
LEVEL_MM = 12.0
#: Depths between which the skin's level is measured: the dermis. The fat below it is two to
#: three times brighter in a T1, and half of fat lies under the skin's edge, not at it.
_SKIN_MM = (1.2, 3.0)
#: It varies so slowly that blocks of so many voxels are enough.
_LEVEL_BLOCK = 3
#: Blocks of the image darker than this share of its bright ones are air, and so is what lies
#: further than the margin from all others: a head takes half of a field of view.
_BLOCK_MM, _SIGNAL_SHARE, _MARGIN_MM = 4.0, 0.02, 12.0
#: A light blur takes single voxels out; it does not move the half level of a straight edge.
_BLUR_VOXELS = 0.6
#: The filled head begins this far under the edge, so that it never decides where the skin is.
_FILL_MM = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class MadeScalp:
    """A scalp surface made from a T1.

    Parameters
    ----------
    surface : Surface of Scanner
        Closed, triangles facing out, mm.
    cut : Field
        1 where the surface is no skin: the end of the field of view, a removed face or ear, a
        blurred edge; 0 elsewhere.
    quality : ScalpQuality
        How clear the skin was, and what was found besides it.
    """

    surface: Surface[Scanner]
    cut: Field
    quality: ScalpQuality


def scalp_from_t1(t1: Volume[Scanner]) -> MadeScalp:
    """Return the outer skin of a head, closed, to a fraction of a voxel.

    The image is evened, air and head are told apart by Otsu's threshold and the noise; the
    largest connected part is closed by 8 mm and its holes are filled. Intensity is divided by
    the local level of the skin, so that coil sensitivity does not move the edge, and contoured
    at one half.

    Parameters
    ----------
    t1 : Volume of Scanner
        Any orientation, with or without a face. Bias correction is not needed.

    Returns
    -------
    MadeScalp
        In the frame of `t1`.

    Raises
    ------
    InputError
        If there is no head in the image: nothing brighter than air, less than a litre of it,
        or a brain without skull and skin.
    """
    data, affine = _working_grid(t1)
    head = head_mask(data, GRID.value, t1.grid.world.owner)
    data, head, affine = _cropped(data, head, affine)
    surface = closed_contour(_edge_function(data, head), affine, t1.grid.world)
    profiles = edge_profiles(surface, t1)
    require_skin(surface, t1)
    cuts = find_cuts(surface, t1, profiles)
    cut = Field(cuts.any.astype(np.float64), surface.domain, "cut", "1")
    return MadeScalp(surface, cut, quality_of(surface, t1, profiles=profiles, cuts=cuts))


def _working_grid(t1: Volume[Scanner]) -> tuple[Floats, NDArray[np.float64]]:
    """Return the image on cubic voxels along its own axes, padded by air, and its affine."""
    grid = t1.grid
    world = grid.world_from_voxel.matrix(grid.world, grid.voxel)
    zooms = np.linalg.norm(world[:3, :3], axis=0)
    box = _box_of_signal(t1.data, zooms)
    data = np.array(t1.data[box], dtype=np.float32)
    data[~np.isfinite(data)] = 0
    step = GRID.value / zooms
    pad = round(CLOSING.value / GRID.value) + 3
    weights = []
    for n, s in zip(data.shape, step, strict=True):
        # Beyond the field of view there is nothing: the head ends there in a flat plane.
        at = s * (np.arange(int(np.ceil(n / s)) + 2 * pad) - pad)
        weights.append(linear_weights(at, n, blur=0.4 * float(np.sqrt(max(s**2 - 1, 0.0)))))
    affine = world.copy()
    affine[:3, :3] = world[:3, :3] * step
    low = np.array([b.start for b in box], dtype=np.float64)
    affine[:3, 3] += world[:3, :3] @ low - affine[:3, :3] @ np.full(3, float(pad))
    return rescaled(data, tuple(weights)), affine


def _box_of_signal(data: NDArray[Any], zooms: NDArray[np.float64]) -> tuple[slice, ...]:
    """Return the box outside which the image is air for certain; the whole if nothing is."""
    size = np.maximum(np.rint(_BLOCK_MM / zooms), 1).astype(int)
    coarse = np.nan_to_num(data[tuple(slice(None, None, max(k // 2, 1)) for k in size)])
    coarse = block_means(coarse, (2, 2, 2))
    steps = 2 * np.maximum(size // 2, 1)
    signal = coarse > _SIGNAL_SHARE * float(np.quantile(coarse, 0.98))
    if not signal.any():
        return tuple(slice(0, n) for n in data.shape)
    margin = np.ceil(_MARGIN_MM / zooms).astype(int)
    box = []
    for axis, n in enumerate(data.shape):
        at = np.flatnonzero(signal.any(axis=tuple(k for k in range(3) if k != axis)))
        low, high = at[0] * steps[axis], (at[-1] + 1) * steps[axis]
        box.append(slice(max(int(low - margin[axis]), 0), min(int(high + margin[axis]), n)))
    return tuple(box)


def _cropped(
    data: Floats, head: Bools, affine: NDArray[np.float64]
) -> tuple[Floats, Bools, NDArray[np.float64]]:
    """Return image, mask and affine of the box around the head, with air on every side."""
    pad = 4
    at = [np.flatnonzero(head.any(axis=tuple(a for a in range(3) if a != k))) for k in range(3)]
    low = [max(int(i[0]) - pad, 0) for i in at]
    box = tuple(slice(a, int(i[-1]) + pad + 1) for a, i in zip(low, at, strict=True))
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ np.array(low, dtype=np.float64)
    return data[box], head[box], moved


def _edge_function(data: Floats, head: Bools) -> Floats:
    """Return intensity in units of the local skin: 1 inside, 0 in air, one half at the edge."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(head).astype(np.float32) * np.float32(GRID.value)
    low, high = _SKIN_MM
    skin = (depth > low) & (depth <= high)
    level = _level(data, skin)
    level = np.maximum(level, float(np.quantile(level[skin][::10], 0.02)))
    out = np.clip(data / level, 0, 1)
    out[~ndimage.binary_dilation(head, iterations=2)] = 0  # wrap, ghosts and noise
    inside = np.clip((depth - _FILL_MM / 2) / _FILL_MM, 0, 1)
    smooth = ndimage.gaussian_filter(np.maximum(out, inside), _BLUR_VOXELS)
    return np.asarray(smooth, dtype=np.float32)


def _level(data: Floats, skin: Bools) -> Floats:
    """Return the mean brightness of the skin within about `LEVEL_MM` of every voxel."""
    from scipy import ndimage

    blocks = (_LEVEL_BLOCK, _LEVEL_BLOCK, _LEVEL_BLOCK)
    sigma = LEVEL_MM / GRID.value / _LEVEL_BLOCK
    weight = ndimage.gaussian_filter(block_means(skin, blocks), sigma)
    total = ndimage.gaussian_filter(block_means(np.where(skin, data, 0), blocks), sigma)
    return from_blocks(total / np.maximum(weight, 1e-6), _LEVEL_BLOCK, data.shape)
