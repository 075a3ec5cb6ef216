"""Nasion, inion and preauricular points that a person marked: ``[landmarks]`` of patient.toml."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import InputError, refuse_file
from ..space.frame import Scanner
from ..space.points import Points
from .placement import Placement

__all__ = ["FRAMES", "NAMES", "GivenLandmarks", "place_landmarks", "read_landmarks"]

#: The four; all or none.
NAMES = ("nasion", "inion", "lpa", "rpa")
#: Where the numbers may live; FreeSurfer's surface RAS is centimetres away from the scanner's.
FRAMES = ("scanner", "tkras")


@dataclass(frozen=True, slots=True)
class GivenLandmarks:
    """The ``[landmarks]`` table.

    Parameters
    ----------
    frame : {"scanner", "tkras"}
        World of the T1 (RAS, mm), or FreeSurfer's surface RAS.
    places : mapping of name to (x, y, z)
        mm.
    """

    frame: str
    places: Mapping[str, tuple[float, float, float]]


def read_landmarks(path: Path, raw: object) -> GivenLandmarks | None:
    """Read the ``[landmarks]`` table of a ``patient.toml``; None if there is none.

    Raises
    ------
    InputError
        If one of the four or the frame is missing, a key is unknown, or a place is not three
        finite numbers.
    """
    if raw is None:
        return None
    if not isinstance(raw, Mapping):
        raise refuse_file(path, f"landmarks is {raw!r}", "a table [landmarks]", "Correct it")
    unknown = [key for key in raw if key not in (*NAMES, "frame")]
    missing = [key for key in (*NAMES, "frame") if key not in raw]
    if unknown or missing:
        found = [f"unknown key '{k}'" for k in unknown] + [f"no '{k}'" for k in missing]
        raise refuse_file(
            path,
            f"[landmarks] has {' and '.join(found)}",
            f"{', '.join(NAMES)} and frame",
            'Give all four as [x, y, z] in mm, and frame = "scanner" (the T1\'s world, RAS) or '
            '"tkras" (FreeSurfer surface RAS)',
        )
    if raw["frame"] not in FRAMES:
        raise refuse_file(
            path, f"landmarks.frame is {raw['frame']!r}", '"scanner" or "tkras"', "Correct it"
        )
    return GivenLandmarks(raw["frame"], {name: _place(path, name, raw[name]) for name in NAMES})


def _place(path: Path, name: str, value: object) -> tuple[float, float, float]:
    numbers = [v for v in value if _is_number(v)] if isinstance(value, list) else []
    if not isinstance(value, list) or len(numbers) != 3 or len(value) != 3:
        raise refuse_file(
            path, f"landmarks.{name} is {value!r}", "three numbers in mm", "Write [x, y, z]"
        )
    return float(numbers[0]), float(numbers[1]), float(numbers[2])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def place_landmarks(
    given: GivenLandmarks | None, placement: Placement, name: str
) -> dict[str, Points[Scanner]]:
    """Return the landmarks in scanner RAS, mm; empty if none were given.

    Raises
    ------
    InputError
        If they are in surface RAS and nothing relates that to the scanner.
    """
    if given is None:
        return {}
    if given.frame == "scanner":
        return {n: Points(p, placement.scanner) for n, p in given.places.items()}
    way = placement.scanner_from_tkras
    if way is None:
        raise InputError(
            f"{name}: the landmarks are in FreeSurfer surface RAS (tkras) and nothing relates it "
            f"to the scanner. Expected a FreeSurfer folder or 'orig' under [anatomy]. Give it, or "
            f"give the landmarks in scanner RAS."
        )
    return {n: way @ Points(p, way.src) for n, p in given.places.items()}
