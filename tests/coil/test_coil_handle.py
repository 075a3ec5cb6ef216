"""Handles by angle, by direction and across sulcal walls of known direction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import round_head as rh
from ecog_head import dk_labels, ecog_patient

from tmsplan.base import InputError, Params
from tmsplan.coil.handle import Handle
from tmsplan.coil.place import place_coil, pose_at
from tmsplan.coil.scalp import scalp_of
from tmsplan.coil.wall import WALL_RADIUS, handle_across_wall, sulcal_wall
from tmsplan.patient import Cortex
from tmsplan.space.points import Points, Vectors
from tmsplan.space.side import Hemi
from tmsplan.surface import Pair, Surface
from tmsplan.target.standard_targets import place_standard

P = Params()
COIL = "figure8-70mm"
XYZ = np.array([-20.0, 5.0, 55.0])
#: Of a ball-shaped cortex; its top faces the scalp above it.
MIDDLE = np.array([-34.0, 0.0, 28.0])


@pytest.fixture(scope="module")
def patient():
    return rh.head()


def y_of(pose):
    return pose.scanner_from_coil.matrix(pose.scanner_from_coil.dst, pose.scanner_from_coil.src)[
        :3, 1
    ]


def placed(patient, handle, xyz=XYZ, hemi=Hemi.LEFT):
    return place_coil(
        rh.target(xyz, hemi),
        scalp_of(patient),
        midplane=patient.midplane(),
        coil=COIL,
        params=P,
        handle=handle,
    )


@pytest.mark.parametrize("angle", [0.0, 45.0, -90.0, 135.0])
def test_a_custom_angle_is_the_same_as_the_parameter(patient, angle: float) -> None:
    target = rh.target(XYZ, Hemi.LEFT)
    by_param = place_coil(
        target, scalp_of(patient), midplane=patient.midplane(), coil=COIL,
        params=P.overriding({"handle_angle": angle}),
    )  # fmt: skip
    by_handle = placed(patient, Handle.custom(angle))
    np.testing.assert_array_equal(y_of(by_param), y_of(by_handle))
    assert by_handle.handle_deg == angle
    assert "as asked for" in by_handle.handle
    assert placed(patient, Handle.midline()).handle.startswith("45 deg to the midline")


def test_an_angle_beyond_a_turn_is_refused() -> None:
    with pytest.raises(InputError, match=r"handle angle 270 deg: give -180 to 180"):
        Handle.custom(270.0)


@pytest.mark.parametrize("sign", [1, -1])
def test_of_a_direction_and_its_opposite_the_one_near_the_convention_is_taken(
    patient, sign: int
) -> None:
    convention = placed(patient, Handle.midline())
    turned = Handle.custom(convention.handle_deg + 60)
    there = y_of(placed(patient, turned))
    given = Handle.along(
        Vectors(sign * there + 0.2 * XYZ / np.linalg.norm(XYZ), rh.FRAME),
        mode="field",
        because="field-optimal",
    )
    pose = placed(patient, given)
    np.testing.assert_allclose(y_of(pose), there, atol=0.02)
    assert pose.handle_deg == pytest.approx(105, abs=1.0)
    assert pose.handle.startswith("field-optimal; y and -y give the same |E|")


def test_a_direction_into_the_head_is_refused(patient) -> None:
    into = Handle.along(Vectors(-XYZ, rh.FRAME), mode="field", because="field-optimal")
    with pytest.raises(InputError, match=r"\(field-optimal\) points into the head"):
        placed(patient, into)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_pose_at_a_site_keeps_the_sign_of_its_direction(patient, sign: int) -> None:
    away = Vectors([0.0, float(sign), 0.0], rh.FRAME)
    pose = pose_at(
        Points([0.5, 0.0, 88.0], rh.FRAME), away, scalp_of(patient),
        midplane=patient.midplane(), coil=COIL, params=P,
    )  # fmt: skip
    np.testing.assert_allclose(y_of(pose), [0, sign, 0], atol=0.02)
    assert np.linalg.norm(pose.centre.mm(rh.FRAME)[0]) == pytest.approx(94, abs=0.05)
    assert np.isnan(pose.depth_mm)


def corrugated(degrees: float, height: float = 4.0):
    """A head whose left cortex is a plane 60 mm up, folded across one direction."""
    ticks = np.arange(-30, 30.1, 1.0)
    n = len(ticks)
    x, y = (k.ravel() for k in np.meshgrid(ticks, ticks))
    a = np.radians(degrees)
    z = 60 + height * np.sin((x * np.cos(a) + y * np.sin(a)) * 2 * np.pi / 16)
    i, j = (k.ravel() for k in np.meshgrid(np.arange(n - 1), np.arange(n - 1)))
    at = j * n + i
    faces = np.vstack([np.c_[at, at + 1, at + n], np.c_[at + 1, at + n + 1, at + n]])
    head = rh.head()
    domain = replace(head.cortex.left.domain, density=len(x))
    pial = Surface(Points(np.column_stack([x - 20, y, z]), rh.FRAME), faces, domain)
    white = pial.with_points(Points(np.column_stack([x - 20, y, z - 3]), rh.FRAME))
    return replace(head, cortex=Pair(Cortex(white, pial), head.cortex.right))


@pytest.mark.parametrize("degrees", [0.0, 30.0, 75.0, 120.0])
def test_the_direction_across_folds_is_found(degrees: float) -> None:
    folded = corrugated(degrees)
    up = Vectors([0, 0, 1], rh.FRAME)
    at = Points([-20, 0, 60], rh.FRAME)
    wall = sulcal_wall(at, up, folded, radius=WALL_RADIUS)
    a = np.radians(degrees)
    across = wall.across.components(rh.FRAME)[0]
    assert abs(across @ [np.cos(a), np.sin(a), 0]) > np.cos(np.radians(1))
    assert wall.confidence > 0.98
    far = Points([-20, 0, -200], rh.FRAME)
    with pytest.raises(InputError, match="no cortex lies within 10 mm"):
        sulcal_wall(far, up, folded, radius=WALL_RADIUS)


def test_the_handle_stands_across_the_fold() -> None:
    folded = corrugated(60.0)
    target = rh.target([-20, 0, 60], Hemi.LEFT)
    handle = handle_across_wall(target, folded, scalp_of(rh.head()), params=P)
    pose = placed(rh.head(), handle, xyz=[-20, 0, 60])
    across = np.array([np.cos(np.radians(60)), np.sin(np.radians(60)), 0])
    flat = y_of(pose) - np.array([0, 0, 1]) * y_of(pose)[2]
    assert abs(flat @ across) / np.linalg.norm(flat) > np.cos(np.radians(8))
    assert "across the sulcal walls (agreement" in pose.handle


def test_where_walls_face_everywhere_no_direction_is_made_up() -> None:
    # On a smooth dome the normals lean to all sides alike.
    head = rh.head()
    dome = replace(
        head, cortex=Pair(Cortex(ball(head, 27.0), ball(head, 30.0)), head.cortex.right)
    )
    top = MIDDLE * (1 + 28.5 / np.linalg.norm(MIDDLE))
    with pytest.raises(InputError, match=r"face no common direction \(agreement 0\.0\d; 0\.3"):
        handle_across_wall(rh.target(top, Hemi.LEFT), dome, scalp_of(head), params=P)


def ball(head, radius: float):
    v, f = rh.sphere(4)
    return Surface(Points(v * radius + MIDDLE, rh.FRAME), f, head.cortex.left.domain)


@pytest.mark.parametrize("name", ["m1-hand-left", "m1-hand-right"])
def test_across_the_central_sulcus_is_from_precentral_to_postcentral(ecog, name: str) -> None:
    """Independent of normals: the line between the two gyri's centres near the hand area.

    The sulcus winds there (the hand knob), so that line is good to some tens of degrees only.
    """
    patient = ecog_patient(ecog)
    target = place_standard(name, patient)
    outward = scalp_of(patient).under(target.point, P.normal_radius).normal
    wall = sulcal_wall(target.point, outward, patient, radius=WALL_RADIUS)
    cortex = patient.cortex.side(target.hemi)
    ids = dk_labels(ecog, patient).side(target.hemi).ids % 1000
    near = cortex.mid.points.distances(target.point) < 15
    xyz = cortex.mid.points.mm(patient.scanner)
    gap = xyz[near & (ids == 24)].mean(axis=0) - xyz[near & (ids == 22)].mean(axis=0)
    up = outward.components(patient.scanner)[0]
    gap -= up * (gap @ up)
    across = wall.across.components(patient.scanner)[0]
    assert abs(across @ gap) / np.linalg.norm(gap) > np.cos(np.radians(40))
    assert wall.confidence > 0.3
