"""The rules that pick a place among vertices: cluster, peak, centroid; and ties, by geometry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from ..base.errors import InputError

__all__ = ["POINT_RULES", "Patch", "Place", "PointRule", "locate"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

PointRule = Literal["cluster", "peak", "region-centroid", "field-weighted"]
POINT_RULES: tuple[PointRule, ...] = get_args(PointRule)

#: Two candidates nearer than this to equal are tied, and the next criterion decides: far above
#: rounding (a moved head) and far below anything that matters.
_TIE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The vertices of a parcel that may be aimed at, with what decides among them.

    Parameters
    ----------
    vertices : (n,) intp
        On the hemisphere's mesh.
    xyz : (n, 3) float64
        mm.
    own : (n, 3) float64
        Position along the head's front, top and right: the last word in a tie.
    area : (n,) float64
        mm² that each stands for.
    edges : (n, n) sparse
        Neighbours.
    values : (n,) float64 or None
        The map, low = abnormal, finite.
    field : (n,) float64 or None
        Weight of each vertex, 0 or more: the magnitude of a coil's field.
    """

    vertices: Indices
    xyz: Floats
    own: Floats
    area: Floats
    edges: csr_array[Any]
    values: Floats | None
    field: Floats | None = None

    def valued(self, values: Floats) -> Patch:
        """Return the same vertices with the values of another map or scan."""
        return replace(self, values=values)

    def where(self, rows: Indices) -> Patch:
        """Return some of the vertices."""
        return Patch(
            self.vertices[rows],
            self.xyz[rows],
            self.own[rows],
            self.area[rows],
            csr_array(self.edges[rows][:, rows]),
            None if self.values is None else self.values[rows],
            None if self.field is None else self.field[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """What a rule picked.

    Parameters
    ----------
    rows : (m,) intp
        Of the patch: the vertices that the point stands for.
    centre : (3,) float64
        mm; inside a fold it may lie off the cortex.
    row : int
        Of the patch: the vertex of `rows` nearest to the centre. The point.
    """

    rows: Indices
    centre: Floats
    row: int


def locate(patch: Patch, rule: PointRule, fraction: float) -> Place:
    """Return the place that a rule picks.

    ``cluster``: of the lowest `fraction` of the vertices (by area) the largest connected cluster,
    of that the centroid weighted by area times depth below the patch's median. Without values it
    is ``region-centroid``.
    ``field-weighted``: the same, weighted by the field as well; without values, the largest
    connected part weighted by area times field.
    ``peak``: the lowest vertex.
    ``region-centroid``: the largest connected part, weighted by area.

    Parameters
    ----------
    patch : Patch
        At least one vertex.
    rule : str
    fraction : float
        Above 0, at most 1.

    Raises
    ------
    InputError
        If the rule is unknown, a peak is wanted of no map, or a field is missing, negative or
        zero everywhere.
    """
    if rule not in POINT_RULES:
        raise InputError(f"point rule '{rule}' is none of {', '.join(POINT_RULES)}.")
    if rule == "peak":
        return _peak(patch)
    if rule == "region-centroid" or (patch.values is None and rule == "cluster"):
        rows = _largest(patch, np.arange(len(patch.vertices)), patch.area)
        return _place(patch, rows, patch.area[rows])
    boost = _field(patch) if rule == "field-weighted" else np.ones(len(patch.vertices))
    if patch.values is None:
        rows = _largest(patch, np.arange(len(patch.vertices)), patch.area)
        return _place(patch, rows, patch.area[rows] * boost[rows])
    rows, weights = _cluster(patch, patch.values, fraction)
    return _place(patch, rows, weights * boost[rows])


def _peak(patch: Patch) -> Place:
    if patch.values is None:
        raise InputError(
            "point rule 'peak' needs a map with one value per vertex, and the coupling has none. "
            "Pass 'region-centroid', or a coupling method with a local map."
        )
    row = _first(-patch.values, *patch.own.T)
    return Place(np.array([row]), patch.xyz[row], row)


def _field(patch: Patch) -> Floats:
    field = patch.field
    if field is None or not np.isfinite(field).all() or field.min() < 0 or field.max() == 0:
        raise InputError(
            "point rule 'field-weighted' needs the magnitude of a field at every vertex of the "
            "region: finite, not negative, not 0 everywhere. Compute the field first, or pass "
            "'cluster'."
        )
    return field


def _cluster(patch: Patch, values: Floats, fraction: float) -> tuple[Indices, Floats]:
    """Return the rows of the chosen cluster and their weights."""
    # The lowest tenth by area and not by count: vertices are denser where the cortex folds.
    order = np.argsort(values, kind="stable")
    share = np.cumsum(patch.area[order]) / patch.area.sum()
    limit = values[order][min(int(np.searchsorted(share, fraction)), len(order) - 1)]
    weight = patch.area * np.clip(np.median(values) - values, 0, None)
    rows = _largest(patch, np.flatnonzero(values <= limit), weight)
    # Nothing in it may be lower than the median, as in a constant map: then by area alone.
    return rows, weight[rows] if weight[rows].sum() > 0 else patch.area[rows]


def _largest(patch: Patch, rows: Indices, weight: Floats) -> Indices:
    """Return the largest connected part of `rows` by area; ties by weight, then by place."""
    count, part = connected_components(patch.edges[rows][:, rows], directed=False)

    def total(of: Floats) -> Floats:
        return np.bincount(part, of[rows], count).astype(np.float64)

    place = [total(axis) / total(np.ones(len(patch.xyz))) for axis in patch.own.T]
    best = _first(total(patch.area), total(weight), *place)
    return np.asarray(rows[part == best])


def _place(patch: Patch, rows: Indices, weights: Floats) -> Place:
    """Return the weighted centroid, and the nearest of the rows; ties by value, then by place."""
    if not weights.any():  # a field that is 0 in the whole cluster tells nothing about it
        weights = patch.area[rows]
    centre = np.average(patch.xyz[rows], axis=0, weights=weights)
    gap = np.linalg.norm(patch.xyz[rows] - centre, axis=1)
    value = np.zeros(len(gap)) if patch.values is None else patch.values[rows]
    return Place(rows, centre, int(rows[_first(-gap, -value, *patch.own[rows].T)]))


def _first(*criteria: Floats) -> int:
    """Return the index of the largest first criterion; the next ones break ties."""
    left = np.arange(len(criteria[0]))
    for values in criteria:
        left = left[values[left] >= values[left].max() - _TIE]
    return int(left[0])
