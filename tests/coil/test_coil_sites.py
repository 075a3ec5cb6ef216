"""Scalp sites and scalp-cortex distance on a sphere, where both have closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import round_head as rh
from ecog_head import ecog_patient
from scipy.spatial import cKDTree

from tmsplan.base import InputError, Params
from tmsplan.coil.depth import scalp_cortex
from tmsplan.coil.scalp import scalp_of
from tmsplan.coil.sites import scalp_sites
from tmsplan.space.points import Points, Vectors
from tmsplan.target.standard_targets import place_standard

P = Params()
NEAR = np.array([-40.0, 30.0, 45.0])


def sites(patient, near, radius=25.0, n=200):
    return scalp_sites(
        scalp_of(patient), Points(near, patient.scanner), radius, n, normal_radius=P.normal_radius
    )


def test_sites_are_even_and_on_the_sphere() -> None:
    found = sites(rh.head(), NEAR)
    assert 180 <= len(found) <= 220
    xyz = found.points.mm(rh.FRAME)
    assert np.linalg.norm(xyz, axis=1) == pytest.approx(90, abs=0.1)
    np.testing.assert_allclose(found.normals.components(rh.FRAME), xyz / 90, atol=0.01)
    apart = cKDTree(xyz).query(xyz, 2)[0][:, 1]
    assert apart.max() / apart.min() < 1.25
    middle = NEAR / np.linalg.norm(NEAR)
    np.testing.assert_allclose(xyz[0], middle * 90, atol=0.3)
    # A point of the touching plane 25 mm off lies at atan(25 / 90) on the sphere.
    angle = np.arccos(np.clip(xyz / 90 @ middle, -1, 1))
    assert 0.9 * np.arctan(25 / 90) < angle.max() < 1.02 * np.arctan(25 / 90)
    np.testing.assert_allclose(
        np.linalg.norm(found.centres(4.0).mm(rh.FRAME), axis=1), 94, atol=0.1
    )


def test_mirrored_heads_have_mirrored_sites() -> None:
    bumpy = rh.head(rh.scalp(bumps=2.0))
    here = sites(bumpy, NEAR).points.mm(rh.FRAME) @ rh.MIRROR
    there = sites(rh.mirrored(bumpy), NEAR @ rh.MIRROR).points.mm(rh.FRAME)
    assert cKDTree(here).query(there)[0].max() < 1e-6
    assert len(here) == len(there)


def test_at_the_front_pole_there_still_is_a_grid() -> None:
    assert len(sites(rh.head(), [0.0, 60.0, 0.0], n=50)) > 40
    assert len(sites(rh.head(), NEAR, n=1)) == 1


@pytest.mark.parametrize(("radius", "n"), [(80.0, 200), (0.1, 200), (25.0, 0)])
def test_a_grid_that_cannot_be_is_refused(radius: float, n: int) -> None:
    with pytest.raises(InputError, match=r"give 1 site or more and a radius of 1 to 50 mm"):
        sites(rh.head(), NEAR, radius, n)


def test_scalp_cortex_on_the_round_head() -> None:
    """Straight above a hemisphere's top the nearest cortex is 90 - 58 mm down, less the offset."""
    patient = rh.head()
    top = np.array([-34.0, 0.0, np.sqrt(90**2 - 34**2)])
    point = Points(top, rh.FRAME)
    found = scalp_cortex(point, Vectors(top / 90, rh.FRAME), scalp_of(patient), patient)
    ticks = np.linspace(-np.pi, np.pi, 1441)
    ellipse = np.column_stack(
        [-34 + 32 * np.cos(ticks), np.zeros(len(ticks)), 58 * np.sin(ticks)]
    )  # the nearest point of the ellipsoid lies in the plane y = 0, by symmetry
    assert found.nearest_mm == pytest.approx(np.linalg.norm(ellipse - top, axis=1).min(), abs=0.15)
    assert found.square_mm == pytest.approx(found.nearest_mm, abs=1.0)
    assert found.square_mm != found.nearest_mm


def test_scalp_cortex_of_a_real_head_is_human(ecog) -> None:
    patient = ecog_patient(ecog)
    skin = scalp_of(patient)
    for name in ("f3-cortical", "m1-hand-left"):
        place = skin.under(place_standard(name, patient).point, P.normal_radius)
        found = scalp_cortex(place.point, place.normal, skin, patient)
        assert 10 < found.nearest_mm < 25
        assert abs(found.square_mm - found.nearest_mm) < 3
