"""The maps of the scalp as entries of a scene file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..surface.domain import Domain
from ..surface.field import Field, Labels

__all__ = ["MAP_ENTRIES", "map_entries", "maps_from"]

#: Names of the maps of values, with what `Field` says of them.
_FIELDS = {
    "depth": ("depth", "mm"),
    "z-under": ("z under the coil", "1"),
    "tolerability": ("tolerability", "1"),
}
_REACH, _REASONS = "map_reach", "map_reach_names"
#: Entries that come together or not at all.
MAP_ENTRIES = frozenset({*(f"map_{name}" for name in _FIELDS), _REACH, _REASONS})
#: 1 μm, and 0.001 in z: the last bits of a sum differ between machines and must not be kept.
_DECIMALS = 3


def map_entries(maps: Mapping[str, Field | Labels]) -> dict[str, NDArray[Any]]:
    """Return the entries of a scene's maps; none if it has no maps.

    Raises
    ------
    InputError
        If some of the maps are missing, or there are others.
    """
    if not maps:
        return {}
    reach = maps.get("reach")
    if set(maps) != {*_FIELDS, "reach"} or not isinstance(reach, Labels):
        raise InputError(f"a scene keeps the maps {', '.join(_FIELDS)}, reach; got {[*maps]}.")
    out: dict[str, NDArray[Any]] = {
        f"map_{name}": np.round(field.values, _DECIMALS).astype(np.float32)
        for name, field in maps.items()
        if isinstance(field, Field)
    }
    out[_REACH] = reach.ids
    out[_REASONS] = np.array([reach.names[i] for i in range(1, len(reach.names) + 1)])
    return out


def maps_from(arrays: Mapping[str, NDArray[Any]], domain: Domain) -> dict[str, Field | Labels]:
    """Return the maps of a scene file, on its scalp; an empty mapping if it has none."""
    if _REACH not in arrays:
        return {}
    names = dict(enumerate(map(str, arrays[_REASONS]), start=1))
    reach = Labels(arrays[_REACH], domain, names)
    fields = {
        name: Field(arrays[f"map_{name}"], domain, title, unit)
        for name, (title, unit) in _FIELDS.items()
    }
    return {**fields, "reach": reach}
