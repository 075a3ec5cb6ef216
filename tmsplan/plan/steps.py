"""The steps between rooms that do not know each other: coupling and atlas, norms and target."""

from __future__ import annotations

import math

from ..atlas.atlas import Atlas, CandidateSet
from ..atlas.parcellate import parcellate_field, parcels_by_id, parcels_by_region
from ..base.errors import InputError
from ..coupling.coupling_map import CouplingMap
from ..norms.deviations import Deviations
from ..norms.model import NormativeModel
from ..norms.store import require_usable
from ..patient.patient import Patient
from ..surface.parcels import ParcelTable, feature_name
from ..target.rank import rank
from ..target.ranking import Ranking
from ..target.reach import Reach
from .options import Options

__all__ = ["parcellate", "rank_parcels", "unusual_parcels"]


def parcellate(coupling: CouplingMap, atlas: Atlas) -> ParcelTable:
    """Return the coupling of each parcel of an atlas, joined by id.

    Parameters
    ----------
    coupling : CouplingMap
        A map on the cortex is averaged over each parcel, weighted by area; values per region
        are joined by hemisphere and name, values per id by id.
    atlas : Atlas
        On the same patient's mesh.

    Raises
    ------
    InputError
        If a region or id is not one of the atlas.
    """
    if coupling.vertices is not None:
        return parcellate_field(coupling.vertices, atlas)
    if coupling.by_region is not None:
        return parcels_by_region(coupling.by_region, atlas)
    if coupling.by_id is not None:
        return parcels_by_id(coupling.by_id, atlas)
    raise InputError(f"the coupling '{coupling.method}' holds no values.")


def unusual_parcels(
    norms: NormativeModel, parcels: ParcelTable, patient: Patient, options: Options
) -> Deviations:
    """Return how far each parcel is from the controls' values.

    Raises
    ------
    InputError
        If age or sex of the patient are missing, a real patient meets SYNTHETIC norms, or the
        norms do not cover the patient.
    """
    require_usable(norms, patient_synthetic=patient.synthetic)
    if patient.age is None or patient.sex is None:
        raise InputError(
            f"{patient.id}: age and sex are needed to compare with the norms; write 'age' "
            f"(years) and 'sex' (F or M) into patient.toml."
        )
    values = {feature_name(r.hemi, r.name): r.value for r in parcels.rows}
    return norms.deviations(
        values,
        age=patient.age,
        sex=patient.sex,
        site=patient.site,
        exploratory=options.exploratory,
        allow_extrapolation=options.allow_extrapolation,
        params=options.params,
    )


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
        direction=options.direction,
        params=options.params,
    )
    if any(r.z is not None and not math.isfinite(r.z) for r in ranking.rows):
        raise InputError(f"{parcels.owner}: a z of the ranking is not finite; this is a bug.")
    return ranking
