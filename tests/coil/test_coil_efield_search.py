"""The search over poses: the same field as one pose at a time, and what it may choose by."""

from __future__ import annotations

import numpy as np
import pytest
import round_head
from efield_shells import FIGURE8, off, round_patient, round_skull

from tmsplan.base.errors import InputError
from tmsplan.base.params import Params
from tmsplan.coil.efield.compress import compressed
from tmsplan.coil.efield.fast_potential import swept_m, turning_coil, windings_of
from tmsplan.coil.efield.head import pose_metres
from tmsplan.coil.efield.pial import pial_head
from tmsplan.coil.efield.region import region_around
from tmsplan.coil.efield.search import SearchSpace, ShellGrid, best_pose, search_poses
from tmsplan.coil.efield.shell import shell_head
from tmsplan.coil.efield.source import DipoleSource
from tmsplan.coil.efield.table import tabulated
from tmsplan.coil.place import along_midline
from tmsplan.coil.scalp import scalp_of
from tmsplan.coil.sites import scalp_sites
from tmsplan.space.points import Points, Vectors
from tmsplan.space.side import Hemi

pytestmark = pytest.mark.slow  # pose searches

ANGLES = np.arange(-180.0, 180.0, 30.0)


def space_of(patient, hemi, *, n=12, standoff=4.0, angles=ANGLES):
    side = -1 if hemi is Hemi.LEFT else 1
    scalp = scalp_of(patient)
    over = Points([side * 45.0, 20.0, 60.0], patient.scanner)
    sites = scalp_sites(scalp, over, 20.0, n, normal_radius=Params().normal_radius)
    right = patient.midplane().to_right
    ahead = [
        along_midline(sites.normals.take([i]), right, scalp.forward).components(patient.scanner)
        for i in range(len(sites))
    ]
    direction = Vectors(np.vstack(ahead), patient.scanner)
    return SearchSpace(sites.points, sites.normals, direction, hemi, angles, standoff)


def region_of(patient, hemi):
    side = -1 if hemi is Hemi.LEFT else 1
    return region_around(patient, hemi, Points([side * 38.0, 15.0, 50.0], patient.scanner))


@pytest.fixture(scope="module")
def patient():
    return round_patient()


@pytest.fixture(scope="module")
def shell(patient):
    return shell_head(patient, round_skull(patient), None)


@pytest.fixture(scope="module")
def grid(patient, shell):
    return search_poses(
        shell, FIGURE8, space_of(patient, Hemi.LEFT), region_of(patient, Hemi.LEFT)
    )


def test_the_grid_is_the_mean_field_of_each_pose(patient, shell, grid):
    response = shell.response(grid.region)
    worst = 0.0
    for site in range(0, len(grid.space.points), 3):
        for angle in range(0, len(ANGLES), 5):
            pose = grid.space.pose(site, angle, FIGURE8, grid.cortex)
            pose_m = pose_metres(pose.scanner_from_coil, patient.scanner)
            mean = response.mean_field(pose_m, FIGURE8, 1e6)
            worst = max(worst, abs(np.linalg.norm(mean[:3]) - grid.magnitude[site, angle]))
            worst = max(worst, abs(mean[3] - grid.normal[site, angle]))
    assert worst < 1e-3 * grid.magnitude.max()


def test_the_handle_angle_is_the_one_of_place_coil(patient, grid):
    """On the left, 45 deg: the handle points back and to the left; on the right mirrored."""
    for hemi, sign in ((Hemi.LEFT, -1.0), (Hemi.RIGHT, 1.0)):
        space = space_of(patient, hemi, n=1, angles=np.array([45.0]))
        pose = space.pose(0, 0, FIGURE8, grid.cortex)
        m = pose.scanner_from_coil.matrix(patient.scanner, pose.scanner_from_coil.src)
        ahead = space.ahead.components(patient.scanner)[0]
        handle = -m[:3, 1]
        assert handle @ ahead == pytest.approx(-np.cos(np.pi / 4), abs=1e-6)
        assert sign * handle[0] > 0.4
        assert m[:3, 2] == pytest.approx(-space.normals.components(patient.scanner)[0])
        assert np.linalg.det(m[:3, :3]) == pytest.approx(1)


def test_half_a_turn_reverses_the_normal_component(grid):
    half = len(ANGLES) // 2
    assert grid.normal[:, :half] == pytest.approx(-grid.normal[:, half:], abs=1e-5)


def test_the_best_by_normal_is_the_largest_of_the_grid(grid):
    best = grid.best_by_normal()
    assert best.value_v_per_m == pytest.approx(np.abs(grid.normal).max(), rel=1e-5)
    assert best.angle < len(ANGLES) // 2  # the first of two equal ones
    assert best.pose.handle_deg == ANGLES[best.angle]
    assert "normal to the cortex" in best.why
    assert "model: shell" in best.why
    assert best_pose(grid, "normal").site == best.site


