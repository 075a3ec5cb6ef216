"""Poses: closed forms on a sphere, mirror and motion, and where a clinician holds the handle."""

from __future__ import annotations

import numpy as np
import pytest
import round_head as rh
from hypothesis import given, settings
from strategies import quaternions, rotation

from tmsplan.base import InputError, Params
from tmsplan.coil.coils import coil_called, coil_names
from tmsplan.coil.place import along_midline, axis_miss_mm, place_coil
from tmsplan.coil.scalp import scalp_of
from tmsplan.space.frame import FrameError
from tmsplan.space.midplane import Midplane
from tmsplan.space.points import Points, Vectors
from tmsplan.space.side import Hemi

P = Params()
COIL = "figure8-70mm"
RIGHT, AHEAD = Vectors([1, 0, 0], rh.FRAME), Vectors([0, 1, 0], rh.FRAME)
#: Left-sided directions from the centre of the head; the right side is their mirror image.
SITES = {
    "vertex": (-0.03, 0.05, 1.0),
    "hand": (-0.45, -0.1, 0.85),
    "prefrontal": (-0.55, 0.6, 0.6),
    "forehead": (-0.25, 0.95, 0.15),
    "low prefrontal": (-0.75, 0.6, 0.2),
    "parietal": (-0.6, -0.6, 0.55),
    "occipital": (-0.2, -0.95, 0.1),
    "temporal": (-0.99, 0.0, 0.1),
}


def pose(patient, xyz, hemi, params=P):
    return place_coil(
        rh.target(xyz, hemi, patient.scanner),
        scalp_of(patient),
        midplane=patient.midplane(),
        coil=COIL,
        params=params,
    )


def matrix(p) -> np.ndarray:
    return p.scanner_from_coil.matrix(p.scanner_from_coil.dst, p.scanner_from_coil.src)


@pytest.fixture(scope="module")
def round_patient():
    return rh.head()


@pytest.fixture(scope="module")
def bumpy_patient():
    return rh.head(rh.scalp(bumps=2.0))


@pytest.mark.parametrize("hemi", Hemi)
@pytest.mark.parametrize("site", SITES)
def test_pose_on_a_sphere(round_patient, site: str, hemi: Hemi) -> None:
    """Centre 4 mm off the sphere on the radius, z into the head, a proper rotation."""
    out = np.array(SITES[site]) / np.linalg.norm(SITES[site])
    out = out if hemi is Hemi.LEFT else out @ rh.MIRROR
    p = pose(round_patient, out * 68, hemi)
    m = matrix(p)
    assert np.linalg.norm(m[:3, 3] - out * 94) < 0.5
    assert m[:3, 2] @ -out > np.cos(np.radians(2))
    assert np.linalg.det(m[:3, :3]) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(m[:3, :3].T @ m[:3, :3], np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.cross(m[:3, 1], m[:3, 2]), m[:3, 0], atol=1e-12)
    assert p.depth_mm == pytest.approx(22, abs=0.5)


@pytest.mark.parametrize("hemi", Hemi)
@pytest.mark.parametrize("site", [s for s in SITES if s != "temporal"])
def test_handle_is_45_deg_behind_and_lateral(round_patient, site: str, hemi: Hemi) -> None:
    """Independent of the code: walk on the sphere in a plane parallel to the midplane.

    At (x, y, z) that walk follows a circle of constant x; its backward tangent is
    (0, -z, y) scaled. Lateral is where |x| grows.
    """
    out = np.array(SITES[site]) / np.linalg.norm(SITES[site])
    out = out if hemi is Hemi.LEFT else out @ rh.MIRROR
    handle = -matrix(pose(round_patient, out * 68, hemi))[:3, 1]
    backward = np.array([0, -out[2], out[1]]) / np.hypot(out[1], out[2])
    assert np.degrees(np.arccos(handle @ backward)) == pytest.approx(45, abs=1)
    outward_side = -1 if hemi is Hemi.LEFT else 1
    assert outward_side * handle[0] > 0


def test_words_of_the_clinic_at_three_sites(round_patient) -> None:
    """Vertex: back and left. Forehead: up and left. Temple: back and down."""
    vertex = -matrix(pose(round_patient, [-1, 2, 60], Hemi.LEFT))[:3, 1]
    np.testing.assert_allclose(vertex, [-0.707, -0.707, 0], atol=0.05)
    forehead = -matrix(pose(round_patient, [-1, 70, 2], Hemi.LEFT))[:3, 1]
    np.testing.assert_allclose(forehead, [-0.707, 0, 0.707], atol=0.05)
    temple = -matrix(pose(round_patient, [-66, 0, 0], Hemi.LEFT))[:3, 1]
    np.testing.assert_allclose(temple, [0, -0.707, -0.707], atol=0.05)


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, -45.0])
def test_handle_angle_is_obeyed(round_patient, angle: float) -> None:
    params = P.overriding({"handle_angle": angle})
    p = pose(round_patient, [-1e-3, 1e-3, 60], Hemi.LEFT, params)
    handle = -matrix(p)[:3, 1]
    a = np.radians(angle)
    np.testing.assert_allclose(handle, [-np.sin(a), -np.cos(a), 0], atol=0.02)
    assert p.handle_deg == angle


