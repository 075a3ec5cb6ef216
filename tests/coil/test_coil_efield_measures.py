"""Measures of a field on the cortex, on fields whose answer is known by hand."""

from __future__ import annotations

import numpy as np
import pytest
import round_head as rh

from tmsplan.base.errors import DomainError, InputError
from tmsplan.coil.efield.measures import (
    HOTSPOT_POWER,
    check_field,
    field_overlap,
    hotspot,
    selectivity,
)
from tmsplan.coil.efield.statement import ENGINES, field_statements
from tmsplan.space.side import Hemi
from tmsplan.surface import Field, Pair


@pytest.fixture(scope="module")
def patient():
    return rh.head()


def fields(patient, function, unit="V/m") -> Pair[Field]:
    """|E| as a function of the mid-cortex place in mm and the side."""

    def side(hemi):
        mid = patient.cortex.side(hemi).mid
        return Field(function(mid.points.mm(rh.FRAME), hemi), mid.domain, "|E|", unit)

    return Pair(side(Hemi.LEFT), side(Hemi.RIGHT))


def bell(place, width=15.0, height=1.0):
    """A hotspot round a place: no vertex of the other side reaches 1e-6 of it."""
    return lambda xyz, _: height * np.exp(-((xyz - place) ** 2).sum(axis=1) / (2 * width**2))


def at(patient, hemi, vertex) -> np.ndarray:
    return patient.cortex.side(hemi).mid.points.mm(rh.FRAME)[vertex]


TOP = 0  # any vertex: the round head has no preferred one


def test_a_field_centred_on_its_target_has_all_its_peak_there(patient) -> None:
    place = at(patient, Hemi.LEFT, TOP)
    found = check_field(fields(patient, bell(place, height=1.2)), patient.cortex,
                        rh.target(place, Hemi.LEFT), engine="shell")  # fmt: skip
    assert found.share_of_peak > 0.97
    assert found.e_target_v_per_m == pytest.approx(1.2, rel=0.06)
    assert found.hotspot_distance_mm < 1.5
    assert found.missing_share == pytest.approx(0, abs=1e-12)
    assert found.record() == {
        "engine": "shell", "e_target": found.e_target_v_per_m,
        "share_of_peak": found.share_of_peak, "hotspot_distance_mm": found.hotspot_distance_mm,
    }  # fmt: skip
    assert "V/m per A/μs at the target" in str(found)


def test_a_field_beside_its_target_says_how_far(patient) -> None:
    place = at(patient, Hemi.LEFT, TOP)
    mid = patient.cortex.left.mid.points.mm(rh.FRAME)
    beside = int(np.abs(np.linalg.norm(mid - place, axis=1) - 25).argmin())
    found = check_field(fields(patient, bell(mid[beside])), patient.cortex,
                        rh.target(place, Hemi.LEFT), engine="shell")  # fmt: skip
    assert found.hotspot_distance_mm == pytest.approx(25, abs=2)
    # exp(-25² / (2 15²)) = 0.249, a little more as a mean over 5 mm
    assert found.share_of_peak == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize("vertex", [3, 700, 1500, 2500])
def test_no_place_has_more_than_the_peak(patient, vertex) -> None:
    rng = np.random.default_rng(vertex)
    e = fields(patient, lambda xyz, _: 1 + 0.3 * rng.uniform(size=len(xyz)))
    place = at(patient, Hemi.RIGHT, vertex)
    found = check_field(e, patient.cortex, rh.target(place, Hemi.RIGHT), engine="shell")
    assert 0.7 < found.share_of_peak <= 1


def test_a_uniform_field_has_its_hotspot_between_the_hemispheres(patient) -> None:
    e = fields(patient, lambda xyz, _: np.full(len(xyz), 0.7))
    assert np.abs(hotspot(e, patient.cortex).mm(rh.FRAME)).max() < 0.05


def test_the_hotspot_follows_the_eighth_power(patient) -> None:
    """Left twice as strong as right: 256 to 1."""
    assert HOTSPOT_POWER.value == 8
    e = fields(patient, lambda xyz, hemi: np.full(len(xyz), 2.0 if hemi is Hemi.LEFT else 1.0))
    x = hotspot(e, patient.cortex).mm(rh.FRAME)[0, 0]
    assert x == pytest.approx(-rh.CENTRE_MM * (256 - 1) / (256 + 1), abs=0.05)


def test_strength_does_not_change_where(patient) -> None:
    place = at(patient, Hemi.LEFT, 40)
    weak = fields(patient, bell(place, height=1e-60))
    strong = fields(patient, bell(place, height=1e3))
    far = hotspot(weak, patient.cortex).distances(hotspot(strong, patient.cortex))[0]
    assert far < 1e-9
    assert field_overlap(weak, strong, patient.cortex) == pytest.approx(1, abs=1e-12)


