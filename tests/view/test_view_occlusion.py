"""Ambient occlusion against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from tmsplan.view.occlusion import occluders, smooth, visibility


def grid(n: int, step: float) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.arange(n) * step, np.arange(n) * step, indexing="ij")
    xyz = np.stack([x.ravel(), y.ravel(), np.zeros(n * n)], axis=1)
    at = np.arange(n * n).reshape(n, n)
    a, b, c, d = at[:-1, :-1].ravel(), at[1:, :-1].ravel(), at[1:, 1:].ravel(), at[:-1, 1:].ravel()
    return xyz, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)


def pit(radius: float, depth: float) -> np.ndarray:
    """Points of a round pit in a plane: floor at z = -depth, wall, and the plane around it."""
    steps = np.arange(-45.0, 45.01, 0.8)
    x, y = (a.ravel() for a in np.meshgrid(steps, steps))
    inside = np.hypot(x, y) < radius
    plane = np.stack([x, y, np.where(inside, -depth, 0.0)], axis=1)
    turn, z = np.meshgrid(np.linspace(0, 2 * np.pi, 220), np.arange(-depth, 0.01, 0.5))
    wall = np.stack([radius * np.cos(turn), radius * np.sin(turn), z], axis=2).reshape(-1, 3)
    return np.vstack([plane, wall])


@pytest.mark.parametrize("tilt", [0.0, 0.4, 1.2])
def test_a_plane_sees_the_whole_sky_however_it_lies(tilt: float) -> None:
    xyz, faces = grid(41, 2.0)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    xyz = xyz @ turn.T
    normals = np.tile(turn[:, 2], (len(xyz), 1))
    seen = visibility(xyz, normals, occluders(xyz, faces, 1.0))
    assert seen.min() == 1.0


@pytest.mark.parametrize(("radius", "depth"), [(10, 10), (10, 20), (8, 32)])
def test_the_bottom_of_a_pit_sees_r2_over_r2_plus_d2(radius: float, depth: float) -> None:
    bottom = np.array([[0.0, 0.0, -depth]])
    seen = visibility(bottom, np.array([[0.0, 0, 1]]), pit(radius, depth), directions=1200)
    # A pixel of 1 mm and a bias of 1.5 mm blur the rim by a tenth of the radius.
    assert seen[0] == pytest.approx(radius**2 / (radius**2 + depth**2), abs=0.06)


def test_deep_pits_are_dark_and_rims_are_not() -> None:
    points = np.array([[0.0, 0.0, -40.0], [40.0, 0.0, 0.0]])
    seen = visibility(points, np.array([[0.0, 0, 1]] * 2), pit(8, 40))
    assert seen[0] < 0.1
    assert seen[1] == 1.0


def test_occluders_leave_no_hole_wider_than_the_spacing() -> None:
    from scipy.spatial import cKDTree

    xyz = np.array([[0.0, 0, 0], [9, 0, 0], [0, 7, 0], [9, 7, 0.3]])
    faces = np.array([[0, 1, 2], [1, 3, 2]], dtype=np.int32)
    cloud = occluders(xyz, faces, 1.0)
    rng = np.random.default_rng(0)
    weights = rng.dirichlet([1, 1, 1], 2000)
    inside = np.einsum("kb,bc->kc", weights, xyz[faces[0]])
    distance, _ = cKDTree(cloud).query(inside)
    assert distance.max() < 1.0


def test_a_dense_mesh_is_its_own_cover() -> None:
    xyz, faces = grid(10, 0.5)
    assert len(occluders(xyz, faces, 1.0)) == len(xyz)


def test_smoothing_keeps_a_constant_and_spreads_a_spike_over_its_neighbours_only() -> None:
    xyz, faces = grid(5, 1.0)
    assert np.allclose(smooth(np.full(25, 3.0), faces, 4), 3.0)
    spike = np.zeros(25)
    spike[12] = 1.0
    spread = smooth(spike, faces, 1)
    assert set(np.flatnonzero(spread)) == {6, 7, 11, 12, 13, 17, 18}  # the 6 triangles around it
    assert len(xyz) == 25
