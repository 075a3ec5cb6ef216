"""The repetition time: what header and sidecar say, and which of them is believed.

A wrong repetition time moves every frequency. Headers are often wrong (converters and surface
writers put 1.0, or milliseconds), so two statements that differ are never averaged or ranked:
the user decides.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeGuard

from ..base import strict_json
from ..base.errors import AmbiguityError, InputError, refuse_file
from ..base.param import Param
from ..surface.formats import require_regular

__all__ = ["decide_tr", "read_sidecar", "sidecar_of", "task_of", "tr_statements"]

#: Converters round to milliseconds and float32; 0.1 % moves an edge at 0.08 Hz by 0.00008 Hz,
#: less than one bin of a run of three hours.
TR_SHARE = Param(1e-3, "share", 0.0, 1e-3, "docs/decisions/0013")
#: Seconds. Nothing whole-brain is faster or slower.
TR_RANGE = (0.1, 20.0)
FLAG = "pass --tr SECONDS (tr = SECONDS under [maps] of patient.toml)"
_ENDINGS = (".dtseries.nii", ".func.gii", ".nii.gz", ".gii.gz", ".nii", ".gii", ".mgz", ".mgh")


def sidecar_of(image: Path) -> Path | None:
    """Return the JSON file of the same stem beside an image, or None."""
    for ending in _ENDINGS:
        if image.name.lower().endswith(ending):
            path = image.with_name(image.name[: -len(ending)] + ".json")
            return path if path.is_file() else None
    return None


def read_sidecar(path: Path) -> Mapping[str, object]:
    """Read a BIDS sidecar.

    Raises
    ------
    InputError
        If it is not one strict JSON object.
    """
    require_regular(path)
    value = strict_json.load_file(path)
    if not isinstance(value, dict):
        raise refuse_file(path, f"a JSON {type(value).__name__}", "one JSON object", "Check it")
    return value


def tr_statements(sidecar: Path, fields: Mapping[str, object]) -> dict[str, float]:
    """Return what a sidecar says about the repetition time, in seconds, by where it says so.

    In a two-dimensional sequence the time between two excitations of a slice is the repetition
    time of the volume; some scanners fill the two fields differently, and then it is not known
    which is right.

    Raises
    ------
    InputError
        If a field is no positive number, or volumes were not taken evenly (VolumeTiming).
    """
    if "VolumeTiming" in fields and "RepetitionTime" not in fields:
        raise refuse_file(
            sidecar,
            "VolumeTiming: the volumes are not evenly spaced",
            "one RepetitionTime",
            "Frequencies need even spacing; this run cannot be used for ALFF",
        )
    keys = ["RepetitionTime"]
    if fields.get("MRAcquisitionType", "2D") == "2D":
        keys.append("RepetitionTimeExcitation")
    out = {}
    for key in (k for k in keys if k in fields):
        value = fields[key]
        if not _is_positive(value):
            raise refuse_file(
                sidecar, f"{key} is {str(value)[:40]!r}", "seconds above 0", "Correct it"
            )
        out[f"{key} of {sidecar.name}"] = float(value)
    return out


def _is_positive(value: object) -> TypeGuard[int | float]:
    """Whether a value of a JSON file is a finite number above 0 (1e999 is infinite)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 < value <= sys.float_info.max  # an integer of 400 digits is more than a float holds


def decide_tr(
    image: str, header_s: float | None, said: Mapping[str, float], declared: float | None
) -> tuple[float, str]:
    """Return the repetition time in seconds, and why.

    Parameters
    ----------
    image : str
        Base name, for messages.
    header_s : float or None
        What the image's header says; None where its format or writer says nothing.
    said : mapping of place to float
        What the sidecar says.
    declared : float or None
        What the user says; it decides, and what it overrules is recorded.

    Raises
    ------
    AmbiguityError
        If nothing says it, statements differ by more than 0.1 %, the header alone says exactly
        1 s (what a writer puts that does not know), or a value looks like milliseconds.
    InputError
        If the declared value is out of range.
    """
    statements = dict(said)
    if header_s is not None and header_s != 0:
        statements = {f"the header of {image}": header_s, **statements}
    if declared is not None:
        return _declared(image, declared, statements)
    if not statements:
        raise AmbiguityError(
            f"{image}: no repetition time in header or sidecar. Expected seconds between two "
            f"volumes; {FLAG}."
        )
    for place, value in statements.items():
        _require_seconds(image, place, value)
    if _differ(statements):
        raise AmbiguityError(
            f"{image}: its repetition time is stated differently: {_listed(statements)}. "
            f"Expected agreement within {100 * TR_SHARE.value:g} %, because every frequency "
            f"depends on it. Find out which is right and {FLAG}."
        )
    if not said and header_s == 1.0:
        raise AmbiguityError(
            f"{image}: only its header states a repetition time, of exactly 1 s: writers put "
            f"that where they know none. Expected a sidecar that confirms it; or {FLAG}."
        )
    place, value = list(statements.items())[-1]
    return value, ", ".join(statements) if len(statements) > 1 else place


def task_of(image: Path, fields: Mapping[str, object]) -> str:
    """Return the task that a file name or sidecar states; empty if none does."""
    name = fields.get("TaskName")
    if isinstance(name, str) and name.strip():
        return name.strip()
    places = (image.name, *(str(fields.get(k, "")) for k in ("ProtocolName", "SeriesDescription")))
    for text in places:
        _, found, rest = text.partition("task-")
        word = rest.split("_", 1)[0].split(".", 1)[0]
        if found and word.isalnum():
            return word
    return ""


def _declared(image: str, declared: float, statements: Mapping[str, float]) -> tuple[float, str]:
    low, high = TR_RANGE
    if not low <= declared <= high:
        raise InputError(
            f"{image}: the declared repetition time is {declared:g} s; expected {low:g} to "
            f"{high:g} s. Write it in seconds."
        )
    other = {k: v for k, v in statements.items() if _differ({"": declared, k: v})}
    tail = f"; overruled: {_listed(other)}" if other else ""
    return declared, f"declared{tail}"


def _require_seconds(image: str, place: str, value: float) -> None:
    low, high = TR_RANGE
    if not math.isfinite(value) or not low <= value <= high:
        looks = ", which looks like milliseconds" if value > high else ""
        raise AmbiguityError(
            f"{image}: {place} says a repetition time of {value:g} s{looks}. Expected {low:g} to "
            f"{high:g} s; {FLAG}."
        )


def _differ(statements: Mapping[str, float]) -> bool:
    low, high = min(statements.values()), max(statements.values())
    return high - low > TR_SHARE.value * high


def _listed(statements: Mapping[str, float]) -> str:
    return ", ".join(f"{value:.6g} s in {place}" for place, value in statements.items())
