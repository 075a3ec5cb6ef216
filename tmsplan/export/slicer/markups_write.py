"""Write 3D Slicer's markups file: one list of coil positions, one of cortical points, in LPS."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...base.strict_json import dump_bytes
from ...plan.plan import Plan
from ..describe import created_by, t1_record
from ..files import number
from ..names import coil_name, cortex_name, file_stem

__all__ = ["markups_bytes"]

_SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/"
    "Schema/markups-schema-v1.0.3.json#"
)
_AXES = "columns of orientation: x = y cross z, y away from the handle, z into the head"
_DECIMALS = 9
#: Left before right, back before front: rows x and y of every position and direction.
_LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0])
_COIL_COLOUR, _CORTEX_COLOUR = (0.1, 0.8, 0.2), (0.9, 0.8, 0.1)


def markups_bytes(plan: Plan) -> bytes:
    """Return the file; every point carries its name, its place and the coil's three axes.

    Raises
    ------
    InputError
        If the plan records no T1 or a name cannot be written.
    """
    coil, cortex = [], []
    record = t1_record(plan)
    for k, planned in enumerate(plan.targets, start=1):
        pose = planned.pose.scanner_from_coil
        matrix = pose.matrix(plan.frame, pose.src)
        point = planned.target.point.mm(plan.frame)[0]
        axes = _LPS_FROM_RAS @ matrix[:3, :3]
        coil.append(_point(k, coil_name(plan, planned), matrix[:3, 3], axes))
        cortex.append(_point(k, cortex_name(plan, planned), point, axes))
    title = " ".join([*plan.labels, file_stem(plan)])
    return dump_bytes(
        {
            "@schema": _SCHEMA,
            "markups": [
                _list(f"{title} coil", coil, _COIL_COLOUR),
                _list(f"{title} cortex", cortex, _CORTEX_COLOUR),
            ],
            "tmsplan": {
                "createdBy": created_by(plan),
                "coilAxes": _AXES,
                "T1": {"name": record.name, "sha256": record.sha256},
            },
        }
    )


def _list(
    name: str, points: list[dict[str, object]], colour: tuple[float, float, float]
) -> dict[str, object]:
    return {
        "type": "Fiducial",
        "name": name,
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": True,
        "fixedNumberOfControlPoints": True,
        "labelFormat": "%N-%d",
        "controlPoints": points,
        "display": {
            "visibility": True,
            "color": list(colour),
            "selectedColor": list(colour),
            "pointLabelsVisibility": True,
        },
    }


def _point(
    k: int, name: str, ras_mm: NDArray[np.float64], lps_axes: NDArray[np.float64]
) -> dict[str, object]:
    return {
        "id": str(k),
        "label": name,
        "description": "",
        "associatedNodeID": "",
        "position": _numbers(_LPS_FROM_RAS @ ras_mm),
        "orientation": _numbers(lps_axes.ravel()),
        "selected": True,
        "locked": True,
        "visibility": True,
        "positionStatus": "defined",
    }


def _numbers(values: NDArray[np.float64]) -> list[float]:
    return [float(number(v, _DECIMALS)) for v in values]
