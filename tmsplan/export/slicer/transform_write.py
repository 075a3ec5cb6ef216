"""Write an ITK text transform that 3D Slicer shows as the pose of a coil."""

from __future__ import annotations

import numpy as np

from ...plan.plan import Plan, PlannedTarget
from ..describe import created_by, t1_record
from ..files import number
from ..names import coil_name

__all__ = ["transform_bytes"]

_DECIMALS = 12
_LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def transform_bytes(plan: Plan, planned: PlannedTarget) -> bytes:
    """Return one ``.tfm`` file.

    ITK moves points from the parent's space to the node's, both in LPS; Slicer shows the
    inverse, in RAS. A coil model in tmsplan's axes, put under this transform, stands where the
    plan wants it.

    Raises
    ------
    InputError
        If the plan records no T1 or the name cannot be written.
    """
    pose = planned.pose.scanner_from_coil
    from_parent = pose.inverse()
    file = _LPS_FROM_RAS @ from_parent.matrix(pose.src, plan.frame) @ _LPS_FROM_RAS
    twelve = (*file[:3, :3].ravel(), *file[:3, 3])
    record = t1_record(plan)
    lines = [
        "#Insight Transform File V1.0",
        f"# Created by: {created_by(plan)}",
        f"# Name: {coil_name(plan, planned)}",
        "# Coil axes: x = y cross z, y away from the handle, z into the head",
        f"# Patient: {plan.patient_id}",
        f"# T1: {record.name}",
        f"# T1 SHA-256: {record.sha256}",
        "#Transform 0",
        "Transform: AffineTransform_double_3_3",
        f"Parameters: {' '.join(number(v, _DECIMALS) for v in twelve)}",
        "FixedParameters: 0 0 0",
    ]
    return ("\n".join(lines) + "\n").encode()
