"""Tapes on scalps whose outlines have closed forms, and beside exact geodesics."""

from __future__ import annotations

import numpy as np
import pytest
from head_marks import marks_on, scalp_from
from real_files import real_data
from round_head import sphere

from tmsplan.base.errors import ChiralityError, InputError
from tmsplan.coil.head import given_landmarks, head_tapes, tape_between, tape_over
from tmsplan.coil.scalp import Scalp
from tmsplan.space import Points
from tmsplan.surface.geodesic import geodesic_mm

R = 90.0
#: The mesh lies inside the sphere: its edges of 3 mm sag by 0.03 mm, arcs are 0.05 % short.
MESH = 0.1
FOUR = {
    "nasion": np.array([0, R, 0]),
    "inion": np.array([0, -R, 0]),
    "lpa": np.array([-R, 0, 0]),
    "rpa": np.array([R, 0, 0]),
}


def ball(subdivisions: int = 5) -> Scalp:
    v, f = sphere(subdivisions)
    return scalp_from("ball", v * R, f)


def at(scalp: Scalp, *xyz: float) -> Points:
    return Points(xyz, scalp.surface.frame)


def on_ball(scalp: Scalp, *xyz: float) -> Points:
    return scalp.contact(at(scalp, *xyz)).points


def test_the_tapes_of_a_ball_are_its_circles():
    tapes = head_tapes(ball(), marks_on(ball(), FOUR))
    half = np.pi * R
    assert tapes.nasion_inion_mm == pytest.approx(half, abs=2 * MESH)
    assert tapes.ear_to_ear_mm == pytest.approx(half, abs=2 * MESH)
    # Fpz, Oz, T7 and T8 lie at an elevation of 18 degrees.
    assert tapes.circumference_mm == pytest.approx(2 * half * np.cos(np.pi / 10), abs=4 * MESH)
    assert tapes.vertex.distances(at(ball(), 0, 0, R))[0] < MESH


def test_marks_of_a_tape_are_places_on_the_circle():
    scalp = ball()
    tape = tape_over(scalp, *(on_ball(scalp, *p) for p in ((0, R, 0), (0, 0, R), (0, -R, 0))))
    for angle in (0.3, 1.0, 2.5):
        place = tape.at(angle * R)
        expected = at(scalp, 0, R * np.cos(angle), R * np.sin(angle))
        assert place.distances(expected)[0] < MESH
        assert tape.mark_of(expected) == pytest.approx(angle * R, abs=MESH)


def test_a_tape_bridges_a_hollow():
    """A cap is pressed in; the tape crosses it by its straight chord."""
    v, f = sphere(6)
    angle = np.radians(15.0)
    rim = v[:, 2] > np.cos(angle)
    v = v * np.where(rim, 0.9, 1.0)[:, None] * R
    scalp = scalp_from("dented", v, f)
    four = marks_on(scalp, FOUR)
    top = on_ball(scalp, 0, 0, 0.9 * R)
    tape = tape_over(scalp, four.nasion, top, four.inion)
    expected = R * (np.pi - 2 * angle) + 2 * R * np.sin(angle)
    # The rim follows edges of 1.6 mm: up to that much wider on both sides, 1 - cos 15 deg of it.
    assert tape.length_mm == pytest.approx(expected, abs=0.15)
    middle = tape.at(tape.length_mm / 2)
    assert middle.distances(at(scalp, 0, 0, R * np.cos(angle)))[0] < 1.0
    below = tape.on_skin(tape.length_mm / 2)
    assert below.distances(at(scalp, 0, 0, 0.9 * R))[0] < 0.1


def test_a_finer_mesh_does_not_change_a_tape():
    lengths = [head_tapes(ball(s), marks_on(ball(s), FOUR)).nasion_inion_mm for s in (4, 5, 6)]
    assert abs(lengths[2] - lengths[1]) < 0.1
    assert lengths[0] < lengths[1] < lengths[2] < np.pi * R


def test_the_section_is_that_of_trimesh():
    import trimesh

    v, f = sphere(4)
    v = v * R * (1 + 0.05 * np.cos(v @ [3.0, 1.0, 2.0]))[:, None]
    scalp = scalp_from("bumpy", v, f)
    three = [on_ball(scalp, *p) for p in ((5, R, 3), (7, 4, R), (-4, -R, 8))]
    tape = tape_over(scalp, *three)
    a, c, b = (p.mm(scalp.surface.frame)[0] for p in three)
    path = trimesh.Trimesh(v, f, process=False).section(np.cross(b - a, c - a), a)
    ours = np.linalg.norm(np.diff(tape.outline.segments_mm, axis=1)[:, 0], axis=1).sum()
    assert ours == pytest.approx(path.length, abs=1e-6)


