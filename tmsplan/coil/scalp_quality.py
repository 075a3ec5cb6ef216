"""How far a scalp can be trusted, in numbers; and what an image without skin looks like."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from ..space.frame import Scanner
from ..space.grid import Volume
from ..space.points import Points
from ..surface.surface import Surface
from .scalp_cut import Cuts
from .scalp_edge import EdgeProfiles

__all__ = ["ScalpQuality", "quality_of", "require_skin"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Share of the skin with dark bone under it below which the image is taken for a brain alone.
BONE_SHARE = Param(0.35, "share", 0.1, 0.7, "docs/decisions/0027")
#: Bone is darker than this share of what is brightest over it and of what is brightest under it.
_BONE_DARK = 0.6
#: A skin is clear enough to place a coil by its edge where this share of it is.
CLEAR_SHARE = Param(0.9, "share", 0.5, 1.0, "docs/decisions/0027")
#: Where a head wraps around, the last slice and the first differ as neighbours do: by less than
#: this many times the mean difference of the two pairs of slices beside them.
WRAP_RATIO = Param(2.0, "1", 1.1, 3.0, "docs/decisions/0027")
_WRAP_LEAST_CM2, _WRAP_BRIGHT = 4.0, 0.15


@dataclass(frozen=True, slots=True)
class ScalpQuality:
    """Numbers about a scalp in its T1.

    Parameters
    ----------
    clear_share : float
        Share of the area outside cuts with a clear step from skin to air.
    width_mm : float
        Median width of the step: 1 to 3 mm in a T1 of 1 mm.
    cut_cm2 : dict of str to float
        Area by reason: ``border``, ``removed``, ``plane``, ``blurred``, ``lump``.
    cut_share : float
        Share of the whole area.
    wrapped : tuple of str
        Image axes, ``"i"``, ``"j"`` or ``"k"``, along which the head wraps around.
    """

    clear_share: float
    width_mm: float
    cut_cm2: dict[str, float]
    cut_share: float
    wrapped: tuple[str, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about what a reader must know before a coil is placed; often none."""
        out = []
        if self.clear_share < CLEAR_SHARE.value:
            out.append(
                f"only {100 * self.clear_share:.0f} % of the skin shows a clear edge to air; "
                f"expected {100 * CLEAR_SHARE.value:g} % or more. Look at the surface before "
                f"a depth is trusted: noise, a pad or a hair net may be part of it."
            )
        if self.wrapped:
            out.append(
                f"the head wraps around along image axis {', '.join(self.wrapped)}: part of it "
                f"lies at the opposite end. Where the two overlap the surface is wrong."
            )
        return tuple(out)

    def as_dict(self) -> dict[str, object]:
        """Return the numbers and the warnings for a JSON object; NaN becomes None."""
        numbers = {k: None if v != v else v for k, v in asdict(self).items()}
        return {**numbers, "warnings": list(self.warnings)}

    def __str__(self) -> str:
        cuts = ", ".join(f"{k} {v:.0f} cm²" for k, v in self.cut_cm2.items() if v > 0) or "none"
        return (
            f"clear edge to air on {100 * self.clear_share:.1f} % of the skin, "
            f"{self.width_mm:.1f} mm wide; cut {100 * self.cut_share:.1f} %: {cuts}"
        )


def quality_of(
    surface: Surface[Scanner], t1: Volume[Scanner], *, profiles: EdgeProfiles, cuts: Cuts
) -> ScalpQuality:
    """Return how clear the skin is where it was not cut.

    Parameters
    ----------
    surface, t1
        The scalp and its image, in one frame.
    profiles : EdgeProfiles
        Of the two.
    cuts : Cuts
        Of the two.
    """
    area = surface.vertex_areas()
    skin = ~cuts.any
    clear = skin & profiles.clear
    width = profiles.width_mm[clear]
    by = {k: float(area[getattr(cuts, k)].sum()) / 100 for k in Cuts.__dataclass_fields__}
    return ScalpQuality(
        clear_share=float(area[clear].sum() / max(area[skin].sum(), 1e-9)),
        width_mm=float(np.nanmedian(width)) if len(width) else float("nan"),
        cut_cm2=by,
        cut_share=float(area[cuts.any].sum() / area.sum()),
        wrapped=_wrapped(t1),
    )


def require_skin(surface: Surface[Scanner], t1: Volume[Scanner]) -> None:
    """Refuse a surface that has no bone under it: a brain alone, or a mask.

    Under skin and fat a T1 shows dark bone and then brain again. Without skull there is no
    such dip.

    Raises
    ------
    InputError
        If less than `BONE_SHARE` of the surface has a dip under it.
    """
    share = bone_share(surface, t1)
    if share < BONE_SHARE.value:
        raise InputError(
            f"{surface.domain.owner}: dark bone lies under {100 * share:.0f} % of the surface of "
            f"what is brighter than air; expected {100 * BONE_SHARE.value:g} % or more. The T1 is "
            f"skull-stripped, masked or no T1 of a head, so its surface is no scalp. Pass the "
            f"whole-head T1 as it came from the scanner."
        )


def bone_share(surface: Surface[Scanner], t1: Volume[Scanner]) -> float:
    """Return the share of the upper half of a surface with a dark layer 3 to 18 mm under it."""
    from scipy import ndimage

    world = surface.frame
    xyz, normals = surface.points.mm(world), surface.vertex_normals().components(world)
    up = xyz[:, 2] > np.median(xyz[:, 2])
    pick = np.flatnonzero(up)[:: max(1, int(up.sum()) // 4000)]
    depth = np.arange(0.0, 26.0, 0.8)
    places = xyz[pick, None, :] - depth[:, None] * normals[pick, None, :]
    ijk = t1.grid.indices(Points(places.reshape(-1, 3), world))
    data = np.asarray(t1.data)
    values = ndimage.map_coordinates(data, ijk.T, order=1, output=np.float32, cval=0.0)
    values = values.reshape(len(pick), -1)
    middle = (depth >= 3) & (depth <= 18)
    dip = values[:, middle].argmin(axis=1) + int(np.argmax(middle))
    lowest = values[np.arange(len(pick)), dip]
    before = np.maximum.accumulate(values, axis=1)[np.arange(len(pick)), dip]
    after = np.maximum.accumulate(values[:, ::-1], axis=1)[:, ::-1][np.arange(len(pick)), dip]
    return float((lowest < _BONE_DARK * np.minimum(before, after)).mean())


def _wrapped(t1: Volume[Scanner]) -> tuple[str, ...]:
    """Return the axes along which the image goes on at its other end as if it were a ring."""
    data = np.asarray(t1.data)
    top = float(np.quantile(data[::4, ::4, ::4], 0.98))
    sides = np.linalg.norm(
        t1.grid.world_from_voxel.matrix(t1.grid.world, t1.grid.voxel)[:3, :3], axis=0
    )
    out = []
    for axis, name in enumerate("ijk"):
        # Not np.take: it would copy the whole image of a file stored in the other order.
        slices = np.moveaxis(data, axis, 0)
        before, last, first, after = (slices[k].astype(np.float64) for k in (-2, -1, 0, 1))
        cm2 = float(np.prod(np.delete(sides, axis))) / 100
        bright = [e > _WRAP_BRIGHT * top for e in (last, first)]
        if min(b.sum() for b in bright) * cm2 < _WRAP_LEAST_CM2:
            continue
        head = bright[0] | bright[1]
        usual = (np.abs(last - before)[head].mean() + np.abs(after - first)[head].mean()) / 2
        if np.abs(first - last)[head].mean() < WRAP_RATIO.value * usual:
            out.append(name)
    return tuple(out)
