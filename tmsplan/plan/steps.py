"""The steps between rooms that do not know each other: coupling and atlas, norms and target."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from ..atlas.atlas import Atlas, CandidateSet
from ..atlas.parcellate import parcellate_field, parcels_by_id, parcels_by_region
from ..base.errors import InputError
from ..coupling.coupling_map import UNSTATED, CouplingMap, RegionCoupling
from ..norms.deviations import Deviations
from ..norms.identity import Measured
from ..norms.model import NormativeModel
from ..norms.store import require_usable
from ..patient.patient import Patient
from ..surface.parcels import ParcelTable, feature_name
from ..target.rank import rank
from ..target.ranking import Ranking
from ..target.reach import Reach
from .options import Options

__all__ = [
    "covariates_of",
    "measured_by",
    "parcellate",
    "rank_parcels",
    "require_tail",
    "unusual_parcels",
]


def parcellate(coupling: CouplingMap, atlas: Atlas) -> ParcelTable:
    """Return the coupling of each parcel of an atlas, joined by id.

    Parameters
    ----------
    coupling : CouplingMap
        A map on the cortex is averaged over each parcel, weighted by area; values per region
        are joined by hemisphere and name, values per id by id. Values of a method that works
        region by region keep their own n and coverage.
    atlas : Atlas
        On the same patient's mesh.

    Raises
    ------
    InputError
        If a region or id is not one of the atlas.
    """
    if coupling.per_region is not None:
        return _of_regions(coupling.per_region, atlas)
    if coupling.vertices is not None:
        return parcellate_field(coupling.vertices, atlas)
    if coupling.by_region is not None:
        return parcels_by_region(coupling.by_region, atlas)
    if coupling.by_id is not None:
        return parcels_by_id(coupling.by_id, atlas)
    raise InputError(f"the coupling '{coupling.method}' holds no values.")


def _of_regions(found: Mapping[int, RegionCoupling], atlas: Atlas) -> ParcelTable:
    table = parcels_by_id({i: one.value for i, one in found.items()}, atlas)
    rows = tuple(
        replace(r, n=found[r.parcel_id].n, coverage=found[r.parcel_id].coverage)
        if r.parcel_id in found
        else r
        for r in table.rows
    )
    return replace(table, rows=rows)


def measured_by(coupling: CouplingMap, atlas: Atlas) -> Measured:
    """Return what the parcels' values are values of, to be compared with the norms' papers."""
    engine = coupling.params.get("engine")
    stated = coupling.unit if coupling.unit != UNSTATED else None
    return Measured(
        measure=coupling.method,
        unit=stated,
        higher_means=coupling.higher_means,
        engine=engine if isinstance(engine, str) else None,
        atlas=atlas.name,
        atlas_sha256=atlas.sha256,
    )


def require_tail(coupling: CouplingMap, options: Options) -> None:
    """Refuse a search for low values where a higher value means less coupled.

    The tail is never turned silently: whoever knows the measure and whoever does not would
    mean opposite ends by the same word.

    Raises
    ------
    InputError
        Says which direction finds the decoupled regions.
    """
    if coupling.higher_means.lower().startswith("less") and options.direction == "low":
        raise InputError(
            f"coupling '{coupling.method}': a higher value means {coupling.higher_means}, so low "
            f"values are the coupled end and a plan would aim at the best coupled region. Pass "
            f"--direction high: high values are the decoupled regions."
        )


def covariates_of(patient: Patient, coupling: CouplingMap | None = None) -> dict[str, float]:
    """Return the numbers of a patient that norms may correct for beside age, sex and site.

    They are those that preparation and coupling measured of the scans, and what the user writes
    under ``[qc]`` of patient.toml, by name.
    """
    found = {**patient.qc, **(coupling.qc if coupling else {})}
    numbers = {k: float(v) for k, v in found.items() if isinstance(v, int | float)}
    return {**numbers, **{k.removesuffix("_mm"): v for k, v in numbers.items()}}


def unusual_parcels(
    norms: NormativeModel,
    parcels: ParcelTable,
    patient: Patient,
    options: Options,
    *,
    measured: Measured | None = None,
    covariates: Mapping[str, float] = MappingProxyType({}),
) -> Deviations:
    """Return how far each parcel is from the controls' values.

    Parameters
    ----------
    norms : NormativeModel
    parcels : ParcelTable
    patient : Patient
        With age and sex.
    options : Options
    measured : Measured, optional
        What the values are; norms of other numbers are refused.
    covariates : mapping of name to number
        See `covariates_of`.

    Raises
    ------
    InputError
        If age or sex of the patient are missing, a real patient meets SYNTHETIC norms, the
        norms are of another measure, unit or atlas, or they do not cover the patient.
    """
    unknown = require_usable(norms, patient_synthetic=patient.synthetic, measured=measured)
    if patient.age is None or patient.sex is None:
        raise InputError(
            f"{patient.id}: age and sex are needed to compare with the norms; write 'age' "
            f"(years) and 'sex' (F or M) into patient.toml."
        )
    values = {feature_name(r.hemi, r.name): r.value for r in parcels.rows}
    found = norms.deviations(
        values,
        age=patient.age,
        sex=patient.sex,
        site=patient.site,
        covariates=covariates,
        exploratory=options.exploratory,
        allow_extrapolation=options.allow_extrapolation,
        params=options.params,
    )
    return replace(found, notes=(*found.notes, *unknown))


def rank_parcels(
    unusual: Deviations,
    parcels: ParcelTable,
    atlas: Atlas,
    candidates: CandidateSet,
    reach: Reach,
    options: Options,
) -> Ranking:
    """Return the parcels in order of abnormality; those out of reach say why."""
    ranking = rank(
        unusual,
        parcels,
        atlas,
        candidates=candidates,
        reachable=reach.reachable,
        reach_reasons=reach.reasons,
        direction=options.tail,
        params=options.params,
    )
    if any(r.z is not None and not math.isfinite(r.z) for r in ranking.rows):
        raise InputError(f"{parcels.owner}: a z of the ranking is not finite; this is a bug.")
    return ranking
