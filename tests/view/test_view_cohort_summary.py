"""A cohort's numbers: places, spread and distances worked out by hand, and every refusal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scene_plan
from cohort_plans import MIDDLE, STANDARD, Person, plan_of, ten, write_plans

from tmsplan.base.errors import InputError
from tmsplan.plan.cohort_spread import guided_spread, standard_distances
from tmsplan.plan.cohort_summary import CohortSummary, in_mni305, summarise_cohort
from tmsplan.space import Hemi, Points, template_frame
from tmsplan.target.route import mni305_from_mni152

ROUNDING_MM = 1e-6  # plan.json keeps nine decimals
PRINTED_MM = 0.005  # FreeSurfer prints its matrix with four decimals, its example with three


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_plans(ten(), tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="module")
def summary(folders: list[Path]) -> CohortSummary:
    return summarise_cohort(folders)


def test_the_spread_is_the_one_worked_out_by_hand(summary: CohortSummary) -> None:
    """Distances from the mean place are 3, 3, 4, 4, 12, 12, 13, 13 mm: mean 8, median 8."""
    left, right = guided_spread(summary)
    assert (left.hemi, left.n) == (Hemi.LEFT, 8)
    assert left.centroid.mm(template_frame("MNI305"))[0] == pytest.approx(MIDDLE)
    assert left.mean_mm == pytest.approx(8.0, abs=ROUNDING_MM)
    assert left.median_mm == pytest.approx(8.0, abs=ROUNDING_MM)
    assert left.radius_mm == pytest.approx(13.0, abs=ROUNDING_MM)
    assert (left.own_mm, left.own_n) == (3.1, 8)
    assert (right.n, right.centroid, right.mean_mm, right.radius_mm) == (1, None, None, None)


def test_with_twenty_and_more_the_farthest_twentieth_is_outside_the_ring(tmp_path: Path) -> None:
    """19 at 5 mm around the middle and one far off: 95 % of 20 are 19."""
    turn = 2 * np.pi * np.arange(19) / 19
    places = [MIDDLE + 5 * np.array([0, np.cos(a), np.sin(a)]) for a in turn]
    places.append(MIDDLE + np.array([0, 0, 40]))
    people = [Person(f"p{k}", tuple(p)) for k, p in enumerate(places)]
    (left,) = guided_spread(summarise_cohort(write_plans(people, tmp_path)))
    far = np.linalg.norm(places[-1] - np.mean(places, axis=0))
    assert left.n == 20
    assert left.radius_mm < 8 < far  # the mean is 2 mm off the middle, so 3 to 7 mm


def test_distances_are_the_patients_own_and_counted(summary: CohortSummary) -> None:
    (apart,) = standard_distances(summary)
    steps = np.array([(3, 0, 0), (0, 4, 0), (0, 0, 12), (3, 4, 12)], dtype=float)
    away = [np.linalg.norm(MIDDLE + s * d - STANDARD) for d in steps for s in (1, -1)]
    assert (apart.id, apart.n) == ("beam-f3", 8)
    assert [mm for _, mm in apart.mm] == pytest.approx(sorted(away), abs=ROUNDING_MM)
    assert (apart.beyond(10), apart.beyond(20)) == (5, 0)
    assert apart.same_place == 1  # 5 mm; the navigator's error is 6
    assert apart.median_mm == pytest.approx(np.median(away), abs=ROUNDING_MM)
    assert apart.other_side == 1  # sub-09, whose guided target is on the right


def test_the_distance_is_the_one_that_a_plan_compares(tmp_path: Path) -> None:
    plan = scene_plan.plan()
    a, b = (t.target.point for t in plan.targets)
    one = plan_of(Person("x", tuple(a.mm(plan.frame)[0])))
    folder = write_plans([Person("x", tuple(a.mm(plan.frame)[0]))], tmp_path)
    (patient,) = summarise_cohort(folder).patients
    straight = float(one.targets[0].target.point.distances(one.targets[1].target.point)[0])
    assert patient.standard[0].guided_mm == pytest.approx(straight, abs=ROUNDING_MM)
    assert straight != pytest.approx(float(a.distances(b)[0]))


def test_a_target_that_is_only_described_is_not_counted(summary: CohortSummary) -> None:
    last = summary.patients[-1]
    assert (last.id, last.verdict, last.counted) == ("sub-10", "no-region-stands-out", False)
    assert last.guided is not None
    assert len(summary.counted) == 9
    assert all(who != "sub-10" for a in standard_distances(summary) for who, _ in a.mm)


def test_each_template_comes_to_mni305_by_its_documented_way() -> None:
    at = (10.695, -18.409, 36.137)  # FreeSurfer's own example: (10, -20, 35) of MNI305
    expected = np.array([10.0, -20.0, 35.0])
    person = Person("x", at, hemi=Hemi.RIGHT)
    for template, words in (
        ("MNI152NLin6Asym", "MNI152NLin6Asym to MNI305 by FreeSurfer's affine"),
        ("MNI152NLin2009cAsym", "taken as MNI152NLin6Asym"),
        ("MNI152NLin2009aSym", "taken as MNI152NLin6Asym"),
    ):
        guided = plan_of(replace(person, template=template)).targets[0]
        place, why = in_mni305(guided)
        assert np.abs(place.mm(template_frame("MNI305"))[0] - expected).max() < PRINTED_MM, (
            template
        )
        assert words in why
    affine = mni305_from_mni152()
    there = affine @ Points(at, affine.src)
    assert there.mm(affine.dst)[0] == pytest.approx(expected, abs=PRINTED_MM)


def test_assumed_ways_are_marked(tmp_path: Path) -> None:
    at = tuple(MIDDLE)
    people = [Person(t[-8:], at, template=t) for t in ("MNI305", "MNI152NLin2009cAsym")]
    found = summarise_cohort(write_plans(people, tmp_path))
    assert [p.guided.assumed for p in found.patients] == [False, True]


def test_a_target_without_a_template_is_left_out_with_the_reason(tmp_path: Path) -> None:
    people = [Person("with", tuple(MIDDLE)), Person("without", tuple(MIDDLE), template=None)]
    found = summarise_cohort(write_plans(people, tmp_path))
    (row,) = found.left_out
    assert (row.name, row.what) == ("without", "guided target")
    assert "no route to a template" in row.why
    assert guided_spread(found)[0].n == 1
    assert standard_distances(found)[0].n == 2  # its own head needs no template


def test_a_left_target_on_the_right_of_the_template_is_left_out(tmp_path: Path) -> None:
    people = [Person("ok", tuple(MIDDLE)), Person("crossed", (38.0, 40.0, 28.0), hemi=Hemi.LEFT)]
    found = summarise_cohort(write_plans(people, tmp_path))
    (row,) = found.left_out
    assert row.name == "crossed"
    assert "named left but lies 38 mm on the right" in row.why
    assert guided_spread(found)[0].n == 1


def test_a_medial_target_may_lie_at_the_midline(tmp_path: Path) -> None:
    found = summarise_cohort(write_plans([Person("medial", (2.0, 40.0, 40.0))], tmp_path))
    assert found.left_out == ()


def test_a_broken_plan_is_a_row_and_not_a_crash(tmp_path: Path) -> None:
    folders = write_plans(ten()[:3], tmp_path)
    edited = json.loads((folders[1] / "plan.json").read_text(encoding="utf-8"))
    edited["schema"] = 99
    (folders[1] / "plan.json").write_text(json.dumps(edited), encoding="utf-8")
    (tmp_path / "empty").mkdir()
    found = summarise_cohort([*folders, tmp_path / "empty"])
    assert (found.given, len(found.patients)) == (4, 2)
    assert [x.name for x in found.left_out] == ["p01", "empty"]
    assert "schema 99" in found.left_out[0].why
    assert "there is no such file" in found.left_out[1].why
    assert str(tmp_path) not in found.left_out[1].why


def test_no_plan_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of 1 plans can be opened"):
        summarise_cohort([tmp_path])
    with pytest.raises(InputError, match="none of 0 plans"):
        summarise_cohort([])


def test_one_patient_twice_is_refused(tmp_path: Path) -> None:
    folders = write_plans([ten()[0], ten()[0]], tmp_path)
    with pytest.raises(InputError, match=r"sub-01: two plans are given, in 'p00' and 'p01'"):
        summarise_cohort(folders)


def test_simulated_and_measured_together_are_called_mixed(tmp_path: Path) -> None:
    people = [Person("a", tuple(MIDDLE)), Person("b", tuple(MIDDLE), labels=())]
    assert summarise_cohort(write_plans(people, tmp_path)).labels == ("MIXED", "SYNTHETIC")
    alone = write_plans([people[1]], tmp_path / "alone")
    assert summarise_cohort(alone).labels == ()


def test_other_norms_and_one_t1_are_noticed(tmp_path: Path) -> None:
    folders = write_plans(ten()[:2], tmp_path)
    record = json.loads((folders[1] / "plan.json").read_text(encoding="utf-8"))
    first = json.loads((folders[0] / "plan.json").read_text(encoding="utf-8"))
    record["norms"]["id"] = "other-norms"
    record["frame"]["t1_sha256"] = first["frame"]["t1_sha256"]
    (folders[1] / "plan.json").write_text(json.dumps(record), encoding="utf-8")
    found = summarise_cohort(folders)
    assert found.methods == {"norms": ("demo-norms (abababab)", "other-norms (abababab)")}
    assert found.one_t1 == (("sub-01", "sub-02"),)
