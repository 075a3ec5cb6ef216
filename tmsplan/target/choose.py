"""Which point inside a parcel: where the map is lowest, on a crown that a coil can reach.

One point per parcel (docs/decisions/0006). The geometry decides and never the order of the
vertices: a permuted mesh, or a head moved in the scanner, gives the same place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ..base.errors import InputError
from ..base.params import Params
from ..patient.patient import Patient
from ..surface.domain import require_same_domain
from ..surface.field import Field, Labels
from ..surface.pair import Pair
from .doubt import doubt_about
from .eligible import sieve
from .exclusions import REASONS, Limits
from .head_axes import forward_of, up_of
from .point import Patch, Place, PointRule, locate
from .ranking import RankedParcel
from .score import score_within
from .target import Target

__all__ = ["choose_target"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_UNLIMITED = Limits()


def choose_target(  # noqa: PLR0913 - every decision about a point is named by its caller
    parcel: RankedParcel,
    patient: Patient,
    labels: Pair[Labels],
    *,
    params: Params,
    vertex_values: Pair[Field] | None = None,
    target_id: str = "coupling-1",
    point: PointRule = "cluster",
    field: Pair[Field] | None = None,
    others: Sequence[Pair[Field]] = (),
    limits: Limits = _UNLIMITED,
) -> Target:
    """Choose the point to aim at inside a parcel.

    Eligible are the parcel's mid-cortex vertices on a gyral crown that face the scalp within
    reach and pass every other rule of `sieve`. Of these a rule picks the place (`locate`), by
    default the weighted centroid of the largest cluster of the lowest `low_fraction` (by area),
    snapped to the nearest vertex of the cluster. Without a vertex-wise map it is the middle of
    the largest eligible part.

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
    point : str
        ``"cluster"``, ``"peak"``, ``"region-centroid"`` or ``"field-weighted"``.
    field : Pair of Field, optional
        Magnitude of a coil's field, V/m; needed by ``"field-weighted"``.
    others : sequence of Pair of Field
        Maps of other definitions of coupling, each with low = abnormal: where they would put
        the point is part of its uncertainty.
    limits : Limits, optional
        Map, search mask and no-go scalp of this plan.

    Returns
    -------
    Target
        Point in mm, scanner RAS; normal out of the cortex. `spread_mm`, `spread_parts` and
        `cloud` are of simulated rescans and other definitions (`doubt_about`); None and empty
        without a vertex-wise map. `cloud_of` adds the controls.

    Raises
    ------
    InputError
        If nothing in the parcel can be aimed at; names the reason code. If the rule lacks the
        map or field that it needs.
    DomainError
        If labels, map or field are not on the patient's mesh.

    Source: doi:10.1002/hbm.25330 (lowest tenth, largest cluster, weighted centroid).
    Decision: docs/decisions/0006, docs/decisions/0026.
    """
    vertices, values = _with_values(parcel, patient, labels, vertex_values)
    vertices = _eligible(parcel, patient, labels, vertices, params=params, limits=limits)
    patch = _patch(patient, parcel, vertices, values, field)
    fraction = params.low_fraction.value
    found = locate(patch, point, fraction)
    mid = patient.cortex.side(parcel.hemi).mid
    pick = int(patch.vertices[found.row])
    maps = [m.side(parcel.hemi) for m in others]
    for other in maps:
        require_same_domain(other.domain, mid.domain, "compare points of two definitions")
    doubt = doubt_about(
        patch, found, point, params=params, others=[m.values[patch.vertices] for m in maps]
    )
    return Target(
        id=target_id,
        name=f"{parcel.name} (coupling-guided)",
        kind="coupling",
        hemi=parcel.hemi,
        parcel_id=parcel.parcel_id,
        vertex=pick,
        point=mid.points.take(pick),
        normal=mid.vertex_normals().take(pick),
        spread_mm=doubt.spread_mm,
        z=parcel.z,
        why=" ".join(
            (
                _rule(patch, found, point, fraction),
                _eligible_words(patient, parcel, params, limits),
                doubt.words(params),
            )
        ),
        provenance="tmsplan; rule after doi:10.1002/hbm.25330; docs/decisions/0006",
        score_5mm=None if values is None else score_within(mid, values, pick),
        cloud=doubt.cloud(mid.points, patch.vertices),
        spread_parts=doubt.parts,
    )


def _with_values(
    parcel: RankedParcel,
    patient: Patient,
    labels: Pair[Labels],
    vertex_values: Pair[Field] | None,
) -> tuple[Indices, Floats | None]:
    """Return the parcel's vertices where the map has a value, and the map."""
    cortex, side = patient.cortex.side(parcel.hemi), labels.side(parcel.hemi)
    require_same_domain(side.domain, cortex.domain, "choose a point in a parcel")
    inside = side.ids == parcel.parcel_id
    _refuse_empty(inside, parcel, "no-vertex")
    if vertex_values is None:
        return np.flatnonzero(inside), None
    field = vertex_values.side(parcel.hemi)
    require_same_domain(field.domain, cortex.domain, "choose a point on a map")
    inside = inside & np.isfinite(field.values)
    _refuse_empty(inside, parcel, "no-coverage")
    return np.flatnonzero(inside), field.values


