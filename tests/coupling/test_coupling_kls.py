"""Histogram similarity: published numbers, scipy's kernel density, and what it is blind to."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from coupling.small_patient import grid, half, large_regions, patient, volume
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gaussian_kde

from tmsplan.base.errors import InputError
from tmsplan.coupling import couple
from tmsplan.coupling.histogram import Histograms, js_similarity, kl_similarity, smoothed
from tmsplan.coupling.histogram_similarity import paired_histograms
from tmsplan.coupling.region_sample import RegionSample
from tmsplan.space.grid import Volume
from tmsplan.space.side import Hemi
from tmsplan.surface import Pair

#: Shared between two grid points, a value widens the kernel by less than a thousandth; what that
#: makes of a similarity was measured to stay below 6e-5 over 246 regions.
BINNED = 2e-4


def sample(x, y, group=None) -> RegionSample:
    n = len(x)
    group = np.zeros(n, dtype=np.intp) if group is None else group
    return RegionSample(x, y, np.zeros((n, 3)), np.empty((0, n)), group, int(group.max()) + 1)


def kls(one: RegionSample, **options) -> np.ndarray:
    return kl_similarity(*paired_histograms(one, amplitude="log", **options))


def by_scipy(v: np.ndarray, points: int = 256) -> np.ndarray:
    """GRETNA's recipe, one region, with scipy's kernel density at every point."""
    v = v[np.abs(v - v.mean()) <= 2.58 * v.std(ddof=1)]
    spread = np.median(np.abs(v - np.median(v))) / 0.6745
    width = spread * (4 / (3 * len(v))) ** 0.2
    at = np.linspace(v.min() - 3 * width, v.max() + 3 * width, points)
    density = gaussian_kde(v, bw_method=width / v.std(ddof=1))(at)
    return density / density.sum()


def test_the_published_vector() -> None:
    """T1 of the method notes, from GRETNA's functions in Octave."""
    p, q = np.array([[0.1, 0.2, 0.4, 0.3]]), np.full((1, 4), 0.25)
    assert -math.log(kl_similarity(p, q)[0]) == pytest.approx(0.2282174096, abs=1e-10)
    assert kl_similarity(p, q)[0] == pytest.approx(0.7959511936, abs=1e-10)
    assert js_similarity(p, q)[0] == pytest.approx(0.7994966775, abs=1e-10)
    nats = (1 - js_similarity(p, q)[0]) ** 2 * math.log(2)
    assert nats == pytest.approx(0.0278656135, abs=1e-10)


def test_every_region_equals_scipys_kernel_density() -> None:
    rng = np.random.default_rng(2)
    sizes = rng.integers(100, 600, 30)
    group = np.repeat(np.arange(30), sizes)
    x = rng.beta(2, 1.2, len(group))
    y = rng.gamma(4, 1, len(group))
    x[group == 4] = np.round(x[group == 4] * 5) / 5  # a histogram with gaps
    p, q = paired_histograms(sample(x, y, group), amplitude="log")
    for k in range(30):
        a, b = by_scipy(x[group == k]), by_scipy(y[group == k])
        np.testing.assert_allclose(p[k], a, atol=2e-5)
        want = math.exp(-((a - b) * np.log(a / b)).sum())
        assert kl_similarity(p[[k]], q[[k]])[0] == pytest.approx(want, abs=BINNED)


def test_a_gap_in_the_histogram_is_no_rounding_of_a_fourier_transform() -> None:
    """Between two far clusters the density is 1e-40, not 1e-17; the logarithm sees it."""
    rng = np.random.default_rng(1)
    v = np.r_[rng.normal(0, 1, 300), rng.normal(40, 1, 290)]
    one = Histograms.of(v, np.zeros(590, dtype=np.intp), 1)
    # Narrow the kernel, so that nothing bridges the gap.
    narrow = replace(one, bandwidth=np.array([1.5]))
    at = np.linspace(one.low[0], one.high[0], 256)
    want = np.exp(-0.5 * ((at[:, None] - v) / 1.5) ** 2).sum(axis=1)
    got = smoothed(narrow, 256)[0]
    assert want.min() / want.max() < 1e-25
    # Rounding would be wrong by a factor of e**20; sharing between grid points is by 10 %.
    np.testing.assert_allclose(np.log(got), np.log(want / want.sum()), atol=0.15)