@pytest.mark.parametrize("site", SITES)
def test_a_mirrored_head_gets_the_mirrored_pose(bumpy_patient, site: str) -> None:
    """Sides exchanged, x negated: centre, y, z are mirrored; x turns over, so det stays +1."""
    xyz = np.array(SITES[site]) * 60
    here = matrix(pose(bumpy_patient, xyz, Hemi.LEFT))
    there = matrix(pose(rh.mirrored(bumpy_patient), xyz @ rh.MIRROR, Hemi.RIGHT))
    expected = np.eye(4)
    expected[:3] = rh.MIRROR @ here[:3]
    expected[:3, 0] *= -1
    np.testing.assert_allclose(there, expected, atol=1e-6)


def test_code_that_ignores_the_side_would_be_seen(bumpy_patient) -> None:
    """Anchor of the mirror test: on one head, left and right handles differ by 90 deg."""
    left = matrix(pose(bumpy_patient, [-2, 3, 60], Hemi.LEFT))[:3, 1]
    right = matrix(pose(bumpy_patient, [-2, 3, 60], Hemi.RIGHT))[:3, 1]
    assert left[0] > 0.5
    assert right[0] < -0.5


@given(quaternions)
@settings(max_examples=10)
def test_a_moved_head_carries_its_pose(bumpy_patient, q) -> None:
    """Any turn by less than a right angle, and a shift: the pose moves along."""
    w, *axis = q
    move = np.eye(4)
    move[:3, :3] = rotation((abs(w) + 2.0, *axis))  # at most 82 deg: RAS keeps its meaning
    move[:3, 3] = [12.5, -40.0, 7.25]
    xyz = np.array([-35.0, 38.0, 38.0])
    here = matrix(pose(bumpy_patient, xyz, Hemi.LEFT))
    there = matrix(
        pose(rh.moved(bumpy_patient, move), move[:3, :3] @ xyz + move[:3, 3], Hemi.LEFT)
    )
    np.testing.assert_allclose(there, move @ here, atol=1e-6)


def test_direction_along_the_midline_is_smooth_over_the_reachable_head() -> None:
    """1 deg of scalp never turns the handle by more than 7 deg, down to 30 deg under the ear."""
    grid = [(lat, lon) for lat in range(-30, 86, 5) for lon in range(-180, 180, 5)]

    def normal(lat: float, lon: float) -> Vectors:
        a, b = np.radians([lat, lon])
        return Vectors([np.cos(a) * np.sin(b), np.cos(a) * np.cos(b), np.sin(a)], rh.FRAME)

    def along(lat: float, lon: float) -> np.ndarray:
        return along_midline(normal(lat, lon), RIGHT, AHEAD).components(rh.FRAME)[0]

    worst = 0.0
    for lat, lon in grid:
        here = along(lat, lon)
        for step in (along(lat + 1, lon), along(lat, lon + 1 / np.cos(np.radians(lat)))):
            worst = max(worst, float(np.degrees(np.arccos(np.clip(here @ step, -1, 1)))))
        assert abs(here @ normal(lat, lon).components(rh.FRAME)[0]) < 1e-9
    assert worst < 7


def test_under_the_head_there_is_no_direction() -> None:
    chin = Vectors([0, 0.414, -0.91], rh.FRAME).units()
    with pytest.raises(InputError, match=r"faces down .* the handle cannot be set"):
        along_midline(chin, RIGHT, AHEAD)


def test_an_unknown_coil_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(
        InputError, match=r"no coil called 'figure8-70'\. Did you mean 'figure8-70mm'"
    ):
        coil_called("figure8-70")
    assert COIL in coil_names()
    coil = coil_called(COIL)
    assert 0 < coil.inner_radius_mm < coil.outer_radius_mm <= coil.wing_offset_mm


def test_another_patients_midplane_is_refused(round_patient) -> None:
    other = rh.Frame(rh.Scanner, "sub-02")
    plane = Midplane(Points([0, 0, 0], other), Vectors([1, 0, 0], other))
    with pytest.raises(FrameError, match="sub-02/Scanner"):
        place_coil(
            rh.target([-30, 30, 40], Hemi.LEFT),
            scalp_of(round_patient),
            midplane=plane,
            coil=COIL,
            params=P,
        )


def test_the_axis_passes_the_target(round_patient) -> None:
    xyz = np.array([-30.0, 30.0, 40.0])
    p = pose(round_patient, xyz, Hemi.LEFT)
    assert axis_miss_mm(p, rh.target(xyz, Hemi.LEFT)) < 0.5
    aside = np.cross(xyz, [0, 0, 1])
    aside *= 7 / np.linalg.norm(aside)
    assert axis_miss_mm(p, rh.target(xyz + aside, Hemi.LEFT)) == pytest.approx(7, abs=0.5)
