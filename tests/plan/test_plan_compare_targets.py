"""Every pair of shown targets of a patient, with surfaces and with fields."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import round_head
from coil.efield_shells import round_patient, round_skull

from tmsplan.base.params import Params
from tmsplan.coil.efield.measures import field_overlap
from tmsplan.coil.efield.shell import shell_head
from tmsplan.coil.efield.source import coil_source
from tmsplan.coil.place import place_coil
from tmsplan.coil.scalp import scalp_of
from tmsplan.patient import Patient
from tmsplan.plan.aim import Aimed
from tmsplan.plan.compare import compare_targets
from tmsplan.plan.compare_ground import ground_of_scene
from tmsplan.plan.plan import PlannedTarget
from tmsplan.plan.scene import Scene, SceneCortex
from tmsplan.plan.solved_head import SolvedHead
from tmsplan.space.points import Vectors
from tmsplan.space.side import Hemi
from tmsplan.surface import Field, Labels
from tmsplan.target.ranking import Ranking
from tmsplan.target.target import Target

RANKING = Ranking((), 0, None, "no-region-stands-out", "test", ())


def planned(patient: Patient, name: str, hemi: Hemi, toward) -> PlannedTarget:
    mid = patient.cortex.side(hemi).mid
    vertex = int(np.argmax(mid.points.mm(patient.scanner) @ np.array(toward)))
    target = Target(
        id=name, name=name, kind="standard", hemi=hemi, parcel_id=None, vertex=vertex,
        point=mid.points.take([vertex]), normal=Vectors([0, 0, 1], patient.scanner),
        spread_mm=None, z=None, why="test", provenance="test",
    )  # fmt: skip
    plane = patient.midplane()
    pose = place_coil(
        target, scalp_of(patient), midplane=plane, coil="figure8-70mm", params=Params()
    )
    return PlannedTarget(target, pose, None, None)


@pytest.fixture(scope="module")
def head() -> Patient:
    return round_patient()


@pytest.fixture(scope="module")
def shown(head) -> tuple[PlannedTarget, ...]:
    return (
        planned(head, "one", Hemi.LEFT, (-0.5, 0.5, 0.7)),
        planned(head, "two", Hemi.LEFT, (-0.2, 0.1, 1.0)),
        planned(head, "three", Hemi.RIGHT, (0.5, 0.5, 0.7)),
    )


def aimed(shown, solved=None, strengths=None) -> Aimed:
    return Aimed(shown, (), "not measured", solved, strengths or {}, RANKING)


def test_every_pair_once_and_as_its_scene_says(head, shown) -> None:
    rows = compare_targets(head, aimed(shown), Params())
    assert [(r.a, r.b) for r in rows] == [("one", "two"), ("one", "three"), ("two", "three")]
    assert rows[0].geodesic_mm > rows[0].euclidean_mm
    assert rows[1].geodesic_mm is None
    assert all(r.scalp_geodesic_mm >= r.scalp_mm - 0.05 for r in rows)
    assert all(r.efield_overlap is None for r in rows)

    def half(cortex) -> SceneCortex:
        zero = Field(np.zeros(len(cortex.pial)), cortex.domain, "z", "1")
        ids = Labels(np.zeros(len(cortex.pial), dtype=np.int32), cortex.domain, {})
        return SceneCortex(cortex.pial, zero, zero, ids, cortex.white)

    scene = Scene(head.scanner, head.cortex.map(half), head.scalp)
    again = ground_of_scene(scene, RANKING, 6.0).rows(shown[0], shown[1:])
    assert again == [rows[0], rows[1]]


def test_mirrored_heads_compare_alike() -> None:
    patient = round_head.head()
    other = round_head.mirrored(patient)
    here = [planned(patient, "a", Hemi.LEFT, (-0.5, 0.5, 0.7)),
            planned(patient, "b", Hemi.LEFT, (-0.2, 0.1, 1.0))]  # fmt: skip
    there = [planned(other, "a", Hemi.RIGHT, (0.5, 0.5, 0.7)),
             planned(other, "b", Hemi.RIGHT, (0.2, 0.1, 1.0))]  # fmt: skip
    left = compare_targets(patient, aimed(tuple(here)), Params())[0]
    right = compare_targets(other, aimed(tuple(there)), Params())[0]
    for name in ("euclidean_mm", "geodesic_mm", "scalp_mm", "scalp_geodesic_mm", "angle_deg"):
        assert getattr(left, name) == pytest.approx(getattr(right, name), abs=1e-5)


def test_the_overlap_is_that_of_the_fields(head, shown) -> None:
    model = shell_head(head, round_skull(head), None)
    solved = SolvedHead(model, coil_source("figure8-70mm"), ())
    strengths = {p.target.id: solved.strength(p.pose) for p in shown[:2]}
    rows = compare_targets(head, aimed(shown, solved, strengths), Params())
    expected = field_overlap(strengths["one"], strengths["two"], head.cortex)
    assert 0 < expected < 0.9
    assert rows[0].efield_overlap == expected
    # The third has no field: its overlaps are not known, which is not 0.
    assert rows[1].efield_overlap is None
    same = (shown[0], replace(shown[0], target=replace(shown[0].target, id="twin")))
    strengths["twin"] = strengths["one"]
    twins = compare_targets(head, aimed(same, solved, strengths), Params())
    assert twins[0].efield_overlap == pytest.approx(1.0)
    assert twins[0].within_navigation_error
