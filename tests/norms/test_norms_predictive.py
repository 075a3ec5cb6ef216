"""z and its interval against R's numbers, scipy's noncentral t, and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from control_tables import brute_t, sexes, simulate, table
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from tmsplan.norms import People, fit_norms
from tmsplan.norms.predictive import effect_interval, predictive_z


def standardised(n: int) -> np.ndarray:
    """Return n values of mean 0 and standard deviation 1."""
    v = np.random.default_rng(3).normal(size=n)
    return ((v - v.mean()) / v.std(ddof=1))[:, None]


def test_single_case_of_crawford_and_garthwaite() -> None:
    """n = 20, z = -2: numbers of R's pt() and its noncentral form."""
    model = fit_norms(table(standardised(20)), covariates=(), spread="constant")
    row = model.deviations({"lh_r0": -2.0}, age=30, sex="F").rows[0]
    assert row.centile == pytest.approx(0.0329301120, abs=1e-10)
    assert special.stdtrit(19, row.centile) == pytest.approx(-1.951800146, abs=1e-8)
    assert (row.z_low, row.z_high) == pytest.approx((-2.75948, -1.22295), abs=5e-6)
    percent = 100 * special.ndtr([row.z_low, row.z_high])
    # R's search for the noncentrality stopped 1e-6 short; scipy and quadrature give 11.067503.
    assert percent == pytest.approx([0.28947, 11.06748], abs=3e-5)


@pytest.mark.parametrize("n", [5, 20, 100])
def test_without_covariates_t_is_that_of_crawford_and_howell(n) -> None:
    """t = (x - m) / (s sqrt((n + 1) / n)) with n - 1 degrees of freedom (1998)."""
    values = 50 + 10 * np.random.default_rng(n).normal(size=n)
    model = fit_norms(table(values[:, None]), covariates=(), spread="constant", exploratory=True)
    for x in (12.0, 41.5, 50.0, 77.0):
        t = (x - values.mean()) / (values.std(ddof=1) * np.sqrt((n + 1) / n))
        row = model.deviations({"lh_r0": x}, age=25, sex="F", exploratory=True).rows[0]
        assert row.centile == pytest.approx(stats.t.cdf(t, n - 1), abs=1e-12)
        found = model.fitted.standard(np.array([[x]]), People(np.array([25.0]), np.zeros(1)))
        own = found.residual[0, 0] / np.sqrt(1 + found.leverage[0, 0])
        assert own == pytest.approx(t, rel=1e-12, abs=1e-12)
        assert found.df == n - 1


@pytest.mark.parametrize(
    ("n", "z", "low", "high"),
    [
        (10, -2, -3.08, -0.88), (10, -3, -4.48, -1.49), (30, -2, -2.62, -1.37),
        (50, -2, -2.479, -1.514), (100, -3, -3.46, -2.54), (200, -2, -2.24, -1.76),
        (1000, -3, -3.15, -2.85),
    ],
)  # fmt: skip
def test_intervals_of_the_published_table(n, z, low, high) -> None:
    found = effect_interval(np.array([float(z)]), 1 / n, n - 1, 0.95)
    assert np.concatenate(found) == pytest.approx([low, high], abs=0.0051)


@given(
    # scipy's noncentral t gives no number at some values next to 0.
    st.floats(-12, 12).map(lambda c: round(c, 6)),
    st.integers(1, 400),
    st.floats(1e-3, 0.5),
    st.sampled_from([0.5, 0.8, 0.95]),
)
def test_interval_inverts_scipys_noncentral_t(c, df, h, interval) -> None:
    h = max(h, 1 / (df + 1))  # no leverage is smaller than 1 / n
    low, high = effect_interval(np.array([c]), h, df, interval)
    tail, root = (1 - interval) / 2, np.sqrt(h)
    assert low[0] < high[0]
    assert stats.nct.cdf(c / root, df, low[0] / root) == pytest.approx(1 - tail, abs=2e-6)
    assert stats.nct.cdf(c / root, df, high[0] / root) == pytest.approx(tail, abs=2e-6)


def test_interval_of_an_absurd_value_is_finite_and_in_order() -> None:
    """scipy's own inverse of the noncentral t does not return for such a value."""
    low, high = effect_interval(np.array([-1e6, 1e6]), 0.01, 90, 0.95)
    assert np.all(np.isfinite([low, high]))
    # The ratio of effect to value has the distribution of s / S: chi(90) / sqrt(90).
    ratio = stats.chi.ppf([0.025, 0.975], 90) / np.sqrt(90)
    assert (high[0] / -1e6, low[0] / -1e6) == pytest.approx(ratio, rel=0.01)


def test_interval_of_a_missing_value_is_missing() -> None:
    assert np.isnan(effect_interval(np.array([np.nan, 0.0]), 0.05, 19, 0.95)).tolist() == [
        [True, False], [True, False],
    ]  # fmt: skip


