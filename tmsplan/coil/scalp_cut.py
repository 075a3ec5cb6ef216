"""Where a scalp surface is no skin: the image ended, or a face or an ear was removed there.

Three signs, each from the image itself. The surface lies on the last voxels. The air over it is
not noise but one constant, which no scanner delivers and every defacing leaves. Or the image
steps from full tissue to that constant without the voxel of half intensity that skin shows: for
images whose whole background was zeroed. Large planes count where one of these supports them, or
where bone and fat alternate under them: a head pressed on a pad is flat too, and is skin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..space.frame import Scanner, require_same
from ..space.grid import Volume
from ..surface.field import Field
from ..surface.surface import Surface
from .scalp_edge import EdgeProfiles, edge_profiles
from .scalp_patch import closed_patch, grown_patch, neighbour_mean, without_specks
from .scalp_plane import large_planes

__all__ = ["Cuts", "cut_of", "find_cuts"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Distance to the last voxel centre at which a vertex lies on the border of the image.
_BORDER_VOXELS = 1.5
#: The constant must begin this near to the skin to be a cut: two voxels of a blurred edge, and
#: another program's skin may lie a millimetre under it.
VOID_MM = Param(2.5, "mm", 1.0, 5.0, "docs/decisions/0027")
#: If the constant begins within `_NEAR_MM` over more than this of the scalp, all air was zeroed
#: and says nothing. Ecog, without a face: 0.32; studyforrest, without face and ears: 0.25.
ZEROED_AIR = Param(0.6, "share", 0.4, 0.9, "docs/decisions/0027")
_NEAR_MM = 4.0
#: Last voxel before the constant, as a share of the tissue under it: skin shows a mean near one
#: half there, a cut the tissue itself.
STEP_SHARE = Param(0.8, "share", 0.6, 1.0, "docs/decisions/0027")
#: An edge this many times as wide as the head's own is no skin's, nor is none at all.
BLUR_RATIO = Param(1.8, "1", 1.2, 5.0, "docs/decisions/0027")
_BLUR_LEAST_MM, _NO_EDGE_MM = 4.5, 15.0
#: One profile is noise; they are averaged over about this distance.
_MEAN_MM = 3.0
#: Islands of a removed face that are narrower than twice this belong to it; a margin around all.
_BRIDGED_MM, _MARGIN_MM = 10.0, 2.0
#: A patch of fewer vertices' area is an accident of the noise.
_LEAST_CM2 = 1.0
#: Oil is this many times as bright as the usual skin 2 mm under the surface, and it stands out by
#: so much from the surface smoothed over `_LUMP_MM`. Noses stand out and are not bright.
LUMP_BRIGHT = Param(1.6, "1", 1.2, 3.0, "docs/decisions/0027")
LUMP_PROUD = Param(1.5, "mm", 0.5, 5.0, "docs/decisions/0027")
_LUMP_MM, _LUMP_EDGE_MM, _LUMP_LEAST_CM2 = 6.0, 2.5, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """Which vertices of a scalp are no skin, by reason.

    Parameters
    ----------
    border, removed, plane, blurred : (n,) bool
        On the last voxels of the image; where a face or ear was removed; on a large plane;
        where the edge is missing or too wide to be skin.
    lump : (n,) bool
        On a bright lump that stands out of the skin: a capsule or another marker.
    """

    border: Bools
    removed: Bools
    plane: Bools
    blurred: Bools
    lump: Bools

    @property
    def any(self) -> Bools:
        """(n,) whether any reason holds."""
        return self.border | self.removed | self.plane | self.blurred | self.lump


def cut_of(surface: Surface[Scanner], t1: Volume[Scanner]) -> Field:
    """Return 1 where a scalp is no skin but the end of the image or of a removed face, else 0.

    Works for a scalp from any program, as long as `t1` is the image that it was made of: a
    surface that lies within 3 mm of the skin is enough.

    Parameters
    ----------
    surface : Surface of Scanner
        Closed, triangles facing out, mm.
    t1 : Volume of Scanner
        In the same frame.

    Raises
    ------
    FrameError
        If surface and image are in different frames.
    """
    cuts = find_cuts(surface, t1)
    return Field(cuts.any.astype(np.float64), surface.domain, "cut", "1")


def find_cuts(
    surface: Surface[Scanner], t1: Volume[Scanner], profiles: EdgeProfiles | None = None
) -> Cuts:
    """Return the cuts of `cut_of` by reason.

    Parameters
    ----------
    surface, t1
        As for `cut_of`.
    profiles : EdgeProfiles, optional
        Of this surface and image, where they were sampled already.
    """
    require_same(surface.frame, t1.grid.world, "look for cuts of a scalp in a T1")
    profiles = edge_profiles(surface, t1) if profiles is None else profiles
    border = _whole(surface, _on_border(surface, t1))
    constant = removed_vertices(surface, profiles)
    removed = _whole(surface, constant)
    blurred = _whole(surface, _blurred(surface, profiles) & ~border & ~removed)
    plane = _whole(surface, large_planes(surface, profiles, constant | border))
    # Fat shows in a cut and is bright there: no lump.
    lump = _lumps(surface, profiles, ~(border | removed | plane | blurred))
    return Cuts(border, removed, plane, blurred, lump)


def removed_vertices(surface: Surface[Scanner], profiles: EdgeProfiles) -> Bools:
    """Return the vertices over which the image is a constant that scanners do not deliver."""
    seen = np.isinf(profiles.end_mm)
    near = profiles.void_mm[seen] <= _NEAR_MM
    if len(near) and float(near.mean()) > ZEROED_AIR.value:
        constant = _stepped(surface, profiles)
    else:
        constant = profiles.void_mm <= max(VOID_MM.value, 2.5 * profiles.voxel_mm)
    # Another program's skin may bridge a removed face and hang before nothing.
    under = (profiles.at_mm >= -4) & (profiles.at_mm <= 0)
    return np.asarray(constant | profiles.void[:, under].all(axis=1))


def _stepped(surface: Surface[Scanner], profiles: EdgeProfiles) -> Bools:
    """Return where tissue meets the constant at full height, on average over a neighbourhood."""
    step = profiles.at_mm[1] - profiles.at_mm[0]
    where = np.where(np.isinf(profiles.void_mm), 0.0, profiles.void_mm)
    # Half a voxel before the first constant voxel's own border lies the last other one.
    column = np.rint((where - profiles.voxel_mm - profiles.at_mm[0]) / step).astype(np.intp)
    deeper = np.rint((where - 3 * profiles.voxel_mm - profiles.at_mm[0]) / step).astype(np.intp)
    rows = np.arange(len(where))
    last = profiles.values[rows, np.clip(column, 0, None)]
    under = profiles.values[rows, np.clip(deeper, 0, None)]
    mean_last, mean_under = (neighbour_mean(surface, v, _MEAN_MM) for v in (last, under))
    high = mean_last > STEP_SHARE.value * np.maximum(mean_under, 1e-9)
    return np.asarray(high & np.isfinite(profiles.void_mm))


def _on_border(surface: Surface[Scanner], t1: Volume[Scanner]) -> Bools:
    ijk = t1.grid.indices(surface.points)
    last = np.array(t1.grid.shape) - 1
    return np.asarray(((ijk < _BORDER_VOXELS) | (ijk > last - _BORDER_VOXELS)).any(axis=1))


def _blurred(surface: Surface[Scanner], profiles: EdgeProfiles) -> Bools:
    """Return where no edge to air is near, or its width is no skin's."""
    width = np.where(profiles.clear, np.minimum(profiles.width_mm, _NO_EDGE_MM), _NO_EDGE_MM)
    smooth = neighbour_mean(surface, width, _MEAN_MM)
    usual = float(np.median(smooth))
    return np.asarray(smooth > max(BLUR_RATIO.value * usual, _BLUR_LEAST_MM))


