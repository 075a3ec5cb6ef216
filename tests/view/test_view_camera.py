"""Cameras against VTK's own matrix, and letters on the sides that anatomy says."""

from __future__ import annotations

import numpy as np
import pytest

from tmsplan.space import Frame, Hemi, Points, Scanner, Vectors
from tmsplan.view.camera import Camera, Head, aim, head_of, side_letters, with_room

FRAME = Frame(Scanner, "p")
AHEAD = Points([0, 20, 10], FRAME)


def vec(x: float, y: float, z: float) -> Vectors[Scanner]:
    return Vectors([x, y, z], FRAME)


def ball(radius: float = 90.0, turn: float = 0.0) -> Points[Scanner]:
    rng = np.random.default_rng(1)
    v = rng.normal(size=(800, 3))
    v = v / np.linalg.norm(v, axis=1, keepdims=True) * radius * np.array([0.8, 1.0, 0.9])
    return Points(v @ rotation(turn).T, FRAME)


def rotation(turn: float) -> np.ndarray:
    """A head turned to its left about z."""
    c, s = np.cos(turn), np.sin(turn)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def head(turn: float = 0.0) -> Head:
    scalp = ball(turn=turn).mm(FRAME)
    local = scalp @ rotation(turn)
    left, right = scalp[local[:, 0] < -3], scalp[local[:, 0] > 3]
    return head_of(Points(left, FRAME), Points(right, FRAME), ball(turn=turn))


def look(towards: Vectors[Scanner], up: Vectors[Scanner]) -> Camera:
    margins = (100, 100, 100, 100)
    return aim(towards, up, ball(), size=(1400, 1200), margins=margins)


def test_projection_equals_vtks_own() -> None:
    from vtkmodules.vtkRenderingCore import vtkCamera

    eye, focal = Points([300, -500, 200], FRAME), Points([5, -12, 8], FRAME)
    camera = Camera(eye, focal, vec(0, 0, 1), 24.0, (1400, 1200))
    vtk = vtkCamera()
    vtk.SetPosition(300, -500, 200)
    vtk.SetFocalPoint(5, -12, 8)
    vtk.SetViewUp(0, 0, 1)
    vtk.SetViewAngle(24.0)
    m = vtk.GetCompositeProjectionTransformMatrix(1400 / 1200, 0, 1)
    matrix = np.array([[m.GetElement(i, j) for j in range(4)] for i in range(4)])
    points = ball(60).mm(FRAME)
    clip = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    ndc = clip[:, :2] / clip[:, 3:]
    expected = np.stack([(ndc[:, 0] + 1) * 700, (1 - ndc[:, 1]) * 600], axis=1)
    assert np.abs(camera.project(Points(points, FRAME)) - expected).max() < 1e-6


def test_everything_is_inside_the_margins_and_fills_them() -> None:
    margins = (200, 50, 90, 150)
    camera = aim(vec(-1, 1, 0.5), vec(0, 0, 1), ball(), size=(1400, 1200), margins=margins)
    pixels = camera.project(ball())
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    assert low[0] > 199
    assert high[0] < 1351
    assert low[1] > 89
    assert high[1] < 1051
    assert max((high[0] - low[0]) / 1150, (high[1] - low[1]) / 960) > 0.995


def test_the_patients_left_is_on_the_viewers_right_from_the_front_and_left_from_behind() -> None:
    for front, left_is_right in ((1, True), (-1, False)):
        left, right = side_letters(look(vec(0, front, 0.1), vec(0, 0, 1)), head(), ball(), AHEAD)
        assert (left.hemi, left.text, right.hemi, right.text) == (Hemi.LEFT, "L", Hemi.RIGHT, "R")
        assert (left.x > right.x) is left_is_right


def test_from_above_with_the_nose_up_left_is_left() -> None:
    left, right = side_letters(look(vec(0, 0, 1), vec(0, 1, 0)), head(), ball(), AHEAD)
    assert left.x < 700 < right.x


def test_from_the_side_there_are_no_letters() -> None:
    assert side_letters(look(vec(-1, 0, 0.1), vec(0, 0, 1)), head(), ball(), AHEAD) == ()


@pytest.mark.parametrize("turn", [-0.5, 0.5])
def test_letters_follow_a_head_that_is_turned_in_the_scanner(turn: float) -> None:
    axes = head(turn)
    x, y, _ = axes.right.components(FRAME)[0]
    assert np.degrees(np.arctan2(y, x)) == pytest.approx(np.degrees(turn), abs=4)
    nose = axes.front
    left, right = side_letters(look(nose, vec(0, 0, 1)), axes, ball(), AHEAD)
    assert left.x > right.x
    assert abs(left.y - right.y) < 60


@pytest.mark.parametrize("side", [-1.0, 1.0], ids=["left", "right"])
def test_a_target_is_nearer_to_its_own_letter_even_where_perspective_says_otherwise(
    side: float,
) -> None:
    # Seen from nearly the side, a frontal target lies in the far half of the picture.
    target = Points([side * 35, 70, 20], FRAME)
    camera = look(vec(side, 0.55, 0.3), vec(0, 0, 1))
    left, right = side_letters(camera, head(), ball(), target)
    own, other = (left, right) if side < 0 else (right, left)
    at = camera.project(target)[0]
    assert np.hypot(*(at - (own.x, own.y))) < np.hypot(*(at - (other.x, other.y)))


def test_room_is_made_for_letters_outside_the_picture() -> None:
    margins = (70.0, 70.0, 125.0, 150.0)
    camera = aim(vec(0, 0, 1), vec(1, 0, 0), ball(), size=(1400, 1200), margins=margins)
    before = side_letters(camera, head(), ball(), AHEAD)
    assert min(x.y for x in before) < 125
    for _ in range(3):
        camera = with_room(camera, side_letters(camera, head(), ball(), AHEAD), margins)
    after = side_letters(camera, head(), ball(), AHEAD)
    assert min(x.y for x in after) > 125
    assert max(x.y for x in after) < 1050


def test_letters_stay_off_the_head_and_inside_the_picture() -> None:
    for towards in (vec(-0.7, 0.6, 0.4), vec(0.7, 0.6, 0.4), vec(0.2, -1, 0.8)):
        camera = look(towards, vec(0, 0, 1))
        pixels = camera.project(ball())
        for letter in side_letters(camera, head(), ball(), AHEAD):
            assert np.linalg.norm(pixels - (letter.x, letter.y), axis=1).min() > 30


def test_points_of_another_patient_cannot_be_projected() -> None:
    from tmsplan.base.errors import FrameError

    with pytest.raises(FrameError, match="other/Scanner"):
        look(vec(0, 1, 0), vec(0, 0, 1)).project(Points([0, 0, 0], Frame(Scanner, "other")))