@given(st.floats(-30, 30), st.integers(3, 2000))
def test_z_keeps_the_probability_in_both_tails(t, df) -> None:
    z = predictive_z(np.array([t, -t]), df)
    assert z[0] == -z[1]
    assert special.log_ndtr(-abs(z[0])) == pytest.approx(stats.t.logsf(abs(t), df), abs=1e-9)


def test_z_below_the_smallest_number_goes_on() -> None:
    """P(t < -60) with 500 df is 1e-415: only its logarithm exists."""
    t = -np.array([40.0, 58.0, 60.0, 62.0, 1e6])
    z = predictive_z(t, 500)
    assert np.all(np.isfinite(z))
    assert np.all(np.diff(z) < 0)
    # log P by quadrature of the density, scaled so that nothing underflows
    u = np.linspace(0, 40, 400_001)
    density = np.exp(stats.t.logpdf(60 + u, 500) - stats.t.logpdf(60, 500))
    log_p = stats.t.logpdf(60, 500) + np.log(np.trapezoid(density, u))
    assert special.log_ndtr(z[2]) == pytest.approx(log_p, rel=1e-8)


def test_z_equals_a_plain_regression() -> None:
    rng = np.random.default_rng(5)
    age, male, values = simulate(rng, 40, 3)
    model = fit_norms(table(values, age=age, sex=sexes(male)), spread="constant")
    person = {"lh_r0": 8.0, "lh_r1": 10.0, "lh_r2": 13.5}
    rows = model.deviations(person, age=50, sex="M").rows
    t, df = brute_t(age, male, values, 50, 1, np.array(list(person.values())))
    assert [r.centile for r in rows] == pytest.approx(stats.t.cdf(t, df), abs=1e-10)
    assert special.ndtr([r.z for r in rows]) == pytest.approx(stats.t.cdf(t, df), abs=1e-10)


def test_coefficients_are_those_that_made_noise_free_data_but_for_the_noise() -> None:
    rng = np.random.default_rng(6)
    age, male, _ = simulate(rng, 60, 1)
    noise = rng.normal(size=60) * 1e-6
    values = (3 + 0.02 * age - 0.7 * male + noise)[:, None]
    model = fit_norms(table(values, age=age, sex=sexes(male)), spread="constant")
    slope = model.fitted.coefficients[1:, 0]
    assert slope == pytest.approx([0.02, -0.7], abs=1e-5)
    assert model.design.columns == ("intercept", "age", "sex")


def test_healthy_newcomers_are_flagged_as_often_as_promised() -> None:
    """20 controls, 3 coefficients: z < -1.96 in 2.5 %; mean and sd plugged in give 5.6 %.

    20 x 1000 newcomers; the standard error of 2.5 % is 0.11 % (features are independent,
    the shared design adds little): 4 of them are 0.45 %.
    """
    rng = np.random.default_rng(7)
    predictive, plugged = 0, 0
    for _ in range(20):
        age, male, values = simulate(rng, 20, 1000)
        model = fit_norms(table(values, age=age, sex=sexes(male)), spread="constant")
        new_age, new_male, new = simulate(rng, 1, 1000, age=rng.uniform(25, 55, 1))
        z = model.fitted.z(new, People(new_age, new_male))
        residual = model.fitted.standard(new, People(new_age, new_male)).residual
        predictive += np.sum(z < -1.959964)
        plugged += np.sum(residual * np.sqrt(20 / 17) < -1.959964)  # maximum likelihood sd
    assert predictive / 20_000 == pytest.approx(0.025, abs=0.0045)
    assert plugged / 20_000 > 0.05


@pytest.mark.parametrize("effect", [-3.0, 0.5])
def test_interval_covers_the_true_effect(effect) -> None:
    """95 % of 4000 intervals; standard error 0.34 %, three of them 1 %."""
    rng = np.random.default_rng(8)
    age, male, _ = simulate(rng, 25, 1)
    values = rng.normal(size=(25, 4000))
    model = fit_norms(table(values, age=age, sex=sexes(male)), spread="constant")
    person = People(np.array([45.0]), np.zeros(1))
    found = model.fitted.standard(np.full((1, 4000), effect), person)
    low, high = effect_interval(found.residual[0], found.leverage[0], found.df, 0.95)
    assert np.mean((low < effect) & (effect < high)) == pytest.approx(0.95, abs=0.0105)


def test_each_value_may_have_its_own_df_far_out_too() -> None:
    """t = -1e40 with 60 degrees of freedom has a probability far below float64's range."""
    t, df = np.array([[-2.0, -1e40], [3.0, 0.0]]), np.array([[5.0, 60.0], [200.0, 3.5]])
    found = predictive_z(t, df)
    each = [predictive_z(a, b) for a, b in zip(t.ravel(), df.ravel(), strict=True)]
    assert found.ravel() == pytest.approx([float(z) for z in each])
    assert np.isfinite(found).all()
    assert found[0, 1] < -37
    assert predictive_z(t[0], df[:, :1]).shape == (2, 2)
