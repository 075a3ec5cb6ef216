"""Which point inside a parcel: where the map is lowest, on a crown that a coil can reach.

One point per parcel (docs/decisions/0006). The geometry decides and never the order of the
vertices: a permuted mesh, or a head moved in the scanner, gives the same place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from ..base.errors import InputError
from ..base.params import Params
from ..patient.patient import Patient
from ..surface.domain import require_same_domain
from ..surface.field import Field, Labels
from ..surface.pair import Pair
from .head_axes import forward_of, up_of
from .ranking import RankedParcel
from .reach import crown_mask, scalp_depth
from .rescan import rescans
from .target import Target

__all__ = ["choose_target"]

Floats = NDArray[np.float64]

#: Two candidates nearer than this to equal are tied, and the next criterion decides: far above
#: rounding (a moved head) and far below anything that matters.
_TIE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class _Patch:
    """The vertices of a parcel that may be aimed at, with what decides among them.

    `own` is the position along the head's front, top and right: the last word in a tie.
    """

    vertices: NDArray[np.intp]
    xyz: Floats
    own: Floats
    area: Floats
    edges: csr_array[Any]
    values: Floats | None


def choose_target(
    parcel: RankedParcel,
    patient: Patient,
    labels: Pair[Labels],
    *,
    params: Params,
    vertex_values: Pair[Field] | None = None,
    target_id: str = "coupling-1",
) -> Target:
    """Choose the point to aim at inside a parcel.

    Eligible are the parcel's mid-cortex vertices on a gyral crown that face the scalp within
    reach.
    With a vertex-wise map: of these, the lowest `low_fraction` (by area), of that the largest
    connected cluster, of that the centroid weighted by area times depth below the median,
    snapped to the nearest vertex of the cluster. Without one: the largest connected cluster of
    eligible vertices and its centroid weighted by area.

    Parameters
    ----------
    parcel : RankedParcel
        Its id, name, side and z are used.
    patient : Patient
        Must own the mesh of `labels`.
    labels : Pair of Labels
        The atlas on the patient's mesh.
    params : Params
        `low_fraction`, `crown_sulc`, `reach`, `icc_assumed`.
    vertex_values : Pair of Field, optional
        The coupling map, low = abnormal; NaN where it has no value.
    target_id : str
        Safe in file names.

    Returns
    -------
    Target
        Point in mm, scanner RAS; normal out of the cortex. `spread_mm` is the root mean square
        move of the centroid over simulated rescans (`rescans`); None without a vertex-wise map.

    Raises
    ------
    InputError
        If nothing in the parcel can be aimed at; names the reason code.
    DomainError
        If labels or map are not on the patient's mesh.

    Source: doi:10.1002/hbm.25330 (lowest tenth, largest cluster, weighted centroid).
    Decision: docs/decisions/0006.
    """
    patch, words = _eligible(parcel, patient, labels, vertex_values, params)
    fraction = params.low_fraction.value
    cluster, weights = _cluster(patch, patch.values, fraction)
    centroid = np.average(patch.xyz[cluster], axis=0, weights=weights)
    pick = int(patch.vertices[_nearest(patch, cluster, centroid)])
    mid = patient.cortex.side(parcel.hemi).mid
    spread = None if patch.values is None else _spread(patch, centroid, params)
    return Target(
        id=target_id,
        name=f"{parcel.name} (coupling-guided)",
        kind="coupling",
        hemi=parcel.hemi,
        parcel_id=parcel.parcel_id,
        vertex=pick,
        point=mid.points.take(pick),
        normal=mid.vertex_normals().take(pick),
        spread_mm=spread,
        z=parcel.z,
        why=f"{_rule(patch, cluster, fraction)} {words} {_spread_words(spread, params)}",
        provenance="tmsplan; rule after doi:10.1002/hbm.25330; docs/decisions/0006",
    )


def _eligible(
    parcel: RankedParcel,
    patient: Patient,
    labels: Pair[Labels],
    vertex_values: Pair[Field] | None,
    params: Params,
) -> tuple[_Patch, str]:
    cortex = patient.cortex.side(parcel.hemi)
    side = labels.side(parcel.hemi)
    require_same_domain(side.domain, cortex.domain, "choose a point in a parcel")
    inside = side.ids == parcel.parcel_id
    _refuse_empty(inside, parcel, "no-vertex", "it has no vertex on this mesh")
    values = None
    if vertex_values is not None:
        field = vertex_values.side(parcel.hemi)
        require_same_domain(field.domain, cortex.domain, "choose a point on a map")
        values = field.values
        inside = inside & np.isfinite(values)
        _refuse_empty(inside, parcel, "no-coverage", "the map has no value in it")
    crown = crown_mask(cortex, params)
    if crown is not None:
        inside = inside & crown
        _refuse_empty(inside, parcel, "no-crown", "it lies in sulci only")
    depth = scalp_depth(patient, parcel.hemi, np.flatnonzero(inside))
    if depth is None:
        raise _refusal(parcel, "no-scalp", "the patient has no scalp surface")
    reach = f"{params.reach.value:g} mm"
    so = {
        "too-deep": f"all of it lies over {reach} under the scalp",
        "under-the-head": "the nearest skin is face, throat or neck",
        "faces-away": "its crown within reach points away from the scalp",
    }
    for code, left in depth.gates(params.reach).items():
        _refuse_empty(left, parcel, code, so[code])
    inside[inside] = depth.within(params.reach)
    where = "a gyral crown" if crown is not None else "crown or sulcus alike (no sulc file)"
    words = f"Eligible: {where}, facing the scalp, at most {reach} under it."
    return _patch(patient, parcel, np.flatnonzero(inside), values), words


def _refuse_empty(mask: NDArray[np.bool_], parcel: RankedParcel, code: str, so: str) -> None:
    if not mask.any():
        raise _refusal(parcel, code, so)


def _refusal(parcel: RankedParcel, code: str, so: str) -> InputError:
    return InputError(
        f"no point in {parcel.hemi} {parcel.name} can be aimed at ({code}): {so}. Choose the "
        f"next parcel of the ranking."
    )


def _patch(
    patient: Patient, parcel: RankedParcel, vertices: NDArray[np.intp], values: Floats | None
) -> _Patch:
    mid = patient.cortex.side(parcel.hemi).mid
    xyz = mid.points.mm(patient.scanner)[vertices]
    right, forward = patient.midplane().to_right, forward_of(patient)
    axes = [v.components(patient.scanner)[0] for v in (forward, up_of(right, forward), right)]
    return _Patch(
        vertices,
        xyz,
        xyz @ np.column_stack(axes),
        mid.vertex_areas()[vertices],
        csr_array(mid.adjacency()[vertices][:, vertices]),
        None if values is None else values[vertices],
    )


def _cluster(
    patch: _Patch, values: Floats | None, fraction: float
) -> tuple[NDArray[np.intp], Floats]:
    """Return the rows of the chosen cluster and their weights."""
    if values is None:
        rows = _largest(patch, np.arange(len(patch.vertices)), patch.area)
        return rows, patch.area[rows]
    # The lowest tenth by area and not by count: vertices are denser where the cortex folds.
    order = np.argsort(values, kind="stable")
    share = np.cumsum(patch.area[order]) / patch.area.sum()
    limit = values[order][min(int(np.searchsorted(share, fraction)), len(order) - 1)]
    weight = patch.area * np.clip(np.median(values) - values, 0, None)
    rows = _largest(patch, np.flatnonzero(values <= limit), weight)
    # Nothing in it may be lower than the median, as in a constant map: then by area alone.
    return rows, weight[rows] if weight[rows].sum() > 0 else patch.area[rows]


def _largest(patch: _Patch, rows: NDArray[np.intp], weight: Floats) -> NDArray[np.intp]:
    """Return the largest connected part of `rows` by area; ties by weight, then by place."""
    count, part = connected_components(patch.edges[rows][:, rows], directed=False)

    def total(of: Floats) -> Floats:
        return np.bincount(part, of[rows], count).astype(np.float64)

    place = [total(axis) / total(np.ones(len(patch.xyz))) for axis in patch.own.T]
    best = _first(total(patch.area), total(weight), *place)
    return np.asarray(rows[part == best])


def _nearest(patch: _Patch, cluster: NDArray[np.intp], centroid: Floats) -> int:
    """Return the row of the cluster nearest to its centroid; ties by value, then by place."""
    gap = np.linalg.norm(patch.xyz[cluster] - centroid, axis=1)
    value = np.zeros(len(gap)) if patch.values is None else patch.values[cluster]
    return int(cluster[_first(-gap, -value, *patch.own[cluster].T)])


def _first(*criteria: Floats) -> int:
    """Return the index of the largest first criterion; the next ones break ties."""
    left = np.arange(len(criteria[0]))
    for values in criteria:
        left = left[values[left] >= values[left].max() - _TIE]
    return int(left[0])


def _spread(patch: _Patch, centroid: Floats, params: Params) -> float | None:
    if patch.values is None:
        return None
    moves = []
    fraction = params.low_fraction.value
    for values in rescans(patch.values, patch.xyz, patch.edges, params.icc_assumed.value):
        cluster, weights = _cluster(patch, values, fraction)
        again = np.average(patch.xyz[cluster], axis=0, weights=weights)
        moves.append(float(((again - centroid) ** 2).sum()))
    return float(np.sqrt(np.mean(moves))) if moves else None


def _rule(patch: _Patch, cluster: NDArray[np.intp], fraction: float) -> str:
    size = f"{patch.area[cluster].sum():.0f} of {patch.area.sum():.0f} mm² eligible"
    if patch.values is None:
        return f"Centre of the parcel's largest eligible part ({size}): the map has no vertices."
    return (
        f"Weighted centroid of the largest cluster of the lowest {fraction:.0%} ({size}), "
        f"snapped to the mid-cortex."
    )


def _spread_words(spread: float | None, params: Params) -> str:
    if spread is None:
        return "Spread not computed: it needs a vertex-wise map that varies."
    return (
        f"Simulated rescans move it by {spread:.1f} mm (root mean square; assumed ICC "
        f"{params.icc_assumed.value:g})."
    )
