"""Brainsight text, versions 7 to 14: every block with axes, nothing refused for its numbers."""

from __future__ import annotations

from pathlib import Path

from ..brainsight.parse import BrainsightFile, BrainsightRow, parse_brainsight
from .raw import PoseKind, RawFile, RawPose, columns

__all__ = ["looks_like", "read"]

_AXIS = tuple(tuple(f"m{a}n{b}" for b in range(3)) for a in range(3))
_CENTRE = ("Loc. X", "Loc. Y", "Loc. Z")
_KINDS: dict[str, PoseKind] = {"Target": "pose", "Sample": "record"}
#: What rounding and Brainsight's own axes leave of Rt R - 1; see docs/navigators/brainsight.md.
_ROUNDING_THREE, _ROUNDING_FOUR = 2.4e-3, 6e-4
_FOUR_DECIMALS = 12
#: Ending that tmsplan gives to cortical points; other software has no such rule.
_CORTEX = "_ctx"


def looks_like(text: str) -> bool:
    """Return whether this is a Brainsight export."""
    head = text[:4096].lower()
    return text.startswith("#") and "coordinate system:" in head and "version:" in head


def read(path: Path) -> RawFile:
    """Return targets and samples with their axes as printed.

    Raises
    ------
    InputError
        If it is no Brainsight text of version 7 to 14.
    """
    file = parse_brainsight(path)
    poses = [
        _pose(row, kind)
        for block, kind in _KINDS.items()
        for row in file.rows(block)
        if not _is_absent(row)
    ]
    return RawFile(
        name=file.name,
        format=f"Brainsight text, version {file.version}",
        axes="brainsight",
        world="RAS" if file.system.startswith("NIfTI:") else None,
        poses=tuple(poses),
        rounding=_ROUNDING_FOUR if file.version >= _FOUR_DECIMALS else _ROUNDING_THREE,
        world_says=file.system,
        unknown=_unknown(file),
        brainsight=file,
    )


def _pose(row: BrainsightRow, kind: PoseKind) -> RawPose:
    triples = [[row.cells.get(c) for c in names] for names in (*_AXIS, _CENTRE)]
    at_cortex = kind == "pose" and row.name.endswith(_CORTEX)
    return RawPose(
        row.where,
        row.name,
        "cortex" if at_cortex else kind,
        columns(*triples),
        target=row.cells.get("Assoc. Target"),
    )


def _is_absent(row: BrainsightRow) -> bool:
    """Whether the row holds none of the twelve numbers: nothing was seen, nothing is wrong."""
    return all(row.cells.get(c) is None for names in (*_AXIS, _CENTRE) for c in names)


def _unknown(file: BrainsightFile) -> tuple[str, ...]:
    known = [
        "whether a location is meant on the scalp or on the cortex: the format does not say",
        "which T1 the project holds: the file names an intent code, not an image",
    ]
    if any(r.cells.get("Crosshairs Driver") == "Mouse" for r in file.rows("Sample")):
        known.append(
            "a coil pose for samples that the mouse made: their axes are the cross-hairs'"
        )
    return tuple(known)
