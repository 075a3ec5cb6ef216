"""Write the spatial files of NIBS-BIDS, draft v6.3: markers and coordinate system."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from ...base.errors import InputError
from ...base.strict_json import dump_bytes
from ...plan.plan import Plan, PlannedTarget
from ..describe import created_by, t1_record
from ..files import number
from ..names import coil_name, cortex_name

__all__ = ["COLUMNS", "DRAFT", "nibs_bids_files"]

DRAFT = "NIBS-BIDS (BEP037) draft v6.3"
_DECIMALS = 9
#: Column and what its sidecar says of it; order of the file.
COLUMNS = {
    "nibs_position_id": "Identifier of one coil position, unique in this file.",
    "nibs_element_id": "Coil that the position is for.",
    "position_label": "Name as in the navigator files; ends in _coil.",
    "position_description": "Labels of the plan, kind and side of the target.",
    **{f"element_centre_{c}": "Centre of the coil's face, mm." for c in "xyz"},
    **{f"element_xdir_{c}": "Unit vector x = y cross z." for c in "xyz"},
    **{
        f"element_ydir_{c}": "Unit vector away from the handle (leading edge), as in SimNIBS."
        for c in "xyz"
    },
    **{f"element_zdir_{c}": "Unit vector from the coil into the head." for c in "xyz"},
    "element_distance": "From the scalp to the coil's centre, mm.",
    **{f"target_{c}": "Cortical target, mm. An intention, not a measurement." for c in "xyz"},
    "target_label": "Name of the cortical target; ends in _ctx.",
}
_T1_NAME = re.compile(r"(sub-[A-Za-z0-9]+)_(?:(ses-[A-Za-z0-9]+)_)?.*T1w\.nii(\.gz)?")


def nibs_bids_files(plan: Plan) -> dict[str, bytes]:
    """Return name and content of ``*_markers.tsv``, ``*_markers.json``, ``*_coordsystem.json``.

    Raises
    ------
    InputError
        If the patient's id is no BIDS label, a target's id is used twice or holds a ``|``, which
        separates ids in BIDS, or a name cannot be written.
    """
    stem = f"sub-{_label(plan)}_task-tmsplan"
    return {
        f"{stem}_markers.tsv": _markers(plan),
        f"{stem}_markers.json": dump_bytes({c: {"Description": d} for c, d in COLUMNS.items()}),
        f"{stem}_coordsystem.json": dump_bytes(_coordsystem(plan)),
    }


def _label(plan: Plan) -> str:
    label = plan.patient_id.removeprefix("sub-")
    if not (label.isascii() and label.isalnum()):
        raise InputError(
            f"the patient id {plan.patient_id[:64]!r} is no BIDS label. Expected ASCII letters "
            f"and digits after 'sub-'. Rename the patient, or leave out nibs-bids."
        )
    return label


def _markers(plan: Plan) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    seen: set[str] = set()
    for planned in plan.targets:
        ident = planned.target.id
        if ident in seen or "|" in ident or not ident.isprintable() or not ident.strip():
            raise InputError(
                f"the target id {ident[:64]!r} stands twice, is empty, or holds a '|' or an "
                f"invisible character. Expected a plain id for each position. Rename the target."
            )
        seen.add(ident)
        writer.writerow(
            [*_words(plan, planned), *_numbers(plan, planned), cortex_name(plan, planned)]
        )
    return text.getvalue().encode()


def _words(plan: Plan, planned: PlannedTarget) -> list[str]:
    target = planned.target
    about = " ".join([*plan.labels, f"{target.kind} target, {target.hemi}"])
    coil = planned.pose.scanner_from_coil.src.owner
    return [target.id, coil, coil_name(plan, planned), about]


def _numbers(plan: Plan, planned: PlannedTarget) -> Iterator[str]:
    pose = planned.pose.scanner_from_coil
    matrix = pose.matrix(plan.frame, pose.src)
    values = (
        *matrix[:3, 3],
        *matrix[:3, :3].T.ravel(),
        planned.pose.standoff_mm,
        *planned.target.point.mm(plan.frame)[0],
    )
    return (number(v, _DECIMALS) for v in values)


def _coordsystem(plan: Plan) -> dict[str, object]:
    record = t1_record(plan)
    content: dict[str, object] = {
        "NIBSCoordinateSystem": "IndividualMRI",
        "NIBSCoordinateUnits": "mm",
        "NIBSCoordinateSystemDescription": (
            f"{' '.join([*plan.labels, 'planned positions'])}. RAS, mm, the scanner world of "
            f"{record.name} as its header says. Coil axes: z into the head, y away from the "
            f"handle (SimNIBS), x = y cross z. Written for {DRAFT}, which may change."
        ),
        "Draft": DRAFT,
        "GeneratedBy": created_by(plan),
        "AnatomicalImage": {"Name": record.name, "SHA256": record.sha256},
    }
    if match := _T1_NAME.fullmatch(record.name):
        folder = "/".join(part for part in match.groups()[:2] if part)
        content["IntendedFor"] = f"bids::{folder}/anat/{record.name}"
    return content
