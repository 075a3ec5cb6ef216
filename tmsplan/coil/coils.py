"""The coils that tmsplan knows by name: one file each in ``models/``."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from ..base.errors import InputError, refuse_file

__all__ = ["Coil", "Winding", "coil_called", "coil_names", "read_coil"]

_FOLDER = Path(__file__).with_name("models")
_KINDS = ("figure-of-eight", "circular")
_STATUS = ("verified", "unverified")
#: No winding of a stimulation coil is smaller or larger, mm.
_RADII_MM = (2.0, 150.0)


@dataclass(frozen=True, slots=True)
class Winding:
    """One wing: circular turns round one axis, each shared evenly by filaments at some heights.

    Parameters
    ----------
    centre_mm : (float, float, float)
        In coil axes: the casing's face is z = 0, the head lies at z > 0.
    moment : (float, float, float)
        Unit vector along the wing's magnetic moment for a positive current.
    radii_mm : tuple of float
        Of the turns.
    heights_mm : tuple of float
        Of the filaments along `moment`, from `centre_mm`.
    """

    centre_mm: tuple[float, float, float]
    moment: tuple[float, float, float]
    radii_mm: tuple[float, ...]
    heights_mm: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Coil:
    """A coil. Lengths in mm, in coil axes (wings along x, handle along -y, head at z > 0).

    Parameters
    ----------
    name, title : str
    kind : str
        ``"figure-of-eight"`` or ``"circular"``.
    wing_offset_mm : float
        From the coil centre to the centre of each wing, along x; 0 for a circular coil.
    inner_radius_mm, outer_radius_mm : float
        Of the innermost and outermost turn of one wing.
    casing_radius_mm : float
        Of the casing round each wing.
    source : str
        Where the dimensions come from: a DOI, and what it says.
    status : str
        ``"verified"`` if every number was read in the source itself; else ``"unverified"``.
    how : str
        What was simplified, and what to beware of.
    windings : tuple of Winding
        What the field is computed from.
    """

    name: str
    title: str
    kind: Literal["figure-of-eight", "circular"]
    wing_offset_mm: float
    inner_radius_mm: float
    outer_radius_mm: float
    casing_radius_mm: float
    source: str
    status: Literal["verified", "unverified"]
    how: str
    windings: tuple[Winding, ...]


_OWN = frozenset(Coil.__dataclass_fields__) - {"name"}
_WINDING = frozenset(Winding.__dataclass_fields__)


def coil_names() -> tuple[str, ...]:
    """Return the names of all coils, sorted."""
    return tuple(sorted(p.stem for p in _FOLDER.glob("*.toml")))


@cache
def coil_called(name: str) -> Coil:
    """Return the coil of that name.

    Raises
    ------
    InputError
        If there is none; names the nearest one.
    """
    if name not in coil_names():
        near = difflib.get_close_matches(name, coil_names(), n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(coil_names())}."
        raise InputError(f"there is no coil called '{name}'. {hint}")
    return read_coil(_FOLDER / f"{name}.toml")


def read_coil(path: Path) -> Coil:
    """Read the file of one coil.

    Raises
    ------
    InputError
        If a key is missing or unknown, a word is none of those allowed, or the windings
        contradict the dimensions beside them.
    """
    try:
        row = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise refuse_file(path, f"not TOML ({err})", "UTF-8 TOML", "Correct that line") from err
    row["windings"] = row.pop("winding", [])
    _require_keys(path, row, _OWN)
    for key, known in (("kind", _KINDS), ("status", _STATUS)):
        if row[key] not in known:
            raise refuse_file(path, f"{key} is {row[key]!r}", " or ".join(known), "Correct it")
    row["windings"] = tuple(
        _winding(path, w) for w in cast("list[dict[str, Any]]", row["windings"])
    )
    coil = Coil(name=path.stem, **row)
    _require_consistent(path, coil)
    return coil


def _require_keys(path: Path, row: dict[str, Any], keys: frozenset[str]) -> None:
    if set(row) != keys:
        found = f"unknown {sorted(set(row) - keys)}, missing {sorted(keys - set(row))}"
        raise refuse_file(path, found, f"the keys {', '.join(sorted(keys))}", "Correct the file")


def _winding(path: Path, row: dict[str, Any]) -> Winding:
    _require_keys(path, row, _WINDING)
    moment = np.array(row["moment"], dtype=np.float64)
    length = float(np.linalg.norm(moment))
    if moment.shape != (3,) or not np.isfinite(length) or length == 0:
        raise refuse_file(path, f"moment is {row['moment']}", "a direction", "Correct it")
    low, high = _RADII_MM
    if not row["radii_mm"] or not all(low <= r <= high for r in row["radii_mm"]):
        expected = f"radii of {low:g} to {high:g} mm"
        raise refuse_file(path, f"radii_mm is {row['radii_mm']}", expected, "Check the unit")
    x, y, z = (float(c) for c in row["centre_mm"])
    mx, my, mz = (float(c) for c in moment / length)
    return Winding((x, y, z), (mx, my, mz), _floats(row["radii_mm"]), _floats(row["heights_mm"]))


def _floats(row: list[float]) -> tuple[float, ...]:
    return tuple(float(x) for x in row)


def _require_consistent(path: Path, coil: Coil) -> None:
    """Refuse a file whose drawing and whose windings are two coils."""
    if len(coil.windings) != (1 if coil.kind == "circular" else 2):
        found = f"a {coil.kind} coil with {len(coil.windings)} windings"
        raise refuse_file(path, found, "one winding a wing", "Correct the file")
    for w in coil.windings:
        x, y, z = w.centre_mm
        ends = (min(w.radii_mm), max(w.radii_mm))
        if ends != (coil.inner_radius_mm, coil.outer_radius_mm):
            raise refuse_file(
                path,
                f"a winding has radii of {ends[0]:g} to {ends[1]:g} mm",
                f"{coil.inner_radius_mm:g} to {coil.outer_radius_mm:g} mm as the file says above",
                "Correct one of the two",
            )
        if abs(abs(x) - coil.wing_offset_mm) > 1e-9 or y != 0:
            found = f"a winding is centred at x = {x:g}, y = {y:g} mm"
            raise refuse_file(path, found, f"x = +-{coil.wing_offset_mm:g}, y = 0", "Correct it")
        if z - max(abs(h) for h in w.heights_mm) >= 0 and abs(w.moment[0]) < 1e-9:
            raise refuse_file(path, "windings at z > 0", "the head at z > 0", "Turn z round")
