"""The null: chance agreement of smooth maps, against simulation and a published table."""

from __future__ import annotations

import math

import numpy as np
import pytest
from coupling.small_patient import FRAME, ID, field, half, large_regions, patient
from scipy.ndimage import gaussian_filter

from tmsplan.coupling import Regions, couple
from tmsplan.coupling.null import shift_of_volume, spatial_null, spin_of_surface
from tmsplan.coupling.rank_correlation import spearman
from tmsplan.coupling.region_coupling import RegionMethod, coupling_of_values
from tmsplan.coupling.region_values import Functional, RegionValues
from tmsplan.space.frame import Frame, Voxel
from tmsplan.space.grid import Grid
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine
from tmsplan.surface import Domain, Labels, Pair

#: A box of 2 mm voxels with 64 balls of 389 voxels in its middle.
BOX, STEP = (88, 88, 88), 2.0
BALL = np.argwhere(np.ones((11, 11, 11))) - 5
BALL = BALL[(BALL**2).sum(axis=1) <= 4.57**2]
CENTRES = np.argwhere(np.ones((4, 4, 4))) * 13 + 24


def box_grid() -> Grid:
    m = np.diag([STEP, STEP, STEP, 1.0])
    claim = Affine.claim(m, dst=FRAME, src=Frame(Voxel, "box"), because="made for this test")
    return Grid(BOX, claim)


def smooth(rng: np.random.Generator, fwhm_mm: float) -> np.ndarray:
    return gaussian_filter(rng.normal(size=BOX), fwhm_mm / 2.35482 / STEP, mode="wrap")


def regions(n: int) -> Regions:
    ids = np.arange(n, dtype=np.int32)
    names = {int(i): f"b{i:02d}" for i in ids[1:]}
    sides = {h: Labels(ids, Domain("box", n, h, ID), names if h is Hemi.LEFT else {
        int(i): f"b{i:02d}" for i in ids[1:]}) for h in Hemi}  # fmt: skip
    keys = {int(i): (Hemi.RIGHT, f"b{i:02d}") for i in range(1, n)}
    return Regions("balls", Pair(sides[Hemi.LEFT], sides[Hemi.RIGHT]), keys)


def balls(structure: np.ndarray, activity: np.ndarray) -> RegionValues:
    ijk = (CENTRES[:, None] + BALL).reshape(-1, 3)
    ids = np.repeat(np.arange(1, len(CENTRES) + 1), len(BALL))
    g = box_grid()
    functional = Functional(
        activity.ravel(), None, np.ravel_multi_index(tuple(ijk.T), BOX),
        shift_of_volume(g, ijk, np.zeros(len(ijk), dtype=bool)), "shifted in space",
    )  # fmt: skip
    return RegionValues(
        ID, "volume", regions(len(CENTRES) + 1), ids, structure[tuple(ijk.T)], functional,
        g.centres(ijk), np.full(len(ijk), np.nan),
    )  # fmt: skip


def null(values: RegionValues, draws: int = 30, seed: int = 1):
    wanted = np.ones(len(values.order), dtype=bool)
    return spatial_null(values, spearman, wanted=wanted, draws=draws, seed=seed)


@pytest.mark.parametrize(("fwhm", "published"), [(4.0, 0.13), (6.0, 0.21), (8.0, 0.26)])
def test_independent_smooth_maps_scatter_as_the_table_says(fwhm, published) -> None:
    """Parcels of about 400 voxels of 2 mm (method notes, 1.5): SD of rho .13, .21, .26.

    Three pairs of maps with 64 balls each give a standard deviation to 5 % (1 / sqrt(2 n)):
    three of those, and the table is rounded to .01. What the null says of one pair of maps must
    be what the pairs of maps do.
    """
    rng = np.random.default_rng(int(fwhm))
    pairs = [balls(smooth(rng, fwhm), smooth(rng, fwhm)) for _ in range(3)]
    seen = np.concatenate([spearman(values.sample()) for values in pairs])
    assert seen.std() == pytest.approx(published, rel=0.15, abs=0.01)
    values = pairs[-1]
    found = null(values)
    assert (found.draws == 30).all()
    spread = math.sqrt(float((found.sd**2).mean()))
    # 64 regions of 30 shifts each: 2 % if all were independent, 5 % as they overlap.
    assert spread == pytest.approx(published, rel=0.10, abs=0.01)
    assert abs(found.mean.mean()) < 3 * published / math.sqrt(64)


def test_a_true_coupling_stands_out_of_its_null() -> None:
    rng = np.random.default_rng(3)
    structure = smooth(rng, 6.0)
    activity = structure + 0.5 * structure.std() / 1.0 * rng.normal(size=BOX)
    values = balls(structure, activity)
    found = null(values)
    z = (spearman(values.sample()) - found.mean) / found.sd
    assert (z > 2).all()
    assert np.abs(found.mean).mean() < 0.1


