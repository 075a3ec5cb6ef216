"""Beam F3 and F4: published examples, closed forms, mirrored and moved heads."""

from __future__ import annotations

import numpy as np
import pytest
from head_marks import KEYS, colin27, fsaverage, marks_on, scalp_from
from round_head import MIRROR, sphere

from tmsplan.base.errors import InputError
from tmsplan.coil.head import along_scalp, beam_f3, beam_numbers, ten_ten
from tmsplan.coil.head.landmarks import given_landmarks
from tmsplan.coil.scalp import Scalp
from tmsplan.space import Hemi, Points, Rigid, Vectors

R = 95.0
FOUR = {
    "nasion": np.array([2.0, R, -8]),
    "inion": np.array([1.0, -R, -5]),
    "lpa": np.array([-R, 3.0, -4]),
    "rpa": np.array([R, -2.0, -6]),
}
RIGHT = (1.0, 0.0, 0.0)


def relief(v: np.ndarray) -> np.ndarray:
    """A head without any symmetry: 3 mm of smooth relief."""
    return R + 3 * np.cos(v @ [3.0, 1.0, 2.0]) + 1.5 * np.sin(v @ [-1.0, 2.5, 4.0] + 0.7)


def bumpy(mirror: bool = False) -> Scalp:
    v, f = sphere(5)
    xyz = v * relief(v)[:, None]
    return scalp_from("bumpy", xyz @ MIRROR, f[:, ::-1]) if mirror else scalp_from("bumpy", xyz, f)


def four(mirror: bool = False) -> dict[str, np.ndarray]:
    if not mirror:
        return FOUR
    flipped = {k: p @ MIRROR for k, p in FOUR.items()}
    return flipped | {"lpa": flipped["rpa"], "rpa": flipped["lpa"]}


@pytest.mark.parametrize(
    ("form", "x", "y", "within"), [("program", 64.7, 95.0, 0.05), ("simple", 64.6, 94.9, 0.05)]
)
def test_the_worked_example(form, x, y, within):
    """36, 36 and 56 cm, worked by hand from both programs."""
    found = beam_numbers(360, 360, 560, form=form)
    assert (found.x_mm, found.y_mm) == pytest.approx((x, y), abs=within)
    more = beam_numbers(360, 360, 560, form=form, mri_adjusted=True)
    assert more.y_mm - found.y_mm == pytest.approx(3.5)
    assert more.x_mm == found.x_mm


def test_the_adjustment_is_said():
    assert "MRI-adjusted" in str(beam_numbers(360, 360, 560, mri_adjusted=True))
    assert "adjusted" not in str(beam_numbers(360, 360, 560))


def test_both_forms_agree_on_heads_of_all_shapes():
    """0.05 cm: seven heads of 33 to 40 and 53 to 61 cm."""
    for ni, tt, hc in (
        (330, 330, 530), (345, 360, 545), (360, 345, 555), (360, 360, 560),
        (375, 390, 580), (390, 375, 595), (400, 400, 610),
    ):  # fmt: skip
        a, b = (beam_numbers(ni, tt, hc, form=f) for f in ("simple", "program"))
        assert abs(a.x_mm - b.x_mm) <= 0.5
        assert abs(a.y_mm - b.y_mm) <= 0.5


def test_centimetres_are_refused():
    with pytest.raises(InputError, match=r"nasion to inion is 36\.0 mm.*it is millimetres"):
        beam_numbers(36, 36, 56)


def test_on_a_ball_it_is_the_closed_form():
    v, f = sphere(6)
    scalp = scalp_from("ball", v * R, f)
    flat = dict(zip(KEYS, np.array([[0, R, 0], [0, -R, 0], [-R, 0, 0], [R, 0, 0]]), strict=True))
    found = beam_f3(scalp, marks_on(scalp, flat))
    ni, hc = np.pi * R, 2 * np.pi * R * np.cos(np.pi / 10)
    numbers = beam_numbers(ni, ni, hc)
    turn = numbers.x_mm / (R * np.cos(np.pi / 10))
    polar = numbers.y_mm / R
    expected = R * np.array(
        [-np.sin(polar) * np.sin(turn), np.sin(polar) * np.cos(turn), np.cos(polar)]
    )
    assert found.point.distances(Points(expected, scalp.surface.frame))[0] < 0.15
    assert found.name == "Beam F3"


