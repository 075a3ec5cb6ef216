"""A flat casing on bumps with known answers, and on a head with a nose beside the coil."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import round_head as rh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from tmsplan.base import InputError, Params
from tmsplan.coil.casing import Casing, rest_on, skin_samples
from tmsplan.coil.check import tripwire_pose
from tmsplan.coil.coils import coil_called
from tmsplan.coil.place import place_coil
from tmsplan.coil.scalp import scalp_of
from tmsplan.space.frame import CoilSimnibs, Frame
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Rigid
from tmsplan.surface import Domain, Surface

P = Params()
COIL = "figure8-70mm"
CASING = Casing(45.0, 48.0)
LEVER = 20.0
#: A target beside the nose of `with_a_nose`.
BESIDE = np.array([-0.55, 0.45, 0.70]) * 68


def rest(skin, *, gap=0.0, tilt_max=30.0):
    skin = np.array(skin, dtype=float)
    return rest_on(skin, CASING, gap_mm=gap, lever_mm=LEVER, tilt_max_deg=tilt_max)


def behind(found, skin):
    """z of the skin behind the face of the tilted and lifted casing."""
    moved = np.array(skin, dtype=float) @ found.turn + (0, 0, found.lift_mm)
    return moved[CASING.covers(moved[:, 0], moved[:, 1]), 2]


def sphere_skin(radius=90.0, standoff=4.0):
    x, y = (k.ravel() for k in np.mgrid[-80:81:2, -80:81:2].astype(float))
    x, y = x[np.hypot(x, y) < 85], y[np.hypot(x, y) < 85]
    return np.column_stack([x, y, standoff + radius - np.sqrt(radius**2 - x**2 - y**2)])


def test_nothing_moves_on_a_round_head() -> None:
    found = rest(sphere_skin())
    assert (found.tilt_deg, found.lift_mm, found.clearance_mm) == (0.0, 0.0, 4.0)
    np.testing.assert_array_equal(found.turn, np.eye(3))


def test_a_bump_under_the_centre_raises_the_coil_by_what_is_missing() -> None:
    found = rest([*sphere_skin(), (0, 0, -3.0)])
    assert found.lift_mm == pytest.approx(3.0, abs=1e-9)
    assert found.tilt_deg == 0
    assert found.clearance_mm == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("x", [-85.0, 85.0])
def test_a_bump_under_the_end_of_a_wing_tilts_the_coil(x: float) -> None:
    """It is cleared where tan(tilt) = 2 / 85; the other wing is far from the skin."""
    found = rest([*sphere_skin(), (x, 0, -2.0)])
    assert found.tilt_deg == pytest.approx(np.degrees(np.arctan(2 / 85)), abs=0.03)
    assert found.lift_mm < 0.03
    assert found.turn[0, 2] * x > 0, "z leans towards the bump"
    assert found.turn[2, 0] * x < 0, "and so the wing over it rises, away from the head"


def test_hair_is_kept_under_the_whole_casing() -> None:
    found = rest([*sphere_skin(standoff=9.0), (0, 10, 2.0)], gap=5.0)
    assert behind(found, [*sphere_skin(standoff=9.0), (0, 10, 2.0)]).min() >= 5.0 - 1e-9


@pytest.mark.parametrize("xyz", [(0, 60, -9.0), (100, 0, -9.0), (0, 0, 4.5)])
def test_what_is_not_behind_the_face_does_not_count(xyz) -> None:
    found = rest([*sphere_skin(), xyz])
    assert (found.tilt_deg, found.lift_mm) == (0, 0)


@given(
    st.lists(
        st.tuples(st.floats(-95, 95), st.floats(-50, 50), st.floats(-12, 10)),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=15, deadline=None)
def test_it_always_clears_and_never_costs_more_than_lifting(bumps) -> None:
    skin = [*sphere_skin(), *bumps]
    found = rest(skin, tilt_max=15.0)
    assert behind(found, skin).min() >= -1e-9
    assert found.tilt_deg <= 15.0
    plain = max(0.0, -float(behind(replace(found, turn=np.eye(3), lift_mm=0.0), skin).min()))
    assert found.lift_mm + LEVER * np.radians(found.tilt_deg) <= plain + 1e-9


def test_no_other_tilt_is_better() -> None:
    """Against a dense scan of tilts about x and y; two bumps, so lift and tilt both count."""
    skin = np.array([*sphere_skin(), (30.0, 12.0, -4.0), (-70.0, -10.0, 1.0), (60, -20, -6.0)])
    found = rest(skin)
    cost = found.lift_mm + LEVER * np.radians(found.tilt_deg)
    for a in np.radians(np.arange(-12, 12.1, 0.5)):
        for b in np.radians(np.arange(-12, 12.1, 0.5)):
            about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
            about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
            turn = about_x @ about_y
            moved = skin @ turn
            lift = max(0.0, -moved[CASING.covers(moved[:, 0], moved[:, 1]), 2].min())
            tilt = np.arccos(np.clip(turn[2, 2], -1, 1))
            assert cost <= lift + LEVER * tilt + 0.05


def test_mirrored_bumps_are_mirrored() -> None:
    skin = np.array([*sphere_skin(), (30.0, 12.0, -4.0), (-70.0, -10.0, 1.0), (60, -20, -6.0)])
    here, there = rest(skin), rest(skin * (-1, 1, 1))
    flip = np.diag([-1.0, 1.0, 1.0])
    np.testing.assert_allclose(there.turn, flip @ here.turn @ flip, atol=1e-9)
    assert there.lift_mm == pytest.approx(here.lift_mm, abs=1e-9)


def test_the_face_is_covered_to_3_mm_and_no_further() -> None:
    face = CASING.face(Frame(CoilSimnibs, COIL)).mm(Frame(CoilSimnibs, COIL))
    rng = np.random.default_rng(0)
    probe = rng.uniform((-93, -48), (93, 48), (4000, 2))
    probe = probe[CASING.covers(probe[:, 0], probe[:, 1])]
    nearest, _ = cKDTree(face[:, :2]).query(probe)
    assert nearest.max() <= 1.5, "so that no two neighbours are more than 3 mm apart"
    assert (np.hypot(np.abs(face[:, 0]) - 45, face[:, 1]) <= 48 + 1e-9).all()
    assert not face[:, 2].any()
    coil = coil_called(COIL)
    assert Casing.of(coil) == Casing(coil.wing_offset_mm, coil.casing_radius_mm)


def with_a_nose(height=22.0, width_deg=7.0):
    """A sphere with one steep bump as large as a nose, 47 mm along a wing from `BESIDE`."""
    v, f = rh.sphere(5)
    coil = placed(rh.head(), BESIDE)[0].scanner_from_coil
    m = coil.matrix(coil.dst, coil.src)
    at = np.cos(np.radians(30)) * -m[:3, 2] + np.sin(np.radians(30)) * m[:3, 0]
    angle = np.degrees(np.arccos(np.clip(v @ at, -1, 1)))
    v = v * (rh.SCALP_MM + height * np.exp(-((angle / width_deg) ** 2) / 2))[:, None]
    return Surface(Points(v, rh.FRAME), f, Domain("scalp", len(v), Hemi.LEFT, "round"))


@pytest.fixture(scope="module")
def nosed():
    return rh.head(with_a_nose())


def placed(patient, xyz, hemi=Hemi.LEFT, params=P):
    target = rh.target(xyz, hemi)
    skin = scalp_of(patient)
    pose = place_coil(target, skin, midplane=patient.midplane(), coil=COIL, params=params)
    return pose, target, skin


def test_beside_a_nose_the_coil_gives_way(nosed) -> None:
    """No point of the skin is behind the face, and no point of the face is in the head."""
    pose, target, skin = placed(nosed, BESIDE)
    assert pose.tilt_deg + pose.lift_mm > 3
    coil = pose.scanner_from_coil
    frame = skin.surface.frame
    xyz = np.vstack([skin.surface.points.mm(frame), skin.surface.corners().mean(axis=1)])
    local = (coil.inverse() @ Points(xyz, frame)).mm(coil.src)
    above = CASING.covers(local[:, 0], local[:, 1]) & (local[:, 2] < -1e-6)
    assert not above.any()
    signed = skin.contact(coil @ CASING.face(coil.src)).signed_mm
    assert -0.1 < signed.min() < 0.6, "it rests on the bump"
    assert 0 <= pose.clearance_mm < 0.05, "the tilt is found to a hundredth of a degree"
    wire = tripwire_pose(pose, target, skin, P)
    assert wire.status == "pass", wire


def rigid(pose, change):
    old = pose.scanner_from_coil
    return replace(
        pose,
        scanner_from_coil=Rigid.claim(
            old.matrix(old.dst, old.src) @ change, dst=old.dst, src=old.src, because="altered"
        ),
    )


def test_the_tripwire_sees_a_casing_in_the_head_and_a_lift_without_cause(nosed) -> None:
    pose, target, skin = placed(nosed, BESIDE)
    lower, higher = np.eye(4), np.eye(4)
    lower[2, 3], higher[2, 3] = 2.0, -2.5
    for change, sign in ((lower, "-"), (higher, "")):
        wire = tripwire_pose(rigid(pose, change), target, skin, P)
        assert wire.status == "fail"
        assert f"standoff off by {sign}" in wire.why
    # On the plain side of the head nothing may hold the coil off.
    free, target, skin = placed(nosed, [40, -40, 40], Hemi.RIGHT)
    assert (free.tilt_deg, free.lift_mm) == (0, 0)
    assert tripwire_pose(rigid(free, higher), target, skin, P).status == "fail"


def test_hair_is_added_to_the_standoff(nosed) -> None:
    thick = P.overriding({"hair": 6.0})
    for xyz, hemi in ((BESIDE, Hemi.LEFT), (np.array([40, -40, 40]), Hemi.RIGHT)):
        pose, target, skin = placed(nosed, xyz, hemi, thick)
        assert pose.hair_mm == 6.0
        assert pose.clearance_mm >= 6.0 - 1e-9
        assert tripwire_pose(pose, target, skin, thick).status == "pass"
    assert skin.contact(pose.centre).signed_mm[0] == pytest.approx(10.0, abs=0.05)
    assert tripwire_pose(pose, target, skin, P).status == "fail"
    with pytest.raises(InputError, match="outside its range"):
        P.overriding({"hair": 21.0})


def test_a_mirrored_head_gets_the_mirrored_tilt(nosed) -> None:
    here, _, _ = placed(nosed, BESIDE)
    there, _, _ = placed(rh.mirrored(nosed), BESIDE @ rh.MIRROR, Hemi.RIGHT)
    a, b = (
        p.scanner_from_coil.matrix(p.scanner_from_coil.dst, p.scanner_from_coil.src)
        for p in (here, there)
    )
    expected = np.eye(4)
    expected[:3] = rh.MIRROR @ a[:3]
    expected[:3, 0] *= -1
    assert np.linalg.norm((b - expected)[:3, 3]) < 0.05
    np.testing.assert_allclose(b[:3, :3], expected[:3, :3], atol=5e-4)


def test_skin_is_sampled_to_3_mm_on_a_coarse_scalp() -> None:
    coarse = rh.scalp(subdivisions=2)  # triangles of 30 mm
    centre = Points([0, 0, 94.0], rh.FRAME)
    xyz = skin_samples(coarse, centre, CASING).mm(rh.FRAME)
    corners = coarse.corners()
    rng = np.random.default_rng(1)
    share = rng.dirichlet([1, 1, 1], len(corners) * 20).reshape(len(corners), 20, 3)
    probe = np.einsum("mqk,mki->mqi", share, corners).reshape(-1, 3)
    probe = probe[np.linalg.norm(probe - (0, 0, 94.0), axis=1) < CASING.extent_mm]
    gap = [float(np.linalg.norm(xyz - p, axis=1).min()) for p in probe[::7]]
    assert max(gap) < 3.0 / np.sqrt(3) + 0.05
