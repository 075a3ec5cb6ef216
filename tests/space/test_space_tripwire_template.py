"""TP-F07 on a made cortex: passes in place, fires on every wrong hypothesis."""

import numpy as np
import pytest

from tmsplan.space import Affine, Frame, Points, Scanner, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.space.midplane import Midplane
from tmsplan.space.points import Vectors
from tmsplan.space.tripwire_template import template_cortex_fits

HEAD = Frame(Scanner, "sub-01")
RNG = np.random.default_rng(3)


def _lumpy(n: int = 6000) -> np.ndarray:
    """Return a closed lumpy shell, different on the two sides, in front of and above zero."""
    unit = RNG.normal(size=(n, 3))
    unit /= np.linalg.norm(unit, axis=1)[:, None]
    bumps = 7 * np.sin(5 * unit[:, 0] + 2) * np.cos(6 * unit[:, 1]) + 5 * np.sin(7 * unit[:, 2])
    return unit * (60 + bumps)[:, None] * (0.8, 1.1, 1.0) + (0.0, 15.0, 12.0)


MID = _lumpy()


def _grey(points: np.ndarray, thickness: float = 1.8) -> Volume[Scanner]:
    """Return 1 within `thickness` of the points, on a 1.5 mm grid."""
    from scipy.spatial import cKDTree

    affine = np.diag([1.5, 1.5, 1.5, 1.0])
    affine[:3, 3] = -100
    shape = (134, 134, 134)
    claim = Affine.claim(affine, dst=HEAD, src=Frame(Voxel, "sub-01 gm"), because="made")
    grid = Grid(shape, claim)
    ijk = np.argwhere(np.ones(shape, dtype=bool))
    near, _ = cKDTree(points).query(
        grid.centres(ijk).mm(HEAD), distance_upper_bound=thickness, workers=1
    )
    return Volume((near < thickness).astype(np.float32).reshape(shape), grid)


PLANE = Midplane(Points((0.0, 0.0, 0.0), HEAD), Vectors((1.0, 0.0, 0.0), HEAD))


@pytest.fixture(scope="module")
def grey() -> Volume[Scanner]:
    return _grey(MID)


def test_the_true_cortex_passes(grey):
    found = template_cortex_fits(Points(MID, HEAD), grey, PLANE)
    assert found.status == "pass"
    assert found.value == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("wrong", "points"),
    [
        ("mirrored", MID * (-1, 1, 1)),
        ("LPS", MID * (-1, -1, 1)),
        ("shifted", MID + np.array([0, 0, 4.0])),
        ("another head", MID * 1.08),
    ],
)
def test_a_wrong_cortex_fails(grey, wrong, points):
    found = template_cortex_fits(Points(points, HEAD), grey, PLANE)
    assert found.status == "fail", wrong
    assert found.value < found.limit


def test_an_identity_that_fits_as_well_as_the_warp_fails(grey):
    """A warp that changed nothing is no warp: the template's own place must be worse."""
    found = template_cortex_fits(Points(MID, HEAD), grey, PLANE, unwarped=Points(MID, HEAD))
    assert found.status == "fail"
    assert "not warped at all" in found.why


def test_under_the_floor_it_fails_even_where_rivals_are_worse():
    rows = RNG.permutation(len(MID))
    grey = _grey(MID[rows[:900]], thickness=1.5)
    found = template_cortex_fits(Points(MID, HEAD), grey, PLANE)
    assert found.value < 0.65
    assert found.status == "fail"
    assert "the floor is 0.65" in found.why