def test_a_mirrored_head_gives_the_mirrored_place():
    plain, flipped = bumpy(), bumpy(mirror=True)
    marks, other = marks_on(plain, four()), marks_on(flipped, four(mirror=True))
    for form in ("simple", "program"):
        f3 = beam_f3(plain, marks, Hemi.LEFT, form=form).point.mm(plain.surface.frame)
        f4 = beam_f3(flipped, other, Hemi.RIGHT, form=form).point.mm(flipped.surface.frame)
        np.testing.assert_allclose(f4 @ MIRROR, f3, atol=0.05)
    start = Points([-35, -20, 85], plain.surface.frame)
    back = Points([35, -20, 85], flipped.surface.frame)
    right = Vectors(RIGHT, plain.surface.frame)
    a = along_scalp(plain, start, 50.0, to_right=right).mm(plain.surface.frame)
    b = along_scalp(flipped, back, 50.0, to_right=right).mm(flipped.surface.frame)
    np.testing.assert_allclose(b @ MIRROR, a, atol=0.05)


def test_a_moved_head_takes_its_places_along():
    plain = bumpy()
    angle = np.radians(12)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[:3, 3] = (11, -7, 23)
    frame = plain.surface.frame
    move = Rigid.claim(turn, dst=frame, src=frame, because="moved head")
    moved = Scalp(plain.surface.moved(move), move @ plain.forward)
    marks = marks_on(plain, four())
    carried = given_landmarks(moved, **{k: move @ p for k, p in marks.named().items()})
    here, there = ten_ten(plain, marks), ten_ten(moved, carried)
    assert max(float((move @ here[n]).distances(there[n])[0]) for n in here) < 1e-3
    f3 = beam_f3(plain, marks).point
    assert (move @ f3).distances(beam_f3(moved, carried).point)[0] < 1e-3


@pytest.mark.parametrize("head", [colin27, fsaverage])
def test_on_real_heads_it_is_near_f3_and_both_forms_agree(head):
    """Beam's method was made to find F3."""
    scalp, marks, _ = head()
    places = ten_ten(scalp, marks)
    for side, name in ((Hemi.LEFT, "F3"), (Hemi.RIGHT, "F4")):
        a, b = (beam_f3(scalp, marks, side, form=f) for f in ("simple", "program"))
        assert abs(a.numbers.x_mm - b.numbers.x_mm) <= 0.5
        assert abs(a.numbers.y_mm - b.numbers.y_mm) <= 0.5
        assert a.point.distances(b.point)[0] < 0.8
        assert b.point.distances(places[name])[0] < 8.0
        adjusted = beam_f3(scalp, marks, side, mri_adjusted=True)
        assert adjusted.point.distances(b.point)[0] == pytest.approx(3.5, abs=0.1)


@pytest.mark.parametrize(("mm", "towards"), [(50.0, "anterior"), (60.0, "posterior")])
def test_some_centimetres_along_a_ball(mm, towards):
    """The parasagittal cut of a ball is a smaller circle."""
    v, f = sphere(6)
    scalp = scalp_from("ball", v * R, f)
    frame = scalp.surface.frame
    x, angle = -37.0, 0.2
    small = np.sqrt(R**2 - x**2)
    start = Points([x, -small * np.sin(angle), small * np.cos(angle)], frame)
    end = angle - (mm if towards == "anterior" else -mm) / small
    found = along_scalp(scalp, start, mm, to_right=Vectors(RIGHT, frame), direction=towards)
    expected = Points([x, -small * np.sin(end), small * np.cos(end)], frame)
    assert found.distances(expected)[0] < 0.1


def test_a_distance_in_centimetres_or_metres_is_refused():
    scalp = bumpy()
    start = Points([-35, -20, 85], scalp.surface.frame)
    right = Vectors(RIGHT, scalp.surface.frame)
    with pytest.raises(InputError, match=r"500 mm along the scalp is outside 0 to 150"):
        along_scalp(scalp, start, 500.0, to_right=right)
    with pytest.raises(InputError, match=r"-5 mm along the scalp is outside"):
        along_scalp(scalp, start, -5.0, to_right=right)