def test_overlap_is_one_for_the_same_nought_for_distant_and_symmetric(patient) -> None:
    left = fields(patient, bell(at(patient, Hemi.LEFT, 5)))
    right = fields(patient, bell(at(patient, Hemi.RIGHT, 5)))
    near = fields(patient, bell(at(patient, Hemi.LEFT, 5) + np.array([0, 4, 0])))
    assert field_overlap(left, left, patient.cortex) == pytest.approx(1, abs=1e-12)
    there = field_overlap(left, near, patient.cortex)
    assert 0.3 < there < 0.95
    assert field_overlap(near, left, patient.cortex) == pytest.approx(there, abs=1e-12)
    mid = patient.cortex.left.mid.points.mm(rh.FRAME)
    far_apart = (
        fields(patient, bell(mid[int(mid[:, 1].argmax())])),
        fields(patient, bell(mid[int(mid[:, 1].argmin())])),
    )
    assert field_overlap(*far_apart, patient.cortex) < 1e-6
    assert field_overlap(left, right, patient.cortex) < 0.5


def test_selectivity_is_the_share_of_the_strong_cortex_in_the_region(patient) -> None:
    mid = patient.cortex.left.mid.points.mm(rh.FRAME)
    e = fields(patient, lambda xyz, h: np.where(
        (h is Hemi.LEFT) & (xyz[:, 2] > 40), 1.0, 0.2))  # fmt: skip
    strong = mid[:, 2] > 40
    none = np.zeros(len(patient.cortex.right.pial), dtype=bool)
    whole = selectivity(e, patient.cortex, Pair(strong, none))
    assert whole.half_peak == pytest.approx(1)
    assert whole.top == pytest.approx(1)
    areas = patient.cortex.left.mid.vertex_areas()
    assert whole.half_peak_mm2 == pytest.approx(areas[strong].sum())
    front = strong & (mid[:, 1] > 0)
    half = selectivity(e, patient.cortex, Pair(front, none))
    assert half.half_peak == pytest.approx(areas[front].sum() / areas[strong].sum())
    nothing = selectivity(e, patient.cortex, Pair(~strong, none))
    assert nothing.half_peak == nothing.top == 0


def test_missing_vertices_count_as_missing_not_as_nought(patient) -> None:
    place = at(patient, Hemi.LEFT, TOP)

    def without_right(xyz, hemi):
        values = bell(place)(xyz, hemi)
        return values if hemi is Hemi.LEFT else np.full(len(xyz), np.nan)

    found = check_field(fields(patient, without_right), patient.cortex,
                        rh.target(place, Hemi.LEFT), engine="shell")  # fmt: skip
    assert found.missing_share == pytest.approx(0.5, abs=1e-6)
    assert found.share_of_peak > 0.97


def test_a_target_without_a_field_is_refused(patient) -> None:
    place = at(patient, Hemi.LEFT, TOP)

    def hole(xyz, hemi):
        values = bell(place)(xyz, hemi)
        return np.where(np.linalg.norm(xyz - place, axis=1) < 8, np.nan, values)

    with pytest.raises(InputError, match="a target: no field is known within 5 mm of the target"):
        check_field(fields(patient, hole), patient.cortex, rh.target(place, Hemi.LEFT),
                    engine="shell")  # fmt: skip


@pytest.mark.parametrize(
    ("function", "unit", "message"),
    [
        (lambda xyz, _: np.full(len(xyz), np.nan), "V/m", "no vertex has a value"),
        (lambda xyz, _: np.zeros(len(xyz)), "V/m", "the field is 0 everywhere"),
        (lambda xyz, _: -np.ones(len(xyz)), "V/m", "negative or infinite"),
        (lambda xyz, _: np.ones(len(xyz)), "mV/mm", r"its unit is mV/mm\. Expected"),
    ],
)
def test_what_is_no_strength_is_refused(patient, function, unit, message) -> None:
    with pytest.raises(InputError, match=message):
        hotspot(fields(patient, function, unit), patient.cortex)


def test_a_field_of_another_mesh_is_refused(patient) -> None:
    e = fields(patient, lambda xyz, _: np.ones(len(xyz)))
    small = patient.cortex.left.domain.__class__("fsaverage5", 3, Hemi.LEFT, "template")
    other = Pair(Field(np.ones(3), small, "|E|", "V/m"), e.right)
    with pytest.raises(DomainError, match="cannot hold a field against the cortex"):
        hotspot(other, patient.cortex)


def test_a_region_of_another_mesh_is_refused(patient) -> None:
    e = fields(patient, lambda xyz, _: np.ones(len(xyz)))
    with pytest.raises(InputError, match=r"left region: \(3,\) values for 2562 vertices"):
        selectivity(e, patient.cortex, Pair(np.ones(3, bool), np.ones(2562, bool)))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_says_what_it_leaves_out_and_that_it_is_no_dose(engine) -> None:
    lines = field_statements(engine, ["7 vertices lay outside."])
    assert [line.id for line in lines] == ["efield-model", "efield-head-1", "efield-no-dose"]
    assert "not a dose" in lines[-1].text
    assert lines[0].text == ENGINES[engine]


def test_the_shell_says_by_how_much_it_underestimates() -> None:
    text = field_statements("shell")[0].text
    assert "under-estimated by a quarter to two thirds" in text
    assert "the angle is never chosen by |E|" in text


def test_a_field_without_words_is_not_shown() -> None:
    with pytest.raises(InputError, match="no words for a field made by 'tetrahedra'"):
        field_statements("tetrahedra")
