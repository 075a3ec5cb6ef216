"""The coils that tmsplan knows by name: enough to draw one and to name it."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ..base.errors import InputError

__all__ = ["Coil", "coil_called", "coil_names"]


@dataclass(frozen=True, slots=True)
class Coil:
    """A figure-of-eight coil. Lengths in mm, in coil axes (wings along x, handle along -y).

    Parameters
    ----------
    name, title : str
    wing_offset_mm : float
        From the coil centre to the centre of each wing.
    inner_radius_mm, outer_radius_mm : float
        Of the windings of one wing.
    source : str
        Where the dimensions come from.
    """

    name: str
    title: str
    wing_offset_mm: float
    inner_radius_mm: float
    outer_radius_mm: float
    source: str


@cache
def _coils() -> MappingProxyType[str, Coil]:
    table = tomllib.loads(Path(__file__).with_name("coils.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: Coil(name=name, **row) for name, row in table.items()})


def coil_names() -> tuple[str, ...]:
    """Return the names of all coils, sorted."""
    return tuple(sorted(_coils()))


def coil_called(name: str) -> Coil:
    """Return the coil of that name.

    Raises
    ------
    InputError
        If there is none; names the nearest one.
    """
    if name not in _coils():
        near = difflib.get_close_matches(name, coil_names(), n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(coil_names())}."
        raise InputError(f"there is no coil called '{name}'. {hint}")
    return _coils()[name]
