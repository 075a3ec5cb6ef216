"""The shell on a real inner skull, against other programs and against itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import round_head
import trimesh
from efield_cases import CASES
from efield_shells import (
    FIGURE8,
    RADIUS_M,
    below,
    density,
    field,
    matrix_of,
    off,
    over_the_top,
    round_patient,
    round_skull,
)

from tmsplan.base.errors import DomainError, InputError
from tmsplan.coil.efield.coarse import coarse
from tmsplan.coil.efield.dipoles import dipoles_of
from tmsplan.coil.efield.head import pose_metres
from tmsplan.coil.efield.layer import Boundary, layer_of
from tmsplan.coil.efield.mid_cortex import Sheet, anchored
from tmsplan.coil.efield.region import CorticalRegion, region_around
from tmsplan.coil.efield.shell import shell_head
from tmsplan.coil.efield.solve import direct_solver
from tmsplan.coil.efield.sphere import sphere_field
from tmsplan.coil.pose import CoilPose
from tmsplan.space.frame import CoilSimnibs, Frame, Scanner
from tmsplan.space.points import Points, Vectors
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Rigid
from tmsplan.surface import Domain, Surface

FSAVERAGE = Frame(Scanner, "fsaverage")
REAL = CASES["realistic"]["cases"]


@pytest.fixture(scope="module")
def fsaverage():
    """The inner skull that MNE carries, 20,480 triangles made 5,120."""
    import mne

    file = Path(mne.__file__).parent / "data/fsaverage/fsaverage-inner_skull-bem.fif"
    (skull,) = mne.read_bem_surfaces(file, verbose="error")
    domain = Domain("inner-skull", len(skull["rr"]), None, "fsaverage")
    full = Surface(Points(skull["rr"] * 1e3, FSAVERAGE), skull["tris"], domain)
    fewer = coarse(full, 5120, "inner skull")
    layer = layer_of([Boundary(fewer.points.mm(FSAVERAGE) * 1e-3, fewer.faces, 0.33, 0.0)])
    return layer, direct_solver(matrix_of(layer))


@pytest.mark.parametrize("case", REAL, ids=[c["id"] for c in REAL])
@pytest.mark.parametrize(
    "other", ["E_charge_bem_20480tri_V_per_m", "E_MNE_linear_collocation_20480tri_V_per_m"]
)
def test_a_real_inner_skull_agrees_with_two_programs_to_a_hundredth(fsaverage, case, other):
    layer, solver = fsaverage
    pose, points = np.array(case["coil_to_mri_4x4"]), np.array(case["points_m"])
    found = field(layer, density(layer, solver, pose), pose, points)
    worst = np.linalg.norm(found - np.array(case[other]), axis=1).max()
    assert worst < 0.01 * case["peak_over_all_vertices_V_per_m"]


@pytest.mark.slow
def test_openmeeg_gives_the_same_field_by_reciprocity():
    """Flux of the MEG field of unit dipoles through the coil, in an ellipsoid."""
    om = pytest.importorskip("openmeeg")
    mesh = trimesh.creation.icosphere(subdivisions=3)
    stretch = np.array([0.85, 1.1, 1.0])
    vertices, faces = np.asarray(mesh.vertices) * RADIUS_M * stretch, np.asarray(mesh.faces)
    layer = layer_of([Boundary(vertices, faces, 1.0, 0.0)])
    pose, points = over_the_top(0.10), below(18, n=12) * stretch
    ours = field(layer, density(layer, direct_solver(matrix_of(layer)), pose), pose, points)
    sheet = dipoles_of(FIGURE8, 6e-3)
    geometry = om.make_nested_geometry([(vertices, faces)], [1.0])
    # OpenMEEG makes sensors of length 1.
    length = np.linalg.norm(sheet.moment_m2, axis=1)
    sensors = om.make_sensors(
        sheet.position_m @ pose[:3, :3].T + pose[:3, 3],
        (sheet.moment_m2 / length[:, None]) @ pose[:3, :3].T,
    )
    currents = np.hstack([np.repeat(points, 3, axis=0), np.tile(np.eye(3), (len(points), 1))])
    dipoles = om.Matrix(np.asfortranarray(currents))
    inverse = om.HeadMat(geometry)
    inverse.invert()
    flux = om.GainMEG(
        inverse,
        om.DipSourceMat(geometry, dipoles, "Brain"),
        om.Head2MEGMat(geometry, sensors),
        om.DipSource2MEGMat(dipoles, sensors),
    ).array()
    theirs = -(length @ flux).reshape(-1, 3) * 1e6
    assert off(ours, theirs) < 0.015


def test_the_patients_whole_cortex_has_the_field_of_the_closed_form():
    patient = round_patient()
    head = shell_head(patient, round_skull(patient), None)
    pose = _pose(patient)
    found = head.on_cortex(pose, FIGURE8)
    pose_m = pose_metres(pose.scanner_from_coil, patient.scanner)
    for hemi, side in found.sides():
        mid = patient.cortex.side(hemi).mid
        expected = sphere_field(
            FIGURE8, pose_m, np.zeros(3), mid.points.mm(patient.scanner) * 1e-3
        )
        vectors = side.components(patient.scanner)
        known = np.isfinite(vectors[:, 0])
        assert off(vectors[known], expected[known]) < 0.025
        assert side.untrusted == (~known).sum()
        normals = mid.vertex_normals().components(patient.scanner)
        assert side.normal.values[known] == pytest.approx(
            np.einsum("nx,nx->n", vectors, normals)[known]
        )
        assert side.magnitude.unit == "V/m"


def test_vertices_outside_or_close_to_the_skull_are_missing_and_counted():
    patient = round_patient()
    skull = round_skull(patient)
    high = patient.cortex.left.mid.points.mm(patient.scanner)[:, 2].argmax()
    depth = skull.depth.left.values.copy()
    depth[high], depth[0] = -3.0, 0.5
    changed = replace(
        skull, depth=replace(skull.depth, left=replace(skull.depth.left, values=depth))
    )
    head = shell_head(patient, changed, None)
    found = head.on_cortex(_pose(patient), FIGURE8)
    assert np.flatnonzero(np.isnan(found.left.magnitude.values)).tolist() == sorted([0, high])
    assert (found.left.untrusted, found.right.untrusted) == (2, 0)
    total = sum(len(c.pial) for _, c in patient.cortex.sides())
    assert any(
        f"2 of {total} mid-cortex vertices have no field: 1 lie outside" in n for n in head.notes
    )
    bad = CorticalRegion("crown", patient.cortex.left.domain, np.array([0, int(high)]))
    with pytest.raises(InputError, match="crown: the field is trusted on 0 % of the region"):
        head.response(bad)


def test_the_adjoint_equals_the_direct_solution():
    patient = round_patient()
    head = shell_head(patient, round_skull(patient), None)
    pose = _pose(patient)
    region = region_around(patient, Hemi.LEFT, Points([-30, 10, 55], patient.scanner))
    response = head.response(region)
    pose_m = pose_metres(pose.scanner_from_coil, patient.scanner)
    side = head.on_cortex(pose, FIGURE8).left
    area = patient.cortex.left.mid.vertex_areas()[region.vertices]
    vectors = side.components(patient.scanner)[region.vertices]
    direct = np.append(
        np.average(vectors, axis=0, weights=area),
        np.average(side.normal.values[region.vertices], weights=area),
    )
    assert response.mean_field(pose_m, FIGURE8, 1e6) == pytest.approx(
        direct, abs=5e-3 * np.abs(direct).max()
    )
    assert response.trusted == 1.0


def test_reversing_the_current_or_turning_by_half_a_circle_reverses_the_field():
    patient = round_patient()
    head = shell_head(patient, round_skull(patient), None)
    pose = _pose(patient)
    plain = head.on_cortex(pose, FIGURE8).left.components(patient.scanner)
    back = head.on_cortex(pose, FIGURE8.opposite()).left.components(patient.scanner)
    turned = head.on_cortex(_pose(patient, half_turn=True), FIGURE8).left
    top = np.abs(plain).max()
    assert np.abs(plain + back).max() < 1e-5 * top
    assert np.abs(plain + turned.components(patient.scanner)).max() < 1e-5 * top


def test_a_region_of_another_mesh_is_refused():
    patient = round_patient()
    head = shell_head(patient, round_skull(patient), None)
    other = CorticalRegion(
        "patch", Domain("fsaverage5", 10242, Hemi.LEFT, "template"), np.arange(5)
    )
    with pytest.raises(DomainError, match="patch: the region is on template/fsaverage5"):
        head.response(other)
    with pytest.raises(InputError, match="patch: a region needs vertices"):
        CorticalRegion("patch", other.domain, np.array([20000]))


def test_anchors_carry_a_smooth_field_between_them():
    """30,000 points on a folded sheet; the field of a charge 12 mm away."""
    rng = np.random.default_rng(2)
    xy = rng.uniform(-0.04, 0.04, (30000, 2))
    z = 0.004 * np.sin(400 * xy[:, 0])
    points = np.column_stack([xy, z])
    slope = 0.004 * 400 * np.cos(400 * xy[:, 0])
    normals = np.column_stack([-slope, 0 * z, 1 + 0 * z])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    trusted = np.ones(30000, dtype=bool)
    trusted[:10] = False
    mid = anchored(Sheet(points, normals, np.ones(30000), 30000), np.ones(30000), trusted)
    away = points - [0.0, 0.0, 0.016]
    values = away / np.linalg.norm(away, axis=1, keepdims=True) ** 3
    spread = mid.spread @ values[mid.anchors]
    inner = trusted & (np.abs(xy).max(axis=1) < 0.037)
    error = np.linalg.norm(spread - values, axis=1)[inner]
    assert len(mid.anchors) < 8000
    assert error.max() < 0.02 * np.linalg.norm(values, axis=1).max()
    assert np.sqrt((error**2).mean()) < 0.002 * np.linalg.norm(values, axis=1).max()
    assert np.abs(spread[:10]).max() == 0


def test_an_open_surface_is_refused_and_a_closed_one_stays_closed():
    mesh = trimesh.creation.icosphere(subdivisions=4)
    domain = Domain("pia", len(mesh.vertices), Hemi.LEFT, "round")
    points = Points(np.asarray(mesh.vertices) * 70, round_head.FRAME)
    whole = Surface(points, np.asarray(mesh.faces), domain)
    fewer = coarse(whole, 1500, "pia")
    assert abs(len(fewer.faces) - 1500) < 10
    assert trimesh.Trimesh(fewer.points.mm(round_head.FRAME), fewer.faces).is_watertight
    assert fewer.signed_volume() == pytest.approx(whole.signed_volume(), rel=0.01)
    with pytest.raises(InputError, match="the pia surface is not closed"):
        coarse(Surface(points, np.asarray(mesh.faces)[:-1], domain), 1500, "pia")


def _pose(patient, *, half_turn: bool = False) -> CoilPose:
    """6 mm over the scalp of the round head, above the left hemisphere."""
    matrix = over_the_top(0.096, tilt=-0.5)
    matrix[:3, 3] *= 1e3
    if half_turn:
        matrix[:3, :2] *= -1
    frame = patient.scanner
    normal = -matrix[:3, 2]
    return CoilPose(
        Rigid.claim(matrix, dst=frame, src=Frame(CoilSimnibs, FIGURE8.name), because="made up"),
        FIGURE8.name,
        Points(normal * 90, frame),
        Vectors(normal, frame),
        6.0,
        20.0,
        45.0,
    )
