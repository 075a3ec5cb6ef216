"""TP-F07: a cortex warped from a template must fit this patient, and better than wrong ones.

TP-F01 asks for 0.80 of mid-cortex in a segmentation of that same cortex; a template's folds are
another person's and can never reach it. What can be asked is that the warped cortex finds the
patient's grey matter more often than a cortex that is mirrored, in another frame or shifted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..base.param import Param
from .frame import Scanner
from .grid import Volume
from .midplane import Midplane
from .points import Points, Vectors
from .tripwire import Tripwire

__all__ = ["SHIFT_MM", "TEMPLATE_FLOOR", "TEMPLATE_MARGIN", "template_cortex_fits"]

#: Share of mid-cortex in the patient's grey matter below which nothing was registered.
TEMPLATE_FLOOR = Param(0.65, "share", 0.65, 1.0, "docs/decisions/0017")
#: By how much the true place must beat every wrong one.
TEMPLATE_MARGIN = Param(0.05, "share", 0.05, 0.5, "docs/decisions/0017")
#: Size of the wrong shifts.
SHIFT_MM = Param(4.0, "mm", 2.0, 10.0, "docs/decisions/0017")
#: A voxel is grey matter from this probability.
_GREY = 0.5


def template_cortex_fits(
    mid_cortex: Points[Scanner],
    grey: Volume[Scanner],
    plane: Midplane[Scanner],
    *,
    unwarped: Points[Scanner] | None = None,
) -> Tripwire:
    """Judge a cortex that was warped from a template against the patient's own grey matter.

    Parameters
    ----------
    mid_cortex : Points
        Mid-cortex vertices of both sides, without the medial wall.
    grey : Volume
        Grey-matter probability of the patient, made from the T1 and not from the surfaces.
    plane : Midplane
        Of the warped cortex, for the mirrored hypothesis.
    unwarped : Points or None
        The same vertices with the template's own coordinates (the identity as warp).

    Returns
    -------
    Tripwire
        TP-F07; its value is the share of vertices in grey matter. It fails under the floor, and
        where a wrong hypothesis comes nearer than the margin.
    """
    share = _grey_share(grey, mid_cortex)
    rivals = {name: _grey_share(grey, p) for name, p in _wrong(mid_cortex, plane).items()}
    if unwarped is not None:
        rivals["not warped at all"] = _grey_share(grey, unwarped)
    return _judged(share, rivals)


def _judged(share: float, rivals: Mapping[str, float]) -> Tripwire:
    rival = max(rivals, key=lambda name: rivals[name])
    limit = max(TEMPLATE_FLOOR.value, rivals[rival] + TEMPLATE_MARGIN.value)
    ok = bool(np.isfinite(share) and share >= limit)
    why = (
        f"{share:.3f} of the template-warped mid-cortex lies in the patient's grey matter; the "
        f"best wrong hypothesis ({rival}) reaches {rivals[rival]:.3f} and must stay "
        f"{TEMPLATE_MARGIN.value:g} below; the floor is {TEMPLATE_FLOOR.value:g}"
    )
    return Tripwire("TP-F07", "pass" if ok else "fail", share, limit, why)


def _grey_share(grey: Volume[Scanner], points: Points[Scanner]) -> float:
    return float((grey.at_nearest(points, outside=0.0) > _GREY).mean())


def _wrong(points: Points[Scanner], plane: Midplane[Scanner]) -> dict[str, Points[Scanner]]:
    frame = points.frame
    normal = plane.to_right.components(frame)
    mirror = points - Vectors(2 * plane.right_mm(points)[:, None] * normal, frame)
    out = {
        "mirrored": mirror,
        "LPS read as RAS": Points(points.mm(frame) * (-1.0, -1.0, 1.0), frame),
    }
    for axis, unit in zip("xyz", np.eye(3), strict=True):
        for sign, direction in (("+", 1.0), ("-", -1.0)):
            shift = Vectors(direction * SHIFT_MM.value * unit, frame)
            out[f"shifted {sign}{SHIFT_MM.value:g} mm along {axis}"] = points + shift
    return out
