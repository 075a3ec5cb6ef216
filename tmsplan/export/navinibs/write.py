"""Write the JSON file that NaviNIBS imports targets from."""

from __future__ import annotations

import json

import numpy as np

from ...plan.plan import Plan, PlannedTarget
from ..describe import created_by, t1_record
from ..files import number
from ..names import coil_name

__all__ = ["AXES", "Axes", "navinibs_bytes"]

Axes = tuple[tuple[float, float, float, float], ...]

#: Columns: NaviNIBS' coil axes in terms of SimNIBS' ones: -y along the handle, -z into the head.
AXES: Axes = ((-1, 0, 0, 0), (0, 1, 0, 0), (0, 0, -1, 0), (0, 0, 0, 1))
_DECIMALS = 9


def navinibs_bytes(plan: Plan, axes: Axes) -> bytes:
    """Return the file: ``targets`` for NaviNIBS, the rest for people and for our reader.

    NaviNIBS refuses a target with a key that it does not know, and passes over other keys at
    the top. Each target is called as its ``_coil`` row elsewhere; its ``targetCoord`` is the
    cortical point.

    Parameters
    ----------
    plan : Plan
        Its poses are in RAS mm of the T1.
    axes : 4 rows of 4
        NaviNIBS' coil axes in SimNIBS' ones, as columns.

    Raises
    ------
    InputError
        If the plan records no T1 or a name cannot be written.
    """
    record = t1_record(plan)
    content = {
        "targets": [_target(plan, p, axes) for p in plan.targets],
        "createdBy": created_by(plan),
        "subject": plan.patient_id,
        "labels": list(plan.labels),
        "coordinates": "RAS mm, scanner world of the T1",
        "T1": {"name": record.name, "sha256": record.sha256},
    }
    # ASCII with escapes: NaviNIBS opens the file in the system's own encoding.
    text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=True)
    return (text + "\n").encode()


def _target(plan: Plan, planned: PlannedTarget, axes: Axes) -> dict[str, object]:
    pose = planned.pose.scanner_from_coil
    turned = pose.matrix(plan.frame, pose.src) @ np.array(axes)
    return {
        "key": coil_name(plan, planned),
        "targetCoord": _rounded(planned.target.point.mm(plan.frame)[0]),
        "entryCoord": _rounded(planned.pose.scalp_point.mm(plan.frame)[0]),
        "depthOffset": planned.pose.standoff_mm,
        "coilToMRITransf": [_rounded(row) for row in turned],
    }


def _rounded(values: np.ndarray) -> list[float]:
    return [float(number(v, _DECIMALS)) for v in values]
