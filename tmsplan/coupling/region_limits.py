"""Every number that decides something about coupling inside a region."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..base.errors import InputError
from ..base.param import Param

__all__ = [
    "GM_MIN",
    "MIN_PLACES",
    "NULL_DRAWS",
    "NULL_FAR",
    "NULL_NEAR",
    "REGION_DEFAULTS",
    "STRUCTURES",
    "WITHIN",
    "limited",
    "require_word",
]

#: Fewer voxels or vertices than this and a region has no value. May be raised, never lowered.
MIN_PLACES = Param(100.0, "voxels or vertices", 100, 100_000, "docs/decisions/0014")
#: A voxel belongs to the cortex of the nearest mid-cortex vertex, if that is within this.
WITHIN = Param(6.0, "mm", 1.0, 12.0, "docs/decisions/0014")
#: A voxel of the ribbon with less grey matter than this is left out.
GM_MIN = Param(0.2, "share", 0.0, 0.9, "docs/decisions/0014")
#: How often the activity is shifted for the null; 0 computes none.
NULL_DRAWS = Param(50.0, "shifts", 0, 10_000, "docs/decisions/0014")
#: How far: beyond the smoothness of a BOLD map, not out of the head.
NULL_NEAR = Param(10.0, "mm", 2.0, 60.0, "docs/decisions/0014")
NULL_FAR = Param(30.0, "mm", 5.0, 90.0, "docs/decisions/0014")

STRUCTURES = ("gm", "thickness", "volume")

#: Settings of every method that compares two maps inside a region, beside those of activity.
REGION_DEFAULTS: Mapping[str, object] = MappingProxyType(
    {
        "structure": "gm",  # gm, thickness, volume
        "min_places": int(MIN_PLACES.value),
        "within_mm": WITHIN.value,
        "gm_min": GM_MIN.value,
        "null_draws": int(NULL_DRAWS.value),
        "null_seed": 1,
    }
)


def limited(settings: Mapping[str, object], name: str, param: Param) -> float:
    """Return a setting that must lie in the range of a `Param`.

    Raises
    ------
    InputError
        Naming the setting, its value and its range.
    """
    value = settings[name]
    if not isinstance(value, int | float) or not param.low <= value <= param.high:
        raise InputError(
            f"{name} is {value!r}; it must lie between {param.low:g} and {param.high:g} "
            f"{param.unit} ({param.source})."
        )
    return float(value)


def require_word(settings: Mapping[str, object], name: str, words: tuple[str, ...]) -> str:
    """Return a setting that must be one of a few words.

    Raises
    ------
    InputError
        Naming the words.
    """
    value = settings[name]
    if not isinstance(value, str) or value not in words:
        raise InputError(f"{name} is {value!r}; write one of {', '.join(words)}.")
    return value
