"""The files of the standard targets, one each in ``standard/``; found by name, read strictly."""

from __future__ import annotations

import difflib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from ..base.errors import AmbiguityError, InputError, refuse_file
from ..space.frame import TEMPLATES
from ..space.side import Hemi
from .standard_target import BOLD_FRAME, SCALP_FRAME, ScalpRule, StandardTarget, TargetKind

__all__ = ["load_standard", "read_standard", "standard_names"]

_FOLDER = Path(__file__).with_name("standard")
_STATUS = ("verified", "unverified")
_COMMON = frozenset(
    {"name", "title", "kind", "frame", "hemi", "source", "status", "verified_by", "how"}
    | {"conflicts", "aliases"}
)
#: Keys that a kind has beside the common ones.
_OWN: dict[str, frozenset[str]] = {
    "cortex": frozenset({"mni", "frame_assumed"}),
    "scalp": frozenset({"rule"}),
    "bold": frozenset(),
}
_RULE_KEYS = {
    "beam": frozenset({"by", "form", "adjusted"}),
    "along": frozenset({"by", "start", "distance_mm"}),
    "sites": frozenset({"by", "sites"}),
}
_FORMS = ("program", "simple")
#: A tape of more or less than this is no rule of the literature: a unit is wrong.
_TAPE_MM = (30.0, 100.0)
#: Names that two different places carry; neither is taken for the other.
_TWO_PLACES = {
    "f3": (
        "beam-f3",
        "f3-cortical",
        "the electrode position on the patient's scalp",
        "a point of a group's cortex",
    ),
    "f4": (
        "beam-f4",
        "right-dlpfc-mirror",
        "the electrode position on the patient's scalp",
        "a mirrored point of a group's cortex",
    ),
}


def standard_names(kind: TargetKind | Literal["any"] = "cortex") -> tuple[str, ...]:
    """Return the names of the standard targets of one kind, sorted.

    Parameters
    ----------
    kind : {"cortex", "scalp", "bold", "any"}
        By default the points of a template: what `place_standard` places.
    """
    names = sorted(path.stem for path in _FOLDER.glob("*.toml"))
    return tuple(n for n in names if kind in ("any", _read(n).kind))


def load_standard(name: str) -> StandardTarget:
    """Return the standard target of that name, or of that alias.

    Raises
    ------
    AmbiguityError
        For a name that two places share, such as "f3"; names both.
    InputError
        If there is none; names the nearest one.
    """
    if name.lower() in _TWO_PLACES:
        one, two, one_is, two_is = _TWO_PLACES[name.lower()]
        raise AmbiguityError(
            f"'{name}' names two places, tens of millimetres apart. Write '{one}' for {one_is}, "
            f"or '{two}' for {two_is}."
        )
    names = standard_names("any")
    if name in names:
        return _read(name)
    for known in names:
        if name in _read(known).aliases:
            return _read(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(names)}."
    raise InputError(f"there is no standard target called '{name}'. {hint}")


@cache
def _read(name: str) -> StandardTarget:
    return read_standard(_FOLDER / f"{name}.toml")


