"""Spread that varies with age and site: constant as a special case, recovery, calibration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from tmsplan.base.errors import InputError
from tmsplan.norms.design import Design
from tmsplan.norms.fitted import fit_values
from tmsplan.norms.people import People
from tmsplan.norms.sample import Newcomer
from tmsplan.norms.spread_varying import fit_spread, load_spread
from tmsplan.norms.spread_varying_fit import fit_varying

SITES = "ABCD"


def people(rng, n, sites=4):
    site = tuple(SITES[i] for i in rng.permutation(np.arange(n) % sites))
    return People(rng.uniform(20, 60, n), (rng.random(n) < 0.5).astype(float), site)


def true_sd(who):
    """Return the sd of each person: doubled over 40 years, and 1.5 times at site B."""
    at_b = np.array([s == "B" for s in who.site])
    return np.exp(np.log(2) * (who.age - 40) / 40 + np.log(1.5) * at_b)[:, None]


def draw(rng, who, f):
    offset = np.array([{"A": 0.0, "B": 1.0, "C": -1.0, "D": 0.5}[s] for s in who.site])[:, None]
    return 10 + 0.03 * who.age[:, None] + offset + true_sd(who) * rng.normal(size=(len(who), f))


def fitted(rng, who, f, values=None):
    values = draw(rng, who, f) if values is None else values
    model = fit_values(Design.of(who), tuple(map(str, range(f))), values)
    rows = model.design.rows(who)
    return replace(model, spread=fit_spread(model.residuals, rows)), rows, values


def orthonormal(rng, n, k):
    return np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, k - 1))]))[0]


def test_one_column_is_the_constant_spread() -> None:
    """SSE / (n - k), n - k degrees of freedom, leverage of ordinary least squares."""
    rng = np.random.default_rng(1)
    q, y = orthonormal(rng, 40, 5), rng.normal(size=(40, 6)) * 3
    found = fit_varying(q, np.ones((40, 1)), y)
    e = y - q @ (q.T @ y)
    row = rng.normal(size=(1, 5))
    at = found.predict(row, np.ones((1, 1)))
    assert at.sd[0] ** 2 == pytest.approx(np.sum(e**2, axis=0) / 35, rel=1e-8)
    assert at.df[0] == pytest.approx(np.full(6, 35.0), rel=1e-8)
    assert at.leverage[0] == pytest.approx(np.full(6, row[0] @ row[0]), rel=1e-8)


def test_fit_is_the_maximum_of_the_residual_likelihood() -> None:
    """Against scipy's search of the likelihood, written out for one feature."""
    rng = np.random.default_rng(2)
    q = orthonormal(rng, 80, 3)
    v = np.column_stack([np.ones(80), rng.normal(size=(80, 2))])
    y = np.exp(v @ [0.3, 0.5, -0.4] / 2)[:, None] * rng.normal(size=(80, 1))

    def objective(gamma):
        w = np.exp(-v @ gamma)
        gram = q.T @ (w[:, None] * q)
        e = y[:, 0] - q @ np.linalg.solve(gram, q.T @ (w * y[:, 0]))
        return (np.sum(w * e**2) - np.sum(np.log(w)) + np.linalg.slogdet(gram)[1]) / 2

    best = optimize.minimize(objective, np.zeros(3), tol=1e-12)
    assert fit_varying(q, v, y).log_variance[:, 0] == pytest.approx(best.x, abs=1e-5)


def test_known_spreads_are_recovered() -> None:
    rng = np.random.default_rng(3)
    who = people(rng, 600)
    model, rows, _ = fitted(rng, who, 40)
    found = model.spread.fit.predict(rows.b, model.spread._columns(rows))
    ratio = np.log(found.sd * model.sd / true_sd(who))
    assert np.abs(ratio.mean(axis=1)).max() < 0.04


def test_all_features_together_equal_one_at_a_time() -> None:
    rng = np.random.default_rng(4)
    model, rows, _ = fitted(rng, people(rng, 200), 5)
    for f in (0, 4):
        alone = fit_spread(model.residuals[:, [f]], rows)
        assert alone.fit.log_variance[:, 0] == pytest.approx(
            model.spread.fit.log_variance[:, f], abs=1e-7
        )


def test_z_and_value_are_each_others_inverse_and_are_stored() -> None:
    rng = np.random.default_rng(5)
    who = people(rng, 160)
    model, rows, _ = fitted(rng, who, 5)
    spread = model.spread
    standard = spread.standardise(model.residuals, rows)
    assert spread.restore(standard, rows) == pytest.approx(model.residuals, abs=1e-10)
    again = load_spread(spread.header(), spread.arrays())
    assert np.array_equal(again.standardise(model.residuals, rows), standard)
    one = spread.taking(np.array([3])).standardise(model.residuals[:, [3]], rows)
    assert one[:, 0] == pytest.approx(standard[:, 3])


