"""Fields, handles, tapes and search of one plan: the anchored phantom with everything on."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import phantom
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "coil"))
import record_simnibs as rs

from tmsplan.base.errors import InputError, MissingPartError
from tmsplan.coil.head import walk_instructions
from tmsplan.coil.pose import CoilPose
from tmsplan.coil.scalp import scalp_of
from tmsplan.norms import fit_norms
from tmsplan.patient import load_patient
from tmsplan.plan.hold import Holder
from tmsplan.plan.make import make_plan
from tmsplan.plan.motor_depth import stokes_lines
from tmsplan.plan.options import Options
from tmsplan.plan.ranked import agreement_lines, ranked
from tmsplan.plan.record import plan_from_record, plan_to_record
from tmsplan.plan.search import search_of
from tmsplan.plan.solved_head import SimnibsHead, solve_head
from tmsplan.space import Hemi

pytestmark = pytest.mark.slow  # whole plans with fields

OPTIONS = Options(
    atlas="aparc", against=("beam-f3", "mni-sgacc-group", "f3-cortical"), efield="shell"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    source, controls = phantom.write(phantom.anchored(), tmp_path_factory.mktemp("field"))
    patient, norms = load_patient(source), fit_norms(controls, synthetic=True)
    return patient, norms, make_plan(patient, norms, OPTIONS)


@pytest.fixture(scope="module")
def plan(made):
    return made[2]


def one(plan, name: str):
    return next(t for t in plan.targets if t.target.id == name)


def test_every_shown_target_has_a_field_that_acts_near_it(plan) -> None:
    for planned in plan.targets:
        field = planned.field
        assert field is not None, planned.target.id
        assert field.engine == "shell"
        assert 0.3 < field.share_of_peak <= 1
        # The coil's centre is held over the target: the hotspot lies a gyrus away at most.
        assert field.hotspot_distance_mm < 25


def test_what_the_model_leaves_out_stands_beside_the_field(plan) -> None:
    said = {s.id: s.text for s in plan.ranking.statements}
    assert "one compartment" in said["efield-model"]
    assert "not a dose" in said["efield-no-dose"]


def test_the_overlap_falls_with_distance(plan) -> None:
    rows = [c for c in plan.comparisons if c.efield_overlap is not None]
    assert len(rows) == len(plan.comparisons) == 6
    near = min(rows, key=lambda c: c.scalp_mm)
    far = max(rows, key=lambda c: c.scalp_mm)
    assert 0 <= far.efield_overlap < near.efield_overlap <= 1


def test_a_rule_on_the_scalp_is_held_on_its_own_mark(made) -> None:
    patient, _, plan = made
    beam = one(plan, "beam-f3")
    walked = walk_instructions(beam.tape, scalp_of(patient), plan.head.landmarks)
    # Instructions are rounded to 1 mm in each of two directions.
    assert float(walked.distances(beam.pose.scalp_point)[0]) < 1.5
    assert beam.nearest.name in {"F3", "F1", "F5", "AF3", "FC3"}
    assert beam.target.hemi is Hemi.LEFT
    assert "(unverified)" in beam.target.name


def test_the_head_is_measured_and_the_two_f3_are_told_apart(plan) -> None:
    assert {"nasion_inion_mm", "ear_to_ear_mm", "circumference_mm"} == set(plan.head.lengths_mm)
    assert len(plan.head.sites) > 70
    said = {s.id: s.text for s in plan.ranking.statements}
    assert "Two places are called F3" in said["two-f3"]


def test_back_ups_and_the_distance_adjustment_are_shown_and_not_prescribed(made) -> None:
    _, _, plan = made
    said = {s.id: s.text for s in plan.ranking.statements}
    assert "next within reach" in said["backups"]
    assert "not prescribed" in said["stokes"]
    assert stokes_lines([plan.targets[0]], ()) == ()  # no hand area, no depth to compare with


def test_the_plan_comes_back_from_its_record(plan) -> None:
    again = plan_from_record(plan_to_record(plan))
    for a, b in zip(plan.targets, again.targets, strict=True):
        assert a.tape == b.tape
        assert a.nearest == b.nearest
        assert a.field.record() == b.field.record()
        assert a.field.hotspot == b.field.hotspot or np.allclose(
            a.field.hotspot.mm(plan.frame), b.field.hotspot.mm(plan.frame), atol=1e-9
        )
        assert a.pose.handle == b.pose.handle
    assert len(again.others) == len(plan.others) > 10
    assert dict(again.head.lengths_mm) == dict(plan.head.lengths_mm)
    assert set(again.head.sites) == set(plan.head.sites)
    guided = one(plan, "coupling-1").target
    cloud = one(again, "coupling-1").target.cloud
    np.testing.assert_allclose(cloud.mm(plan.frame), guided.cloud.mm(plan.frame), atol=1e-9)


def holder(made, **changes) -> Holder:
    patient, _, _ = made
    options = replace(OPTIONS, **changes)
    solved = solve_head(patient, options)
    return Holder(patient, scalp_of(patient), patient.midplane(), options, solved)


def test_a_handle_by_the_field_may_not_lose_against_the_convention(made) -> None:
    target = one(made[2], "coupling-1").target
    hold = holder(made, handle="field")
    best = hold.hold(target)
    assert isinstance(best, CoilPose)
    assert "normal" in best.handle  # the shell never chooses an angle by |E|
    assert best.depth_mm == pytest.approx(float(best.scalp_point.distances(target.point)[0]))


def test_a_handle_by_the_field_needs_one(made) -> None:
    target = one(made[2], "coupling-1").target
    with pytest.raises(InputError, match="handle 'field' needs a field: pass --efield"):
        holder(made, handle="field", efield="none").hold(target)


def test_an_angle_of_ones_own(made) -> None:
    target = one(made[2], "coupling-1").target
    assert holder(made, handle="90", efield="none").hold(target).handle_deg == pytest.approx(90)


@pytest.mark.parametrize("handle", ["sideways", "999", "nan", "-400"])
def test_an_unknown_handle_is_refused_before_any_work(handle) -> None:
    with pytest.raises(InputError, match=f"handle '{handle}': pass midline.*-180 to 180"):
        Options(handle=handle)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"hotspot": (float("nan"), 0.0, 0.0)}, "three finite numbers"),
        ({"efield": "simnibs:"}, "there is no folder"),
        ({"efield": "simnibs:nowhere"}, "there is no folder 'nowhere'"),
        ({"point": "field-weighted", "efield": "none"}, "needs a field of our own"),
    ],
)
def test_choices_that_need_no_patient_are_judged_at_once(wrong, words) -> None:
    with pytest.raises(InputError, match=words):
        Options(**wrong)


def test_a_circular_coil_is_not_held_by_its_centre(made) -> None:
    target = one(made[2], "coupling-1").target
    with pytest.raises(InputError, match="circular: its field is nil under its centre"):
        holder(made, coil="circular-90mm", efield="none").hold(target)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(InputError, match="efield 'full' is unknown; pass none, shell, pial"):
        Options(efield="full")


def test_decoupled_is_the_end_that_the_measure_says() -> None:
    assert Options(direction="decoupled").searching("more coupled").tail == "low"
    assert Options(direction="decoupled").searching("less coupled").tail == "high"
    with pytest.raises(InputError, match="direction 'decoupled' has no end of the numbers yet"):
        _ = Options(direction="decoupled").tail


def test_another_atlas_is_asked_what_it_says_of_the_target(made) -> None:
    patient, norms, plan = made
    chosen = ranked(patient, norms, _aparc(patient), OPTIONS)
    lines = agreement_lines(one(plan, "coupling-1").target, chosen, {"aparc": norms})
    assert [s.id for s in lines] == ["other-atlas"]
    assert "place 1 of" in lines[0].text
    assert "share 100 %" in lines[0].text  # the same atlas agrees with itself


def _aparc(patient):
    from tmsplan.atlas.load import load_atlas

    return load_atlas("aparc", patient)


def test_a_mask_limits_the_search_and_is_recorded(made, tmp_path) -> None:
    import nibabel as nib
    from nibabel.gifti import GiftiDataArray, GiftiImage, GiftiMetaData

    patient, norms, _ = made
    chosen = ranked(patient, norms, _aparc(patient), OPTIONS)
    ids = chosen.atlas.labels.left.ids
    inside = (ids == phantom.PLANTED).astype(np.float32)
    side = GiftiMetaData({"AnatomicalStructurePrimary": "CortexLeft"})
    image = GiftiImage(darrays=[GiftiDataArray(inside, intent="NIFTI_INTENT_SHAPE")], meta=side)
    path = tmp_path / "lh.mask.shape.gii"
    nib.save(image, path)
    found, limits, recorded = search_of(
        patient, chosen.atlas, chosen.coupled.chosen, replace(OPTIONS, candidates=f"mask:{path}")
    )
    assert found.ids == (phantom.PLANTED,)
    assert limits.mask is not None
    assert any(i.name == path.name for i in recorded.inputs)


def test_simnibs_is_asked_in_its_own_process(tmp_path, monkeypatch) -> None:
    """The stand-in has SimNIBS' layout and the sphere's closed form; it says so."""
    script = tmp_path / "simnibs_python"
    folder = Path(rs.__file__).resolve().parent / "stand_in_simnibs"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={folder} exec {sys.executable} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    model = tmp_path / "m2m_round"
    model.mkdir()
    patient = rs.patient()
    engine = solve_head(patient, Options(efield=f"simnibs:{model}"))
    assert isinstance(engine, SimnibsHead)
    found = engine.strengths(rs.poses())
    assert set(found) == set(rs.poses())
    for pair in found.values():
        assert all(np.nanmax(f.values) > 0.1 for _, f in pair.sides())
    assert "outside tmsplan" in engine.lines()[0].text


def test_simnibs_missing_says_what_to_install(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = solve_head(rs.patient(), Options(efield=f"simnibs:{tmp_path}"))
    with pytest.raises(MissingPartError, match="SimNIBS is not here"):
        engine.strengths(rs.poses())