def _eligible(
    parcel: RankedParcel,
    patient: Patient,
    labels: Pair[Labels],
    vertices: Indices,
    *,
    params: Params,
    limits: Limits,
) -> Indices:
    found = sieve(patient, labels.side(parcel.hemi), vertices, params=params, limits=limits)
    for code, left in found.gates.items():
        _refuse_empty(left, parcel, code, f" (limit {params.reach.value:g} mm)")
    return vertices[found.left]


def _refuse_empty(
    mask: NDArray[np.bool_], parcel: RankedParcel, code: str, limit: str = ""
) -> None:
    if mask.any():
        return
    deep = limit if code in {"too-deep", "scalp-too-far"} else ""
    raise InputError(
        f"no point in {parcel.hemi} {parcel.name} can be aimed at ({code}): {REASONS[code]}"
        f"{deep}. Choose the next parcel of the ranking."
    )


def _patch(
    patient: Patient,
    parcel: RankedParcel,
    vertices: Indices,
    values: Floats | None,
    field: Pair[Field] | None,
) -> Patch:
    mid = patient.cortex.side(parcel.hemi).mid
    xyz = mid.points.mm(patient.scanner)[vertices]
    right, forward = patient.midplane().to_right, forward_of(patient)
    axes = [v.components(patient.scanner)[0] for v in (forward, up_of(right, forward), right)]
    weights = None
    if field is not None:
        require_same_domain(field.side(parcel.hemi).domain, mid.domain, "weigh a point by a field")
        weights = field.side(parcel.hemi).values[vertices]
    return Patch(
        vertices,
        xyz,
        xyz @ np.column_stack(axes),
        mid.vertex_areas()[vertices],
        csr_array(mid.adjacency()[vertices][:, vertices]),
        None if values is None else values[vertices],
        weights,
    )


def _eligible_words(patient: Patient, parcel: RankedParcel, params: Params, limits: Limits) -> str:
    sulc = "sulc" in patient.cortex.side(parcel.hemi).fields
    where = "a gyral crown" if sulc else "crown or sulcus alike (no sulc file)"
    also = [
        *(["inside the search mask"] if limits.mask is not None else []),
        *(["beside no hole of the map"] if limits.coverage is not None else []),
        *(["not under eye, ear, nose or sinus"] if limits.no_go is not None else []),
        f"facing the scalp, at most {params.reach.value:g} mm under it",
    ]
    return f"Eligible: {where}, {', '.join(also)}."


def _rule(patch: Patch, found: Place, rule: PointRule, fraction: float) -> str:
    size = f"{patch.area[found.rows].sum():.0f} of {patch.area.sum():.0f} mm² eligible"
    if rule == "peak":
        return "The lowest vertex of the map."
    field = " and by the coil's field" if rule == "field-weighted" else ""
    if patch.values is None or rule == "region-centroid":
        so = ": the map has no vertices." if patch.values is None else f"{field}."
        return f"Centre of the parcel's largest eligible part ({size}){so}"
    return (
        f"Weighted centroid of the largest cluster of the lowest {fraction:.0%} ({size}{field}), "
        f"snapped to the mid-cortex."
    )
