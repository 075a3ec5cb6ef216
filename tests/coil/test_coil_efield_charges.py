"""Charged triangles: closed forms, conservation, and the sphere that every solver must give."""

from __future__ import annotations

import numpy as np
import pytest
from efield_cases import rotation
from efield_shells import (
    FIGURE8,
    RADIUS_M,
    ball,
    below,
    density,
    field,
    matrix_of,
    off,
    over_the_top,
)

from tmsplan.base.errors import InputError
from tmsplan.coil.efield.charges import field_operator
from tmsplan.coil.efield.layer import Boundary, layer_of
from tmsplan.coil.efield.potentials import FOUR_PI, solid_angles, triangle_fields
from tmsplan.coil.efield.solve import KrylovSolver, direct_solver
from tmsplan.coil.efield.sphere import sphere_field


@pytest.fixture(scope="module")
def fine():
    layer = layer_of([ball(RADIUS_M, 4, 0.33, 0.0)])
    return layer, direct_solver(matrix_of(layer))


def test_a_triangle_has_the_field_of_its_charge_summed_by_hand():
    rng = np.random.default_rng(0)
    corners, points = rng.normal(size=(6, 3, 3)), 2 * rng.normal(size=(6, 3))
    u = (np.arange(300) + 0.5) / 300
    s, t = np.meshgrid(np.sqrt(u), u)
    for c, p, found in zip(corners, points, triangle_fields(points, corners), strict=True):
        place = (
            (1 - s)[..., None] * c[0] + (s * (1 - t))[..., None] * c[1] + (s * t)[..., None] * c[2]
        )
        gap = p - place
        cubes = np.linalg.norm(gap, axis=-1, keepdims=True) ** 3
        area = np.linalg.norm(np.cross(c[1] - c[0], c[2] - c[0])) / 2
        expected = (gap / cubes).mean(axis=(0, 1)) * area / FOUR_PI
        assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


def test_a_closed_surface_fills_the_whole_view_from_inside_and_none_from_outside():
    b = ball(1.0, 2, 1, 0)
    corners = b.points_m[b.faces]
    for radius, expected in ((0.3, -1.0), (0.97, -1.0), (1.2, 0.0)):
        seen = solid_angles(np.tile([radius, 0, 0], (len(corners), 1)), corners).sum() / FOUR_PI
        assert seen == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("depth_mm", "limit"),
    [(1, 0.015), (2, 0.006), (3, 0.006), (5, 0.006), (12, 0.006), (40, 0.006)],
)
def test_the_sphere_of_5120_triangles_has_the_closed_form(fine, depth_mm, limit):
    layer, solver = fine
    pose, points = over_the_top(), below(depth_mm)
    found = field(layer, density(layer, solver, pose), pose, points)
    assert off(found, sphere_field(FIGURE8, pose, np.zeros(3), points)) < limit


def test_no_charge_is_made(fine):
    layer, solver = fine
    q = density(layer, solver, over_the_top())
    assert abs(layer.areas_m2 @ q) < 1e-4 * (layer.areas_m2 @ np.abs(q))


def test_the_transposed_operator_is_the_transpose(fine):
    layer, _ = fine
    rng = np.random.default_rng(3)
    operator = field_operator(below(3), layer)
    q, v = rng.normal(size=len(layer)), rng.normal(size=(60, 3, 2))
    forward = np.einsum("px,pxk->k", operator.apply(q), v)
    assert forward == pytest.approx(q @ operator.transpose(v), rel=2e-4)


def test_a_moved_head_with_its_coil_turns_the_field():
    b = ball(RADIUS_M, 3, 0.33, 0.0)
    turn, shift = rotation(4), np.array([0.3, -0.1, 0.2])
    moved = Boundary(b.points_m @ turn.T + shift, b.faces, 0.33, 0.0)
    pose, points = over_the_top(), below(6)
    there = np.eye(4)
    there[:3, :3], there[:3, 3] = turn @ pose[:3, :3], turn @ pose[:3, 3] + shift
    fields = []
    for boundary, at, p in ((b, pose, points), (moved, there, points @ turn.T + shift)):
        layer = layer_of([boundary])
        q = density(layer, direct_solver(matrix_of(layer)), at)
        fields.append(field(layer, q, at, p))
    assert off(fields[1] @ turn, fields[0]) < 1e-4


