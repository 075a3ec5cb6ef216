"""What must hold before a plan may leave as a navigator file."""

from __future__ import annotations

import numpy as np

from ..base.errors import InputError, TripwireError
from ..base.param import Param
from ..plan.plan import Plan, PlannedTarget
from ..space.frame import Scanner, require_same
from ..space.points import Vectors
from ..space.tripwire import require_all
from .coil_frame import coil_frame
from .names import require_distinct

__all__ = ["INSIDE_MAX", "OUTSIDE_MAX", "require_exportable", "tilt_deg"]

_SOURCE = "docs/decisions/0008"
#: Farther out than this, no hair or electrode explains the gap between scalp and coil.
OUTSIDE_MAX = Param(25.0, "mm", 5, 60, _SOURCE)
#: Deeper than this under the skin, no error of a scalp surface explains it.
INSIDE_MAX = Param(2.0, "mm", 0, 5, _SOURCE)


def require_exportable(plan: Plan) -> None:
    """Raise unless every tripwire allows the plan to leave and every pose can be meant.

    Raises
    ------
    TripwireError
        If a tripwire of the plan failed, or a coil lies inside the head, far off it, or tilted.
    FrameError
        If a pose or a point is not in the plan's frame.
    InputError
        If there is no target, or two that look alike.
    """
    require_all(plan.tripwires)
    if not plan.targets:
        raise InputError(
            f"{plan.patient_id}: the plan has no target. Expected at least one. Nothing is "
            f"exported."
        )
    coil_frame(plan)
    require_distinct(plan)
    for planned in plan.targets:
        _require_frame(plan, planned)
        _require_on_head(plan, planned)


def tilt_deg(into_head: Vectors[Scanner], scalp_normal: Vectors[Scanner]) -> float:
    """Return the angle between the coil's z and the inward normal of the scalp, degrees."""
    cosine = float((-into_head.units()).dot(scalp_normal.units())[0])
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _require_frame(plan: Plan, planned: PlannedTarget) -> None:
    doing = f"export {planned.target.id}"
    for frame in (
        planned.pose.scanner_from_coil.dst,
        planned.pose.scalp_point.frame,
        planned.pose.scalp_normal.frame,
        planned.target.point.frame,
    ):
        require_same(plan.frame, frame, doing)


def _require_on_head(plan: Plan, planned: PlannedTarget) -> None:
    pose, who = planned.pose, planned.target.id
    into_head = pose.scanner_from_coil @ Vectors([0, 0, 1], pose.scanner_from_coil.src)
    tilt = tilt_deg(into_head, pose.scalp_normal)
    if tilt > plan.params.tilt_max.value:
        raise _off_head(
            f"{who}: the coil's z is {tilt:.1f} deg from the scalp's inward normal. Expected at "
            f"most {plan.params.tilt_max.value:g} deg"
        )
    gap = pose.centre - pose.scalp_point
    outward = float(gap.dot(pose.scalp_normal.units())[0])
    if outward < -INSIDE_MAX.value:
        raise _off_head(
            f"{who}: the coil's centre lies {-outward:.1f} mm inside the scalp. Expected it "
            f"outside, or at most {INSIDE_MAX.value:g} mm inside"
        )
    distance = float(gap.lengths()[0])
    if distance > OUTSIDE_MAX.value:
        raise _off_head(
            f"{who}: the coil's centre lies {distance:.1f} mm from its scalp point. Expected at "
            f"most {OUTSIDE_MAX.value:g} mm"
        )


def _off_head(found: str) -> TripwireError:
    return TripwireError(
        f"TP-F04 fail: {found}. Nothing is exported. Run 'tmsplan explain TP-F04' for what it "
        f"means and what to do."
    )
