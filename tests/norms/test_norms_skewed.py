"""Skewed residuals: the correction, its exact leave-one-out, and what it does to false alarms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from control_tables import simulate
from scipy import stats

from tmsplan.norms.design import Design
from tmsplan.norms.fitted import fit_values
from tmsplan.norms.people import People
from tmsplan.norms.sample import Newcomer
from tmsplan.norms.spread_skewed import SkewedSpread, fit_spread, load_spread
from tmsplan.norms.spread_skewed_fit import (
    SKEWNESS_PRIOR,
    STEEPEST,
    leave_one_out_skewness,
    newcomer_skewness,
    residual_skewness,
    skewed_quantile,
    skewed_z,
)


def gamma(rng, shape, size):
    """Return noise of mean 0, sd 1 and skewness -2 / sqrt(shape)."""
    return -(rng.gamma(shape, size=size) - shape) / np.sqrt(shape)


def fitted(rng, n, f, noise=None):
    age, male, values = simulate(rng, n, f)
    people = People(age, male)
    values = values if noise is None else noise((n, f))
    model = fit_values(Design.of(people, ("age", "sex")), tuple(map(str, range(f))), values)
    return model, model.design.rows(people)


def basis(rng, n, k):
    x = np.column_stack([np.ones(n), rng.normal(size=(n, k - 1))])
    return (x, *np.linalg.qr(x))


def test_no_skewness_changes_nothing() -> None:
    z = np.linspace(-6, 6, 25)
    assert skewed_z(z, np.zeros(25)) == pytest.approx(z, abs=1e-12)
    assert skewed_quantile(z, np.zeros(25)) == pytest.approx(z, abs=1e-12)


@pytest.mark.parametrize("g", [-3.0, -1.0, -1e-9, 1e-4, 2.0])
def test_quantile_and_z_are_each_others_inverse_and_rise(g) -> None:
    u = np.linspace(-6, 6, 61)
    y = skewed_quantile(u, np.array(g))
    assert skewed_z(y, np.array(g)) == pytest.approx(u, abs=1e-9)
    assert np.all(np.diff(y) > 0)


@pytest.mark.parametrize("shape", [2.0, 4.0, 16.0])
def test_quantiles_are_those_of_a_gamma_variable(shape) -> None:
    """Wilson and Hilferty's cube is right to .02 sd from the centile 15 to 99.

    The gamma ends on its short side; there z is not stretched without limit, so limits lie
    farther out than the gamma's.
    """
    p = np.array([0.01, 0.15, 0.25, 0.5, 0.75, 0.975, 0.99])
    exact = (stats.gamma.ppf(p, shape) - shape) / np.sqrt(shape)
    found = skewed_quantile(stats.norm.ppf(p), np.array(2 / np.sqrt(shape)))
    assert found[1:] == pytest.approx(exact[1:], abs=0.02)
    assert found[0] < exact[0] + 0.02


@pytest.mark.parametrize("g", [-3.5, -1.0, 0.4, 3.5])
def test_no_step_of_z_is_stretched_more_than_declared(g) -> None:
    z = np.linspace(-12, 12, 2401)
    slope = np.diff(skewed_z(z, np.array(g))) / np.diff(z)
    assert 0 < slope.min() < slope.max() < STEEPEST.value + 1e-6
    assert slope.max() == pytest.approx(STEEPEST.value)


def test_skewness_is_estimated_without_bias_from_few_controls() -> None:
    """25 controls, 4 coefficients: sum(e³) / sum(M³), s known; standard error of the mean .008."""
    rng = np.random.default_rng(1)
    _, q, _ = basis(rng, 25, 4)
    y = gamma(rng, 4.0, (25, 40_000))
    e = y - q @ (q.T @ y)
    wide = residual_skewness(q, e, prior=1e6) * (np.sum(e**2, axis=0) / 21) ** 1.5
    assert wide.mean() == pytest.approx(-1.0, abs=0.03)


def test_prior_draws_the_estimate_towards_nothing() -> None:
    rng = np.random.default_rng(2)
    _, q, _ = basis(rng, 25, 4)
    e = gamma(rng, 4.0, (25, 50))
    e = e - q @ (q.T @ e)
    m = np.eye(25) - q @ q.T
    weight = SKEWNESS_PRIOR.value**2 / (SKEWNESS_PRIOR.value**2 + 6 / np.sum(m**3))
    raw = residual_skewness(q, e, prior=1e9)
    assert residual_skewness(q, e) == pytest.approx(weight * raw, rel=1e-9)


def test_leaving_a_control_out_equals_a_refit_without_it() -> None:
    rng = np.random.default_rng(3)
    x, q, _ = basis(rng, 22, 4)
    y = gamma(rng, 2.0, (22, 5))
    found = leave_one_out_skewness(q, y - q @ (q.T @ y))
    for i in (0, 9, 21):
        kept = np.arange(22) != i
        q2, r2 = np.linalg.qr(x[kept])
        row = np.linalg.solve(r2.T, x[i])
        alone = residual_skewness(q2, y[kept] - q2 @ (q2.T @ y[kept]))
        assert found[i] == pytest.approx(newcomer_skewness(alone, row @ row), abs=1e-12)


def test_leave_one_out_z_equals_a_model_without_the_control() -> None:
    rng = np.random.default_rng(4)
    model, rows = fitted(rng, 30, 3, lambda size: gamma(rng, 2.0, size))
    values = model.expected(rows) + model.sd * model.residuals
    found = replace(model, spread=fit_spread(model.residuals, rows)).loo_z
    people = model.design.people
    for i in (0, 13):
        others = np.flatnonzero(np.arange(30) != i)
        part = people.taking(others)
        alone = fit_values(Design.of(part, ("age", "sex")), model.features, values[others])
        alone = replace(alone, spread=fit_spread(alone.residuals, alone.design.rows(part)))
        one = alone.z(values[[i]], people.taking(np.array([i])))
        assert found[i] == pytest.approx(one[0], abs=1e-9)


@pytest.mark.parametrize("n", [20, 50, 200])
def test_false_alarms_with_gaussian_and_left_skewed_noise(n) -> None:
    """Nominal 2.5 %; the exact t gives about 5 % with skewed noise, however many controls."""
    rng = np.random.default_rng(5)
    low = {"gauss": [0.0, 0.0], "skewed": [0.0, 0.0]}
    for _ in range(15):
        for kind, noise in (("gauss", rng.normal), ("skewed", lambda size: gamma(rng, 2.0, size))):

            def draw(size, noise=noise):
                return noise(size=size)

            model, rows = fitted(rng, n, 800, draw)
            person = People(rng.uniform(20, 60, 1), (rng.random(1) < 0.5).astype(float))
            value = draw((1, 800))
            corrected = replace(model, spread=fit_spread(model.residuals, rows))
            low[kind][0] += np.mean(model.z(value, person) < -1.959964) / 15
            low[kind][1] += np.mean(corrected.z(value, person) < -1.959964) / 15
    assert 0.015 < low["gauss"][1] < 0.045
    assert 0.015 < low["skewed"][1] < 0.045
    assert low["skewed"][0] > 0.042


def test_max_null_p_is_uniform_only_if_the_shape_leaves_the_control_out() -> None:
    """Over 20 regions, n = 20: otherwise each control's own value makes it look usual."""
    from tmsplan.norms.resample import leave_one_out_z

    rng = np.random.default_rng(6)
    out, kept = [], []
    for _ in range(300):
        model, rows = fitted(rng, 20, 20)
        spread = fit_spread(model.residuals, rows)
        one = replace(model, spread=spread)
        person = People(rng.uniform(20, 60, 1), (rng.random(1) < 0.5).astype(float))
        age, male, value = simulate(rng, 1, 20, age=person.age, male=person.male)
        own = one.z(value, People(age, male)).min()
        out.append(np.sum(one.loo_z.min(axis=1) <= own))
        kept.append(np.sum(leave_one_out_z(one.sample).min(axis=1) <= own))
    p_out, p_kept = (1 + np.array(out)) / 21, (1 + np.array(kept)) / 21
    # Limits of 300 patients at 99.9 %: .05 +- .04
    assert np.mean(p_out <= 0.05) < 0.09
    assert np.mean(p_kept <= 0.05) > 0.1


