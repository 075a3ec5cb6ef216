"""Many points at once give what looking at every triangle gives, also where nearly all tie."""

from __future__ import annotations

import numpy as np
import pytest
from surface_cases import icosphere

from tmsplan.surface.nearest_face import nearest_faces
from tmsplan.surface.triangle import nearest_on_triangles

#: More pairs of point and triangle than are looked at one by one.
MANY = 2_000_001


def distances(corners, points, faces):
    return np.linalg.norm(nearest_on_triangles(points, corners[faces]).xyz - points, axis=1)


def every(corners, points):
    """All triangles for each point, by the exact formula: no bound, no tree."""
    all_faces = np.arange(len(corners))
    return np.array(
        [
            distances(corners, np.broadcast_to(p, (len(corners), 3)), all_faces).min()
            for p in points
        ]
    )


def triangles(case):
    rng = np.random.default_rng(3)
    if case == "rough ball":
        s = icosphere(4, 80.0)
        xyz = s.points.mm(s.frame) + rng.normal(0, 1.0, (len(s), 3))
        return xyz[s.faces]
    if case == "soup":  # no surface at all, sizes from 0.01 to 100 mm, some without area
        size = 10 ** rng.uniform(-2, 2, (1500, 1, 1))
        soup = rng.uniform(-60, 60, (1500, 1, 3)) + size * rng.normal(size=(1500, 3, 3))
        soup[:40, 2] = soup[:40, 1]
        soup[40:60] = soup[40:60, :1]
        return soup
    s = icosphere(4, 80.0)  # "two sheets" of opposite direction, 0.5 mm apart
    xyz = s.points.mm(s.frame)
    return np.concatenate([xyz[s.faces], (xyz * 79.5 / 80)[s.faces[:, ::-1]]])


@pytest.mark.parametrize("case", ["rough ball", "soup", "two sheets"])
def test_equals_looking_at_every_triangle(case):
    corners = triangles(case)
    rng = np.random.default_rng(4)
    n = MANY // len(corners) + 1
    points = np.concatenate(
        [
            rng.uniform(-100, 100, (n // 2, 3)),
            corners[rng.integers(0, len(corners), n // 2)].mean(axis=1)
            + rng.normal(0, 15, (n // 2, 3)),
            corners[:30, 0],
            rng.normal(0, 1e4, (20, 3)),  # far away: hardly any bound tells triangles apart
            np.zeros((3, 3)),  # the middle of the ball: all tie
        ]
    )
    found = distances(corners, points, nearest_faces(corners, points))
    looked = np.r_[rng.choice(n, 60, replace=False), np.arange(len(points) - 53, len(points))]
    assert found[looked] == pytest.approx(every(corners, points[looked]), abs=1e-9)


def test_few_points_and_many_get_the_same_triangle():
    corners = triangles("rough ball")
    points = np.random.default_rng(5).uniform(-90, 90, (MANY // len(corners) + 1, 3))
    many = nearest_faces(corners, points)
    assert np.array_equal(many[:25], nearest_faces(corners, points[:25]))


def test_the_lowest_of_equal_triangles():
    corners = triangles("rough ball")
    twice = np.concatenate([corners, corners])
    points = np.random.default_rng(6).uniform(-90, 90, (MANY // len(twice) + 1, 3))
    assert (nearest_faces(twice, points) < len(corners)).all()
