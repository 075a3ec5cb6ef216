"""Domains, fields and pairs: no shape check can see a swapped hemisphere; these can."""

from __future__ import annotations

import numpy as np
import pytest
from strategies import SCANNER, TKRAS

from tmsplan.base import DomainError, InputError
from tmsplan.space import Hemi, Points, Rigid
from tmsplan.surface import Domain, Field, Labels, Pair, Surface, require_same_domain

LEFT = Domain("fsLR", 4, Hemi.LEFT, "sub-01")
RIGHT = Domain("fsLR", 4, Hemi.RIGHT, "sub-01")
CORNERS = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


def field(domain: Domain, values=(1.0, 2.0, 3.0, 4.0)) -> Field:
    return Field(np.array(values), domain, "thickness", "mm")


def tetrahedron(domain: Domain = LEFT) -> Surface:
    return Surface(Points(CORNERS, SCANNER), FACES, domain)


def test_exchanged_hemispheres_of_equal_size_are_seen() -> None:
    pair = Pair(field(LEFT), field(RIGHT))
    assert pair.side(Hemi.RIGHT) is pair.right
    with pytest.raises(DomainError, match=r"given as left, but it says it is right"):
        Pair(field(RIGHT), field(LEFT))
    with pytest.raises(DomainError, match=r"given as right, but it says it is left"):
        Pair(field(LEFT), field(LEFT))


def test_a_pair_maps_both_sides_and_keeps_them_apart() -> None:
    doubled = Pair(field(LEFT), field(RIGHT, (5.0, 6, 7, 8))).map(lambda f: f.values * 2)
    assert doubled.left.tolist() == [2, 4, 6, 8]
    assert doubled.right.tolist() == [10, 12, 14, 16]
    assert [h for h, _ in doubled.sides()] == [Hemi.LEFT, Hemi.RIGHT]


@pytest.mark.parametrize(
    "other",
    [RIGHT, Domain("fsLR", 4, Hemi.LEFT, "sub-02"), Domain("fsaverage5", 4, Hemi.LEFT, "sub-01")],
)
def test_another_mesh_side_or_owner_is_another_domain(other) -> None:
    require_same_domain(LEFT, Domain("fsLR", 4, Hemi.LEFT, "sub-01"), "compare")
    with pytest.raises(DomainError, match=r"cannot compare: one is on sub-01/fsLR left"):
        require_same_domain(LEFT, other, "compare")


def test_a_field_has_one_value_per_vertex_and_is_read_only() -> None:
    with pytest.raises(DomainError, match=r"thickness has 3 values, but .* has 4 vertices"):
        field(LEFT, (1.0, 2, 3))
    with pytest.raises(InputError, match="one value per vertex"):
        Field(np.zeros((4, 1)), LEFT, "thickness", "mm")
    with pytest.raises(ValueError, match="read-only"):
        field(LEFT).values[0] = 3


def test_labels_are_named_by_id() -> None:
    labels = Labels(np.array([0, 1028, 1028, 70000]), LEFT, {1028: "superiorfrontal", 70000: "x"})
    assert labels.names[int(labels.ids[3])] == "x"
    with pytest.raises(InputError, match=r"label ids without a name: \[7\]"):
        Labels(np.array([0, 7, 1028, 0]), LEFT, {1028: "superiorfrontal"})


@pytest.mark.parametrize(
    ("faces", "message"),
    [
        (FACES + 1, "a triangle names vertex 4, but there are 4"),
        (FACES - 1, "a triangle names vertex -1"),
        (FACES[:, :2], r"faces must have shape \(m, 3\)"),
        (FACES[:0], r"faces must have shape \(m, 3\)"),
    ],
)
def test_triangles_that_name_no_vertex_are_refused(faces, message) -> None:
    with pytest.raises(InputError, match=message):
        Surface(Points(CORNERS, SCANNER), faces, LEFT)


def test_a_surface_has_as_many_vertices_as_its_domain() -> None:
    with pytest.raises(InputError, match="the surface has 4 vertices"):
        tetrahedron(Domain("fsLR", 5, Hemi.LEFT, "sub-01"))


def test_areas_normals_and_volume_of_a_tetrahedron() -> None:
    t = tetrahedron()
    np.testing.assert_allclose(t.face_areas(), [0.5, 0.5, 0.5, np.sqrt(3) / 2])
    assert t.vertex_areas().sum() == pytest.approx(t.face_areas().sum())
    assert t.signed_volume() == pytest.approx(1 / 6)
    turned = Surface(t.points, FACES[:, ::-1].copy(), LEFT)
    assert turned.signed_volume() == pytest.approx(-1 / 6)
    normal = t.vertex_normals().components(SCANNER)[0]
    np.testing.assert_allclose(normal, -np.ones(3) / np.sqrt(3))
    assert t.adjacency().sum() == 12  # six edges, both ways


def test_a_moved_surface_keeps_shape_and_domain() -> None:
    m = np.array([[0, -1, 0, 5.0], [1, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]])
    tkras_from_scanner = Rigid.claim(m, dst=TKRAS, src=SCANNER, because="a test")
    moved = tetrahedron().moved(tkras_from_scanner)
    assert moved.frame == TKRAS
    assert moved.domain == LEFT
    assert moved.signed_volume() == pytest.approx(1 / 6)


def test_sides_are_read_by_name_only() -> None:
    assert [Hemi.parse(t) for t in ("left", "LH", "l", "R", "rh")] == [
        Hemi.LEFT, Hemi.LEFT, Hemi.LEFT, Hemi.RIGHT, Hemi.RIGHT,
    ]  # fmt: skip
    with pytest.raises(InputError, match="'0' names no side"):
        Hemi.parse("0")
