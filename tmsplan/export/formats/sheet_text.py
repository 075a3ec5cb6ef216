"""A text sheet per target, for people; and a reader that gets the numbers back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError, InputError, refuse_file
from ...plan.plan import Plan, PlannedTarget
from ...space.transform import Rigid
from ..coil_frame import coil_frame
from ..describe import created_by, file_per_target, t1_record
from ..files import number, write_new
from ..names import coil_name, cortex_name
from ..protocol import ReadPose
from ..rotation import rotation_from_printed

__all__ = ["FORMAT", "SheetTextFormat"]

_MM_DECIMALS, _AXIS_DECIMALS = 4, 6
#: Column where values begin.
_INDENT = 24
_MAX_BYTES = 1 << 20
#: Worst entry of Rt R - 1 of axes printed with six decimals, rounded up.
_OFF = 2e-6
_TRIPLE = re.compile(r"x\s+(\S+)\s+y\s+(\S+)\s+z\s+(\S+)")


@dataclass(frozen=True, slots=True)
class SheetTextFormat:
    """One page of text per target."""

    title: ClassVar[str] = "sheet of text per target, RAS mm"
    carries_cortex: ClassVar[bool] = True
    evidence: ClassVar[str] = "tmsplan's own page; no vendor reads it."
    limits: ClassVar[str] = (
        "For people: to type from and to compare with the screen. Axes are SimNIBS'; most "
        "navigators show others."
    )

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write one ``.txt`` per target."""
        sheets = {
            f"{stem}_sheet.txt": "\n".join(_lines(plan, planned)) + "\n"
            for planned, stem in file_per_target(plan)
        }
        return [write_new(folder / name, text.encode()) for name, text in sheets.items()]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return the pose at the coil's centre and at the cortical point of one sheet.

        Raises
        ------
        FrameError
            If the sheet is in another frame, of another T1 or for another coil.
        ChiralityError
            If its axes are left-handed.
        InputError
            If a line is missing, or stands twice, or holds no numbers.
        """
        fields = _fields(path)
        coil = coil_frame(plan)
        expected = {
            "frame": str(plan.frame),
            "axes of the room": "RAS",
            "T1 SHA-256": t1_record(plan).sha256,
            "coil": coil.owner,
        }
        for key, value in expected.items():
            _require(path, fields, key, value)
        leading = _triple(path, fields, "away from the handle")
        inward = _triple(path, fields, "into the head")
        across = _triple(path, fields, "across the handle")
        axes = rotation_from_printed(np.column_stack([across, leading, inward]), _OFF, path.name)
        m = np.eye(4)
        m[:3, :3] = axes
        because = f"{path.name}: across is x, away from the handle is y, into the head is z"
        poses = []
        for name, place in (("coil name", "coil centre"), ("cortex name", "cortical target")):
            m[:3, 3] = _triple(path, fields, place)
            rigid = Rigid.claim(m, dst=plan.frame, src=coil, because=because)
            poses.append(ReadPose(_text(path, fields, name), rigid))
        return poses


FORMAT = SheetTextFormat()


def _lines(plan: Plan, planned: PlannedTarget) -> Iterator[str]:
    target, pose = planned.target, planned.pose
    record = t1_record(plan)
    matrix = pose.scanner_from_coil.matrix(plan.frame, pose.scanner_from_coil.src)
    title = " ".join(["TMS target sheet", *plan.labels])
    yield from (title, "=" * len(title), "")
    yield _line("patient", plan.patient_id)
    yield _line("coil name", coil_name(plan, planned))
    yield _line("cortex name", cortex_name(plan, planned))
    yield _line("side", str(target.hemi).upper())
    yield _line("kind", target.kind)
    yield _line("coil", pose.scanner_from_coil.src.owner)
    yield _line("T1", record.name)
    yield _line("T1 SHA-256", record.sha256)
    yield _line("frame", str(plan.frame))
    yield _line("axes of the room", plan.frame.kind.axes)
    yield from ("", "mm; x to the patient's right, y to the front, z to the top", "")
    yield "AIM THE COIL HERE"
    yield _line("coil centre", _xyz(matrix[:3, 3], _MM_DECIMALS))
    yield _line("away from the handle", _xyz(matrix[:3, 1], _AXIS_DECIMALS))
    yield _line("into the head", _xyz(matrix[:3, 2], _AXIS_DECIMALS))
    yield _line("across the handle", _xyz(matrix[:3, 0], _AXIS_DECIMALS))
    yield from ("", "LOOK HERE, NEVER PUT THE COIL HERE")
    yield _line("cortical target", _xyz(target.point.mm(plan.frame)[0], _MM_DECIMALS))
    yield _line("scalp point", _xyz(pose.scalp_point.mm(plan.frame)[0], _MM_DECIMALS))
    yield _line("scalp to coil centre", f"{number(pose.standoff_mm, 1)} mm")
    yield from ("", _line("made by", created_by(plan)))


def _line(key: str, value: str) -> str:
    return f"{key:<{_INDENT}}{value}"


def _xyz(values: Sequence[float] | NDArray[np.float64], decimals: int) -> str:
    return "  ".join(f"{c} {number(v, decimals):>10}" for c, v in zip("xyz", values, strict=True))


def _fields(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise refuse_file(path, "too large", f"at most {_MAX_BYTES} bytes", "Pass a sheet")
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as err:
        raise refuse_file(
            path, f"cannot be read ({err.__class__.__name__})", "a UTF-8 text", "Check the file"
        ) from err
    if not lines[0].startswith("TMS target sheet"):
        raise refuse_file(path, "it is no target sheet", "one as tmsplan writes it", "Pass one")
    fields: dict[str, str] = {}
    for line in lines[1:]:
        key, value = line[:_INDENT].rstrip(), line[_INDENT:]
        if not key or not value:
            continue
        if key in fields:
            raise InputError(f"{path.name}: the line '{key}' stands twice. Expected each once.")
        fields[key] = value
    return fields


def _text(path: Path, fields: Mapping[str, str], key: str) -> str:
    if key not in fields:
        raise InputError(
            f"{path.name}: there is no line '{key}'. Expected it, its value from column "
            f"{_INDENT + 1} on. Export the sheet again."
        )
    return fields[key]


def _require(path: Path, fields: Mapping[str, str], key: str, expected: str) -> None:
    found = _text(path, fields, key)
    if found != expected:
        raise FrameError(
            f"{path.name}: '{key}' says {found[:64]!r}. Expected {expected[:64]!r}. The sheet "
            f"belongs to another plan or was edited."
        )


def _triple(path: Path, fields: Mapping[str, str], key: str) -> NDArray[np.float64]:
    text = _text(path, fields, key)
    match = _TRIPLE.fullmatch(text.strip())
    try:
        values = np.array([float(t) for t in match.groups()] if match else [np.nan])
    except ValueError:
        values = np.array([np.nan])
    if not np.isfinite(values).all():
        raise InputError(
            f"{path.name}: '{key}' says {text[:60]!r}. Expected x, y and z with a finite number "
            f"each. Export the sheet again."
        )
    return values
