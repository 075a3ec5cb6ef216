"""Targets and the poses that reach them: the guided one, and the standard ones beside it."""

from __future__ import annotations

from dataclasses import replace

from ..atlas.atlas import Atlas
from ..base.errors import FrameError
from ..coil.place import place_coil
from ..coil.scalp import Scalp, scalp_of
from ..coupling.coupling_map import CouplingMap
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.midplane import Midplane
from ..target.choose import choose_target
from ..target.ranking import Ranking, Statement
from ..target.standard_targets import place_standard
from ..target.statements import coordinate_statement, spread_statement
from ..target.target import Target
from ..target.template import target_in_template
from .options import Options
from .plan import PlannedTarget

__all__ = ["aim"]


def aim(
    patient: Patient, atlas: Atlas, coupling: CouplingMap, ranking: Ranking, options: Options
) -> tuple[tuple[PlannedTarget, ...], Ranking]:
    """Return the planned targets in order of display, and the ranking with what it cost to aim.

    The guided target comes first, unless no region stands out: then the standard ones do.
    A standard target that cannot be placed is named in a statement, with the reason.
    """
    scalp, plane = scalp_of(patient), patient.midplane()

    def planned(target: Target) -> PlannedTarget:
        return _planned(target, patient, scalp, plane, options)

    guided = [planned(t) for t in _guided(patient, atlas, coupling, ranking, options)]
    standard, missing = [], []
    for name in options.against:
        placed = _standard(name, patient, atlas, ranking)
        if isinstance(placed, str):
            missing.append(f"{name} was not placed: {placed}")
            continue
        candidate = planned(placed)
        if candidate.pose.depth_mm > options.params.reach.value:
            missing.append(f"{name} was not placed: {candidate.pose.depth_mm:.0f} mm deep")
            continue
        standard.append(candidate)
    extra = _about_the_point(guided, standard, options)
    if missing:
        extra.append(Statement("standard-not-placed", "; ".join(missing) + "."))
    ranking = replace(ranking, statements=(*ranking.statements, *extra))
    first, second = (guided, standard) if ranking.verdict == "target" else (standard, guided)
    return (*first, *second), ranking


def _about_the_point(
    guided: list[PlannedTarget], standard: list[PlannedTarget], options: Options
) -> list[Statement]:
    """Return what is said about the guided coordinate: how sure, how far from the others."""
    lines: list[Statement] = []
    for planned in guided:
        point, spread = planned.target.point, planned.target.spread_mm
        apart = {s.target.id: float(point.distances(s.target.point)[0]) for s in standard}
        warning = spread_statement(spread, options.params)
        lines += [] if warning is None else [warning]
        lines.append(coordinate_statement(spread, apart, options.params))
    return lines


def _guided(
    patient: Patient, atlas: Atlas, coupling: CouplingMap, ranking: Ranking, options: Options
) -> list[Target]:
    if ranking.best is None:
        return []
    values = coupling.local if coupling.vertices is None else coupling.vertices
    if values is not None and options.direction == "high":
        values = values.map(lambda f: replace(f, values=-f.values))
    return [
        choose_target(
            ranking.best, patient, atlas.labels, params=options.params, vertex_values=values
        )
    ]


def _standard(name: str, patient: Patient, atlas: Atlas, ranking: Ranking) -> Target | str:
    try:
        target = place_standard(name, patient, atlas)
    except FrameError as err:
        return str(err)
    z = next((r.z for r in ranking.rows if r.parcel_id == target.parcel_id), None)
    return replace(target, z=z)


def _planned(
    target: Target, patient: Patient, scalp: Scalp, plane: Midplane[Scanner], options: Options
) -> PlannedTarget:
    pose = place_coil(target, scalp, midplane=plane, coil=options.coil, params=options.params)
    mni, template = target_in_template(target.point, patient)
    return PlannedTarget(target, pose, mni, template)