def _lumps(surface: Surface[Scanner], profiles: EdgeProfiles, skin: Bools) -> Bools:
    """Return where something brighter than skin stands out of it: oil, not a nose or an ear."""
    none = np.zeros(len(surface), dtype=np.bool_)
    under = profiles.values[:, int(np.searchsorted(profiles.at_mm, -2.0))].astype(np.float64)
    bright = skin & (under > LUMP_BRIGHT.value * float(np.median(under)))
    # On coarse triangles a capsule has no shape.
    edge_mm = float(np.sqrt(surface.vertex_areas().mean()))
    if edge_mm > _LUMP_EDGE_MM or not without_specks(surface, bright, _LUMP_LEAST_CM2).any():
        return none
    xyz = surface.points.mm(surface.frame)
    flat = np.stack([neighbour_mean(surface, xyz[:, k], _LUMP_MM) for k in range(3)], axis=1)
    normals = surface.vertex_normals().components(surface.frame)
    proud = np.linalg.norm(xyz - flat, axis=1) * (((xyz - flat) * normals).sum(axis=1) > 0)
    lump = without_specks(surface, bright & (proud > LUMP_PROUD.value), _LUMP_LEAST_CM2)
    return grown_patch(surface, lump, _LUMP_MM) if lump.any() else none


def _whole(surface: Surface[Scanner], mask: Bools) -> Bools:
    """Return a mask without specks and islands, and with its margin."""
    if not mask.any():
        return mask
    closed = closed_patch(surface, mask, _BRIDGED_MM, least_cm2=_LEAST_CM2)
    return grown_patch(surface, closed, _MARGIN_MM)
