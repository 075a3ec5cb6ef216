"""From a patient and norms to a plan. Reads top to bottom."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..atlas.atlas import Atlas
from ..atlas.load import load_atlas
from ..base.provenance import InputFile, created_stamp, sha256_bytes, versions
from ..norms.deviations import Deviations
from ..norms.model import NormativeModel
from ..patient.navigator_t1 import navigator_t1_record
from ..patient.patient import Patient
from ..space.tripwire import Tripwire, require_all
from ..target.ranking import Ranking
from ..target.reach import reachable
from .aim import Aimed, aim
from .anatomy import check_aim, check_anatomy
from .compare import compare_targets
from .couple import Coupled, couple_for_plan
from .definitions import definition_lines
from .draw import scene_of
from .head import scalp_lines, with_scalp
from .options import Options
from .plan import Plan
from .scene import Scene
from .scene_store import scene_bytes
from .search import search_of
from .steps import (
    covariates_of,
    measured_by,
    parcellate,
    rank_parcels,
    require_tail,
    unusual_parcels,
)
from .store import SCENE_FILE, as_stored
from .words import caveats, coupling_block, frame_claims, labels_of, norms_block, qc_block

__all__ = ["Findings", "assemble_plan", "make_plan"]

#: Whose numbers a plan rests on.
_PACKAGES = ("tmsplan", "numpy", "scipy", "nibabel", "nilearn", "pygeodesic", "pyvista", "vtk")


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What the steps of one plan found, in their order."""

    patient: Patient
    norms: NormativeModel
    coupled: Coupled
    atlas: Atlas
    unusual: Deviations
    ranking: Ranking
    aimed: Aimed
    tripwires: tuple[Tripwire, ...]


def make_plan(patient: Patient, norms: NormativeModel, options: Options | None = None) -> Plan:
    """Make the plan of one patient: coupling, parcels, deviations, ranking, targets, poses.

    Parameters
    ----------
    patient : Patient
    norms : NormativeModel
    options : Options, optional

    Returns
    -------
    Plan
        Exactly as plan.json will hold it; nothing is exported yet.

    Raises
    ------
    TripwireError
        If a safety predicate fails.
    InputError
        If patient, norms and options do not fit each other.
    """
    options = options or Options()
    patient, made = with_scalp(patient)
    anatomy = check_anatomy(patient, options.params)
    require_all(anatomy)
    atlas = load_atlas(options.atlas, patient)
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
    aimed = aim(patient, atlas, coupled, ranking, options, limits)
    lines = (*aimed.ranking.statements, *scalp_lines(made, aimed.targets))
    ranking = replace(aimed.ranking, statements=lines)
    tripwires = (*anatomy, *check_aim(patient, aimed.targets, options.params))
    require_all(tripwires)
    found = Findings(patient, norms, coupled, atlas, unusual, ranking, aimed, tripwires)
    return assemble_plan(found, options)


def assemble_plan(found: Findings, options: Options) -> Plan:
    """Return the plan of what was found, as its file will hold it."""
    patient, unusual, coupling = found.patient, found.unusual, found.coupled.chosen
    aimed = found.aimed
    labels = labels_of(patient, unusual)
    scene = scene_of(patient, found.atlas, unusual)
    plan = Plan(
        created=created_stamp(),
        patient_id=patient.id,
        labels=labels,
        frame=patient.scanner,
        t1_sha256=patient.t1w.sha256,
        claims=frame_claims(patient),
        inputs=(*patient.inputs, *_made_inputs(patient, scene)),
        coupling=coupling_block(found.coupled, found.atlas),
        norms=norms_block(found.norms, unusual, found.ranking, patient, coupling),
        qc=qc_block(patient, coupling),
        ranking=found.ranking,
        targets=aimed.targets,
        others=aimed.others,
        head=None if isinstance(aimed.head, str) else aimed.head.record,
        comparisons=compare_targets(patient, aimed, options.params),
        exports=(),
        tripwires=found.tripwires,
        params=options.params,
        caveats=caveats(patient, labels, unusual),
        versions=versions(*_PACKAGES),
        scene=scene,
    )
    return as_stored(plan)


def _made_inputs(patient: Patient, scene: Scene | None) -> list[InputFile]:
    """Return the files that are written beside plan.json and named in it by hash."""
    made = (
        [] if scene is None else [InputFile("scene", SCENE_FILE, sha256_bytes(scene_bytes(scene)))]
    )
    if patient.t1w.needs_copy:
        made.append(navigator_t1_record(patient.t1w))
    return made