def test_between_two_points_it_is_the_geodesic():
    scalp = ball()
    for end in ((30, 60, 60), (-80, 10, 40), (0, -89, 10)):
        a, b = on_ball(scalp, 20, 70, 52), on_ball(scalp, *end)
        u, w = (p.mm(scalp.surface.frame)[0] for p in (a, b))
        arc = R * np.arccos(u @ w / np.linalg.norm(u) / np.linalg.norm(w))
        assert tape_between(scalp, a, b).length_mm == pytest.approx(arc, abs=MESH)


def test_on_a_real_scalp_it_is_near_the_exact_geodesic(ecog_skin):
    """A plane is not quite a geodesic, and a tape bridges what a geodesic goes into."""
    scalp = ecog_skin
    points = scalp.surface.points
    xyz = points.mm(scalp.surface.frame)
    upper = np.flatnonzero(xyz[:, 2] > 10)
    picked = upper[:: len(upper) // 6][:6]
    exact = geodesic_mm(scalp.surface, int(picked[0]), picked[1:])
    for end, length in zip(picked[1:], exact, strict=True):
        ours = tape_between(scalp, points.take(picked[0]), points.take(end)).length_mm
        assert ours == pytest.approx(length, rel=0.01, abs=0.5)


@pytest.fixture(scope="module")
def ecog_skin() -> Scalp:
    from ecog_head import ecog_patient

    from tmsplan.coil.scalp import scalp_of

    return scalp_of(ecog_patient(real_data("mne_sample_ecog")))


def test_a_mark_beyond_the_end_is_refused():
    scalp = ball(3)
    tape = tape_between(scalp, on_ball(scalp, 0, R, 0), on_ball(scalp, 0, 0, R))
    with pytest.raises(InputError, match=r"the mark 200.0 mm is not on a tape of 1\d\d\.\d mm"):
        tape.at(200.0)


def test_three_points_on_a_line_are_refused():
    scalp = ball(3)
    a, b = on_ball(scalp, 0, R, 0), on_ball(scalp, 0, R - 1, 5)
    with pytest.raises(InputError, match=r"lie on one line.*check the landmarks"):
        tape_over(scalp, a, a, b)


def test_no_tape_from_a_point_to_itself():
    scalp = ball(3)
    a = on_ball(scalp, 0, R, 0)
    with pytest.raises(InputError, match=r"from .* to itself"):
        tape_between(scalp, a, a)


def test_a_scalp_in_two_parts_is_refused():
    v, f = sphere(3)
    two = np.vstack([v * 40 - [60, 0, 0], v * 40 + [60, 0, 0]])
    scalp = scalp_from("two", two, np.vstack([f, f + len(v)]))
    left, right = on_ball(scalp, -60, 0, 40), on_ball(scalp, 60, 0, 40)
    with pytest.raises(
        InputError, match=r"not lie on one closed part of the cut.*hole or a face removed"
    ):
        tape_over(scalp, left, on_ball(scalp, -40, 0, 38), right)


def test_exchanged_ears_are_refused():
    scalp = ball(3)
    four = {k: Points(v, scalp.surface.frame) for k, v in FOUR.items()}
    four["lpa"], four["rpa"] = four["rpa"], four["lpa"]
    with pytest.raises(
        ChiralityError,
        match=r"left preauricular point has x = 9\d\.\d mm|= 90.0|= 89\.\d mm.*x gr",
    ):
        given_landmarks(scalp, **four)


def test_exchanged_front_and_back_are_refused():
    scalp = ball(3)
    four = {k: Points(v, scalp.surface.frame) for k, v in FOUR.items()}
    four["nasion"], four["inion"] = four["inion"], four["nasion"]
    with pytest.raises(InputError, match=r"the nasion .* lies behind the inion"):
        given_landmarks(scalp, **four)


def test_a_landmark_far_from_the_scalp_is_refused():
    scalp = ball(3)
    four = {k: Points(v, scalp.surface.frame) for k, v in FOUR.items()}
    four["inion"] = at(scalp, 0, -120, 0)
    with pytest.raises(InputError, match=r"the given inion .* lies 30\.\d mm from the scalp"):
        given_landmarks(scalp, **four)


def test_four_places_that_make_no_head_are_refused():
    scalp = ball(3)
    four = {k: Points(v, scalp.surface.frame) for k, v in FOUR.items()}
    four["nasion"] = on_ball(scalp, 60, 65, 0)
    with pytest.raises(InputError, match=r"nasion or inion from the middle .* make no head"):
        given_landmarks(scalp, **four)
    four["nasion"], four["rpa"] = on_ball(scalp, 0, R, 0), on_ball(scalp, -80, 30, 20)
    with pytest.raises(InputError, match=r"ear to ear is \d+ mm in a straight line"):
        given_landmarks(scalp, **four)
