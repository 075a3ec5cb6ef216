"""The closed form in a sphere: reference cases, laws, and two other programs by reciprocity."""

from __future__ import annotations

import numpy as np
import pytest
from efield_cases import FIGURE8, SPHERE, rigid, source_and_pose

from tmsplan.base.errors import InputError
from tmsplan.coil.coils import coil_names
from tmsplan.coil.efield.dipoles import dipoles_of
from tmsplan.coil.efield.source import DipoleSource, coil_source, primary_field
from tmsplan.coil.efield.sphere import A_PER_US, sphere_field, sphere_field_of_dipoles

CENTRE = np.zeros(3)
#: Coil 12 mm outside a sphere of 85 mm, z into it.
ABOVE = np.array([[-1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 0.097], [0, 0, 0, 1]])


def inside(n: int, seed: int = 0, radius: float = 0.08) -> np.ndarray:
    rng = np.random.default_rng(seed)
    v = rng.normal(size=(n, 3))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    return v * (radius * rng.uniform(0, 1, (n, 1)) ** (1 / 3))


def peak(vectors) -> float:
    return float(np.linalg.norm(vectors, axis=1).max())


@pytest.mark.parametrize("name", SPHERE)
def test_reference_cases_to_a_millionth_of_the_peak(name) -> None:
    case = SPHERE[name]
    source, pose = source_and_pose(case)
    points, centre = np.array(case["points_m"]), np.array(case["sphere_centre_m"])
    expected = np.array(case["E_V_per_m"])
    found = sphere_field(source, pose, centre, points, didt=case["dIdt_A_per_s"])
    assert np.abs(found - expected).max() < 1e-6 * peak(expected)
    radial = np.einsum("nc,nc->n", found, points - centre)
    assert np.abs(radial).max() < 1e-10 * peak(expected) * 0.08
    if isinstance(source, DipoleSource):
        other = sphere_field_of_dipoles(source, pose, centre, points, didt=case["dIdt_A_per_s"])
        assert np.abs(other - expected).max() < 1e-6 * peak(expected)
    if "primary_minus_dAdt_V_per_m" in case:
        primary = A_PER_US * primary_field(source, pose, points)
        wanted = np.array(case["primary_minus_dAdt_V_per_m"])
        assert np.abs(primary - wanted).max() < 1e-6 * peak(wanted)


@pytest.mark.parametrize("name", coil_names())
def test_two_routes_agree_for_every_coil(name) -> None:
    """Poincaré's gauge with elliptic integrals, against Sarvas with dipoles: no shared code."""
    source, points = coil_source(name), inside(40)
    one = sphere_field(source, ABOVE, CENTRE, points)
    two = sphere_field_of_dipoles(dipoles_of(source, 1.5e-3), ABOVE, CENTRE, points)
    assert np.abs(one - two).max() < 1e-5 * peak(one)


def test_the_curl_is_the_rate_of_change_of_b() -> None:
    """Faraday's law, which the reference cases do not state."""
    source, points, h = coil_source(FIGURE8), inside(30, 1, 0.07), 1e-5
    steps = h * np.eye(3)
    d = [(sphere_field(source, ABOVE, CENTRE, points + s)
          - sphere_field(source, ABOVE, CENTRE, points - s)) / (2 * h) for s in steps]  # fmt: skip
    curl = np.stack([d[1][:, 2] - d[2][:, 1], d[2][:, 0] - d[0][:, 2],
                     d[0][:, 1] - d[1][:, 0]], axis=1)  # fmt: skip
    turn, place = ABOVE[:3, :3], ABOVE[:3, 3]
    b = source.magnetic_field((points - place) @ turn) @ turn.T
    assert np.abs(curl + A_PER_US * b).max() < 1e-6 * A_PER_US * peak(b)


def test_a_radial_dipole_makes_no_charges() -> None:
    dipole = DipoleSource("radial", np.array([[0, 0.03, 0.09]]), np.array([[0, 1e-3, 3e-3]]))
    points = inside(30, 2)
    total = sphere_field(dipole, np.eye(4), CENTRE, points)
    primary = A_PER_US * primary_field(dipole, np.eye(4), points)
    assert np.abs(total - primary).max() < 1e-12 * peak(primary)


def test_a_rigid_motion_of_coil_and_head_turns_the_field() -> None:
    source, points, motion = coil_source(FIGURE8), inside(30, 3), rigid(7)
    one = sphere_field(source, ABOVE, CENTRE, points)
    moved = points @ motion[:3, :3].T + motion[:3, 3]
    two = sphere_field(source, motion @ ABOVE, motion[:3, 3], moved)
    assert np.abs(two - one @ motion[:3, :3].T).max() < 1e-12 * peak(one)


def test_reversed_current_and_a_half_turn_reverse_the_field_exactly() -> None:
    source, points = coil_source(FIGURE8), inside(30, 4)
    one = sphere_field(source, ABOVE, CENTRE, points)
    reverse = sphere_field(source.opposite(), ABOVE, CENTRE, points)
    turned = sphere_field(source, ABOVE @ np.diag([-1.0, -1, 1, 1]), CENTRE, points)
    assert np.array_equal(reverse, -one)
    assert np.abs(turned + one).max() < 1e-12 * peak(one)
    assert np.array_equal(sphere_field(source, ABOVE, CENTRE, points, didt=-A_PER_US), -one)