def test_interval_by_redrawn_controls_has_the_width_of_repeated_studies() -> None:
    """sd of the bootstrap z against the sd of z over 200 samples of controls, 60 each."""
    rng = np.random.default_rng(7)
    person, value = People(np.array([40.0]), np.array([0.0])), np.full((1, 60), -2.0)
    repeated, redrawn = [], []
    for i in range(200):
        model, rows = fitted(rng, 60, 60, lambda size: gamma(rng, 4.0, size))
        spread = fit_spread(model.residuals, rows)
        one = replace(model, spread=spread)
        repeated.append(one.z(value, person)[0])
        if i < 4:
            w = rng.multinomial(60, np.full(60, 1 / 60), size=200).astype(float)
            at = model.design.rows(person)
            own = Newcomer(at.b[0], ((value - model.expected(at)) / model.sd)[0])
            redrawn.append(one.spread.bootstrap_z(w, *one.controls, own, at))
    ratio = np.mean([b.std(axis=0).mean() for b in redrawn]) / np.std(repeated, axis=0).mean()
    assert ratio == pytest.approx(1.0, abs=0.2)


def test_stored_and_restored() -> None:
    rng = np.random.default_rng(8)
    model, rows = fitted(rng, 40, 6, lambda size: gamma(rng, 2.0, size))
    spread = fit_spread(model.residuals, rows)
    again = load_spread(spread.header(), spread.arrays())
    standard = spread.standardise(model.residuals, rows)
    assert np.array_equal(again.standardise(model.residuals, rows), standard)
    assert again.restore(standard, rows) == pytest.approx(model.residuals, abs=1e-12)
    some = np.array([4, 1])
    assert np.array_equal(spread.taking(some).skewness, spread.skewness[some])


@pytest.mark.parametrize(
    ("header", "arrays", "message"),
    [
        ({}, {"skewness": np.zeros(3)}, "missing or unknown"),
        ({"df": 0}, {"skewness": np.zeros(3)}, "missing or unknown"),
        ({"df": 9}, {"skewness": np.zeros((3, 2))}, "one skewness a feature"),
    ],
)
def test_damaged_parts_are_refused(header, arrays, message) -> None:
    with pytest.raises(ValueError, match=message):
        load_spread(header, arrays)
    assert isinstance(load_spread({"df": 9}, {"skewness": np.zeros(3)}), SkewedSpread)
