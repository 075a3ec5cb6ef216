"""Parcels in order of abnormality: candidates that can be treated first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

from ..atlas.atlas import Atlas, CandidateSet
from ..base.errors import InputError
from ..base.params import Params
from ..norms.deviations import Deviation, Deviations
from ..norms.multiple import Direction
from ..norms.reliability import shrunk
from ..surface.parcels import ParcelRow, ParcelTable, feature_name
from .evidence import Evidence, weigh
from .ranking import RankedParcel, Ranking
from .statements import ranking_statements
from .verdict import judge

__all__ = ["rank"]

#: Ranks are made of z to six decimals: linear algebra on more threads moves later ones.
_DECIMALS = 6
#: Digits of the numbers in a ranking, for the same reason.
_DIGITS = 9
#: The person's value and the parcel's must be one number; both passed unchanged.
_SAME = 1e-9

_NO_REASONS: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Entry:
    """A parcel on its way into the ranking."""

    parcel: ParcelRow
    feature: str
    found: Deviation | None  # None where the parcel is not assessed
    candidate: bool
    reachable: bool
    reasons: tuple[str, ...]

    @property
    def competes(self) -> bool:
        return self.candidate and self.reachable and self.found is not None


def rank(  # noqa: PLR0913 - every decision of a ranking is named by its caller
    deviations: Deviations,
    parcels: ParcelTable,
    atlas: Atlas,
    *,
    candidates: CandidateSet,
    reachable: Mapping[int, bool],
    reach_reasons: Mapping[int, str] = _NO_REASONS,
    direction: Direction = "low",
    params: Params | None = None,
) -> Ranking:
    """Order the parcels of one person by abnormality.

    First candidates that are assessed (enough of the parcel has a value, and the norms know
    it) and within reach; then those out of reach; then those not assessed; then all other
    parcels alike. Within each group the most abnormal z, shrunk for reliability, comes first;
    equal ones are named as a tie and ordered by name, left before right, and id.

    Parameters
    ----------
    deviations : Deviations
        Made from these `parcels`.
    parcels : ParcelTable
    atlas : Atlas
        The one that `parcels` is of.
    candidates : CandidateSet
    reachable : mapping of parcel id to bool
        Must have every candidate; other parcels may be absent and count as out of reach.
    reach_reasons : mapping of parcel id to code
        Why a parcel is out of reach.
    direction : str
        ``"low"``: low values are abnormal; ``"high"``.
    params : Params, optional
        `min_coverage`, `icc_assumed`, `max_null_alpha` and `p_top_min` are used.

    Returns
    -------
    Ranking
        The verdict is "no-region-stands-out" unless the first candidate is more extreme than
        chance explains and remains first when the controls are redrawn.

    Raises
    ------
    InputError
        If deviations, parcels, atlas, candidates and reach do not belong together.
    """
    params = params or Params()
    _require_joined(parcels, atlas, candidates, reachable)
    by_feature = deviations.by_feature()
    entries = [
        _entry(row, by_feature, candidates, reachable, reach_reasons, params)
        for row in parcels.rows
    ]
    icc = params.icc_assumed.value
    evidence = weigh(
        deviations,
        [e.feature for e in entries if e.competes],
        [e.feature for e in entries if e.candidate and e.found],
        direction=direction,
        icc=icc,
    )
    rows = _ordered([_row(e, evidence, params) for e in entries], direction)
    verdict, why = judge(rows, evidence, deviations, params)
    lines = ranking_statements(rows, evidence, deviations, params, direction=direction)
    return Ranking(rows, evidence.searched, _tidy(evidence.max_null_p), verdict, why, lines)


def _require_joined(
    parcels: ParcelTable, atlas: Atlas, candidates: CandidateSet, reachable: Mapping[int, bool]
) -> None:
    if parcels.atlas != atlas.name:
        raise InputError(
            f"{parcels.owner}: the parcels are of atlas {parcels.atlas}, the ranking is asked "
            f"for {atlas.name}; use one atlas."
        )
    present = parcels.by_id()
    for parcel_id in candidates.ids:
        if parcel_id not in present:
            raise InputError(
                f"{parcels.owner}: candidate {parcel_id} of '{candidates.name}' is not among the "
                f"parcels of {atlas.name}; every candidate must be reported, even without value."
            )
        if parcel_id not in reachable:
            raise InputError(
                f"{parcels.owner}: it is not known whether candidate {parcel_id} "
                f"({present[parcel_id].name}) can be reached; compute it for every candidate."
            )


def _entry(
    row: ParcelRow,
    by_feature: Mapping[str, Deviation],
    candidates: CandidateSet,
    reachable: Mapping[int, bool],
    reach_reasons: Mapping[int, str],
    params: Params,
) -> _Entry:
    feature = feature_name(row.hemi, row.name)
    found = by_feature.get(feature)
    if found is not None:
        _require_same(row, found)
    candidate, within = row.parcel_id in candidates.ids, reachable.get(row.parcel_id, False)
    missing = _why_not_assessed(row, found, params)
    reasons = [] if candidate else ["not-a-candidate"]
    reasons += missing
    if candidate and not within:
        reasons.append(reach_reasons.get(row.parcel_id, "out-of-reach"))
    if found is not None and not missing and found.extrapolated:
        reasons.append("extrapolated")
    if candidate and not missing and row.n > 0 and row.coverage < 1:
        reasons.append("partly-covered")
    return _Entry(row, feature, None if missing else found, candidate, within, tuple(reasons))


def _require_same(row: ParcelRow, found: Deviation) -> None:
    same = math.isclose(row.value, found.value, rel_tol=_SAME, abs_tol=_SAME)
    if not same and not (math.isnan(row.value) and math.isnan(found.value)):
        raise InputError(
            f"the value of {found.feature} is {row.value:g} in the parcels and {found.value:g} "
            f"in the deviations; both must be made from one map of one person."
        )


def _why_not_assessed(row: ParcelRow, found: Deviation | None, params: Params) -> list[str]:
    if math.isnan(row.value):
        return ["no-value"]
    if found is None:
        return ["no-norm"]
    return ["low-coverage"] if row.coverage < params.min_coverage.value else []


def _row(entry: _Entry, evidence: Evidence, params: Params) -> RankedParcel:
    p, found = entry.parcel, entry.found
    value = None if math.isnan(p.value) else p.value
    blank = RankedParcel(
        rank=0,
        parcel_id=p.parcel_id,
        name=p.name,
        hemi=p.hemi,
        network=p.network,
        value=value,
        z=None,
        z_low=None,
        z_high=None,
        z_shrunk=None,
        centile=None,
        q=None,
        p_top=None,
        n=p.n,
        coverage=p.coverage,
        candidate=entry.candidate,
        reachable=entry.reachable,
        reasons=entry.reasons,
    )
    if found is None:
        return blank
    best, worst = evidence.ranks.get(entry.feature, (None, None))
    return replace(
        blank,
        z=_tidy(found.z),
        z_low=_tidy(found.z_low),
        z_high=_tidy(found.z_high),
        z_shrunk=_tidy(shrunk(found, params).z),
        centile=_tidy(found.centile),
        q=_tidy(evidence.q.get(entry.feature)) if entry.candidate else None,
        p_top=evidence.p_top.get(entry.feature) if entry.competes else None,
        rank_best=best,
        rank_worst=worst,
    )


def _ordered(rows: list[RankedParcel], direction: Direction) -> tuple[RankedParcel, ...]:
    """Return the rows in order, counted from 1, with ties named."""
    sign = 1.0 if direction == "low" else -1.0

    def score(row: RankedParcel) -> tuple[int, float]:
        z = math.inf if row.z_shrunk is None else sign * round(row.z_shrunk, _DECIMALS)
        return _group(row), z

    ordered = sorted(rows, key=lambda r: (*score(r), r.name, r.hemi.value, r.parcel_id))
    tied = {
        r.parcel_id
        for a, b in pairwise(ordered)
        if score(a) == score(b) and a.z_shrunk is not None
        for r in (a, b)
    }
    return tuple(
        replace(r, rank=k, reasons=(*r.reasons, "tie") if r.parcel_id in tied else r.reasons)
        for k, r in enumerate(ordered, start=1)
    )


def _group(row: RankedParcel) -> int:
    """Return 0 to 2 for candidates (in reach, out of reach, not assessed), 3 and 4 for others."""
    if row.candidate:
        return 2 if row.z is None else int(not row.reachable)
    return 4 if row.z is None else 3


def _tidy(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