def test_the_same_seed_gives_the_same_null_and_another_another() -> None:
    rng = np.random.default_rng(4)
    values = balls(smooth(rng, 6.0), smooth(rng, 6.0))
    a, b, c = null(values, 12), null(values, 12), null(values, 12, seed=2)
    assert a.sd.tobytes() == b.sd.tobytes()
    assert not np.array_equal(a.sd, c.sd)


def test_shifts_are_whole_voxels_of_10_to_30_mm_and_mirrored_on_the_left() -> None:
    ijk = np.array([[44, 44, 44], [44, 44, 44]])
    shift = shift_of_volume(box_grid(), ijk, np.array([False, True]))
    away = np.array([
        np.stack(np.unravel_index(shift(k), BOX), axis=1) - 44 for k in range(300)
    ])  # fmt: skip
    length = np.linalg.norm(away[:, 0] * STEP, axis=1)
    # Rounding to whole voxels moves an end by at most half a voxel's diagonal, 1.74 mm.
    assert 10 - 1.74 <= length.min() < 12
    assert 28 < length.max() <= 30 + 1.74
    np.testing.assert_array_equal(away[:, 0] * (-1, 1, 1), away[:, 1])
    assert np.abs(away[:, 0].mean(axis=0)).max() < 1  # every direction


def test_a_shift_out_of_the_image_reads_nothing() -> None:
    rng = np.random.default_rng(5)
    activity = smooth(rng, 6.0)
    activity[:, :, 50:] = np.nan  # most shifts upward leave the map
    values = balls(smooth(rng, 6.0), activity)
    covered = values.sample().counts
    found = spatial_null(values, spearman, wanted=covered > 0, draws=20, seed=1)
    assert (found.draws[covered == 0] == 0).all()
    assert np.isnan(found.sd[covered == 0]).all()
    assert (found.draws[covered == len(BALL)] == 20).all()


def test_no_draws_no_null() -> None:
    rng = np.random.default_rng(6)
    found = null(balls(smooth(rng, 4.0), smooth(rng, 4.0)), draws=0)
    assert np.isnan(found.sd).all()
    too_few = null(balls(smooth(rng, 4.0), smooth(rng, 4.0)), draws=9)
    assert (too_few.draws == 9).all()
    assert np.isnan(too_few.sd).all()


def test_a_null_stands_only_beside_a_value() -> None:
    rng = np.random.default_rng(7)
    structure = smooth(rng, 4.0)
    values = balls(structure, smooth(rng, 4.0))
    values.structure[values.ids == 5] = 1.0  # flat
    method = RegionMethod("m", "rho", "more coupled", "s", spearman)
    got, _ = coupling_of_values(values, method, fewest=100, draws=12, seed=1)
    assert got[5].reason == "structure is flat: 1 different values"
    assert math.isnan(got[5].value)
    assert math.isnan(got[5].null_sd)
    assert got[4].null_sd > 0


def cortex(order=None) -> Pair:
    return Pair(*(half(h, order, subdivisions=3) for h in Hemi))


def test_a_spin_turns_each_side_about_its_sphere_as_mirror_images() -> None:
    both = cortex()
    n = len(both.left.pial)
    every = Pair(np.arange(n), np.arange(n))
    spin = spin_of_surface(both, every, np.arange(2 * n))
    for draw in range(5):
        at = spin(draw)
        left, right = at[:n], at[n:] - n
        assert (left < n).all()  # never across
        np.testing.assert_array_equal(left, right)  # the meshes are mirror images
        assert (left != np.arange(n)).mean() > 0.9
        xyz = both.right.sphere.points.mm(both.right.sphere.frame) / 100
        # Rigid: the angle between two places stays, but for the spacing of the mesh (9 deg).
        before, after = xyz @ xyz[0], xyz[right] @ xyz[right[0]]
        assert np.abs(np.degrees(np.arccos(np.clip(before, -1, 1))
                                 - np.arccos(np.clip(after, -1, 1)))).max() < 18  # fmt: skip


def test_without_spheres_there_is_no_null_and_the_result_says_so() -> None:
    rng = np.random.default_rng(8)
    bare = cortex().map(lambda c: type(c)(c.white, c.pial))
    maps = {k: field(bare, {h: rng.uniform(0.5, 2, 642) for h in Hemi}) for k in ("gm", "alff")}
    p = patient(bare, maps)
    result = couple(p, method="spearman", regions=large_regions(bare))
    assert result.qc["null"] == "none"
    assert result.qc["regions_with_null"] == 0
    assert all(math.isnan(one.null_sd) for one in result.per_region.values())
    with_spheres = patient(cortex(), maps)
    result = couple(with_spheres, method="spearman", regions=large_regions(bare))
    # Rough maps of n vertices: standard deviation 1 / sqrt(n - 1).
    for one in result.per_region.values():
        if one.reason == "":
            assert one.null_sd == pytest.approx(1 / math.sqrt(one.n - 1), rel=0.35)
