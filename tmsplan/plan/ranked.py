"""The regions of one patient on one atlas, from coupling to their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..atlas.atlas import Atlas
from ..atlas.load import load_atlas
from ..norms.deviations import Deviations
from ..norms.model import NormativeModel
from ..patient.patient import Patient
from ..target.agree import RankedOn, agreement_of
from ..target.exclusions import Limits
from ..target.ranking import Ranking, Statement, backup_rows
from ..target.reach import reachable
from ..target.target import Target
from .couple import Coupled, couple_for_plan
from .definitions import definition_lines
from .options import Options
from .search import search_of
from .steps import (
    covariates_of,
    measured_by,
    parcellate,
    rank_parcels,
    require_tail,
    unusual_parcels,
)

__all__ = ["Ranked", "agreement_lines", "backup_line", "ranked"]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """One patient's regions in order, and what the order rests on.

    Parameters
    ----------
    patient : Patient
        With the record of a search mask, where one was read.
    atlas : Atlas
    coupled : Coupled
    unusual : Deviations
    ranking : Ranking
    limits : Limits
        Of where a point may lie.
    options : Options
        With the direction resolved.
    """

    patient: Patient
    atlas: Atlas
    coupled: Coupled
    unusual: Deviations
    ranking: Ranking
    limits: Limits
    options: Options


def ranked(patient: Patient, norms: NormativeModel, atlas: Atlas, options: Options) -> Ranked:
    """Return the regions of one patient in order of abnormality.

    Raises
    ------
    InputError
        If patient, norms, atlas and options do not fit each other.
    """
    coupled = couple_for_plan(patient, atlas, options)
    options = options.searching(coupled.chosen.higher_means)
    require_tail(coupled.chosen, options)
    parcels = parcellate(coupled.chosen, atlas)
    unusual = unusual_parcels(
        norms,
        parcels,
        patient,
        options,
        measured=measured_by(coupled.chosen, atlas),
        covariates=covariates_of(patient, coupled.chosen),
    )
    candidates, limits, patient = search_of(patient, atlas, coupled.chosen, options)
    reach = reachable(patient, atlas.labels, candidates.ids, options.params, limits=limits)
    ranking = rank_parcels(unusual, parcels, atlas, candidates, reach, options)
    ranking = definition_lines(ranking, coupled, options.note)
    return Ranked(patient, atlas, coupled, unusual, ranking, limits, options)


def backup_line(ranking: Ranking) -> tuple[Statement, ...]:
    """Return the regions to turn to where the first cannot be treated."""
    rows = backup_rows(ranking)
    if not rows:
        return ()
    named = "; ".join(f"{r.hemi} {r.name} (z {r.z:.2f})" for r in rows if r.z is not None)
    return (
        Statement(
            "backups", f"If the first region cannot be treated, next within reach: {named}."
        ),
    )


def agreement_lines(
    target: Target, chosen: Ranked, also: Mapping[str, NormativeModel]
) -> tuple[Statement, ...]:
    """Return what the regions of other atlases say of the target.

    Parameters
    ----------
    target : Target
        The guided one.
    chosen : Ranked
        That it comes from.
    also : mapping of atlas name to NormativeModel
        Norms of the same measure on each.

    Raises
    ------
    InputError
        If one of them does not fit the patient, or is the plan's own atlas.
    """
    own = RankedOn(chosen.atlas.name, chosen.ranking, chosen.atlas.labels)
    lines = []
    for name, norms in also.items():
        atlas = load_atlas(name, chosen.patient)
        other = ranked(chosen.patient, norms, atlas, replace(chosen.options, beside=()))
        found = agreement_of(
            target,
            own,
            RankedOn(f"atlas {name}", other.ranking, atlas.labels),
            chosen.patient,
        )
        lines.append(Statement("other-atlas", found.line))
    return tuple(lines)
