"""Scalp point and normal, against a sphere and a real skin."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import round_head as rh
from ecog_head import ecog_patient

from tmsplan.base import InputError, Params
from tmsplan.coil.scalp import Scalp, check_encloses, scalp_of
from tmsplan.space.points import Points, Vectors
from tmsplan.surface import Pair
from tmsplan.target.head_axes import forward_of, up_of

RADIUS = Params().normal_radius
AHEAD = Vectors([0, 1, 0], rh.FRAME)


def round_scalp(**kwargs) -> Scalp:
    return Scalp(rh.scalp(**kwargs), AHEAD)


def degrees(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))


@pytest.mark.parametrize("subdivisions", [3, 4, 5])
def test_point_and_normal_of_a_sphere(subdivisions: int) -> None:
    """Closed form: both lie along the radius, at any fineness of the mesh."""
    skin = round_scalp(subdivisions=subdivisions)
    rng = np.random.default_rng(5)
    for direction in rng.standard_normal((20, 3)):
        out = direction / np.linalg.norm(direction)
        found = skin.under(Points(out * 65, rh.FRAME), RADIUS)
        assert degrees(found.normal.components(rh.FRAME)[0], out) <= 2
        if subdivisions == 5:
            assert np.linalg.norm(found.point.mm(rh.FRAME)[0] - out * 90) <= 0.5
            assert found.distance_mm == pytest.approx(25, abs=0.5)


@pytest.mark.parametrize("subdivisions", [2, 5])
def test_two_targets_a_few_mm_apart_do_not_share_a_scalp_point(subdivisions: int) -> None:
    """On a coarse scalp (25 mm edges) the nearest vertex is shared; the point is not."""
    skin = round_scalp(subdivisions=subdivisions)
    a = np.array([-40.0, 40.0, 30.0])
    b = a + 3.8 * np.array([0.6, 0.8, 0.0])
    first, second = (skin.under(Points(x, rh.FRAME), RADIUS).point for x in (a, b))
    assert 2 < first.distances(second)[0] < 9


def test_the_normal_does_not_jump_between_triangles() -> None:
    """A walk over 5 mm triangles, whose own normals differ by 3 deg: 0.1 mm turns it by 0.06."""
    skin = round_scalp(subdivisions=4)
    way = np.array([[-50 + 0.1 * k, 55, 55] for k in range(100)])
    way *= 90.5 / np.linalg.norm(way, axis=1, keepdims=True)
    steps = [skin.under(Points(x, rh.FRAME), RADIUS) for x in way]
    normals = [s.normal.components(rh.FRAME)[0] for s in steps]
    assert max(degrees(a, b) for a, b in pairwise(normals)) < 0.2


def test_a_wall_behind_the_skin_does_not_count() -> None:
    """An inner wall that is not quite parallel would tilt the mean normal by over 10 deg."""
    outer, inner = rh.scalp(), rh.scalp(radius=84)
    out, aside = np.array([-0.6, 0.0, 0.8]), np.array([0.8, 0.0, 0.6])
    n = len(outer.points)
    xyz = np.vstack([outer.points.mm(rh.FRAME), inner.points.mm(rh.FRAME) + 4 * out + 15 * aside])
    faces = np.vstack([outer.faces, inner.faces[:, ::-1] + n])
    domain = replace(outer.domain, density=2 * n)
    double = Scalp(replace(outer, points=Points(xyz, rh.FRAME), faces=faces, domain=domain), AHEAD)
    contact = double.contact(Points(out * 95, rh.FRAME))
    normal = double.normal_at(contact.points, int(contact.faces[0]), RADIUS)
    assert degrees(normal.components(rh.FRAME)[0], out) < 1


def test_a_scalp_too_coarse_for_the_radius_is_refused() -> None:
    skin = round_scalp(subdivisions=0)
    # The middle of an edge is far from every quadrature point of its two triangles.
    edge = Points(0.9 * skin.surface.corners()[0][:2].mean(axis=0), rh.FRAME)
    with pytest.raises(InputError, match=r"no triangle lies within 3 mm .* too coarse"):
        skin.under(edge, RADIUS.override(3.0))


def test_an_open_scalp_is_refused() -> None:
    whole = rh.scalp()
    with pytest.raises(InputError, match=r"scalp.*: it is not closed, so it has no inside"):
        scalp_of(rh.head(replace(whole, faces=whole.faces[:-40])))


def test_a_scalp_turned_inside_out_is_refused() -> None:
    whole = rh.scalp()
    with pytest.raises(InputError, match=r"only 0\.000 of the pial vertices lie inside"):
        scalp_of(rh.head(replace(whole, faces=whole.faces[:, ::-1])))


def test_a_patient_without_scalp_is_refused() -> None:
    with pytest.raises(InputError, match=r"round: no scalp surface.*\[anatomy\] scalp ="):
        scalp_of(replace(rh.head(), scalp=None))


def test_the_front_follows_the_head() -> None:
    patient = rh.head()
    assert degrees(forward_of(patient).components(rh.FRAME)[0], np.array([0, 1, 0])) < 0.01
    angle = np.radians(25)
    turn = np.eye(4)
    turn[:3, :3] = [
        [1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]
    ]  # fmt: skip
    nodding = rh.moved(patient, turn)
    assert degrees(forward_of(nodding).components(rh.FRAME)[0], turn[:3, 1]) < 0.01


def test_a_round_head_is_enclosed() -> None:
    scalp_of(rh.head())


@pytest.mark.parametrize(
    ("radius", "message"),
    [
        (70.0, r"only 0\.\d+ of the pial vertices lie inside"),
        (130.0, r"the crown of the brain lies 6\d\.\d mm under it"),
    ],
)
def test_a_scalp_that_cannot_be_this_head_is_refused(radius: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        scalp_of(rh.head(rh.scalp(radius=radius)))


def test_a_real_skin_encloses_its_brain_and_wrong_ones_do_not(ecog) -> None:
    patient = ecog_patient(ecog)
    skin = scalp_of(patient)
    up = up_of(patient.midplane().to_right, skin.forward)
    frame = patient.scanner

    def shifted(xyz) -> Pair:
        return patient.cortex.map(
            lambda c: c.pial.with_points(c.pial.points + Vectors(xyz, frame))
        )

    for wrong in ([20, 0, 0], [0, 0, -25], [0, 25, 0]):
        with pytest.raises(InputError, match=r"outer-skin.*Expected 0\.995 or more inside"):
            check_encloses(skin, shifted(wrong), up)


def test_real_neighbouring_targets_get_their_own_scalp_points(ecog) -> None:
    patient = ecog_patient(ecog)
    skin = scalp_of(patient)
    mid = patient.cortex.left.mid.points
    start = mid.take(int(np.argmin(mid.distances(Points([-37, 26, 35], patient.scanner)))))
    near = np.flatnonzero(np.abs(mid.distances(start) - 3.8) < 0.05)[:5]
    base = skin.under(start, RADIUS).point
    for vertex in near:
        assert skin.under(mid.take(int(vertex)), RADIUS).point.distances(base)[0] > 0.1
