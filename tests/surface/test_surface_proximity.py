"""Nearest places against brute force and closed forms; signs on round, sharp and hollow meshes."""

from __future__ import annotations

import numpy as np
import pytest
from surface_cases import (
    SCANNER,
    SPHERE,
    freesurfer,
    fsaverage5,
    icosphere,
    notched_box,
    plane,
    shifted,
    surface,
)

from tmsplan.base.errors import DomainError, FrameError, InputError
from tmsplan.space import Frame, Hemi, Points, Scanner, SphereReg
from tmsplan.surface import closest_on_faces, nearest_by_sphere, nearest_vertex


def brute_force(points, triangles):
    """Distance of each point to all triangles, by their Voronoi regions (Ericson 2005, 5.1.5)."""

    def dot(x, y):
        return (x * y).sum(axis=1)

    def one(p):
        a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
        ab, ac, ap, bp, cp = b - a, c - a, p - a, p - b, p - c
        d1, d2, d3, d4 = dot(ab, ap), dot(ac, ap), dot(ab, bp), dot(ac, bp)
        d5, d6 = dot(ab, cp), dot(ac, cp)
        va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
        with np.errstate(all="ignore"):
            regions = [
                ((d1 <= 0) & (d2 <= 0), a),
                ((d3 >= 0) & (d4 <= d3), b),
                ((d6 >= 0) & (d5 <= d6), c),
                ((vc <= 0) & (d1 >= 0) & (d3 <= 0), a + (d1 / (d1 - d3))[:, None] * ab),
                ((vb <= 0) & (d2 >= 0) & (d6 <= 0), a + (d2 / (d2 - d6))[:, None] * ac),
                (
                    (va <= 0) & (d4 - d3 >= 0) & (d5 - d6 >= 0),
                    b + ((d4 - d3) / ((d4 - d3) + (d5 - d6)))[:, None] * (c - b),
                ),
            ]
            inner = a + (vb / (va + vb + vc))[:, None] * ab + (vc / (va + vb + vc))[:, None] * ac
        place, done = inner, np.zeros(len(a), dtype=bool)
        for where, candidate in regions:
            place = np.where((where & ~done)[:, None], candidate, place)
            done |= where
        return np.linalg.norm(place - p, axis=1).min()

    return np.array([one(p) for p in points])


def in_scanner(xyz):
    return Points(xyz, SCANNER)


@pytest.mark.parametrize("case", ["sphere", "box", "plane", "cortex"])
def test_equals_brute_force(case):
    s = {
        "sphere": lambda: icosphere(3),
        "box": lambda: notched_box()[0],
        "plane": lambda: plane(9, 10.0),
        "cortex": lambda: fsaverage5("pial"),
    }[case]()
    xyz = s.points.mm(s.frame)
    rng = np.random.default_rng(7)
    low, high = xyz.min(axis=0) - 30, xyz.max(axis=0) + 30
    n = 60 if case == "cortex" else 400
    queries = np.vstack([rng.uniform(low, high, (n, 3)), xyz[:20], xyz[:20] + 1e-4])
    found = closest_on_faces(s, Points(queries, s.frame))
    assert found.distance_mm == pytest.approx(brute_force(queries, s.corners()), abs=1e-6)
    # The place is where it is said to be: that far away, and on the named triangle.
    places = found.points.mm(s.frame)
    assert np.linalg.norm(queries - places, axis=1) == pytest.approx(found.distance_mm, abs=1e-9)
    own = [
        brute_force(p[None], s.corners()[[f]])[0] for p, f in zip(places, found.faces, strict=True)
    ]
    assert np.abs(own).max() < 1e-9


