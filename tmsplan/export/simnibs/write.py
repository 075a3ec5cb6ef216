"""Write ``matsimnibs``: 4 x 4 matrices, mm, RAS of the T1, SimNIBS' own coil axes."""

from __future__ import annotations

import io
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...base.strict_json import dump_bytes
from ...plan.plan import Plan, PlannedTarget
from ..coil_frame import coil_frame
from ..files import number
from ..names import coil_name

__all__ = ["AXES", "COIL_AXES", "SCHEMA", "Axes", "json_bytes", "mat_bytes"]

Floats = NDArray[np.float64]
Axes = tuple[tuple[float, float, float, float], ...]

#: Columns: the file's coil axes in terms of SimNIBS' ones, which are tmsplan's own.
AXES: Axes = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
SCHEMA = "tmsplan-simnibs-1"
COIL_AXES = "simnibs: x = y cross z, y away from the handle, z into the head"
#: Turns an axis by less than 1e-7 deg.
_DECIMALS = 9
#: The text of a MAT file's header is 116 bytes; scipy puts the date of writing there.
_HEADER = b"MATLAB 5.0 MAT-file, tmsplan".ljust(116)


def json_bytes(plan: Plan, axes: Axes) -> bytes:
    """Return canonical JSON with ``positions[]: name, matsimnibs`` (4 rows of 4)."""
    return dump_bytes(
        {
            **_about(plan),
            "positions": [
                {"name": coil_name(plan, p), "matsimnibs": _matrix(plan, p, axes).tolist()}
                for p in plan.targets
            ],
        }
    )


def mat_bytes(plan: Plan, axes: Axes) -> bytes:
    """Return a MATLAB 5 file: ``matsimnibs`` (4, 4, n), ``names`` (n cells), and what they mean.

    The same plan gives the same bytes: no date.
    """
    from scipy.io import savemat

    names = np.empty(len(plan.targets), dtype=object)
    names[:] = [coil_name(plan, p) for p in plan.targets]
    stack = np.stack([_matrix(plan, p, axes) for p in plan.targets], axis=-1)
    out = io.BytesIO()
    # scipy also takes a stream; its type hints do not know.
    savemat(
        cast("Any", out), {"matsimnibs": stack, "names": names, **_about(plan)}, oned_as="column"
    )
    return _HEADER + out.getvalue()[len(_HEADER) :]


def _about(plan: Plan) -> dict[str, str]:
    return {
        "schema": SCHEMA,
        "unit": "mm",
        "frame": str(plan.frame),
        "frame_axes": plan.frame.kind.axes,
        "t1_sha256": plan.t1_sha256,
        "coil": coil_frame(plan).owner,
        "coil_axes": COIL_AXES,
    }


def _matrix(plan: Plan, planned: PlannedTarget, axes: Axes) -> Floats:
    pose = planned.pose.scanner_from_coil
    matrix = pose.matrix(plan.frame, pose.src) @ np.array(axes)
    return np.array([[float(number(float(v), _DECIMALS)) for v in row] for row in matrix])
