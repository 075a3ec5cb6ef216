"""What other definitions of coupling say of the same patient, beside the chosen one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace

from ..coupling.agreement import Agreement, agreement
from ..coupling.coupling_map import CouplingMap, RegionCoupling
from ..target.ranking import RankedParcel, Ranking, Statement
from .couple import Coupled

__all__ = ["definition_lines", "definitions_block"]


def definitions_block(coupled: Coupled) -> dict[str, object]:
    """Return what plan.json's ``coupling`` holds of a method that works region by region."""
    found = coupled.chosen.per_region
    if found is None:
        return {}
    regions = [_region(i, one) for i, one in sorted(found.items())]
    if not coupled.beside:
        return {"regions": regions}
    among = agreement([coupled.chosen, *coupled.beside])
    beside = [_beside(one, coupled.chosen.method, among) for one in coupled.beside]
    return {"regions": regions, "definitions": beside}


def _region(parcel_id: int, one: RegionCoupling) -> dict[str, object]:
    return {"parcel_id": parcel_id, **{k: _known(v) for k, v in asdict(one).items()}}


def _known(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


def _beside(one: CouplingMap, chosen: str, among: Agreement) -> dict[str, object]:
    per_region = one.per_region or {}
    return {
        "method": one.method,
        "unit": one.unit,
        "higher_means": one.higher_means,
        "rho": _known(among.rho[chosen, one.method]),
        "n": len(among.ranks[one.method]),
        "ranks": {str(i): rank for i, rank in sorted(among.ranks[one.method].items())},
        "values": {str(i): _known(r.value) for i, r in sorted(per_region.items())},
    }


def definition_lines(ranking: Ranking, coupled: Coupled, note: str = "") -> Ranking:
    """Return the ranking with what was measured, on which data, and what others say of it.

    Parameters
    ----------
    ranking : Ranking
    coupled : Coupled
    note : str
        What must be said of the definition itself.
    """
    chosen, best = coupled.chosen, ranking.best
    lines = [_definition(coupled, best, note)]
    if chosen.per_region is not None:
        lines += [] if best is None else _null(chosen, chosen.per_region, best)
    if _from_activity(chosen):
        lines.append(_scans(chosen))
    return replace(ranking, statements=(*ranking.statements, *lines))


def _definition(coupled: Coupled, best: RankedParcel | None, note: str) -> Statement:
    chosen = coupled.chosen
    text = (
        f"Coupling is '{chosen.method}' ({chosen.unit}); higher means {chosen.higher_means}. "
        f"Published definitions disagree about which regions are decoupled."
    )
    if coupled.beside and best is not None and chosen.per_region is not None:
        among = agreement([chosen, *coupled.beside])
        said = [among.line(chosen.method, one.method, best.parcel_id) for one in coupled.beside]
        text = " ".join([text, *said, "Place 1 is the least coupled region."])
    return Statement("definition", f"{text} {note}".strip())


def _from_activity(chosen: CouplingMap) -> bool:
    """Return whether it was computed from ALFF region by region, and not from a connectome."""
    return chosen.per_region is not None and "engine" in chosen.params


def _null(
    chosen: CouplingMap, found: Mapping[int, RegionCoupling], best: RankedParcel
) -> list[Statement]:
    one = found.get(best.parcel_id)
    if one is None or math.isnan(one.null_sd) or math.isnan(one.value):
        return []
    inside = abs(one.value - one.null_mean) <= 2 * one.null_sd
    verdict = "lies inside" if inside else "lies outside"
    noun, how = chosen.qc.get("places_are", "places"), chosen.qc.get("null", "surrogates")
    chance, why = f"{how} give", "chance alone has that width"
    if _from_activity(chosen):
        chance = f"the same maps give when one of them is {how}"
        why = "smooth maps agree by chance"
    return [
        Statement(
            "null",
            f"By itself the value of this region ({one.value:.2f}, from {one.n} {noun}) "
            f"{verdict} what {chance} ({one.null_mean:.2f} ± {2 * one.null_sd:.2f}, two standard "
            f"deviations): {why}. Only the comparison with controls, processed alike, has a "
            f"meaning.",
        )
    ]


def _notes_of(chosen: CouplingMap) -> str:
    """Return what has to be said of the scans, each sentence with a space before it."""
    notes = chosen.qc.get("notes", ())
    return "".join(f" {n}" for n in notes) if isinstance(notes, tuple) else f" {notes}"


def _scans(chosen: CouplingMap) -> Statement:
    qc = chosen.qc
    said = [
        f"{label} {qc[key]:.3g}{unit}" if isinstance(qc.get(key), int | float) else f"{label} n/a"
        for key, label, unit in (
            ("mean_fd_mm", "mean framewise displacement", " mm"),
            ("minutes", "minutes", ""),
            ("tsnr_median", "median tSNR", ""),
        )
    ]
    taken_out = "mean_bold" in str(chosen.params.get("covariates", ""))
    return Statement(
        "scans",
        f"ALFF depends on vessels, on the scanner's intensity and on motion: {', '.join(said)}; "
        f"mean BOLD taken out: {'yes' if taken_out else 'no'}.{_notes_of(chosen)}",
    )