def test_sign_and_distance_on_a_sphere():
    s = icosphere(5, 80.0)
    direction = np.random.default_rng(0).normal(size=(2000, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    radius = np.linspace(1, 160, 2000)
    found = closest_on_faces(s, in_scanner(direction * radius[:, None]))
    # Facets of this mesh lie up to 0.03 mm inside the sphere.
    assert found.signed_mm == pytest.approx(radius - 80.0, abs=0.03)
    assert np.array_equal(np.abs(found.signed_mm), found.distance_mm)


def test_sign_on_a_concave_mesh_with_sharp_edges():
    s, inside = notched_box()
    queries = np.random.default_rng(1).uniform([-20, -20, -20], [100, 100, 60], (5000, 3))
    found = closest_on_faces(s, in_scanner(queries))
    assert np.array_equal(found.signed_mm < 0, inside(queries))
    assert 500 < inside(queries).sum() < 4500


def test_sign_beyond_an_acute_edge():
    # A wedge of 11 degrees: beyond its edge, the normal of one of the two triangles says
    # "inside", and the locator may return either of them.
    base = [[0, 0, 0], [100, 0, 0], [100, 40, 0], [0, 40, 0], [0, 0, 20.0], [0, 40, 20.0]]
    faces = [
        (0, 2, 1),
        (0, 3, 2),
        (1, 2, 5),
        (1, 5, 4),
        (0, 4, 5),
        (0, 5, 3),
        (0, 1, 4),
        (3, 5, 2),
    ]
    s = surface(base, faces)
    assert s.signed_volume() == pytest.approx(100 * 20 * 40 / 2)
    rng = np.random.default_rng(2)
    beyond = np.c_[
        rng.uniform(100.1, 140, 500), rng.uniform(-20, 60, 500), rng.uniform(-30, 30, 500)
    ]
    assert (closest_on_faces(s, in_scanner(beyond)).signed_mm > 0).all()


def test_sign_agrees_with_winding_of_a_real_scalp(ecog):
    s = freesurfer(ecog / "bem" / "watershed" / "sample_ecog_outer_skin_surface")
    corners = s.corners()
    xyz = s.points.mm(SCANNER)
    queries = np.random.default_rng(3).uniform(xyz.min(axis=0), xyz.max(axis=0), (200, 3))
    found = closest_on_faces(s, in_scanner(queries))
    # Solid angle of all triangles: 4 pi inside, 0 outside (van Oosterom and Strackee 1983).
    winding = []
    for q in queries:
        a, b, c = (corners[:, k] - q for k in range(3))
        la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
        top = np.einsum("ij,ij->i", a, np.cross(b, c))
        bottom = la * lb * lc + (a * b).sum(1) * lc + (b * c).sum(1) * la + (c * a).sum(1) * lb
        winding.append(2 * np.arctan2(top, bottom).sum() / (4 * np.pi))
    inside = np.array(winding) > 0.5
    assert np.array_equal(found.signed_mm < 0, inside)
    assert 20 < inside.sum() < 180


def test_open_surface_has_no_inside():
    found = closest_on_faces(plane(5), in_scanner([[2, 2, 7.0], [2, 2, -7.0]]))
    assert found.distance_mm.tolist() == [7.0, 7.0]
    assert np.isnan(found.signed_mm).all()
    assert "2 contacts, 7.00 to 7.00 mm away" in str(found)


def test_triangle_without_area_is_still_a_line():
    s = surface([[0, 0, 0], [4, 0, 0], [8, 0, 0.0]], [[0, 1, 2]])
    found = closest_on_faces(s, in_scanner([[6, 3, 0], [-3, 0, 4]]))
    assert found.distance_mm == pytest.approx([3, 5], abs=1e-12)


def test_refuses_points_of_another_patient():
    other = Points([[0, 0, 0]], Frame(Scanner, "sub-02"))
    with pytest.raises(FrameError, match="measure the distance to a surface"):
        closest_on_faces(plane(5), other)
    with pytest.raises(FrameError, match="look for the nearest vertex"):
        nearest_vertex(plane(5), other)


def test_nearest_vertex():
    s = fsaverage5("pial")
    xyz = s.points.mm(s.frame)
    queries = np.random.default_rng(4).uniform(xyz.min(axis=0), xyz.max(axis=0), (50, 3))
    full = np.linalg.norm(xyz - queries[:, None], axis=2)
    assert np.array_equal(nearest_vertex(s, Points(queries, s.frame)), full.argmin(axis=1))


class TestSphere:
    def test_finds_itself_at_another_radius(self):
        s = fsaverage5("sphere")
        small = s.with_points(Points(s.points.mm(SPHERE) / 100, SPHERE))
        assert np.array_equal(nearest_by_sphere(small, s), np.arange(len(s)))

    def test_nearest_arc(self):
        coarse = icosphere(3, 100.0, SPHERE)
        fine = fsaverage5("sphere")
        a, b = (x.points.mm(SPHERE) for x in (fine, coarse))
        unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b)]
        cosine = unit[0] @ unit[1].T
        index = nearest_by_sphere(fine, coarse)
        # The cosine cannot tell arcs apart below about 1e-8; ties may go either way.
        assert cosine[np.arange(len(fine)), index] == pytest.approx(cosine.max(axis=1), abs=1e-12)

    def test_real_registered_sphere(self, ecog):
        own = freesurfer(ecog / "surf" / "lh.sphere.reg", frame=SPHERE)
        index = nearest_by_sphere(fsaverage5("sphere"), own)
        a = fsaverage5("sphere").points.mm(SPHERE)
        b = own.points.mm(SPHERE)[index]
        cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        # Vertices of a hemisphere of 113 000 lie about 1 mm apart on the sphere.
        assert 100 * np.degrees(np.arccos(cosine.min())) * np.pi / 180 < 4.0
        assert len(np.unique(index)) > 10_000

    def test_refuses_a_folded_surface(self, ecog):
        pial = freesurfer(ecog / "surf" / "lh.pial", frame=SPHERE)
        with pytest.raises(InputError, match=r"it is no sphere\. Pass \?h\.sphere\.reg"):
            nearest_by_sphere(fsaverage5("sphere"), pial)

    def test_refuses_a_sphere_around_another_centre(self):
        s = fsaverage5("sphere")
        moved = shifted(s, [3, 0, 0])
        with pytest.raises(InputError, match=r"lie 97.* to 103.* mm from the origin"):
            nearest_by_sphere(moved, s)

    def test_refuses_the_other_hemisphere(self):
        with pytest.raises(DomainError, match="opposite hemispheres"):
            nearest_by_sphere(fsaverage5("sphere", Hemi.RIGHT), fsaverage5("sphere"))

    def test_refuses_another_registration(self):
        other = icosphere(2, 100.0, Frame(SphereReg, "sub-01"))
        with pytest.raises(FrameError, match="look up vertices on a sphere"):
            nearest_by_sphere(other, fsaverage5("sphere"))
