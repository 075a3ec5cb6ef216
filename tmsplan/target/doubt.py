"""How sure a point is: where a second scan, or another definition of coupling, would put it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.params import Params
from ..space.frame import Scanner
from ..space.points import Points
from .point import Patch, Place, PointRule, locate
from .rescan import rescans

__all__ = ["Doubt", "doubt_about"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """Second opinions about one point.

    Parameters
    ----------
    rows : (d,) intp
        Of the patch: the vertex that each second opinion would aim at.
    spread_mm : float or None
        Root mean square distance of their centres from the point's own; None without any.
    parts : mapping of source to mm
        ``"vertices"``: rescans of the chosen definition. ``"definitions"``: the other
        definitions' own maps, not rescanned. Only those that there are.
    silent : str
        Why there is no spread, where there is none.
    """

    rows: Indices
    spread_mm: float | None
    parts: Mapping[str, float]
    silent: str = "it needs a vertex-wise map that varies"

    def cloud(self, points: Points[Scanner], vertices: Indices) -> Points[Scanner] | None:
        """Return the places to draw, or None without any."""
        return points.take(vertices[self.rows]) if len(self.rows) else None

    def words(self, params: Params) -> str:
        """Return what is said of the spread."""
        if self.spread_mm is None:
            return f"Spread not computed: {self.silent}."
        if "definitions" not in self.parts:
            return (
                f"Simulated rescans move it by {self.spread_mm:.1f} mm (root mean square; "
                f"assumed ICC {params.icc_assumed.value:g})."
            )
        rescanned = self.parts.get("vertices", 0.0)
        return (
            f"Simulated rescans of this and other definitions move it by {self.spread_mm:.1f} mm "
            f"(root mean square; assumed ICC {params.icc_assumed.value:g}); of this definition "
            f"alone by {rescanned:.1f} mm; the other definitions' own points lie "
            f"{self.parts['definitions']:.1f} mm away."
        )


def doubt_about(
    patch: Patch, found: Place, rule: PointRule, *, params: Params, others: Sequence[Floats] = ()
) -> Doubt:
    """Return where resampled data would put a point.

    Each definition's map is scanned again 100 times (`rescans`), and the same rule picks a place
    each time; all definitions count alike. Without a map, or where the rule does not look at it,
    there is no doubt to simulate.

    Parameters
    ----------
    patch : Patch
    found : Place
        What the rule picks on the patch itself.
    rule : str
    params : Params
        `low_fraction` and `icc_assumed`.
    others : sequence of (n,) float64
        The other definitions' maps at the patch's vertices, low = abnormal. Vertices without a
        value are left out; a map without any says nothing.

    Decision: docs/decisions/0026.
    """
    nothing = np.empty(0, dtype=np.intp)
    if patch.values is None:
        return Doubt(nothing, None, {})
    if rule == "region-centroid":
        return Doubt(nothing, None, {}, "this rule does not look at the map")
    fraction, icc = params.low_fraction.value, params.icc_assumed.value
    own = list(_again(patch, rule, fraction, icc))
    rows, centres = [r for r, _ in own], [c for _, c in own]
    parts = {"vertices": _rms(centres, found.centre)} if own else {}
    points = []
    for values in others:
        known = np.flatnonzero(np.isfinite(values))
        if not len(known):
            continue
        other = patch.where(known).valued(values[known])
        points.append(locate(other, rule, fraction).centre)
        for row, centre in _again(other, rule, fraction, icc):
            rows.append(int(known[row]))
            centres.append(centre)
    if points:
        parts["definitions"] = _rms(points, found.centre)
    spread = _rms(centres, found.centre) if centres else None
    return Doubt(np.array(rows, dtype=np.intp), spread, parts)


def _again(
    patch: Patch, rule: PointRule, fraction: float, icc: float
) -> Iterator[tuple[int, Floats]]:
    """Yield row and centre of the place on each simulated second scan."""
    if patch.values is None:
        return
    for values in rescans(patch.values, patch.xyz, patch.edges, icc):
        place = locate(patch.valued(values), rule, fraction)
        yield place.row, place.centre


def _rms(places: Sequence[Floats], centre: Floats) -> float:
    return float(np.sqrt(np.mean(((np.array(places) - centre) ** 2).sum(axis=1))))
