"""What a T1 shows across a scalp surface: skin under it, air over it, and how sharp the step is.

Each vertex gets a profile of the image along its normal. A skin that a scanner saw ends in a
step of about two voxels into noisy air. Where a face was removed the noise is missing: the image
is constant from the first voxel on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..space.frame import Scanner
from ..space.grid import Volume
from ..space.points import Points
from ..surface.surface import Surface

__all__ = ["EdgeProfiles", "edge_profiles", "void_voxels"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Reach of a profile, mm along the outward normal. Other programs' skins lie up to 3 mm off the
#: edge (seghead on ecog: 2.2 mm); beyond 9 mm a cheek or a shoulder may come back.
_FROM_MM, _TO_MM, _STEP_MM = -6.0, 9.0, 0.5
#: Cube of equal voxels that no noise makes: of 125 voxels of air, in which even nine of ten are
#: clipped to 0, all are equal once in a million.
_VOID_VOXELS = 5
#: An edge is where the profile falls to this share of what lies under it for good.
EDGE_SHARE = Param(0.5, "share", 0.3, 0.7, "docs/decisions/0017")
#: Tissue must be this many times brighter than the air over it to be a skin that was seen.
CLEAR_RATIO = Param(3.0, "1", 1.5, 10.0, "docs/decisions/0027")


@dataclass(frozen=True, slots=False, eq=False)
class EdgeProfiles:
    """The image along the outward normal of every vertex of a scalp.

    Parameters
    ----------
    at_mm : (m,) float64
        Places of the samples, mm out of the surface.
    values : (n, m) float32
        The image there, interpolated linearly; 0 beyond the image.
    void : (n, m) bool
        Where the image is one constant, as scanners leave no air.
    inside : (n, m) bool
        Where the image has a voxel.
    voxel_mm : float
        Largest side of a voxel.
    """

    at_mm: Floats
    values: NDArray[np.float32]
    void: Bools
    inside: Bools
    voxel_mm: float

    @cached_property
    def tissue(self) -> Floats:
        """(n,) how bright it is under the edge: the largest value within 4 mm below it."""
        under = (self.at_mm >= -4) & (self.at_mm <= 0)
        return np.asarray(self.values[:, under].max(axis=1), dtype=np.float64)

    @cached_property
    def edge_mm(self) -> Floats:
        """(n,) where the image falls below half of the tissue for the first time outward.

        Looked for from 3 mm under to 4 mm over the surface: a helmet may lie further out. NaN
        where it never does, or nothing is bright.
        """
        start, stop = np.searchsorted(self.at_mm, [-3.0, 4.25])
        low = self.values[:, start:stop] < EDGE_SHARE.value * self.tissue[:, None]
        # The first sample after the last bright one: dark bone lies under bright skin.
        last = low.shape[1] - 1 - np.argmax(~low[:, ::-1], axis=1)
        none = low.all(axis=1) | (last == low.shape[1] - 1) | (self.tissue <= 0)
        out = self.at_mm[np.minimum(start + last + 1, len(self.at_mm) - 1)] - _STEP_MM / 2
        return np.where(none, np.nan, out)

    @cached_property
    def void_mm(self) -> Floats:
        """(n,) where the constant begins, mm out of the surface; infinite if it does not."""
        start = int(np.searchsorted(self.at_mm, -1.0))
        hit = self.void[:, start:]
        return np.where(hit.any(axis=1), self.at_mm[start + hit.argmax(axis=1)], np.inf)

    @cached_property
    def end_mm(self) -> Floats:
        """(n,) where the image ends, mm out of the surface; infinite if it does not."""
        start = int(np.searchsorted(self.at_mm, -1.0))
        hit = ~self.inside[:, start:]
        return np.where(hit.any(axis=1), self.at_mm[start + hit.argmax(axis=1)], np.inf)

    @cached_property
    def width_mm(self) -> Floats:
        """(n,) width of the step: tissue over the steepest fall within 4 mm; NaN without."""
        near = (self.at_mm >= -4) & (self.at_mm <= 4)
        fall = -np.diff(self.values[:, near], axis=1).min(axis=1) / _STEP_MM
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(fall > 0, self.tissue / fall, np.nan)

    @cached_property
    def clear(self) -> Bools:
        """(n,) whether tissue is `CLEAR_RATIO` times as bright as the air 2 to 5 mm over it."""
        over = (self.at_mm >= 2) & (self.at_mm <= 5)
        air = np.asarray(self.values[:, over].mean(axis=1), dtype=np.float64)
        return np.asarray((self.tissue > CLEAR_RATIO.value * air) & ~np.isnan(self.edge_mm))


def edge_profiles(surface: Surface[Scanner], t1: Volume[Scanner]) -> EdgeProfiles:
    """Sample a T1 along the outward normals of a scalp.

    Parameters
    ----------
    surface : Surface of Scanner
        Closed, triangles facing out, mm.
    t1 : Volume of Scanner
        In the same frame.
    """
    from scipy import ndimage

    world = surface.frame
    at = np.arange(_FROM_MM, _TO_MM + _STEP_MM / 2, _STEP_MM)
    # Index coordinates are linear in the world: two transforms serve all samples.
    foot = t1.grid.indices(surface.points)
    normals = surface.vertex_normals().components(world)
    step = t1.grid.indices(Points(surface.points.mm(world) + normals, world)) - foot
    ijk = foot[:, None, :] + at[:, None] * step[:, None, :]
    last = np.array(t1.grid.shape) - 1
    inside: Bools = np.asarray(((ijk >= -0.5) & (ijk <= last + 0.5)).all(axis=2))
    low = np.clip(np.floor(ijk.min(axis=(0, 1))).astype(int) - _VOID_VOXELS, 0, last)
    high = np.clip(np.ceil(ijk.max(axis=(0, 1))).astype(int) + _VOID_VOXELS + 1, 1, last + 1)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    part = np.array(t1.data[box], dtype=np.float32, order="C")
    part[~np.isfinite(part)] = 0
    place = (ijk - low).reshape(-1, 3).T
    values = ndimage.map_coordinates(part, place, order=1, mode="constant", cval=0.0)
    nearest = np.clip(np.rint(place).astype(np.intp), 0, np.array(part.shape)[:, None] - 1)
    void = np.asarray(void_voxels(part)[tuple(nearest)].reshape(inside.shape) & inside)
    sides = np.linalg.norm(
        t1.grid.world_from_voxel.matrix(t1.grid.world, t1.grid.voxel)[:3, :3], axis=0
    )
    return EdgeProfiles(at, values.reshape(inside.shape), void, inside, float(sides.max()))


def void_voxels(data: NDArray[np.float32]) -> Bools:
    """Return the voxels in cubes of 5 that all hold the image's most frequent value."""
    values, counts = np.unique(data[::3, ::3, ::3], return_counts=True)
    equal = data == values[int(counts.argmax())]
    core, r = equal, _VOID_VOXELS // 2
    for axis in range(3):
        core = _run(core, axis, r, every=True)
    for axis in range(3):
        core = _run(core, axis, r, every=False)
    return np.asarray(core & equal)


def _run(mask: Bools, axis: int, radius: int, *, every: bool) -> Bools:
    """Return whether all (or any) voxels within `radius` along `axis` are set."""
    moved = np.moveaxis(mask, axis, 0)
    out = moved.copy()
    for k in range(1, radius + 1):
        # Beyond the array nothing is known: there it neither helps nor hinders.
        if every:
            out[k:] &= moved[:-k]
            out[:-k] &= moved[k:]
        else:
            out[k:] |= moved[:-k]
            out[:-k] |= moved[k:]
    return np.moveaxis(out, 0, axis)