def read_standard(path: Path) -> StandardTarget:
    """Read one standard target; every key of its kind must be there and no other.

    Raises
    ------
    InputError
        Names the file, the key, what was found and what was expected.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise refuse_file(path, f"cannot be read ({err})", "TOML", "Correct it") from err
    kind = raw.get("kind")
    _require(path, "kind", kind, kind in _OWN, ", ".join(_OWN))
    _require_keys(path, raw, _COMMON | _OWN[cast("str", kind)])
    _require_words(path, raw)
    hemi = Hemi.parse(str(raw["hemi"]))
    assumed = raw.get("frame_assumed", False)
    _require(path, "frame_assumed", assumed, isinstance(assumed, bool), "true or false")
    return StandardTarget(
        **{
            **raw,
            "hemi": hemi,
            "frame_assumed": assumed,
            "mni": _point(path, raw["mni"], hemi) if kind == "cortex" else None,
            "rule": _rule(path, raw["rule"]) if kind == "scalp" else None,
            "conflicts": tuple(raw["conflicts"]),
            "aliases": tuple(raw["aliases"]),
        }
    )


def _require_keys(path: Path, raw: dict[str, Any], expected: frozenset[str]) -> None:
    if odd := sorted(expected ^ set(raw)):
        raise refuse_file(
            path,
            f"missing or unknown: {', '.join(odd)}",
            f"exactly {', '.join(sorted(expected))}",
            "Add or remove these keys",
        )


def _require_words(path: Path, raw: dict[str, Any]) -> None:
    _require(path, "name", raw["name"], raw["name"] == path.stem, f"'{path.stem}', as the file")
    frames = {"cortex": tuple(TEMPLATES), "scalp": (SCALP_FRAME,), "bold": (BOLD_FRAME,)}
    allowed = frames[raw["kind"]]
    _require(path, "frame", raw["frame"], raw["frame"] in allowed, ", ".join(allowed))
    _require(path, "status", raw["status"], raw["status"] in _STATUS, " or ".join(_STATUS))
    for key in ("title", "source", "how"):
        _require(path, key, raw[key], _is_words(raw[key]), "some words")
    for key in ("conflicts", "aliases"):
        value = raw[key]
        ok = isinstance(value, list) and all(_is_words(v) for v in value)
        _require(path, key, value, ok, "a list of words, empty where there are none")
    read, verified = raw["verified_by"], raw["status"] == "verified"
    ok = isinstance(read, str) and bool(read.strip()) == verified
    _require(path, "verified_by", read, ok, "where it was read; empty if and only if unverified")
    source = raw["source"]
    ok = source.startswith("doi:10.") or (source.startswith("no paper: ") and not verified)
    _require(path, "source", source, ok, "doi:10...; or 'no paper: ...' of an unverified target")


def _is_words(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _require(path: Path, key: str, found: object, ok: bool, expected: str) -> None:
    if not ok:
        raise refuse_file(path, f"{key} is {found!r}", expected, "Correct it")


def _point(path: Path, found: object, hemi: Hemi) -> tuple[float, float, float]:
    numbers = isinstance(found, list) and all(type(v) in (int, float) for v in found)
    if not isinstance(found, list) or not numbers or len(found) != 3:
        raise refuse_file(path, f"mni is {found!r}", "three numbers in mm", "Correct it")
    x, y, z = (float(v) for v in found)
    if (x > 0 and hemi is Hemi.LEFT) or (x < 0 and hemi is Hemi.RIGHT):
        raise refuse_file(
            path, f"mni x is {x:g} and hemi is {hemi}", "x below 0 on the left", "Correct one"
        )
    return x, y, z


def _rule(path: Path, found: object) -> ScalpRule:
    table = found if isinstance(found, dict) else {}
    by = table.get("by")
    _require(path, "rule.by", by, by in _RULE_KEYS, ", ".join(_RULE_KEYS))
    _require_keys(path, table, _RULE_KEYS[cast("str", by)])
    if by == "beam":
        _require(path, "rule.form", table["form"], table["form"] in _FORMS, " or ".join(_FORMS))
        adjusted = table["adjusted"]
        _require(path, "rule.adjusted", adjusted, isinstance(adjusted, bool), "true or false")
    elif by == "along":
        mm, low, high = table["distance_mm"], *_TAPE_MM
        ok = type(mm) in (int, float) and low <= mm <= high
        _require(path, "rule.distance_mm", mm, ok, f"{low:g} to {high:g} mm")
        _require(path, "rule.start", table["start"], _is_words(table["start"]), "a target")
    else:
        sites = table["sites"]
        ok = isinstance(sites, list) and len(sites) in (1, 2) and all(map(_is_words, sites))
        _require(path, "rule.sites", sites, ok, "one or two names of 10-10 sites")
        table = {**table, "sites": tuple(sites)}
    return ScalpRule(**table)
