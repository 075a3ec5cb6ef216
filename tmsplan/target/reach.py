"""Which parcels a coil can reach: on a gyral crown, facing a scalp that it can be held at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..base.params import Params
from ..patient.patient import Patient
from ..surface.domain import require_same_domain
from ..surface.field import Labels
from ..surface.pair import Pair
from .eligible import sieve
from .exclusions import Limits

__all__ = ["REACH_AREA", "Reach", "reachable"]

Floats = NDArray[np.float64]

#: A parcel counts as reachable when this much of its crown does: a disc of 8 mm across, about
#: the error of holding a coil (navigation_error) on either side of the point.
REACH_AREA = Param(50.0, "mm²", 1, 2000, "area of a disc as wide as navigation is exact")

_UNLIMITED = Limits()


@dataclass(frozen=True, slots=True)
class Reach:
    """Which parcels can be reached, why not, and how deep they lie.

    Parameters
    ----------
    reachable : mapping of parcel id to bool
    reasons : mapping of parcel id to code
        Only of parcels that cannot be reached; the codes are explained in `REASONS`. The first
        rule that leaves too little of the parcel names the reason.
    depth_mm : mapping of parcel id to mm
        Median distance of the parcel's crown to the scalp, weighted by area; NaN if unknown.
    """

    reachable: Mapping[int, bool]
    reasons: Mapping[int, str]
    depth_mm: Mapping[int, float]


def reachable(
    patient: Patient,
    labels: Pair[Labels],
    parcel_ids: Collection[int],
    params: Params,
    *,
    limits: Limits = _UNLIMITED,
) -> Reach:
    """Return which parcels a coil can reach.

    A parcel is reachable if at least 50 mm² of its gyral crown (mid-cortex) passes every rule of
    `sieve`: inside the search mask, covered by the map and not beside a hole of it, off the
    medial wall, within `reach` of scalp that a coil can be held at, facing it, and near enough
    for a flat casing. Every vertex of the parcels asked about is judged; none is left out.
    Without ``sulc`` the whole parcel counts as crown.

    Parameters
    ----------
    patient : Patient
    labels : Pair of Labels
        On the patient's mesh.
    parcel_ids : collection of int
    params : Params
        `reach` and `crown_sulc` are used.
    limits : Limits, optional
        Map, search mask and no-go scalp of this plan.

    Returns
    -------
    Reach
        One entry per id in each mapping (`reasons`: only of the unreachable).

    Raises
    ------
    DomainError
        If the labels are not on the patient's mesh.
    """
    found: dict[int, tuple[str | None, float]] = dict.fromkeys(parcel_ids, ("no-vertex", np.nan))
    for hemi, side in labels.sides():
        cortex = patient.cortex.side(hemi)
        require_same_domain(side.domain, cortex.domain, "measure the reach of parcels")
        found.update(_one_side(patient, side, found.keys(), params, limits))
    return Reach(
        {k: reason is None for k, (reason, _) in found.items()},
        {k: reason for k, (reason, _) in found.items() if reason is not None},
        {k: depth for k, (_, depth) in found.items()},
    )


def _one_side(
    patient: Patient, labels: Labels, wanted: Collection[int], params: Params, limits: Limits
) -> dict[int, tuple[str | None, float]]:
    here = sorted(set(wanted) & set(np.unique(labels.ids).tolist()))
    if not here or labels.domain.hemi is None:
        return {}
    vertices = np.flatnonzero(np.isin(labels.ids, here))
    sieved = sieve(patient, labels, vertices, params=params, limits=limits)
    area = patient.cortex.side(labels.domain.hemi).mid.vertex_areas()[vertices]
    ids = labels.ids[vertices]
    out: dict[int, tuple[str | None, float]] = {}
    for k in here:
        own = ids == k
        left = {code: area[own & gate].sum() for code, gate in sieved.gates.items()}
        reason = next((c for c, mm2 in left.items() if mm2 < REACH_AREA.value), None)
        out[k] = reason, _weighted_median(sieved.depth_mm[own], area[own])
    return out


def _weighted_median(values: Floats, weights: Floats) -> float:
    known = np.isfinite(values)
    if not known.any():
        return float("nan")
    order = np.argsort(values[known], kind="stable")
    share = np.cumsum(weights[known][order])
    return float(values[known][order][np.searchsorted(share, share[-1] / 2)])