@pytest.mark.parametrize(
    ("n", "kl", "js"),
    [(100, 0.934, 0.898), (400, 0.978, 0.939), (1600, 0.994, 0.967), (3200, 0.996, 0.975)],
)
def test_region_size_biases_it(n, kl, js) -> None:
    """Equal distributions: the truth is 1. Figures of the method notes (numpy after GRETNA)."""
    rng = np.random.default_rng(n)
    group = np.repeat(np.arange(100), n)
    pair = paired_histograms(sample(*rng.normal(size=(2, 100 * n)), group), amplitude="log")
    # Standard deviation over regions is below 0.04, so of the mean of 100 below 0.004; the
    # notes' own simulation had as many.
    assert kl_similarity(*pair).mean() == pytest.approx(kl, abs=0.015)
    assert js_similarity(*pair).mean() == pytest.approx(js, abs=0.015)


@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-50, 50))
def test_shuffling_and_affine_changes_leave_it_unchanged(seed, scale, shift) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.gamma(3, 1, 200), rng.normal(size=200)
    before = kls(sample(x, y))[0]
    assert kls(sample(x, rng.permutation(y)))[0] == pytest.approx(before, abs=1e-12)
    assert kls(sample(scale * x + shift, y))[0] == pytest.approx(before, abs=1e-6)


def test_it_does_not_see_whether_maps_go_together() -> None:
    """Correlated or not, equal histograms are alike: what the docstring warns of."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=3000)
    noise = rng.normal(size=3000)
    alike = [kls(sample(x, r * x + math.sqrt(1 - r * r) * noise))[0] for r in (0, 0.5, 0.95)]
    assert min(alike) > 0.98


def test_the_common_grid_asks_more() -> None:
    """On a common z grid a wide and a narrow shape differ by where they are, not by range."""
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=1000), rng.gamma(1.5, 1, 1000)
    own, common = (kls(sample(x, y), grid=g)[0] for g in ("own", "common"))
    assert own != pytest.approx(common, abs=0.01)
    assert kls(sample(x, 3 * x + 1), grid="common")[0] == pytest.approx(1, abs=1e-9)


def made(**maps):
    cortex = Pair(*(half(h, subdivisions=3) for h in Hemi))
    volumes = {"gm": Volume(volume(1), grid()), "alff": Volume(volume(2), grid())}
    return patient(cortex, {**volumes, **maps})


def run(p, **settings):
    settings = {"null_draws": 0, **settings}
    return couple(p, method="kls", settings=settings, regions=large_regions(p.cortex)).per_region


def test_a_drawn_subsample_takes_the_size_out() -> None:
    p = made()
    all_, some = run(p), run(p, subsample=150)
    drawn = {i: r.value for i, r in some.items()}
    assert {i: r.n for i, r in all_.items()} == {i: r.n for i, r in some.items()}
    assert all(all_[i].value != some[i].value for i in all_)
    assert {i: r.value for i, r in run(p, subsample=150).items()} == drawn
    assert {i: r.value for i, r in run(p, subsample=150, subsample_seed=2).items()} != drawn
    too_many = run(p, subsample=800)
    small = [i for i, r in all_.items() if r.n < 800]
    assert small
    for i in small:
        assert too_many[i].reason == f"{all_[i].n} voxels with data, fewer than 800"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"grid": "shared"}, "grid is 'shared'; write one of own, common"),
        ({"amplitude": "dB"}, "amplitude is 'dB'; write one of linear, log"),
        ({"points": 4}, "points is 4; it must be a whole number, 16 to 4096"),
        ({"subsample": -1}, "subsample is -1; it must be a whole number"),
    ],
)
def test_a_setting_out_of_range_is_refused(settings, says) -> None:
    with pytest.raises(InputError, match=says):
        run(made(), **settings)


def test_the_logarithm_of_activity_is_another_histogram() -> None:
    p = made()
    linear, log = run(p), run(p, amplitude="log")
    assert all(linear[i].value != pytest.approx(log[i].value, abs=1e-6) for i in linear)
