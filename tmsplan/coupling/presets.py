"""Ready sets of method and settings, each with what has to be said of it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..base.errors import InputError

__all__ = ["PRESETS", "Preset", "preset"]


class Preset(NamedTuple):
    """A coupling method with its settings and the sentence that goes with every result."""

    method: str
    settings: Mapping[str, object]
    note: str


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "ye-like": Preset(
            method="kls",
            settings=MappingProxyType(
                {"structure": "gm", "grid": "own", "amplitude": "linear", "points": 256}
            ),
            note=(
                "Preset ye-like: histogram similarity (KLS) of grey matter and ALFF per region, "
                "meant for the Brainnetome or Harvard-Oxford atlas. Formula not published in "
                "what we could read of Ye et al. 2026 (npj Ment Health Res 5:27): this is not "
                "their method reproduced, but the candidate that lies closest to what is "
                "described."
            ),
        ),
    }
)


def preset(name: str) -> Preset:
    """Return ``(method, settings, note)`` of a preset.

    Raises
    ------
    InputError
        If there is none of that name; names the nearest one.
    """
    if name in PRESETS:
        return PRESETS[name]
    near = difflib.get_close_matches(name, PRESETS, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(PRESETS)}."
    raise InputError(f"there is no preset called '{name}'. {hint}")