@pytest.mark.parametrize(
    ("cuts", "limit"), [(3, 0.015), pytest.param(4, 0.003, marks=pytest.mark.slow)]
)
def test_an_extra_shell_inside_the_sphere_changes_nothing(cuts, limit):
    """In a sphere no layering shows: a jump of 6 to 1 at 70 mm must leave the closed form."""
    layer = layer_of([ball(RADIUS_M, cuts, 1.65, 0.0), ball(0.070, cuts, 0.275, 1.65)])
    pose = over_the_top()
    q = density(layer, KrylovSolver(matrix_of(layer)), pose)
    for depth_mm in (16, 25, 40):
        points = below(depth_mm)
        expected = sphere_field(FIGURE8, pose, np.zeros(3), points)
        assert off(field(layer, q, pose, points), expected) < limit


def test_conductivity_plays_no_part_in_one_shell_and_equal_ones_are_no_boundary():
    pose, points = over_the_top(), below(8)
    fields = []
    for inside, inner in ((0.33, None), (2.0, None), (0.33, 0.33)):
        parts = [ball(RADIUS_M, 2, inside, 0.0)]
        if inner is not None:
            parts.append(ball(0.06, 2, inner, inside))
        layer = layer_of(parts)
        q = density(layer, direct_solver(matrix_of(layer)), pose)
        fields.append(field(layer, q, pose, points))
    assert off(fields[1], fields[0]) == 0
    assert off(fields[2], fields[0]) < 1e-5


def test_both_solvers_agree_and_several_right_sides_at_once_are_those_one_by_one():
    layer = layer_of([ball(RADIUS_M, 2, 1.65, 0.0), ball(0.07, 2, 0.275, 1.65)])
    matrix = matrix_of(layer)
    right = np.random.default_rng(5).normal(size=(len(layer), 3))
    right[:, 2] = 0
    krylov, direct = KrylovSolver(matrix.copy()), direct_solver(matrix)
    for name in ("solve", "solve_transposed"):
        found, expected = getattr(krylov, name)(right), getattr(direct, name)(right)
        assert off(found, expected) < 1e-3
        assert np.abs(found[:, 2]).max() == 0
        assert off(getattr(krylov, name)(right[:, 1:2])[:, 0], expected[:, 1]) < 1e-3


def test_where_a_boundary_crosses_itself_gausss_law_is_not_forced_on_it():
    """Two balls that overlap a little, as one boundary: the caps inside the other are left."""
    a, b = ball(0.03, 3, 0.275, 1.65), ball(0.03, 3, 0.275, 1.65)
    lens = Boundary(
        np.vstack([a.points_m, b.points_m + np.array([0.055, 0, 0])]),
        np.vstack([a.faces, b.faces + len(a.points_m)]),
        0.275,
        1.65,
    )
    layer = layer_of([ball(RADIUS_M, 3, 1.65, 0.0), lens])
    matrix = matrix_of(layer)
    itself = (0.5 - np.diag(matrix)) / layer.contrast
    inside = np.linalg.norm(layer.centres_m - [0.055, 0, 0], axis=1) < 0.0285
    inside[: len(layer) // 3] = False
    assert inside.sum() > 10
    assert np.abs(itself[inside & (layer.centres_m[:, 0] < 0.03)]).max() < 1e-6
    assert np.abs(itself).max() < 0.15
    KrylovSolver(matrix).solve(layer.normals[:, :1])


def test_a_boundary_inside_out_is_refused():
    whole = ball(0.03, 2, 0.275, 1.65)
    layer = layer_of([Boundary(whole.points_m, whole.faces[:, ::-1], 0.275, 1.65)])
    with pytest.raises(InputError, match="100 % of its triangles lie inside another fold"):
        matrix_of(layer)


def test_a_triangle_without_area_is_refused():
    whole = ball(0.03, 1, 1, 0)
    points = whole.points_m.copy()
    points[whole.faces[0, 0]] = points[whole.faces[0, 1]]
    with pytest.raises(InputError, match="2 of 80 triangles have no area"):
        layer_of([Boundary(points, whole.faces, 1, 0)])


def test_a_system_that_does_not_settle_is_refused():
    # A shift: each step only learns one more number.
    shift = np.roll(np.eye(300, dtype=np.float32), 1, axis=0)
    with pytest.raises(InputError, match="did not settle in 60 steps"):
        KrylovSolver(shift).solve(np.eye(300)[:, :1])
