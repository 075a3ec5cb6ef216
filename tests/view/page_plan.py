"""The SYNTHETIC plan of `scene_plan` with all that a whole plan measures: head, field, cloud."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scene_plan

from tmsplan.coil.efield.measures import FieldCheck
from tmsplan.coil.head import Landmarks, NearestSite, TapeInstructions
from tmsplan.plan.measured_head import HeadRecord
from tmsplan.plan.plan import Comparison, Plan, PlannedTarget
from tmsplan.space import Hemi, Points
from tmsplan.surface import Field, Labels
from tmsplan.target.ranking import Statement

FRAME = scene_plan.FRAME
F3_NAME = "Beam F3, electrode position on the scalp (unverified)"
NO_DOSE = "It is not a dose: no stimulator setting follows from it, and no motor threshold."
#: Rows of the cloud that lie together, and one alone.
CLOUD = 7


def _landmarks() -> Landmarks:
    return Landmarks(
        nasion=Points((0, 90, -10), FRAME),
        inion=Points((0, -110, -20), FRAME),
        lpa=Points((-80, -20, -35), FRAME),
        rpa=Points((80, -20, -35), FRAME),
        how="found",
        confidence_mm={"nasion": 6.0, "inion": 25.0, "lpa": 8.0, "rpa": float("nan")},
        why={name: f"why of {name}" for name in ("nasion", "inion", "lpa", "rpa")},
    )


def _head() -> HeadRecord:
    sites = {"F3": (-52, 50, 50), "F5": (-66, 45, 25), "Cz": (0, -10, 105), "Nz": (0, 90, -10)}
    placed = {name: Points(xyz, FRAME) for name, xyz in sites.items()}
    return HeadRecord(_landmarks(), {"nasion_inion_mm": 360.0}, placed)


def _tape(landmarks: Landmarks) -> TapeInstructions:
    return TapeInstructions(
        lines=("Lay the tape from nasion to inion; draw a cross.", *landmarks.statements()),
        up_mm=97,
        lateral_mm=72,
        side=Hemi.LEFT,
        checks_mm={"nasion": 105, "vertex": 118},
        lengths_mm={"nasion_inion_mm": 360},
    )


def _field(share: float, away_mm: float, missing: float = 0.0) -> FieldCheck:
    there = Points((-40, 20, 30), FRAME)
    return FieldCheck("shell", share, 1.0, share, there, away_mm, missing)


def _measured(planned: PlannedTarget, share: float, away_mm: float) -> PlannedTarget:
    return replace(
        planned,
        nearest=NearestSite("F5", 12.4),
        tape=_tape(_landmarks()),
        field=_field(share, away_mm, 0.02),
    )


def _guided(planned: PlannedTarget) -> PlannedTarget:
    point = planned.target.point.mm(FRAME)[0]
    cloud = np.vstack([np.tile(point, (CLOUD - 1, 1)), point + np.array([0, 9, 0])])
    target = replace(
        planned.target,
        cloud=Points(cloud, FRAME),
        spread_mm=17.7,
        spread_parts={"vertices": 17.7, "controls": 2.1},
    )
    pose = replace(planned.pose, tilt_deg=6.0, lift_mm=2.5, hair_mm=3.0, handle="45 deg, by hand")
    return _measured(replace(planned, target=target, pose=pose), 0.98, 4.3)


def _beam(planned: PlannedTarget) -> PlannedTarget:
    return _measured(
        replace(planned, target=replace(planned.target, id="beam-f3", name=F3_NAME)), 0.84, 6.8
    )


def _other(name: str, seed: tuple[float, float, float], title: str) -> PlannedTarget:
    return scene_plan.planned(
        scene_plan.scene(), Hemi.LEFT, seed, id=name, kind="standard", name=title
    )


def full_plan() -> Plan:
    """The guided target on the left beside Beam F3 (drawn on the right), and two others."""
    plan = scene_plan.plan()
    first, second = plan.targets
    pair = Comparison(
        "coupling-1", "beam-f3", 16.4, None, 15.9, 9.6, True, False, -3.4, -1.7, 0.55, 15.94, 9.6,
        True,
    )  # fmt: skip
    loud = Statement("spread-no-claim", "NO PRECISION IS CLAIMED: it would move by 18 mm.")
    marks = tuple(Statement("landmarks", text) for text in _landmarks().statements())
    more = (loud, *marks, Statement("efield-no-dose", NO_DOSE), Statement("new-id", "Unsorted."))
    ranking = replace(plan.ranking, statements=(*plan.ranking.statements, *more))
    others = (
        _other("far", (-44, 4, 44), "A far one"),
        _other("near", (-36, 40, 30), "A near one (unverified)"),
    )
    return replace(
        plan,
        head=_head(),
        targets=(_guided(first), _beam(second)),
        comparisons=(pair,),
        others=others,
        ranking=ranking,
    )


def with_maps(plan: Plan) -> Plan:
    """The plan with maps of its scalp: made-up numbers with a pattern to look for."""
    scene = plan.scene
    scalp, domain = scene.scalp, scene.scalp.domain
    x, _, z = scalp.points.mm(FRAME).T
    low = z < 0
    depth = np.where(low, np.nan, np.where(x < 0, 12.0, 38.0))
    ids = np.where(low, 2, np.where(x > 60, 1, 0)).astype(np.int32)
    maps = {
        "depth": Field(depth, domain, "depth", "mm"),
        "reach": Labels(ids, domain, {1: "too-deep", 2: "under-the-head", 3: "over-eye"}),
        "z-under": Field(np.where(ids == 0, -2.5, np.nan), domain, "z under the coil", "1"),
        "tolerability": Field(np.where(low, np.nan, 0.5), domain, "tolerability", "1"),
    }
    return replace(plan, scene=replace(scene, scalp_maps=maps))
