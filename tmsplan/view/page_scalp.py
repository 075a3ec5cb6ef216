"""Maps of the scalp on the page: their colours and legends, the same for every patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..plan.plan import Plan
from ..surface import Field, Labels
from .look import GLASS
from .scalp_map_picture import _REASONS as REACH_COLOURS
from .scalp_map_picture import MAP_SCALES, MapScale
from .words import reason_words, say

__all__ = ["MapLegend", "map_data", "map_legends", "shown_maps", "values_of"]

#: Colours of a scale that travel, and those that its legend is drawn with.
_TABLE, _STRIPES = 64, 32


@dataclass(frozen=True, slots=True)
class MapLegend:
    """What the colours of one map mean.

    Parameters
    ----------
    id : str
        Of the map in the scene.
    name, title, line : str
    ticks : tuple of str
        Numbers under the bar, from its first to its last colour; empty for named colours.
    ends : tuple of str
        What the first and the last colour mean, or nothing.
    colours : tuple of (str, str)
        Hex and, for named colours, what it means.
    """

    id: str
    name: str
    title: str
    line: str
    ticks: tuple[str, ...]
    ends: tuple[str, ...]
    colours: tuple[tuple[str, str], ...]


def shown_maps(plan: Plan) -> Mapping[str, Field | Labels]:
    """Return the maps that the page can colour: those of the scene that have a scale."""
    if plan.scene is None:
        return {}
    return {
        name: shown
        for name, shown in plan.scene.scalp_maps.items()
        if isinstance(shown, Labels) or shown.name in MAP_SCALES
    }


def values_of(shown: Field | Labels) -> NDArray[np.floating[Any]]:
    """Return a map as numbers, one a vertex; NaN where the skin stays bare."""
    if isinstance(shown, Field):
        return shown.values
    return np.where(shown.ids == 0, np.nan, shown.ids.astype(np.float64))


def map_data(plan: Plan) -> list[dict[str, Any]]:
    """Return what the script needs to colour the scalp, in the order of the file's layers.

    Returns
    -------
    list of dict
        ``id``; for values ``low``, ``high`` and ``table`` (bytes of red, green, blue); for
        named places ``low`` 0, ``high`` the last id, and one colour an id.
    """
    out = []
    for name, shown in shown_maps(plan).items():
        scale = None if isinstance(shown, Labels) else MAP_SCALES[shown.name]
        low, high = (0.0, float(len(_codes(shown)))) if scale is None else (scale.low, scale.high)
        rgb = _named(shown) if scale is None else _table(scale, _TABLE)
        out.append({"id": name, "low": low, "high": high, "table": rgb.ravel().tolist()})
    return out


def map_legends(plan: Plan) -> list[MapLegend]:
    """Return the legend of each map of the page."""
    return [
        _named_legend(name, shown) if isinstance(shown, Labels) else _scale_legend(name, shown)
        for name, shown in shown_maps(plan).items()
    ]


def _scale_legend(name: str, shown: Field) -> MapLegend:
    scale = MAP_SCALES[shown.name]
    rgb = _table(scale, _STRIPES)
    return MapLegend(
        id=name,
        name=say(f"map-{name}"),
        title=say(scale.key),
        line=say(f"{scale.key}-line"),
        ticks=tuple(f"{tick:g}" for tick in scale.ticks),
        ends=(say(f"{scale.key}-low"), say(f"{scale.key}-high")),
        colours=tuple((_hex(row), "") for row in rgb),
    )


def _named_legend(name: str, shown: Labels) -> MapLegend:
    there = set(np.unique(shown.ids).tolist())
    rows = zip(_codes(shown).items(), _named(shown)[1:], strict=True)
    return MapLegend(
        id=name,
        name=say(f"map-{name}"),
        title=say("scalp-reach"),
        line=say("map-reach-note"),
        ticks=(),
        ends=(),
        colours=tuple((_hex(rgb), reason_words(code)) for (i, code), rgb in rows if i in there),
    )


def _codes(shown: Field | Labels) -> dict[int, str]:
    """Return the names of 1, 2, 3, ...: every id up to the last one has a colour."""
    names = shown.names if isinstance(shown, Labels) else {}
    return {i: names.get(i, "") for i in range(1, max(names, default=0) + 1)}


def _named(shown: Field | Labels) -> NDArray[np.uint8]:
    """Return the colour of each id; 0 is bare skin, which the script leaves as it is."""
    from matplotlib.colors import to_rgb

    hexes = [REACH_COLOURS.get(code, "#b9b1ab") for code in _codes(shown).values()]
    return _bytes(np.array([GLASS.rgb, *map(to_rgb, hexes)]))


def _table(scale: MapScale, entries: int) -> NDArray[np.uint8]:
    import matplotlib as mpl

    return _bytes(np.array(mpl.colormaps[scale.colours](np.linspace(0, 1, entries)))[:, :3])


def _bytes(rgb: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.round(rgb * 255).astype(np.uint8)


def _hex(rgb: NDArray[np.uint8]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)
