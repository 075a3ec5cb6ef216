"""A plan as plain data, and back. The only place that knows the keys of plan.json.

Numbers are rounded here (`DECIMALS`), so that the last bits of a sum, which differ between
machines and thread counts, never reach a file. Everything that is exported or drawn is made
from the rounded plan, never from the one before it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from ..base.errors import FrameError
from ..base.param import Param
from ..base.params import Params
from ..base.provenance import InputFile
from ..coil.head import NearestSite
from ..coil.pose import CoilPose
from ..space.frame import CoilSimnibs, Frame, Scanner, template_frame
from ..space.points import Points, Vectors
from ..space.side import Hemi
from ..space.transform import Rigid
from ..space.tripwire import Tripwire
from ..target.ranking import RankedParcel, Ranking, Statement
from ..target.target import Target
from .field_record import field_from, field_to
from .head_record import head_from, head_to, tape_from, tape_to
from .plan import Comparison, Export, Plan, PlannedTarget

__all__ = ["SCHEMA", "plan_from_record", "plan_to_record"]

#: Raised when a key changes meaning; plans of older numbers keep opening.
SCHEMA = 1
#: 1e-9 mm and 1e-9 of a rotation: far below any use, far above rounding noise.
DECIMALS = 9


def _rounded(value: Any) -> Any:  # noqa: ANN401 - plain JSON data of any shape
    if isinstance(value, float):
        return round(value, DECIMALS) + 0.0  # + 0.0 turns -0.0 into 0.0
    if isinstance(value, Mapping):
        return {str(k): _rounded(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_rounded(v) for v in value]
    return value


def plan_to_record(plan: Plan) -> dict[str, object]:
    """Return the content of plan.json: sorted later, finite, rounded."""
    record = {
        "schema": SCHEMA,
        "tmsplan_version": plan.versions["tmsplan"],
        "created": plan.created,
        "synthetic": plan.synthetic,
        "labels": list(plan.labels),
        "patient": {"id": plan.patient_id},
        "inputs": [_input_to(i) for i in plan.inputs],
        "frame": {
            "kind": plan.frame.kind.__name__,
            "owner": plan.frame.owner,
            "t1_sha256": plan.t1_sha256,
            "claims": list(plan.claims),
        },
        "coupling": dict(plan.coupling),
        "norms": dict(plan.norms),
        "qc": dict(plan.qc),
        "search": {"searched": plan.ranking.searched, "max_null_p": plan.ranking.max_null_p},
        "ranking": [_ranked_to(r) for r in plan.ranking.rows],
        "statements": [asdict(s) for s in plan.ranking.statements],
        "verdict": plan.ranking.verdict,
        "why": plan.ranking.why,
        "head": plan.head and head_to(plan.head, plan.frame),
        "targets": [_target_to(t, plan.frame) for t in plan.targets],
        "others": [_target_to(t, plan.frame) for t in plan.others],
        "comparisons": [asdict(c) for c in plan.comparisons],
        "exports": [asdict(e) for e in plan.exports],
        "tripwires": [asdict(t) for t in plan.tripwires],
        "params": {name: _param_to(p) for name, p in plan.params.as_dict().items()},
        "caveats": list(plan.caveats),
        "versions": dict(plan.versions),
    }
    return cast("dict[str, object]", _rounded(record))


def _input_to(item: InputFile) -> dict[str, object]:
    base: dict[str, object] = {"role": item.role, "name": item.name, "sha256": item.sha256}
    return {**base, **(dict(item.image) if item.image else {})}


def _param_to(param: Param) -> dict[str, object]:
    return {
        "value": param.value,
        "unit": param.unit,
        "source": None if param.overridden else param.source,
        "overridden": param.overridden,
    }


def _ranked_to(row: RankedParcel) -> dict[str, object]:
    return {**asdict(row), "hemi": str(row.hemi), "reasons": list(row.reasons)}


def _finite(value: float | None) -> float | None:
    """Return a clearance, or None where there is no skin behind the casing to measure to."""
    return None if value is None or not math.isfinite(value) else value


def _xyz(points: Points[Any]) -> list[float]:
    return cast("list[float]", points.mm(points.frame)[0].tolist())


def _target_to(planned: PlannedTarget, frame: Frame[Scanner]) -> dict[str, object]:
    target, pose = planned.target, planned.pose
    rigid = pose.scanner_from_coil
    return {
        "id": target.id,
        "name": target.name,
        "kind": target.kind,
        "hemi": str(target.hemi),
        "parcel_id": target.parcel_id,
        "vertex": target.vertex,
        "point_mm": target.point.mm(frame)[0].tolist(),
        "normal": target.normal.components(frame)[0].tolist(),
        "mni_mm": None if planned.mni is None else _xyz(planned.mni),
        "mni_template": planned.mni_template,
        "spread_mm": target.spread_mm,
        "scalp_mm": pose.scalp_point.mm(frame)[0].tolist(),
        "scalp_normal": pose.scalp_normal.components(frame)[0].tolist(),
        "scalp_cortex_mm": pose.depth_mm,
        "pose": {
            "matrix": rigid.matrix(frame, rigid.src).tolist(),
            "axes": "simnibs",
            "coil": pose.coil,
            "standoff_mm": pose.standoff_mm,
            "handle_deg": pose.handle_deg,
            "tilt_deg": pose.tilt_deg,
            "lift_mm": pose.lift_mm,
            "hair_mm": pose.hair_mm,
            "clearance_mm": _finite(pose.clearance_mm),
            "handle": pose.handle,
        },
        "z_at_target": target.z,
        "nearest_1010": planned.nearest and asdict(planned.nearest),
        "tape": planned.tape and tape_to(planned.tape),
        "efield": planned.field and field_to(planned.field, frame),
        "score_5mm": target.score_5mm,
        "spread_parts_mm": dict(target.spread_parts),
        "cloud_mm": target.cloud and target.cloud.mm(frame).tolist(),
        "why": target.why,
        "provenance": target.provenance,
    }


def plan_from_record(data: Mapping[str, Any]) -> Plan:
    """Return the plan of a record that has passed the schema.

    Raises
    ------
    FrameError
        If its coordinates are in anything but the scanner frame of its patient.
    """
    where = data["frame"]
    if where["kind"] != "Scanner":
        raise FrameError(f"plan.json: coordinates are in '{where['kind']}', not in Scanner.")
    frame = Frame(Scanner, where["owner"])
    return Plan(
        created=data["created"],
        patient_id=data["patient"]["id"],
        labels=tuple(data["labels"]),
        frame=frame,
        t1_sha256=where["t1_sha256"],
        claims=tuple(where["claims"]),
        inputs=tuple(_input_from(i) for i in data["inputs"]),
        coupling=data["coupling"],
        norms=data["norms"],
        ranking=_ranking_from(data),
        targets=tuple(_target_from(t, frame) for t in data["targets"]),
        others=tuple(_target_from(t, frame) for t in data.get("others", ())),
        comparisons=tuple(_comparison_from(c) for c in data["comparisons"]),
        exports=tuple(Export(**e) for e in data["exports"]),
        tripwires=tuple(Tripwire(**t) for t in data["tripwires"]),
        params=_params_from(data["params"]),
        caveats=tuple(data["caveats"]),
        versions=data["versions"],
        qc=data.get("qc", {}),
        head=head_from(data.get("head"), frame),
    )


def _input_from(data: Mapping[str, Any]) -> InputFile:
    image = {k: v for k, v in data.items() if k not in {"role", "name", "sha256"}}
    return InputFile(data["role"], data["name"], data["sha256"], image or None)


def _ranking_from(data: Mapping[str, Any]) -> Ranking:
    rows = tuple(
        RankedParcel(**{**r, "hemi": Hemi(r["hemi"]), "reasons": tuple(r["reasons"])})
        for r in data["ranking"]
    )
    return Ranking(
        rows=rows,
        searched=data["search"]["searched"],
        max_null_p=data["search"]["max_null_p"],
        verdict=data["verdict"],
        why=data["why"],
        statements=tuple(Statement(**s) for s in data["statements"]),
    )


def _comparison_from(data: Mapping[str, Any]) -> Comparison:
    return Comparison(**data)


def _params_from(data: Mapping[str, Any]) -> Params:
    return Params().overriding({k: v["value"] for k, v in data.items() if v["overridden"]})


def _target_from(data: Mapping[str, Any], frame: Frame[Scanner]) -> PlannedTarget:
    nearest = data["nearest_1010"]
    return PlannedTarget(
        _point_from(data, frame),
        _pose_from(data, frame),
        *_template_point(data),
        nearest=nearest and NearestSite(**nearest),
        tape=tape_from(data.get("tape")),
        field=field_from(data["efield"], frame),
    )


def _point_from(data: Mapping[str, Any], frame: Frame[Scanner]) -> Target:
    return Target(
        id=data["id"],
        name=data["name"],
        kind=data["kind"],
        hemi=Hemi(data["hemi"]),
        parcel_id=data["parcel_id"],
        vertex=data["vertex"],
        point=Points(data["point_mm"], frame),
        normal=Vectors(data["normal"], frame),
        spread_mm=data["spread_mm"],
        z=data["z_at_target"],
        why=data["why"],
        provenance=data["provenance"],
        score_5mm=data.get("score_5mm"),
        cloud=None if data.get("cloud_mm") is None else Points(data["cloud_mm"], frame),
        spread_parts=data.get("spread_parts_mm", {}),
    )


def _pose_from(data: Mapping[str, Any], frame: Frame[Scanner]) -> CoilPose:
    """Return the pose; plans of before casings were looked at have none of the later keys."""
    pose = data["pose"]
    return CoilPose(
        scanner_from_coil=Rigid.claim(
            pose["matrix"],
            dst=frame,
            src=Frame(CoilSimnibs, pose["coil"]),
            because="pose of plan.json (axes: simnibs)",
        ),
        coil=pose["coil"],
        scalp_point=Points(data["scalp_mm"], frame),
        scalp_normal=Vectors(data["scalp_normal"], frame),
        standoff_mm=pose["standoff_mm"],
        depth_mm=data["scalp_cortex_mm"],
        handle_deg=pose["handle_deg"],
        tilt_deg=pose.get("tilt_deg", 0.0),
        lift_mm=pose.get("lift_mm", 0.0),
        hair_mm=pose.get("hair_mm", 0.0),
        clearance_mm=pose.get("clearance_mm"),
        handle=pose.get("handle", ""),
    )


def _template_point(data: Mapping[str, Any]) -> tuple[Points[Any] | None, str | None]:
    name = data["mni_template"]
    if name is None:
        return None, None
    return Points(data["mni_mm"], template_frame(name)), name