def test_at_the_conventional_angle_the_best_site_is_chosen_by_magnitude(grid):
    best = grid.best_at_angle(7)
    assert best.angle == 7
    assert best.site == int(grid.magnitude[:, 7].argmax())
    assert "kept at 30 deg" in best.why


def test_the_shell_never_chooses_an_angle_by_magnitude(grid):
    assert isinstance(grid, ShellGrid)
    assert not hasattr(grid, "best_by_magnitude")
    with pytest.raises(InputError, match=r"best angle by \|E\| was asked of the model 'shell'"):
        best_pose(grid, "magnitude")


def test_in_the_shell_magnitude_hardly_depends_on_the_angle_and_with_pia_it_may_choose(patient):
    head = pial_head(patient, round_skull(patient), None, triangles=600)
    found = search_poses(
        head, FIGURE8, space_of(patient, Hemi.LEFT, n=4), region_of(patient, Hemi.LEFT)
    )
    best = best_pose(found, "magnitude")
    assert best.value_v_per_m == pytest.approx(found.magnitude.max(), rel=1e-5)
    assert "model: shell+pial" in best.why


def test_a_mirrored_head_gives_mirrored_poses():
    patient = round_patient()
    shell = shell_head(patient, round_skull(patient), None)
    poses = {}
    for hemi in Hemi:
        grid = search_poses(shell, FIGURE8, space_of(patient, hemi), region_of(patient, hemi))
        pose = grid.best_by_normal().pose
        poses[hemi] = pose.scanner_from_coil.matrix(patient.scanner, pose.scanner_from_coil.src)
    left, right = poses[Hemi.LEFT], poses[Hemi.RIGHT]
    assert np.abs(round_head.MIRROR @ left[:3, 3] - right[:3, 3]).max() < 0.05
    assert np.abs(round_head.MIRROR @ left[:3, 2] - right[:3, 2]).max() < 1e-3
    # Mirrored windings carry the opposite current, so y may come out reversed.
    assert abs(round_head.MIRROR @ left[:3, 1] @ right[:3, 1]) == pytest.approx(1, abs=1e-3)


def test_a_coil_inside_the_head_is_refused(patient, shell):
    space = space_of(patient, Hemi.LEFT, n=1, standoff=-12.0)
    with pytest.raises(InputError, match=r"the windings come to .* mm of the inner skull"):
        search_poses(shell, FIGURE8, space, region_of(patient, Hemi.LEFT))


def test_what_is_no_coil_of_windings_or_has_no_sites_is_refused(patient, shell):
    dipole = DipoleSource("dipole", np.array([[0, 0, -0.01]]), np.array([[0, 0, 1.0]]))
    space = space_of(patient, Hemi.LEFT, n=1)
    with pytest.raises(InputError, match="needs a coil of windings; got DipoleSource"):
        search_poses(shell, dipole, space, region_of(patient, Hemi.LEFT))
    with pytest.raises(InputError, match="has 1 sites, 1 normals, 1 directions and 0 angles"):
        SearchSpace(space.points, space.normals, space.ahead, Hemi.LEFT, np.array([]), 4.0)
    assert windings_of(tabulated(FIGURE8)) is FIGURE8


def test_fewer_points_give_the_same_sums():
    """20,000 points in a ball, the coil 15 mm outside it."""
    rng = np.random.default_rng(6)
    points = rng.normal(size=(20000, 3))
    points *= (0.07 * rng.uniform(0, 1, 20000) ** (1 / 3) / np.linalg.norm(points, axis=1))[
        :, None
    ]
    vectors = rng.normal(size=(2, 20000, 3)) * (1 + 5 * (points[:, 2] > 0))[:, None]
    vectors += np.array([1.0, 0.5, -0.3])
    axes, centre = np.diag([1.0, -1.0, -1.0]), np.array([0.01, 0.0, 0.085])
    zone = swept_m(FIGURE8) @ axes.T + centre
    fewer, weights = compressed(points, vectors, zone)
    assert len(fewer) < 10000
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = axes, centre
    exact = np.einsum(
        "knx,nx->k", vectors, FIGURE8.vector_potential((points - centre) @ axes) @ axes.T
    )
    size = np.abs(FIGURE8.vector_potential((points - centre) @ axes)).sum()
    found = turning_coil(FIGURE8, np.eye(3)[None]).sums(fewer, weights, axes, centre)[:, 0]
    assert np.abs(found - exact).max() < 5e-5 * size
    assert off(found, exact) < 0.002
