"""Sinh-arcsinh residuals: against scipy's search, known parameters, and honest limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from control_tables import simulate
from scipy import optimize, stats

from tmsplan.base.errors import InputError
from tmsplan.norms.design import Design
from tmsplan.norms.fitted import fit_values
from tmsplan.norms.people import People
from tmsplan.norms.sample import Newcomer
from tmsplan.norms.spread_shash import fit_spread, load_spread
from tmsplan.norms.spread_shash_fit import Shash, fit_shash, shash_log_likelihood


def draw(rng, n, f, epsilon=0.4, delta=0.8):
    return np.sinh((np.arcsinh(rng.normal(size=(n, f))) + epsilon) / delta)


def objective(parameters, values):
    """Return minus the log likelihood and the weak prior, written out once more."""
    location, log_scale, epsilon, log_delta = parameters
    x = (values - location) / np.exp(log_scale)
    z = np.sinh(np.exp(log_delta) * np.arcsinh(x) - epsilon)
    slope = np.exp(log_delta - log_scale) * np.sqrt((1 + z**2) / (1 + x**2))
    prior = (epsilon / 2) ** 2 / 2 + log_delta**2 / 2
    return prior - np.sum(stats.norm.logpdf(z) + np.log(slope))


def fitted(rng, n, f, noise=None):
    age, male, values = simulate(rng, n, f)
    people = People(age, male)
    values = values if noise is None else noise
    model = fit_values(Design.of(people, ("age", "sex")), tuple(map(str, range(f))), values)
    return model, model.design.rows(people)


@pytest.mark.parametrize("kind", ["shash", "gauss", "heavy"])
def test_every_feature_reaches_the_maximum_that_scipy_finds(kind) -> None:
    rng = np.random.default_rng(1)
    make = {
        "shash": lambda: draw(rng, 250, 3),
        "gauss": lambda: rng.normal(size=(250, 3)),
        "heavy": lambda: rng.standard_t(3, size=(250, 3)),
    }
    values = make[kind]()
    found = fit_shash(values)
    for j in range(3):
        best = optimize.minimize(
            objective,
            [0.0, 0.0, 0.0, 0.0],
            args=(values[:, j],),
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 20_000, "maxfev": 20_000},
        )
        assert objective(found.parameters[j], values[:, j]) <= best.fun + 1e-6


def test_likelihood_is_that_of_the_density() -> None:
    rng = np.random.default_rng(2)
    values = draw(rng, 50, 2)
    shash = Shash(*(np.array(x) for x in ([0.1, 0], [1.2, 1], [0.3, 0], [0.9, 1])))
    normal = stats.norm.logpdf(values[:, 1]).sum()
    assert shash_log_likelihood(shash, values)[1] == pytest.approx(normal, abs=1e-9)
    step = 1e-6
    density = (shash.centile(values + step) - shash.centile(values - step)) / (2 * step)
    log = np.log(density).sum(axis=0)
    assert shash_log_likelihood(shash, values) == pytest.approx(log, abs=1e-4)


def test_known_parameters_are_recovered() -> None:
    """40 features of 2000 people; the standard error of a mean is below .01."""
    rng = np.random.default_rng(3)
    found = fit_shash(draw(rng, 2000, 40, epsilon=-0.5, delta=0.7))
    means = [np.mean(x) for x in (found.location, found.scale, found.epsilon, found.delta)]
    assert means == pytest.approx([0, 1, -0.5, 0.7], abs=0.03)


def test_weights_are_repeats() -> None:
    rng = np.random.default_rng(4)
    values, w = draw(rng, 210, 4), rng.integers(0, 3, 210).astype(float)
    found = fit_shash(values, weights=w)
    again = fit_shash(np.repeat(values, w.astype(int), axis=0)) if w.sum() >= 200 else None
    assert again is not None
    assert found.parameters == pytest.approx(again.parameters, abs=1e-5)


def test_fewer_than_200_controls_are_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match=r"199 controls are too few .* at least 200: skewness"):
        fit_shash(np.zeros((199, 2)))


def test_z_and_quantile_are_each_others_inverse() -> None:
    rng = np.random.default_rng(5)
    model, rows = fitted(rng, 220, 5, draw(rng, 220, 5))
    spread = fit_spread(model.residuals, rows)
    standard = spread.standardise(model.residuals, rows)
    assert spread.restore(standard, rows) == pytest.approx(model.residuals, abs=1e-9)
    again = load_spread(spread.header(), spread.arrays())
    assert np.array_equal(again.standardise(model.residuals, rows), standard)
    some = np.array([3, 0])
    assert spread.taking(some).shash.delta == pytest.approx(spread.shash.delta[some])


def test_healthy_newcomers_are_flagged_as_often_as_promised() -> None:
    rng = np.random.default_rng(6)
    low = high = plain = 0.0
    for _ in range(5):
        model, rows = fitted(rng, 200, 250, draw(rng, 200, 250))
        one = replace(model, spread=fit_spread(model.residuals, rows))
        person = People(rng.uniform(25, 55, 1), np.array([1.0]))
        value = draw(rng, 1, 250)
        low += np.mean(one.z(value, person) < -1.959964) / 5
        high += np.mean(one.z(value, person) > 1.959964) / 5
        plain += np.mean(model.z(value, person) > 1.959964) / 5
    assert 0.015 < low < 0.04
    assert 0.015 < high < 0.04
    assert plain > 0.042


def test_leaving_a_control_out_is_nearly_a_refit() -> None:
    """One Newton step against a fit without the most extreme control."""
    rng = np.random.default_rng(7)
    model, rows = fitted(rng, 220, 4, draw(rng, 220, 4))
    found = replace(model, spread=fit_spread(model.residuals, rows)).loo_z
    values = model.expected(rows) + model.sd * model.residuals
    for i in (int(model.residuals[:, 0].argmax()), 17):
        others = np.flatnonzero(np.arange(220) != i)
        part = model.design.people.taking(others)
        alone = fit_values(Design.of(part, ("age", "sex")), model.features, values[others])
        alone = replace(alone, spread=fit_spread(alone.residuals, alone.design.rows(part)))
        one = alone.z(values[[i]], model.design.people.taking(np.array([i])))
        assert found[i] == pytest.approx(one[0], abs=0.06)


def test_interval_by_redrawn_controls_has_the_width_of_repeated_studies() -> None:
    rng = np.random.default_rng(8)
    person, value = People(np.array([40.0]), np.array([0.0])), np.full((1, 12), -1.5)
    repeated, redrawn = [], []
    for i in range(60):
        model, rows = fitted(rng, 250, 12, draw(rng, 250, 12))
        spread = fit_spread(model.residuals, rows)
        one = replace(model, spread=spread)
        repeated.append(one.z(value, person)[0])
        if i < 4:
            w = rng.multinomial(250, np.full(250, 1 / 250), size=400).astype(float)
            at = model.design.rows(person)
            own = Newcomer(at.b[0], ((value - model.expected(at)) / model.sd)[0])
            redrawn.append(one.spread.bootstrap_z(w, *one.controls, own, at).std(0))
    ratio = np.mean(redrawn) / np.std(repeated, axis=0).mean()
    assert ratio == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize(
    ("header", "change", "message"),
    [
        ({}, {}, "missing or unknown"),
        ({"df": 5}, {"delta": np.zeros(2)}, "differ in length"),
        ({"df": 5}, {"scale": np.array([1.0, 1.0, -1.0])}, "not positive"),
    ],
)
def test_damaged_parts_are_refused(header, change, message) -> None:
    arrays = {k: np.ones(3) for k in ("location", "scale", "epsilon", "delta")} | change
    with pytest.raises(InputError, match=message):
        load_spread(header, arrays)