def test_a_mirrored_head_has_the_mirrored_field() -> None:
    """The coil is its own mirror image: the mirrored pose has the mirrored centre."""
    mirror = np.diag([-1.0, 1, 1])
    pose = ABOVE.copy()
    pose[:3, 3] = [0.02, 0.01, 0.1]
    other = pose.copy()
    other[:3, 3] = mirror @ pose[:3, 3]
    points = inside(30, 5)
    one = sphere_field(coil_source(FIGURE8), pose, CENTRE, points)
    two = sphere_field(coil_source(FIGURE8), other, CENTRE, points @ mirror)
    assert np.abs(two - one @ mirror).max() < 1e-12 * peak(one)


def test_a_coil_inside_the_sphere_is_refused() -> None:
    with pytest.raises(InputError, match=r"a point lies 120\.0 mm from the sphere's centre and "):
        sphere_field(coil_source(FIGURE8), ABOVE, CENTRE, np.array([[0, 0.12, 0]]))
    with pytest.raises(InputError, match="check that both are in metres"):
        sphere_field(coil_source(FIGURE8), ABOVE, CENTRE, 1e3 * inside(3))


def _few_dipoles() -> DipoleSource:
    rng = np.random.default_rng(11)
    place = rng.normal(size=(6, 3))
    place *= 0.1 / np.linalg.norm(place, axis=1, keepdims=True)
    return DipoleSource("six", place, rng.normal(size=(6, 3)) * 1e-3)


def test_mne_agrees_by_reciprocity() -> None:
    """The forward field of current dipoles in MNE's sphere, seen by our coil as magnetometers."""
    import mne

    source, points = _few_dipoles(), inside(12, 6, 0.07)
    length = np.linalg.norm(source.moment_m2, axis=1)
    info = mne.create_info([f"MEG {i:03d}" for i in range(6)], 1000.0, "mag")
    for channel, place, moment in zip(
        info["chs"], source.position_m, source.moment_m2 / length[:, None], strict=True
    ):
        first = np.eye(3)[int(np.abs(moment).argmin())]
        x = np.cross(first, moment)
        x /= np.linalg.norm(x)
        channel["loc"] = np.concatenate([place, x, np.cross(moment, x), moment])
        channel["coil_type"] = mne.utils._bunch.NamedInt("POINT", 2000)
    with info._unlock():
        info["dev_head_t"] = mne.Transform("meg", "head", np.eye(4))
    sphere = mne.make_sphere_model((0.0, 0.0, 0.0), 0.09, verbose="error")
    space = mne.setup_volume_source_space(
        pos={"rr": points, "nn": np.tile([0.0, 0, 1], (len(points), 1))}, sphere=None,
        sphere_units="m", verbose="error",
    )  # fmt: skip
    forward = mne.make_forward_solution(
        info, None, space, sphere, meg=True, eeg=False, mindist=0.0, verbose="error"
    )
    gain = forward["sol"]["data"].reshape(6, len(points), 3)
    theirs = -A_PER_US * np.einsum("k,knc->nc", length, gain)
    ours = sphere_field(source, np.eye(4), CENTRE, points)
    assert np.abs(ours - theirs).max() < 1e-6 * peak(ours)


@pytest.mark.slow
def test_openmeeg_agrees_by_reciprocity(tmp_path) -> None:
    """A boundary-element solution on 1,280 triangles: 2 % of the peak 20 mm and more inside."""
    import openmeeg as om
    import pyvista as pv

    ball = pv.Icosphere(radius=0.085, nsub=3).clean()
    faces = np.asarray(ball.faces).reshape(-1, 4)[:, 1:]
    source, points = _few_dipoles(), inside(8, 7, 0.06)
    (tmp_path / "meg.txt").write_text(
        "\n".join(
            " ".join(f"{v:.12g}" for v in (*place, *moment))
            for place, moment in zip(source.position_m, source.moment_m2, strict=True)
        )
    )
    geometry = om.make_nested_geometry([(np.asarray(ball.points, dtype=float), faces)], [0.3])
    sensors = om.Sensors(str(tmp_path / "meg.txt"))
    rows = np.hstack([np.repeat(points, 3, axis=0), np.tile(np.eye(3), (len(points), 1))])
    dipoles = om.Matrix(np.asfortranarray(rows))
    gain = om.GainMEG(
        om.HeadMat(geometry).inverse(), om.DipSourceMat(geometry, dipoles, "Brain"),
        om.Head2MEGMat(geometry, sensors), om.DipSource2MEGMat(dipoles, sensors),
    ).array()  # fmt: skip
    length = np.linalg.norm(source.moment_m2, axis=1)  # OpenMEEG makes sensors of length 1
    theirs = -A_PER_US * (length @ gain).reshape(-1, 3)
    ours = sphere_field(source, np.eye(4), CENTRE, points)
    assert np.abs(ours - theirs).max() < 0.02 * peak(ours)
