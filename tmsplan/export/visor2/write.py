"""Write visor2's exchange file: one coil pose per target, and the fingerprint of the T1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...base.provenance import versions
from ...base.strict_json import dump_bytes
from ...plan.plan import Plan, PlannedTarget
from ..files import number
from ..names import coil_name
from .image import qform_affine

__all__ = ["AXES", "Axes", "fingerprint", "visor2_bytes"]

Floats = NDArray[np.float64]
Axes = tuple[tuple[float, float, float, float], ...]

#: Columns: the file's coil axes in terms of SimNIBS' ones. They are the same; the file says so.
AXES: Axes = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
_CONVENTION = "simnibs"
#: Turns an axis by less than 1e-7 deg.
_DECIMALS = 9


def visor2_bytes(plan: Plan, axes: Axes) -> bytes:
    """Return the file as canonical JSON.

    Parameters
    ----------
    plan : Plan
        Its poses are in RAS mm of the T1, which is the image that visor2 must have loaded.
    axes : 4 rows of 4
        The file's coil axes in SimNIBS' ones, as columns.

    Raises
    ------
    InputError
        If the T1 has no qform or one that cannot hold where it lies.
    """
    _, affine = qform_affine(plan)
    source = {"AppName": "tmsplan", "AppVersion": versions("tmsplan")["tmsplan"]}
    return dump_bytes(
        {
            "Configuration": {
                "SourceInfo": source,
                "AssociatedImageInfo": fingerprint(affine),
            },
            "TargetMarkers": [{"CoilTarget": _coil_target(plan, p, axes)} for p in plan.targets],
        }
    )


def fingerprint(affine: Floats) -> dict[str, list[float]]:
    """Return what a NIfTI header's qform says of an image: b, c, d; offset; qfac and voxels.

    The sign of the quaternion is the one of the NIfTI reference code, because importers compare
    number by number and -q is the same turn as q: a is not negative; for half turns, where a is
    0, the largest of b, c, d is positive.

    Parameters
    ----------
    affine : (4, 4) float64
        Voxel to RAS mm, without shear.

    Source: https://nifti.nimh.nih.gov/nifti-1 (nifti1.h, method 2).
    """
    voxel = np.linalg.norm(affine[:3, :3], axis=0)
    axes = affine[:3, :3] / voxel
    qfac = 1.0 if np.linalg.det(axes) > 0 else -1.0
    # A quaternion holds no mirror: qfac -1 says that the third axis is turned around.
    b, c, d = _quaternion(axes * [1, 1, qfac])
    return {
        "NIfTI_quatern": _rounded([b, c, d]),
        "NIfTI_qoffset": _rounded(affine[:3, 3]),
        "NIfTI_pixdim": _rounded([qfac, *voxel]),
    }


def _quaternion(r: Floats) -> Floats:
    """Return (b, c, d) of a rotation, with a >= 0."""
    trace = float(np.trace(r))
    # 4 a a, 4 b b, 4 c c, 4 d d: dividing by the root of the largest loses no digits.
    squares = np.array([1 + trace, *(1 - trace + 2 * np.diag(r))])
    largest = int(np.argmax(squares))
    # Row k holds 4 q_k q_j: every component from one that is not small.
    products = np.array(
        [
            [squares[0], r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]],
            [r[2, 1] - r[1, 2], squares[1], r[0, 1] + r[1, 0], r[0, 2] + r[2, 0]],
            [r[0, 2] - r[2, 0], r[0, 1] + r[1, 0], squares[2], r[1, 2] + r[2, 1]],
            [r[1, 0] - r[0, 1], r[0, 2] + r[2, 0], r[1, 2] + r[2, 1], squares[3]],
        ]
    )
    q = products[largest] / (2 * np.sqrt(squares[largest]))
    q /= np.linalg.norm(q)
    return np.asarray(-q[1:] if q[0] < 0 else q[1:])


def _coil_target(plan: Plan, planned: PlannedTarget, axes: Axes) -> dict[str, object]:
    pose = planned.pose.scanner_from_coil
    matrix = pose.matrix(plan.frame, pose.src) @ np.array(axes)
    return {
        "Name": coil_name(plan, planned),
        "CoordinateSystem": "ASSOCIATED_IMAGE",
        "PositionalUnit": "mm",
        "CoilAxesConvention": _CONVENTION,
        "CoilInfo": {"Type": pose.src.owner, "Id": ""},
        "CoilPose": {"RigidTransformMatrix4x4": [_rounded(row) for row in matrix]},
    }


def _rounded(values: Floats | list[float]) -> list[float]:
    return [float(number(float(v), _DECIMALS)) for v in values]
