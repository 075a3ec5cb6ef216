"""From a patient and norms to a plan. Reads top to bottom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ..atlas.load import load_atlas
from ..base.provenance import InputFile, created_stamp, sha256_bytes, versions
from ..norms.model import NormativeModel
from ..patient.navigator_t1 import navigator_t1_record
from ..patient.patient import Patient
from ..space.tripwire import Tripwire, require_all
from ..target.ranking import Statement
from .aim import Aimed, aim
from .anatomy import check_aim, check_anatomy
from .compare import compare_targets
from .draw import scene_of
from .head import scalp_lines, with_scalp
from .options import Options
from .plan import Plan
from .ranked import Ranked, agreement_lines, backup_line, ranked
from .scalp_maps import scalp_maps_of
from .scene import Scene
from .scene_store import scene_bytes
from .store import SCENE_FILE, as_stored
from .words import caveats, coupling_block, frame_claims, labels_of, norms_block, qc_block

__all__ = ["Findings", "assemble_plan", "make_plan"]

#: Whose numbers a plan rests on.
_PACKAGES = ("tmsplan", "numpy", "scipy", "nibabel", "nilearn", "pygeodesic", "pyvista", "vtk")


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What the steps of one plan found, in their order."""

    norms: NormativeModel
    regions: Ranked
    aimed: Aimed
    tripwires: tuple[Tripwire, ...]


_NO_OTHERS: Mapping[str, NormativeModel] = MappingProxyType({})


def make_plan(
    patient: Patient,
    norms: NormativeModel,
    options: Options | None = None,
    *,
    also: Mapping[str, NormativeModel] = _NO_OTHERS,
) -> Plan:
    """Make the plan of one patient: coupling, parcels, deviations, ranking, targets, poses.

    Parameters
    ----------
    patient : Patient
    norms : NormativeModel
    options : Options, optional
    also : mapping of atlas name to NormativeModel
        Other atlases whose regions are asked what they say of the target.

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
    regions = ranked(patient, norms, load_atlas(options.atlas, patient), options)
    aimed = aim(regions)
    guided = [t.target for t in aimed.targets if t.target.kind == "coupling"]
    lines = [*aimed.ranking.statements, *backup_line(regions.ranking)]
    for target in guided:
        lines += agreement_lines(target, regions, also)
    lines += scalp_lines(made, aimed.targets)
    tripwires = (*anatomy, *check_aim(patient, aimed.targets, options.params))
    require_all(tripwires)
    ranking = replace(aimed.ranking, statements=tuple(lines))
    return assemble_plan(Findings(norms, replace(regions, ranking=ranking), aimed, tripwires))


def assemble_plan(found: Findings) -> Plan:
    """Return the plan of what was found, as its file will hold it."""
    regions, aimed = found.regions, found.aimed
    patient, unusual, coupling = regions.patient, regions.unusual, regions.coupled.chosen
    options = regions.options
    labels = labels_of(patient, unusual)
    scene, said = _scene(found)
    ranking = replace(regions.ranking, statements=(*regions.ranking.statements, *said))
    plan = Plan(
        created=created_stamp(),
        patient_id=patient.id,
        labels=labels,
        frame=patient.scanner,
        t1_sha256=patient.t1w.sha256,
        claims=frame_claims(patient),
        inputs=(*patient.inputs, *_made_inputs(patient, scene)),
        coupling=coupling_block(regions.coupled, regions.atlas),
        norms=norms_block(found.norms, unusual, regions.ranking, patient, coupling),
        qc=qc_block(patient, coupling),
        ranking=ranking,
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


def _scene(found: Findings) -> tuple[Scene | None, tuple[Statement, ...]]:
    """Return what is drawn, with the maps of the scalp, and what they rest on."""
    regions = found.regions
    scene = scene_of(regions.patient, regions.atlas, regions.unusual)
    if scene is None:
        return None, ()
    # By the sphere's field: thousands of places with this head's own would take longer than all
    # the rest of the plan, and order them alike (docs/decisions/0029).
    scene, said = scalp_maps_of(regions.patient, scene, regions.options, None)
    return scene, (said,)


def _made_inputs(patient: Patient, scene: Scene | None) -> list[InputFile]:
    """Return the files that are written beside plan.json and named in it by hash."""
    made = (
        [] if scene is None else [InputFile("scene", SCENE_FILE, sha256_bytes(scene_bytes(scene)))]
    )
    if patient.t1w.needs_copy:
        made.append(navigator_t1_record(patient.t1w))
    return made
