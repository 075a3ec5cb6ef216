"""Rank correlation inside regions: published numbers, scipy, and what is taken out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from tmsplan.coupling.rank_correlation import fisher_z, partial_spearman, spearman
from tmsplan.coupling.region_sample import RegionSample, group_ranks

RNG = np.random.default_rng(3)


def sample(x, y, position=None, covariates=(), group=None) -> RegionSample:
    n = len(x)
    group = np.zeros(n, dtype=np.intp) if group is None else group
    position = np.zeros((n, 3)) if position is None else position
    rows = np.array(covariates, dtype=float).reshape(-1, n)
    return RegionSample(
        np.asarray(x, dtype=float), np.asarray(y, dtype=float), position, rows,
        group, int(group.max()) + 1,
    )  # fmt: skip


def test_the_published_vector() -> None:
    """T11 of the method notes."""
    y, q = [2, 1, 4, 3, 7, 5, 8, 6], [1, 3, 2, 5, 4, 6, 8, 7]
    one = sample(range(1, 9), y, covariates=[q])
    assert spearman(one)[0] == pytest.approx(0.8333333333, abs=1e-10)
    assert partial_spearman(one, position=False)[0] == pytest.approx(0.6547285011, abs=1e-10)


def test_every_region_equals_scipy_with_ties() -> None:
    sizes = [100, 137, 4, 312]
    group = np.repeat(np.arange(4), sizes)
    x = np.round(RNG.normal(size=len(group)), 1)
    y = np.round(x + RNG.normal(size=len(group)), 1)
    got = spearman(sample(x, y, group=group))
    want = [spearmanr(x[group == k], y[group == k]).statistic for k in range(4)]
    np.testing.assert_allclose(got, want, atol=1e-13)
    bounds = np.searchsorted(group, np.arange(5))
    ranks = group_ranks(x, group, bounds)
    for k in range(4):
        np.testing.assert_array_equal(ranks[group == k], rankdata(x[group == k]))


def by_residuals(x, y, ranked, plain) -> float:
    """Correlate what least squares leaves of the ranks: another way to the same number."""
    design = np.column_stack([np.ones(len(x)), *(rankdata(r) for r in ranked), *plain])
    left = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in map(rankdata, (x, y))]
    return float(np.corrcoef(*left)[0, 1])


def test_the_partial_equals_the_residuals_of_the_ranks() -> None:
    group = np.repeat(np.arange(3), [150, 220, 101])
    n = len(group)
    xyz = RNG.normal(size=(n, 3)) * 10 + (40, -90, 60)
    bold, depth = RNG.gamma(5, 200, n), RNG.uniform(0, 1, n)
    x = depth + 0.02 * xyz[:, 0] + RNG.normal(size=n)
    y = 0.3 * x + 1e-3 * bold + RNG.normal(size=n)
    got = partial_spearman(sample(x, y, xyz, [bold, depth], group))
    for k in range(3):
        i = group == k
        want = by_residuals(x[i], y[i], [bold[i], depth[i]], list(xyz[i].T))
        assert got[k] == pytest.approx(want, abs=1e-10)


def test_a_planted_gradient_counts_in_the_plain_and_not_in_the_partial() -> None:
    """Two maps that share nothing but a slope through the region, in an oblique direction."""
    xyz = RNG.uniform(-10, 10, (600, 3))
    slope = xyz @ (0.3, -0.5, 0.4)
    slope /= slope.std()
    one = sample(slope + RNG.normal(size=600), slope + RNG.normal(size=600), xyz)
    assert spearman(one)[0] > 0.4
    assert abs(partial_spearman(one)[0]) < 2 / np.sqrt(600)  # two standard errors of zero


def test_brightness_that_both_maps_follow_is_taken_out() -> None:
    bold = RNG.gamma(5, 200, 500)
    one = sample(bold + 100 * RNG.normal(size=500), bold + 100 * RNG.normal(size=500),
                 covariates=[bold])  # fmt: skip
    assert spearman(one)[0] > 0.8
    assert abs(partial_spearman(one, position=False)[0]) < 2 / np.sqrt(500) + 0.05


def test_how_the_head_lay_in_the_scanner_does_not_matter() -> None:
    """A turned head has other coordinates; a plane through them is the same plane."""
    xyz = RNG.uniform(-10, 10, (300, 3))
    x, y = xyz[:, 0] + RNG.normal(size=300), xyz[:, 1] + RNG.normal(size=300)
    c, s = np.cos(0.4), np.sin(0.4)
    turned = xyz @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T + (100, -50, 20)
    a, b = (partial_spearman(sample(x, y, p))[0] for p in (xyz, turned))
    assert a == pytest.approx(b, abs=1e-10)


def test_shuffling_the_places_of_one_map_changes_it() -> None:
    x = RNG.normal(size=400)
    y = x + 0.3 * RNG.normal(size=400)
    assert spearman(sample(x, y))[0] > 0.9
    assert abs(spearman(sample(x, RNG.permutation(y)))[0]) < 0.2


def test_a_flat_map_and_an_empty_region_have_no_value() -> None:
    group = np.repeat([0, 2], 120)
    x = np.r_[np.ones(120), RNG.normal(size=120)]
    got = spearman(sample(x, RNG.normal(size=240), group=group))
    assert np.isnan(got[:2]).all()  # flat, empty
    assert np.isfinite(got[2])


def test_a_flat_covariate_takes_nothing_out_and_a_copy_takes_everything() -> None:
    x, y = RNG.normal(size=(2, 200))
    flat = partial_spearman(sample(x, y, covariates=[np.full(200, 7.0)]), position=False)
    assert flat[0] == pytest.approx(spearman(sample(x, y))[0], abs=1e-14)
    assert np.isnan(partial_spearman(sample(x, y, covariates=[3 * x + 1]), position=False)[0])


def test_a_perfect_correlation_has_no_fisher_z() -> None:
    got = fisher_z(np.array([1.0, -1.0, 0.5, np.nan]))
    np.testing.assert_array_equal(np.isnan(got), [True, True, False, True])
    assert got[2] == pytest.approx(np.arctanh(0.5))
