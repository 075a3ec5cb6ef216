"""The lines about uncertainty that every page and sheet prints, with their numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import cast

from scipy import special

from ..base.params import Params
from ..norms.deviations import Deviation, Deviations
from ..norms.multiple import Direction
from ..norms.reliability import shrunk
from ..surface.parcels import feature_name
from .evidence import Evidence
from .ranking import RankedParcel, Statement

__all__ = ["coordinate_statement", "ranking_statements", "spread_statement"]

RESEARCH_USE = Statement(
    "research-use",
    "Research use. It is not established that coupling-guided targets are superior to standard "
    "ones: no trial has tested it. In a trial of connectivity-guided against standard "
    "stimulation (BRIGhTMIND, 2024, 255 people) the difference was -0.31 points "
    "on the HDRS (95 % CI -1.87 to 1.24).",
)
GROUP_FINDING = Statement(
    "group-finding",
    "That coupling is low in some regions in depression is a finding about groups. It does not "
    "say that this region causes this person's illness, nor which treatment will help.",
)

#: What a point is resampled over beside a second scan, in words.
_SOURCES: Mapping[str, str] = MappingProxyType(
    {"definitions": "by another definition of coupling", "controls": "against other controls"}
)
_NO_PARTS: Mapping[str, float] = MappingProxyType({})


def ranking_statements(
    rows: Sequence[RankedParcel],
    evidence: Evidence,
    deviations: Deviations,
    params: Params,
    *,
    direction: Direction,
) -> tuple[Statement, ...]:
    """Return the statements about a ranking; warnings about the reference come first.

    Parameters
    ----------
    rows : sequence of RankedParcel
        In order.
    evidence : Evidence
    deviations : Deviations
    params : Params
        `icc_assumed`, `interval` and `min_coverage` are used.
    direction : str
        Which tail is abnormal.
    """
    lines = [*_warnings(deviations), RESEARCH_USE]
    if evidence.max_null_p is not None:
        best = rows[0]
        found = deviations.by_feature()[feature_name(best.hemi, best.name)]
        lines += [
            _reference(best, found, deviations, params, direction),
            _search_space(evidence, deviations, direction),
            _shrunk(found, evidence, params),
        ]
    holes = [r for r in rows if "partly-covered" in r.reasons]
    if holes:
        lines.append(_partly_covered(holes))
    lost = [r for r in rows if r.candidate and r.z is None]
    if lost:
        lines.append(_not_assessed(lost, params))
    return (*lines, GROUP_FINDING)


def coordinate_statement(
    spread_mm: float | None,
    distances_mm: Mapping[str, float],
    params: Params,
    *,
    parts: Mapping[str, float] = _NO_PARTS,
) -> Statement:
    """Return the statement about a target's coordinate.

    Parameters
    ----------
    spread_mm : float or None
        How far the point moves when the data are resampled; None if not computed.
    distances_mm : mapping of standard target to mm
        Straight distances to the targets it is compared with; may be empty.
    params : Params
        `navigation_error` is used.
    parts : mapping of source to mm, optional
        `Target.spread_parts`: what was resampled.
    """
    limit = max(params.navigation_error.value, spread_mm or 0.0)
    spread = (
        "Its uncertainty was not computed."
        if spread_mm is None
        else f"{_resampled(parts).capitalize()} it would move by about {spread_mm:.1f} mm "
        f"({_simulated(parts)})."
    )
    if not distances_mm:
        text = f"The coupling-guided target is one point of a region. {spread}"
        return Statement("coordinate", text)
    apart = ", ".join(f"{mm:.0f} mm from {name}" for name, mm in sorted(distances_mm.items()))
    return Statement(
        "coordinate",
        f"The coupling-guided target is {apart}. {spread} Differences below {limit:.0f} mm are "
        f"not meaningful: navigation itself is no better than "
        f"{params.navigation_error.value:g} mm.",
    )


def spread_statement(
    spread_mm: float | None, params: Params, *, parts: Mapping[str, float] = _NO_PARTS
) -> Statement | None:
    """Return the warning that a coordinate is not precise; None where there is none to give.

    Parameters
    ----------
    spread_mm : float or None
        How far the point moves when the data are resampled.
    params : Params
        Above `spread_warn` it is a warning, above `spread_claim` no precision is claimed.
    parts : mapping of source to mm, optional
        `Target.spread_parts`: what was resampled.
    """
    if spread_mm is None or spread_mm <= params.spread_warn.value:
        return None
    if spread_mm > params.spread_claim.value:
        return Statement(
            "spread-no-claim",
            f"NO PRECISION IS CLAIMED for the coupling-guided point: {_resampled(parts)} it would "
            f"move by about {spread_mm:.0f} mm ({_simulated(parts)}; more than "
            f"{params.spread_claim.value:g} mm). Its decimals say where this plan points, not "
            f"where the abnormality is.",
        )
    return Statement(
        "spread-warn",
        f"The coupling-guided point would move by about {spread_mm:.0f} mm {_resampled(parts)} "
        f"({_simulated(parts)}; more than {params.spread_warn.value:g} mm).",
    )


def _resampled(parts: Mapping[str, float]) -> str:
    """Return under what the point would move."""
    more = [word for source, word in _SOURCES.items() if source in parts]
    return " or ".join(["on a second scan", *more])


def _simulated(parts: Mapping[str, float]) -> str:
    """Return how it is known, with what a second scan alone would do."""
    alone = parts.get("vertices")
    if alone is None or not any(source in parts for source in _SOURCES):
        return "simulated"
    return f"simulated; {alone:.1f} mm by a second scan alone"


def _warnings(deviations: Deviations) -> list[Statement]:
    lines = []
    n = deviations.norms["n_reference"]
    if "SYNTHETIC" in deviations.labels:
        lines.append(
            Statement("synthetic", "SYNTHETIC norms: the controls are simulated, not people.")
        )
    if "EXPLORATORY" in deviations.labels:
        lines.append(
            Statement(
                "exploratory",
                f"EXPLORATORY: {n} controls. With 50 the interval of a z of -2 is one standard "
                f"deviation wide, with fewer it is wider: z and ranks may change much.",
            )
        )
    lines += [Statement("norms-note", note) for note in deviations.notes]
    if any(r.extrapolated for r in deviations.rows):
        low, high = _ages(deviations)
        lines.append(
            Statement(
                "extrapolated",
                f"The person's age is outside the controls' ({low:g} to {high:g} years): every z "
                f"is an extrapolation and its interval is too narrow.",
            )
        )
    return lines


def _reference(
    best: RankedParcel,
    found: Deviation,
    deviations: Deviations,
    params: Params,
    direction: Direction,
) -> Statement:
    low, high = _ages(deviations)
    at_least, at_most = 100 * special.ndtr([found.z_low, found.z_high])
    confidence = 100 * params.interval.value
    # The rank is one-sided: it counts controls that are as low.
    ranked = direction == "low" and not math.isnan(found.rank_p)
    rank = f" By rank alone: p = {found.rank_p:.3f}." if ranked else ""
    return Statement(
        "reference",
        f"{best.hemi.value.capitalize()} {best.name} against {found.n_reference} controls "
        f"({deviations.tier}) aged {low:g} to {high:g} years, {_sites(deviations)}: "
        f"z = {found.z:.2f}; {_percent(100 * found.centile)} of comparable people would be "
        f"lower. The distance from the population's mean is {found.z_low:.2f} to "
        f"{found.z_high:.2f} of its standard deviations ({confidence:g} % interval; "
        f"{_percent(at_least)} to {_percent(at_most)} would be lower).{rank}",
    )


def _search_space(evidence: Evidence, deviations: Deviations, direction: Direction) -> Statement:
    n = len(deviations.loo_z)
    if not n:
        return Statement(
            "search-space",
            f"{evidence.searched} regions were searched. These norms hold no single controls, so "
            f"how often chance alone gives a region this extreme is not available; no region is "
            f"called unusual.",
        )
    as_extreme = round((evidence.max_null_p or 0.0) * (n + 1)) - 1
    word = "lowest" if direction == "low" else "highest"
    return Statement(
        "search-space",
        f"{evidence.searched} regions were searched. {as_extreme} of {n} controls also have a "
        f"region this extreme (p = {evidence.max_null_p:.3f}). Chance alone gives a {word} z "
        f"near {evidence.chance_z:.2f}: every healthy person has a {word} region.",
    )


def _shrunk(found: Deviation, evidence: Evidence, params: Params) -> Statement:
    true = shrunk(found, params)
    return Statement(
        "shrunk",
        f"Shrunk for reliability (ICC {true.icc:g}, {true.source}): {true.z:.2f} ± "
        f"{true.half:.2f}. The "
        f"same region would be first again on a second scan with a chance of about "
        f"{100 * (evidence.again or 0.0):.0f} % (regions taken as independent).",
    )


def _not_assessed(lost: Sequence[RankedParcel], params: Params) -> Statement:
    names = ", ".join(sorted(f"{r.hemi.value} {r.name}" for r in lost))
    return Statement(
        "not-assessed",
        f"{len(lost)} candidates were not assessed (no value, not in the norms, or less than "
        f"{100 * params.min_coverage.value:g} % covered): {names}. An abnormality there would "
        f"not be seen.",
    )


def _partly_covered(holes: Sequence[RankedParcel]) -> Statement:
    names = ", ".join(f"{r.hemi.value} {r.name} {100 * r.coverage:.1f} %" for r in holes)
    return Statement(
        "partly-covered",
        f"The map has holes in {len(holes)} candidates, so their values are means over what is "
        f"left (covered: {names}). What lies in a hole is not known.",
    )


def _sites(deviations: Deviations) -> str:
    sites = deviations.norms["sites"]
    if not isinstance(sites, list) or not sites:
        return "scanner not stated"
    if len(sites) == 1:
        return f"all at {sites[0]}"
    covariates = deviations.norms.get("covariates")
    corrected = isinstance(covariates, list) and "site" in covariates
    how = "with an offset for each" if corrected else "without correction for the scanner"
    return f"pooled from {len(sites)} sites {how}"


def _ages(deviations: Deviations) -> tuple[float, float]:
    low, high = cast("list[float]", deviations.norms["age_range"])
    return float(low), float(high)


def _percent(value: float) -> str:
    if value < 0.01:
        return "less than 0.01 %"
    return "more than 99.99 %" if value > 99.99 else f"{value:.2g} %"
