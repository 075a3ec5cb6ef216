"""Plain JSON: every pose and point with the frame that it is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, cast

from ...base.errors import FrameError, InputError, refuse_file
from ...base.strict_json import dump_bytes, load_file
from ...plan.plan import Plan, PlannedTarget
from ...space.frame import CoilSimnibs, Frame, Scanner
from ...space.points import Points, Vectors
from ...space.serialise import (
    frame_from_dict,
    linear_from_dict,
    linear_to_dict,
    points_from_dict,
    points_to_dict,
)
from ...space.transform import Rigid
from ..coil_frame import coil_frame
from ..describe import created_by, t1_record
from ..files import write_new
from ..names import coil_name, cortex_name, file_stem
from ..protocol import ReadPose

__all__ = ["FORMAT", "JsonPlainFormat"]

_FORMAT, _VERSION = "tmsplan-poses", 1


@dataclass(frozen=True, slots=True)
class JsonPlainFormat:
    """One object per target: pose at the coil, point on the cortex, point on the scalp."""

    title: ClassVar[str] = "plain JSON, RAS mm, frames named"
    carries_cortex: ClassVar[bool] = True
    evidence: ClassVar[str] = "tmsplan's own file; no vendor reads it."
    limits: ClassVar[str] = "For scripts. Whoever feeds it to a navigator must convert the axes."

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write ``<patient>_poses.json`` with full precision."""
        record = t1_record(plan)
        content = {
            "format": _FORMAT,
            "version": _VERSION,
            "created_by": created_by(plan),
            "patient": plan.patient_id,
            "labels": list(plan.labels),
            "t1": {"name": record.name, "sha256": record.sha256},
            "targets": [_target(plan, p) for p in plan.targets],
        }
        return [write_new(folder / f"{file_stem(plan)}_poses.json", dump_bytes(content))]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return two poses per target, at the coil's centre and at the cortical point.

        Raises
        ------
        FrameError
            If the file names another T1, or a pose or a point is in another frame.
        ChiralityError
            If a pose mirrors.
        InputError
            If it is no such file, or a key or a number is missing.
        """
        poses: list[ReadPose] = []
        coil = coil_frame(plan)
        for where, target in _targets(path, t1_record(plan).sha256):
            poses.extend(_poses(where, target, plan.frame, coil))
        return poses


FORMAT = JsonPlainFormat()


def _target(plan: Plan, planned: PlannedTarget) -> dict[str, object]:
    target, pose = planned.target, planned.pose
    return {
        "id": target.id,
        "kind": target.kind,
        "hemi": str(target.hemi),
        "coil": {
            "name": coil_name(plan, planned),
            "scanner_from_coil": linear_to_dict(pose.scanner_from_coil),
            "standoff_mm": pose.standoff_mm,
        },
        "cortex": {"name": cortex_name(plan, planned), "point": points_to_dict(target.point)},
        "scalp": {"point": points_to_dict(pose.scalp_point)},
    }


def _targets(path: Path, t1_sha256: str) -> list[tuple[str, Mapping[str, object]]]:
    content = load_file(path)
    if not isinstance(content, dict) or (content.get("format"), content.get("version")) != (
        _FORMAT,
        _VERSION,
    ):
        raise refuse_file(
            path, "it is no plain pose file", f"format '{_FORMAT}', version {_VERSION}", "Pass one"
        )
    found = _object(path.name, content, "t1").get("sha256")
    if found != t1_sha256:
        raise FrameError(
            f"{path.name}: it was made for a T1 with SHA-256 {str(found)[:12]}..., the plan's "
            f"begins with {t1_sha256[:12]}. Expected one T1. Export again from this plan."
        )
    targets = content.get("targets")
    if not isinstance(targets, list) or not all(isinstance(t, dict) for t in targets):
        raise refuse_file(path, "'targets' is no list of objects", "one", "Export it again")
    return [(f"{path.name}, target {k}", t) for k, t in enumerate(targets, start=1)]


def _poses(
    where: str,
    target: Mapping[str, object],
    scanner: Frame[Scanner],
    coil: Frame[CoilSimnibs],
) -> list[ReadPose]:
    at_coil, at_cortex = _object(where, target, "coil"), _object(where, target, "cortex")
    pose = _object(where, at_coil, "scanner_from_coil")
    _require_numbers(where, pose.get("matrix"), (4, 4))
    rigid = linear_from_dict(pose, scanner, coil)
    if not isinstance(rigid, Rigid):
        raise InputError(f"{where}: the pose is said not to be rigid. Expected a rigid one.")
    point = _object(where, at_cortex, "point")
    _require_numbers(where, point.get("xyz"), (1, 3))
    # Asked for by the frame that the file names, so that a foreign frame is refused by name.
    frame_from_dict(_object(where, point, "frame"))
    place = points_from_dict(point, scanner)
    return [
        ReadPose(_name(where, at_coil), rigid),
        ReadPose(_name(where, at_cortex), _moved(rigid, place, where)),
    ]


def _moved(
    pose: Rigid[Scanner, CoilSimnibs], place: Points[Scanner], where: str
) -> Rigid[Scanner, CoilSimnibs]:
    """Return the same axes at another place."""
    shift = place - pose @ Points([0, 0, 0], pose.src)
    inside: Vectors[CoilSimnibs] = pose.inverse() @ shift
    step = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    for row, mm in zip(step, inside.components(pose.src)[0], strict=False):
        row[3] = mm
    because = f"{where}: the coil's axes, shown at the cortical point"
    return pose @ Rigid.claim(step, dst=pose.src, src=pose.src, because=because)


def _object(where: str, parent: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = parent.get(key)
    if not isinstance(value, dict):
        raise InputError(f"{where}: '{key}' is {str(value)[:60]}. Expected an object.")
    return cast("Mapping[str, object]", value)


def _name(where: str, parent: Mapping[str, object]) -> str:
    value = parent.get("name")
    if not isinstance(value, str) or not value:
        raise InputError(f"{where}: 'name' is {value!r}. Expected a text.")
    return value


def _require_numbers(where: str, value: object, shape: tuple[int, int]) -> None:
    rows = value if isinstance(value, list) else []
    flat = [n for row in rows if isinstance(row, list) and len(row) == shape[1] for n in row]
    numbers = all(isinstance(n, int | float) and not isinstance(n, bool) for n in flat)
    if len(rows) != shape[0] or len(flat) != shape[0] * shape[1] or not numbers:
        raise InputError(
            f"{where}: {str(value)[:60]} is no {shape[0]} x {shape[1]} list of numbers. Expected "
            f"one. Export the file again."
        )
