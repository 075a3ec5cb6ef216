"""Exact distances against closed forms and the whole mesh; the field against them."""

from __future__ import annotations

import numpy as np
import pytest
from surface_cases import SCANNER, freesurfer, fsaverage5, icosphere, plane, shifted, surface

from tmsplan.base.errors import InputError
from tmsplan.surface import Surface, geodesic_field, geodesic_mm


def whole_mesh(s: Surface, source: int, targets=None):
    """What the solver says without any crop; without targets, to every vertex."""
    from pygeodesic.geodesic import PyGeodesicAlgorithmExact

    solver = PyGeodesicAlgorithmExact(s.points.mm(s.frame), s.faces)
    at = np.array([source], dtype=np.int32)
    if targets is None:
        return solver.geodesicDistances(at, None)[0]
    return solver.geodesicDistances(at, targets.astype(np.int32), 0.0)[0]


def test_flat_plane_is_euclidean():
    # Along edges the distance against the diagonals would be up to 41 % longer.
    s = plane(21, 1.5)
    xyz = s.points.mm(SCANNER)
    targets = np.arange(len(s))
    found = geodesic_mm(s, 20, targets)
    assert found == pytest.approx(np.linalg.norm(xyz - xyz[20], axis=1), abs=1e-9)


@pytest.mark.parametrize("level", [3, 4])
def test_sphere_is_a_great_circle(level):
    s = icosphere(level, 80.0)
    unit = s.points.mm(SCANNER) / 80.0
    targets = np.arange(1, len(s), 7)
    arc = 80.0 * np.arccos(np.clip(unit[targets] @ unit[0], -1, 1))
    found = geodesic_mm(s, 0, targets)
    # Facets lie inside the sphere: shorter, by a share that falls with the edge squared.
    shortfall = (arc - found) / arc
    assert (shortfall > 0).all()
    assert shortfall.max() < 0.02 / 4 ** (level - 3)


def test_around_a_fold_and_not_through_the_air():
    # A strip folded to a narrow U: 1 mm apart in the air, 20 mm and more along it.
    length, n = 10.0, 41
    t = np.linspace(-length, length, n)
    profile = np.stack([np.abs(t), np.where(t < 0, 0.0, 1.0)], axis=1)
    xyz = np.concatenate([np.c_[profile, np.full(n, y)] for y in (0.0, 1.0)])
    i = np.arange(n - 1)
    faces = np.concatenate(
        [np.stack([i, i + 1, i + n], 1), np.stack([i + 1, i + n + 1, i + n], 1)]
    )
    s = surface(xyz, faces)
    # The step from one limb to the other crosses one triangle strip at t = 0.
    step = np.hypot(0.5, 1.0)
    assert geodesic_mm(s, 0, [n - 1])[0] == pytest.approx(length + step + length - 0.5, abs=1e-9)


@pytest.mark.parametrize("reach", [15.0, 40.0])
def test_patch_equals_whole_mesh(reach):
    s = fsaverage5("pial")
    rng = np.random.default_rng(5)
    for source in rng.integers(len(s), size=3):
        full = whole_mesh(s, int(source))
        near = np.flatnonzero(full < reach)
        few = rng.choice(near, 20)
        assert geodesic_mm(s, int(source), few) == pytest.approx(full[few], abs=1e-6)
        # More targets than the patch is fitted to one by one.
        assert geodesic_mm(s, int(source), near) == pytest.approx(full[near], abs=1e-6)


@pytest.mark.slow
def test_patch_equals_whole_mesh_on_a_real_cortex(ecog):
    s = freesurfer(ecog / "surf" / "lh.pial")
    xyz = s.points.mm(SCANNER)
    near = np.flatnonzero(np.linalg.norm(xyz - xyz[30000], axis=1) < 12)
    targets = np.random.default_rng(0).choice(near, 10)
    full = whole_mesh(s, 30000, targets)
    # Opposite banks of a sulcus: near in space, far along the surface.
    assert full.max() > 2 * 12
    assert geodesic_mm(s, 30000, targets) == pytest.approx(full, abs=1e-6)


def test_source_itself_and_symmetry():
    s = fsaverage5("white_matter")
    assert geodesic_mm(s, 7, 7).tolist() == [0.0]
    there, back = geodesic_mm(s, 7, [7, 100, 7]), geodesic_mm(s, 100, [7])
    assert there[[0, 2]].tolist() == [0.0, 0.0]
    assert there[1] == pytest.approx(back[0], abs=1e-6)
    assert there[1] >= np.linalg.norm(np.diff(s.points.mm(s.frame)[[7, 100]], axis=0))


def two_planes():
    a = plane(5)
    xyz = a.points.mm(SCANNER)
    return surface(
        np.vstack([xyz, shifted(a, [0, 0, 3]).points.mm(SCANNER), [[9, 9, 9]]]),
        np.vstack([a.faces, a.faces + 25]),
    )


@pytest.mark.parametrize("lost", [[30], [3, 30], [50]])
def test_refuses_targets_on_another_part(lost):
    with pytest.raises(InputError, match="no path on the surface leads from vertex 0 to vertex"):
        geodesic_mm(two_planes(), 0, lost)


def test_refuses_vertices_that_do_not_exist():
    s = plane(5)
    with pytest.raises(InputError, match="no vertex 25 to be a target"):
        geodesic_mm(s, 0, [1, 25])
    with pytest.raises(InputError, match="no vertex -1 to be a source"):
        geodesic_mm(s, -1, [1])
    with pytest.raises(InputError, match="give one or more vertex numbers"):
        geodesic_mm(s, 0, [0.5])
    with pytest.raises(InputError, match="give one or more vertex numbers"):
        geodesic_mm(s, 0, [])


def test_field_is_near_the_exact_distance():
    s = fsaverage5("pial")
    exact = whole_mesh(s, 4000)
    field = geodesic_field(s, 4000, 60.0)
    inside = ~np.isnan(field)
    assert field[4000] == 0
    assert np.nanmax(field) <= 60.0
    # The figures that the docstring promises.
    assert np.abs(field - exact)[inside].max() < 5.0
    judged = inside & (exact > 5)
    assert np.abs(field - exact)[judged].mean() / exact[judged].mean() < 0.05
    assert not inside[exact > 66].any()
    assert inside[exact < 54].all()


def test_field_of_two_sources_on_two_parts():
    s = two_planes()
    one = geodesic_field(s, [0], np.inf)
    assert np.isnan(one[25:]).all()
    assert not np.isnan(one[:25]).any()
    both = geodesic_field(s, [0, 25], np.inf)
    assert np.array_equal(both[:25], one[:25])
    assert both[25:50] == pytest.approx(both[:25], abs=1e-9)
    assert geodesic_field(s, [50], np.inf)[50] == 0


def test_field_refuses_a_limit_below_zero():
    with pytest.raises(InputError, match="limit of -3 mm is not positive"):
        geodesic_field(plane(5), 0, -3)