def test_false_alarms_where_the_spread_is_wide_and_where_it_is_narrow() -> None:
    """Old people of site B and young ones of site A; a constant spread errs on both."""
    rng = np.random.default_rng(6)
    edge = People(np.array([58.0, 22.0]), np.zeros(2), ("B", "A"))
    rate, plain = np.zeros(2), np.zeros(2)
    for _ in range(12):
        model, _, _ = fitted(rng, people(rng, 160), 300)
        value = draw(rng, edge, 300)
        rate += np.mean(model.z(value, edge) < -1.959964, axis=1) / 12
        constant = replace(model, spread=type(model)(**_constant(model)).spread)
        plain += np.mean(constant.z(value, edge) < -1.959964, axis=1) / 12
    assert np.all((rate > 0.015) & (rate < 0.04))
    assert plain[0] > 0.08
    assert plain[1] < 0.01


def _constant(model):
    from tmsplan.norms.spread import Constant

    fields = ("features", "design", "projected", "ratio", "sd", "residuals")
    return {k: getattr(model, k) for k in fields} | {"spread": Constant()}


def test_leaving_a_control_out_is_nearly_a_refit() -> None:
    rng = np.random.default_rng(7)
    who = people(rng, 160, sites=2)
    model, _, values = fitted(rng, who, 4)
    found = model.loo_z
    for i in (int(np.abs(model.residuals[:, 0]).argmax()), 11):
        others = np.flatnonzero(np.arange(160) != i)
        part = who.taking(others)
        alone, _, _ = fitted(rng, part, 4, values[others])
        one = alone.z(values[[i]], who.taking(np.array([i])))[0]
        assert found[i] == pytest.approx(one, abs=0.06)


def test_interval_by_redrawn_controls_has_the_width_of_repeated_studies() -> None:
    rng = np.random.default_rng(8)
    person = People(np.array([50.0]), np.zeros(1), ("B",))
    value, repeated, redrawn = np.full((1, 20), 10.0), [], []
    for i in range(60):
        who = people(rng, 200)
        model, _, _ = fitted(rng, who, 20)
        repeated.append(model.z(value, person)[0])
        if i < 4:
            w = rng.multinomial(200, np.full(200, 1 / 200), size=300).astype(float)
            at = model.design.rows(person)
            own = Newcomer(at.b[0], ((value - model.expected(at)) / model.sd)[0])
            drawn = model.spread.bootstrap_z(w, *model.controls, own, at)
            redrawn.append(drawn.std(axis=0).mean())
    ratio = np.mean(redrawn) / np.std(repeated, axis=0).mean()
    assert ratio == pytest.approx(1.0, abs=0.25)


def test_too_few_controls_are_refused_with_the_number_needed() -> None:
    rng = np.random.default_rng(9)
    with pytest.raises(InputError, match=r"80 controls are too few .* 4 columns. .* at least 100"):
        fitted(rng, people(rng, 80), 2)


def test_a_column_that_repeats_others_is_refused() -> None:
    q = orthonormal(np.random.default_rng(10), 100, 2)
    with pytest.raises(InputError, match="repeats the others"):
        fit_varying(q, np.ones((100, 2)), np.ones((100, 1)))


def test_one_age_is_refused() -> None:
    rng = np.random.default_rng(11)
    who = replace(people(rng, 60), age=np.full(60, 30.0))
    model = fit_values(Design.of(who, ("sex",)), ("a",), rng.normal(size=(60, 1)))
    with pytest.raises(InputError, match="all 60 controls are 30 years old"):
        fit_spread(model.residuals, model.design.rows(who))


@pytest.mark.parametrize(
    ("header", "arrays", "message"),
    [
        ({"df": None}, {}, "missing or unknown"),
        ({"df": "9"}, {}, "no number"),
        ({"age_sd": 0.0}, {}, "damaged .its settings"),
        ({}, {"log_variance": np.zeros((2, 3))}, "damaged .log_variance, variance"),
    ],
)
def test_damaged_parts_are_refused(header, arrays, message) -> None:
    rng = np.random.default_rng(12)
    spread = fitted(rng, people(rng, 120), 2)[0].spread
    wrong = {k: v for k, v in (spread.header() | header).items() if v is not None}
    with pytest.raises(InputError, match=message):
        load_spread(wrong, spread.arrays() | arrays)
