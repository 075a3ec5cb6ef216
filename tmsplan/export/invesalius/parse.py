"""Parse InVesalius' marker file, versions 4 and 5: markers by column name. No geometry here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...base.errors import InputError, refuse_file

__all__ = ["InvesaliusMarker", "parse_invesalius"]

_FIRST_LINE = "##INVESALIUS3_MARKER_FILE_"
#: Version 5 added the time stamp; both name every column that is read here.
_VERSIONS = ("4", "5")
_MAX_BYTES = 64 << 20
_ABSENT = ("None", "N/A", "")


@dataclass(frozen=True, slots=True)
class InvesaliusMarker:
    """One row by column name; texts without their quotes, a missing value is None.

    `kind` is InVesalius' ``marker_type``: 0 fiducial, 1 landmark, 2 brain target, 3 coil target,
    4 coil pose.
    """

    where: str
    label: str
    kind: int
    cells: Mapping[str, str | None]


def parse_invesalius(path: Path) -> tuple[InvesaliusMarker, ...]:
    """Read one file.

    Raises
    ------
    InputError
        If it is no UTF-8 marker file of version 4 or 5, or a row does not fit the columns.
    """
    first, *rest = _lines(path)
    version = first.removeprefix(_FIRST_LINE)
    if not first.startswith(_FIRST_LINE) or version not in _VERSIONS:
        raise refuse_file(
            path,
            f"its first line is {first[:60]!r}",
            f"{_FIRST_LINE}4 or 5",
            "Save the markers again with InVesalius 3.1 or later",
        )
    if not rest:
        raise refuse_file(path, "it has no column names", "them in line 2", "Save it again")
    columns = [_unquoted(c) for c in rest[0].split("\t")]
    if len(set(columns)) != len(columns):
        raise refuse_file(path, "a column stands twice", "each once", "Save it again")
    return tuple(
        _marker(f"{path.name}, line {k}", columns, line)
        for k, line in enumerate(rest[1:], start=3)
        if line.strip()
    )


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise refuse_file(path, "too large", f"at most {_MAX_BYTES} bytes", "Pass another")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise refuse_file(
            path, f"cannot be read ({err.__class__.__name__})", "a UTF-8 text", "Check the file"
        ) from err
    # Not splitlines(): it also ends a line at characters that a label may hold.
    return [line.removesuffix("\r") for line in text.split("\n")]


def _marker(where: str, columns: list[str], line: str) -> InvesaliusMarker:
    cells = line.split("\t")
    if len(cells) != len(columns):
        raise InputError(
            f"{where}: {len(cells)} cells under {len(columns)} columns. Expected as many. A stray "
            f"tab shifts every value after it; correct the row."
        )
    row = {
        c: None if t.strip() in _ABSENT else _unquoted(t)
        for c, t in zip(columns, cells, strict=True)
    }
    label, kind = row.get("label"), row.get("marker_type")
    if label is None or kind not in ("0", "1", "2", "3", "4"):
        raise InputError(
            f"{where}: label {label!r}, marker_type {kind!r}. Expected a label and a type from 0 "
            f"to 4. Save the markers again with InVesalius."
        )
    return InvesaliusMarker(f"{where} ({label})", label, int(kind), row)


def _unquoted(text: str) -> str:
    text = text.strip()
    # One pair only: quotes inside a label are not escaped in these files.
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
