"""Standard targets by one name: rules on the scalp, and the cortex under them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import round_head as rh
from ecog_head import dk_labels, ecog_patient

from tmsplan.base import InputError
from tmsplan.base.errors import AmbiguityError
from tmsplan.coil.head import given_landmarks
from tmsplan.coil.scalp import scalp_of
from tmsplan.coil.standard_scalp import (
    place_scalp_standard,
    scalp_mark,
    standard_names,
    standard_target,
)
from tmsplan.space.frame import Frame, MniNlin6Asym
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine
from tmsplan.target.standard_targets import load_standard

SIX = Frame(MniNlin6Asym, "template")
#: Nasion, inion and ears of the round head lie this far under its equator.
LOW_DEG = 20.0
MIDDLE_FRONTAL = {1003, 1027, 2003, 2027}


def on_sphere(azimuth: float, elevation: float) -> np.ndarray:
    """A scalp point of the round head; azimuth from the front to the right, in degrees."""
    a, e = np.radians([azimuth, elevation])
    return rh.SCALP_MM * np.array([np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)])


@pytest.fixture(scope="module")
def round_one():
    patient = rh.head()
    edge = Affine.claim(np.eye(4), dst=rh.FRAME, src=SIX, because="made up")
    patient = replace(patient, tree=patient.tree.with_edge(edge))
    scalp = scalp_of(patient)
    marks = given_landmarks(
        scalp,
        **{
            name: Points(on_sphere(azimuth, -LOW_DEG), rh.FRAME)
            for name, azimuth in (("nasion", 0), ("inion", 180), ("lpa", -90), ("rpa", 90))
        },
    )
    return patient, scalp, marks


# --- one name for all ----------------------------------------------------------------------


def test_every_kind_is_listed_and_reached_by_name(round_one) -> None:
    patient, scalp, marks = round_one
    names = standard_names()
    assert {"beam-f3", "mni-sgacc-group", "sgacc-individual"} <= set(names)
    assert names == tuple(sorted(names))
    scalp_one = standard_target("beam-f3", patient, scalp, landmarks=marks)
    cortical = standard_target("mni-sgacc-group", patient, scalp)
    assert "scalp rule" in scalp_one.provenance
    assert "MNI152NLin6Asym (assumed)" in cortical.provenance
    for target in (scalp_one, cortical):
        assert target.kind == "standard"
        assert target.name.endswith("(unverified)")
    with pytest.raises(InputError, match="there is no run"):
        standard_target("sgacc-individual", patient, scalp)
    with pytest.raises(AmbiguityError, match=r"'beam-f3' .* 'f3-cortical'"):
        standard_target("f3", patient, scalp)
    with pytest.raises(InputError, match="'ba9' is a cortex target, no rule on the scalp"):
        place_scalp_standard("ba9", patient, scalp)
    with pytest.raises(InputError, match="'ba9' is no rule on the scalp"):
        scalp_mark(load_standard("ba9"), patient, scalp)


# --- closed forms on a sphere --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "mm"), [("five-cm-rule", 50), ("five-and-a-half-cm-rule", 55), ("six-cm-rule", 60)]
)
def test_a_tape_from_the_hotspot_runs_on_a_circle(round_one, name: str, mm: float) -> None:
    """In the plane x = const of a sphere the tape is an arc of a smaller circle."""
    patient, scalp, _ = round_one
    start = on_sphere(-70, 50)
    radius = np.hypot(*start[1:])
    angle = np.arctan2(start[1], start[2]) + mm / radius
    expected = np.array([start[0], radius * np.sin(angle), radius * np.cos(angle)])
    hotspot = Points(start, rh.FRAME)
    mark = scalp_mark(load_standard(name), patient, scalp, hotspot=hotspot)
    assert np.linalg.norm(mark.point.mm(rh.FRAME)[0] - expected) < 0.5  # facets of 5 mm
    assert f"{mm / 10:g} cm forward along the scalp; start: the hotspot that was given" in (
        mark.words
    )


def test_without_a_hotspot_the_estimate_says_so(round_one) -> None:
    patient, scalp, _ = round_one
    target = standard_target("five-cm-rule", patient, scalp)
    assert "no hotspot was given" in target.provenance
    assert "m1-hand-left" in target.provenance
    assert "(-37, -21, 58) mm in MNI152NLin6Asym (assumed), unverified" in target.provenance
    assert "verified (abstract" in target.provenance
    assert "(unverified)" not in target.name


def test_beam_f4_is_the_mirror_image_of_f3(round_one) -> None:
    patient, scalp, marks = round_one
    f3, f4 = (
        scalp_mark(load_standard(n), patient, scalp, landmarks=marks).point.mm(rh.FRAME)[0]
        for n in ("beam-f3", "beam-f4")
    )
    assert f3[0] < -30
    np.testing.assert_allclose(f3 * [-1, 1, 1], f4, atol=0.3)  # the facets are not mirrored


def test_the_forms_of_beam_differ_as_published(round_one) -> None:
    """Both forms within 0.05 cm; the adjusted one 0.35 cm further from the vertex."""
    patient, scalp, marks = round_one

    def down(name: str) -> tuple[np.ndarray, float]:
        point = scalp_mark(load_standard(name), patient, scalp, landmarks=marks).point
        xyz = point.mm(rh.FRAME)[0]
        return xyz, rh.SCALP_MM * float(np.arccos(xyz[2] / np.linalg.norm(xyz)))

    program, simple, adjusted = (down(f"beam-f3{tail}") for tail in ("", "-simple", "-adjusted"))
    assert np.linalg.norm(program[0] - simple[0]) < 0.5
    assert adjusted[1] - program[1] == pytest.approx(3.5, abs=0.2)


def test_half_way_between_two_sites(round_one) -> None:
    patient, scalp, marks = round_one

    def at(name: str) -> np.ndarray:
        return scalp_mark(load_standard(name), patient, scalp, landmarks=marks).point.mm(rh.FRAME)[
            0
        ]

    p3, middle = at("parietal-p3"), at("t3p3")
    # T7 lies a tenth of the 220 degrees from ear to ear over the ear.
    t7 = on_sphere(-90, -LOW_DEG + 22)
    half = (p3 + t7) * rh.SCALP_MM / np.linalg.norm(p3 + t7)
    assert np.linalg.norm(middle - half) < 1.5  # T7 is measured on facets, too
    np.testing.assert_allclose(at("parietal-p4"), p3 * [-1, 1, 1], atol=0.3)


def test_a_coil_over_the_target_stands_on_the_mark(round_one) -> None:
    patient, scalp, marks = round_one
    for name in ("beam-f3", "parietal-p4"):
        mark = scalp_mark(load_standard(name), patient, scalp, landmarks=marks)
        target = standard_target(name, patient, scalp, landmarks=marks)
        back = scalp.contact(target.point).points
        assert float(back.distances(mark.point)[0]) < 5  # the cortex has vertices of 5 mm
        assert target.hemi is load_standard(name).hemi
        assert patient.midplane().side(target.point) == (target.hemi,)


# --- refusals ------------------------------------------------------------------------------


def test_a_hotspot_of_the_other_side_is_refused(round_one) -> None:
    patient, scalp, _ = round_one
    with pytest.raises(InputError, match=r"lies on the right side; this rule starts on the left"):
        standard_target("five-cm-rule", patient, scalp, hotspot=Points([60, 0, 60], rh.FRAME))


def test_a_hotspot_that_is_not_on_this_head_is_refused(round_one) -> None:
    patient, scalp, _ = round_one
    with pytest.raises(InputError, match=r"hotspot .* lies 60 mm from the scalp\. Expected at mo"):
        standard_target("five-cm-rule", patient, scalp, hotspot=Points([-150, 0, 0], rh.FRAME))


def test_a_mark_without_cortex_under_it_is_refused(round_one) -> None:
    patient, _, _ = round_one
    wide = replace(round_one[1], surface=rh.scalp(radius=135.0))
    with pytest.raises(InputError, match=r"the nearest left cortex lies \d\d mm away"):
        standard_target("five-cm-rule", patient, wide, hotspot=Points([-100, 0, 91], rh.FRAME))


def test_without_landmarks_or_a_route_nothing_is_found() -> None:
    patient = rh.head()
    with pytest.raises(InputError, match=r"nasion, inion and ears are not given, and without a"):
        standard_target("beam-f3", patient, scalp_of(patient))


# --- a real head ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(ecog):
    patient = ecog_patient(ecog)
    return patient, scalp_of(patient), dk_labels(ecog, patient)


def test_f3_and_f4_of_a_real_head_lie_over_middle_frontal_cortex(real) -> None:
    """Known anatomy: aparc+aseg under both sides and every form."""
    patient, scalp, labels = real
    for name in ("beam-f3", "beam-f4", "beam-f3-simple", "beam-f3-adjusted", "six-cm-rule"):
        target = standard_target(name, patient, scalp)
        ids = labels.side(target.hemi).ids
        assert int(ids[target.vertex]) in MIDDLE_FRONTAL, name
        mark = scalp_mark(load_standard(name), patient, scalp)
        back = scalp.contact(target.point).points
        assert float(back.distances(mark.point)[0]) < 3
        assert 10 < float(target.point.distances(mark.point)[0]) < 30
        if name.startswith("beam"):
            assert "FOUND, not marked by a person: nasion within about" in target.provenance
            assert "LOW CONFIDENCE in nasion, lpa, rpa" in target.provenance


def test_parietal_sites_of_a_real_head_lie_over_parietal_cortex(real) -> None:
    patient, scalp, labels = real
    for name in ("parietal-p3", "parietal-p4"):
        target = standard_target(name, patient, scalp)
        assert int(labels.side(target.hemi).ids[target.vertex]) % 1000 in {8, 29, 31}, name


def test_the_two_f3_of_a_real_head_are_two_places(real) -> None:
    patient, scalp, _ = real
    scalp_one = standard_target("beam-f3", patient, scalp)
    group = standard_target("f3-cortical", patient, scalp)
    apart = float(scalp_one.point.distances(group.point)[0])
    assert apart > 12
    forward = (scalp_one.point - group.point).dot(scalp.forward)[0]
    assert forward > 10  # the electrode lies further to the front
    assert scalp_one.hemi is Hemi.LEFT
