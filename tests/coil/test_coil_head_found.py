"""Landmarks that nobody marked: how near they are, and when they are called uncertain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from head_marks import KEYS, fsaverage, scalp_from
from real_files import real_data
from round_head import FRAME, head, moved, scalp, sphere

from tmsplan.base.errors import FrameError, InputError
from tmsplan.coil.head import landmarks_of
from tmsplan.coil.head.nasion import nasion_of_profile
from tmsplan.coil.scalp import Scalp
from tmsplan.patient import Patient
from tmsplan.space import Affine, Frame, Mni305, Points, Vectors
from tmsplan.space.tree import FrameTree
from tmsplan.surface import Surface

R = 90.0
UP, RIGHT = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)


def with_template(patient: Patient) -> Patient:
    same = Affine.claim(
        np.eye(4), dst=FRAME, src=Frame(Mni305, "template"), because="made up: in MNI305"
    )
    return replace(patient, tree=FrameTree(FRAME).with_edge(same))


def fsaverage_patient() -> tuple[Scalp, Patient, dict[str, np.ndarray]]:
    """The skin of fsaverage around made-up hemispheres, in MNI305, with an empty image."""
    skin, marks, _ = fsaverage()
    xyz = skin.surface.points.mm(skin.surface.frame)
    surface = Surface(Points(xyz, FRAME), skin.surface.faces, skin.surface.domain)
    known = {k: p.mm(skin.surface.frame)[0] for k, p in marks.named().items()}
    return Scalp(surface, Vectors([0, 1, 0], FRAME)), with_template(head(surface)), known


def test_on_fsaverage_they_are_as_near_as_they_say():
    skin, patient, known = fsaverage_patient()
    found = landmarks_of(skin, patient)
    assert found.how == "found"
    for name, place in found.named().items():
        off = float(np.linalg.norm(place.mm(FRAME)[0] - known[name]))
        assert off <= found.confidence_mm[name], name
        assert off < 13.0, name
        assert skin.contact(place).distance_mm[0] < 1e-6


def test_where_the_image_shows_no_skin_confidence_is_low_and_said():
    """The made-up image is empty: its border and not skin is everywhere."""
    skin, patient, _ = fsaverage_patient()
    found = landmarks_of(skin, patient)
    assert set(found.confidence_mm.values()) == {25.0}
    assert all("LOW CONFIDENCE: the image ends" in why for why in found.why.values())
    assert all("within about 25 mm" in line for line in found.statements())


def test_a_real_head_without_a_face_says_so():
    from ecog_head import ecog_patient

    from tmsplan.coil.scalp import scalp_of

    patient = ecog_patient(real_data("mne_sample_ecog"))
    skin = scalp_of(patient)
    found = landmarks_of(skin, patient)
    assert "LOW CONFIDENCE" in found.why["nasion"]
    assert found.confidence_mm["nasion"] >= 15
    assert "LOW" not in found.why["inion"]
    assert found.confidence_mm["inion"] == 12
    plane = patient.midplane()
    assert abs(plane.right_mm(found.nasion)[0]) < 5
    assert -85 < plane.right_mm(found.lpa)[0] < -60
    assert 60 < plane.right_mm(found.rpa)[0] < 85


def test_given_landmarks_come_before_found_ones():
    skin, patient, known = fsaverage_patient()
    given = {k: Points(known[k], FRAME) for k in KEYS}
    marks = landmarks_of(skin, replace(patient, landmarks=given))
    assert marks.how == "given"
    assert all(np.isnan(mm) for mm in marks.confidence_mm.values())
    for name, place in marks.named().items():
        assert place.distances(given[name])[0] < 1e-6


def test_without_a_route_they_must_be_given():
    patient = head()
    with pytest.raises(FrameError, match=r"round: nasion, inion and ears are not given.*\[landm"):
        landmarks_of(Scalp(patient.scalp, Vectors([0, 1, 0], FRAME)), patient)


def test_given_ears_on_one_side_of_the_brain_are_refused():
    """The head is shifted 90 mm to the right, the landmarks were not."""
    shift = np.eye(4)
    shift[0, 3] = 90
    patient = moved(head(), shift)
    skin = Scalp(scalp(), Vectors([0, 1, 0], FRAME))
    four = dict(zip(KEYS, ([0, R, 0], [0, -R, 0], [-R, 0, 0], [R, 0, 0]), strict=True))
    given = {k: Points(p, FRAME) for k, p in four.items()}
    with pytest.raises(InputError, match=r"the given rpa lies .* between the hemispheres"):
        landmarks_of(skin, replace(patient, landmarks=given))


def face(nose_mm: float, brow_mm: float) -> Scalp:
    """A ball with a nose below and a brow above the place (0, R, 0)."""
    v, f = sphere(6)
    height, aside = v[:, 2] * R, v[:, 0] * R
    front = v[:, 1] > 0
    nose = nose_mm * np.exp(-(((height + 25) / 9) ** 2) - (aside / 12) ** 2) * front
    brow = brow_mm * np.exp(-(((height - 18) / 9) ** 2) - (aside / 40) ** 2) * front
    xyz = v * R
    xyz[:, 1] += nose + brow
    return scalp_from("face", xyz, f)


def nasion(skin: Scalp, expected_z: float) -> Points | None:
    frame = skin.surface.frame
    expected = skin.contact(Points([0, R, expected_z], frame)).points
    return nasion_of_profile(skin, expected, Vectors(UP, frame), Vectors(RIGHT, frame))


def test_the_hollow_between_brow_and_nose_is_found_from_above_and_below():
    skin = face(18, 6)
    frame = skin.surface.frame
    places = [nasion(skin, z) for z in (-8.0, 0.0, 9.0)]
    assert all(p is not None for p in places)
    z = [float(p.mm(frame)[0, 2]) for p in places if p is not None]
    assert max(z) - min(z) < 1.0
    assert -12 < z[0] < 12


def test_a_front_without_a_nose_has_no_nasion():
    assert nasion(face(0, 6), 0.0) is None
    assert nasion(face(0, 0), 0.0) is None


def test_the_nasion_of_fsaverage_is_seen_within_its_confidence():
    skin, marks, _ = fsaverage()
    frame = skin.surface.frame
    expected = skin.contact(Points([1.4, 83.8, -39.6], frame)).points
    seen = nasion_of_profile(skin, expected, Vectors(UP, frame), Vectors(RIGHT, frame))
    assert seen is not None
    assert seen.distances(marks.nasion)[0] < 8.0
