"""Deviations of one person: leave-one-out, ranks, resampling, invariances, refusals."""

from __future__ import annotations

import re

import numpy as np
import pytest
from control_tables import brute_t, sexes, simulate, table
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tmsplan.base import AmbiguityError, InputError, Params
from tmsplan.norms import People, fit_norms
from tmsplan.norms.predictive import predictive_z
from tmsplan.norms.resample import bootstrap_z, draw_weights, rank_p
from tmsplan.norms.sample import Newcomer

QUICK = Params().overriding({"bootstraps": 100})


@pytest.fixture(scope="module")
def controls():
    rng = np.random.default_rng(11)
    age, male, values = simulate(rng, 30, 4)
    return age, male, values


@pytest.fixture(scope="module")
def model(controls):
    age, male, values = controls
    sites = ["A"] * 15 + ["B"] * 15
    return fit_norms(
        table(values, age=age, sex=sexes(male), site=sites),
        covariates=("age", "sex"),
        spread="constant",
    )


PERSON = {"lh_r0": 7.5, "lh_r1": 10.1, "lh_r2": 9.0, "lh_r3": 11.7}


def newcomer(model, values, age) -> Newcomer:
    """Return a woman of the given age in the terms of the model."""
    people = People(np.array([float(age)]), np.zeros(1))
    residual = model.fitted.standard(values[None], people).residual[0]
    return Newcomer(model.design.rows(people).b[0], residual)


def score(model, values=PERSON, **who):
    return model.deviations(values, **({"age": 40.0, "sex": "F", "site": "A"} | who))


def test_leave_one_out_equals_refitting_without_each_control(controls, model) -> None:
    age, male, values = controls
    expected = np.empty_like(values)
    for i in range(len(age)):
        keep = np.arange(len(age)) != i
        t, df = brute_t(age[keep], male[keep], values[keep], age[i], male[i], values[i])
        expected[i] = stats.norm.ppf(stats.t.cdf(t, df))
    order = np.lexsort((*values.T[::-1], male, age))
    assert np.abs(score(model).loo_z - expected[order]).max() < 1e-10


def test_rank_p_equals_holding_out_each_of_all_people() -> None:
    """Nine controls with an old man among them, so that leverages matter; 500 features."""
    rng = np.random.default_rng(17)
    age = np.array([20, 22, 25, 27, 30, 31, 33, 35, 60.0])
    male = np.array([0, 1, 0, 1, 0, 1, 0, 1, 1.0])
    _, _, values = simulate(rng, 9, 500, age=age, male=male)
    person = rng.normal(9, 1.5, 500)
    fitted = fit_norms(table(values, age=age, sex=sexes(male)), exploratory=True)
    ages, males = np.append(age, 55), np.append(male, 0)
    everyone = np.vstack([values, person])
    t = np.empty_like(everyone)
    for i in range(10):
        keep = np.arange(10) != i
        t[i], _ = brute_t(ages[keep], males[keep], everyone[keep], ages[i], males[i], everyone[i])
    expected = (1 + (t[:-1] <= t[-1]).sum(axis=0)) / 10
    assert rank_p(fitted.fitted.sample, newcomer(fitted, person, 55)) == pytest.approx(expected)


def test_rank_p_holds_its_level_for_skewed_values() -> None:
    """With 39 controls p <= 0.025 happens in at most 1 of 40: 1/40 +- 4 x 0.0022 in 5000."""
    rng = np.random.default_rng(12)
    values = -rng.exponential(size=(39, 5000))
    fitted = fit_norms(
        table(values, names=[f"f{j}" for j in range(5000)]), covariates=(), spread="constant"
    )
    person = newcomer(fitted, -rng.exponential(size=5000), 30)
    p = rank_p(fitted.fitted.sample, person)
    z = predictive_z(person.residual / np.sqrt(1 + 1 / 39), 38)
    assert np.mean(p <= 0.025) == pytest.approx(0.025, abs=0.009)
    assert np.mean(z < -1.96) > 0.04, "the Gaussian z does not hold it, which is why p is printed"


def test_one_redrawn_reference_equals_a_fit_to_the_drawn_rows(model) -> None:
    """The weights of a draw are the counts of the rows that a plain resample would repeat."""
    sample = model.fitted.sample
    q, residuals = sample.b, sample.residuals
    n, k = q.shape
    newcomer = Newcomer(q[3] * 0.8, np.array([-2.0, 0.1, 1.0, np.nan]))
    drawn = bootstrap_z(next(draw_weights(sample, 1, seed=5)), sample, newcomer)
    counts = np.random.default_rng(5).multinomial(n, np.full(n, 1 / n), size=256)
    rows = np.repeat(np.arange(n), counts[0])
    beta, *_ = np.linalg.lstsq(q[rows], residuals[rows], rcond=None)
    error = residuals[rows] - q[rows] @ beta
    s = np.sqrt((error**2).sum(axis=0) / (n - k))
    h = newcomer.b @ np.linalg.inv(q[rows].T @ q[rows]) @ newcomer.b
    t = (newcomer.residual - newcomer.b @ beta) / (s * np.sqrt(1 + h))
    assert drawn[0] == pytest.approx(predictive_z(t, n - k), abs=1e-9, nan_ok=True)


def test_resampling_is_repeatable(model) -> None:
    first, again = score(model), score(model)
    assert first.boot_z.shape == (1000, 4)
    assert np.array_equal(first.boot_z, again.boot_z)


def test_resampling_spreads_as_the_expectation_does() -> None:
    """At the expectation itself, z of 200 controls varies by sqrt(h), the error of a mean."""
    rng = np.random.default_rng(16)
    age, male, values = simulate(rng, 200, 60)
    sample = fit_norms(table(values, age=age, sex=sexes(male)), spread="constant").fitted.sample
    newcomer = Newcomer(sample.b[0], np.zeros(60))
    weights = np.concatenate(list(draw_weights(sample, 1000, seed=1)))
    drawn = bootstrap_z(weights, sample, newcomer)
    # 60 features, each known to 1000 draws and 200 controls: about 1 % in the mean.
    assert drawn.std(axis=0).mean() == pytest.approx(
        np.sqrt(newcomer.leverage(sample.weight)[0]), rel=0.05
    )


def test_draws_that_lose_a_sex_are_drawn_again() -> None:
    rng = np.random.default_rng(13)
    age, _, values = simulate(rng, 20, 2)
    male = np.array([1.0, 1.0] + [0.0] * 18)
    found = fit_norms(table(values, age=age, sex=sexes(male))).deviations(
        {"lh_r0": 9.0}, age=float(age.mean()), sex="M"
    )
    assert np.isfinite(found.boot_z[:, 0]).all()
    assert np.isnan(found.boot_z[:, 1]).all()


@settings(max_examples=20)
@given(st.floats(0.01, 100), st.floats(-1000, 1000), st.randoms(use_true_random=False))
def test_unit_offset_and_order_of_the_controls_do_not_matter(scale, offset, random) -> None:
    rng = np.random.default_rng(14)
    age, male, values = simulate(rng, 24, 3)
    person = np.array([7.0, 10.0, 12.0])
    order = list(range(24))
    random.shuffle(order)

    def rows(v, p, index):
        ages, males = age[index], male[index]
        fitted = fit_norms(table(v[index], age=ages, sex=sexes(males)))
        return fitted.deviations(
            dict(zip(fitted.features, p, strict=True)), age=30, sex="M", params=QUICK
        )

    plain = rows(values, person, np.arange(24))
    mixed = rows(values, person, np.array(order))
    assert plain.norms["sha256"] == mixed.norms["sha256"]
    assert plain.rows == mixed.rows
    assert np.array_equal(plain.boot_z, mixed.boot_z)
    moved = rows(scale * values + offset, scale * person + offset, np.arange(24))
    for a, b in zip(plain.rows, moved.rows, strict=True):
        assert (a.z, a.z_low, a.z_high, a.rank_p) == pytest.approx(
            (b.z, b.z_low, b.z_high, b.rank_p), abs=1e-6
        )
    assert plain.boot_z == pytest.approx(moved.boot_z, abs=1e-5)


@given(st.floats(-6, 20), st.floats(0.01, 3))
@settings(max_examples=25)
def test_a_lower_value_has_lower_z_interval_and_rank(model, value, step) -> None:
    low = score(model, {"lh_r0": value}, params=QUICK).rows[0]
    high = score(model, {"lh_r0": value + step}, params=QUICK).rows[0]
    assert low.z < high.z
    assert low.z_low < high.z_low
    assert low.z_high < high.z_high
    assert low.rank_p <= high.rank_p
    assert low.centile <= high.centile


def test_a_missing_value_stays_missing(model) -> None:
    found = score(model, PERSON | {"lh_r1": np.nan})
    row = found.by_feature()["lh_r1"]
    numbers = [row.value, row.z, row.z_low, row.z_high, row.centile, row.rank_p]
    assert np.isnan(numbers).all()
    others = [r for r in found.rows if r.feature != "lh_r1"]
    assert others == [r for r in score(model).rows if r.feature != "lh_r1"]


def test_features_are_joined_by_name(model) -> None:
    shuffled = dict(reversed(PERSON.items())) | {"lh_other": 3.0}
    assert score(model, shuffled).rows == score(model).rows


def test_tiers_and_labels() -> None:
    rng = np.random.default_rng(15)
    expected = {
        20: "exploratory",
        49: "exploratory",
        50: "limited",
        100: "usable",
        200: "adequate",
    }
    for n, tier in expected.items():
        fitted = fit_norms(table(rng.normal(size=(n, 1))), synthetic=n == 50)
        assert fitted.tier == tier
        assert ("EXPLORATORY" in fitted.labels) is (n < 50)
        assert ("SYNTHETIC" in fitted.labels) is (n == 50)


def test_centile_curve_is_where_the_centile_is(model) -> None:
    ages = np.array([25.0, 40.0, 55.0])
    curve = model.centile_curve("lh_r2", sex="M", ages=ages)
    assert np.all(np.diff(curve, axis=0) > 0)
    for age, column in zip(ages, curve.T, strict=True):
        for share, value in zip((0.05, 0.5, 0.95), column, strict=True):
            row = score(model, {"lh_r2": value}, age=age, sex="M").by_feature()["lh_r2"]
            assert row.centile == pytest.approx(share, abs=1e-10)


@pytest.mark.parametrize(
    ("who", "message"),
    [
        ({"age": 75}, "75 years old, the controls of the norms are .* pass --allow-extrapolation"),
        ({"age": 414}, "the age is 414. Expected 0 to 120 years; an age in months"),
        ({"age": float("nan")}, "the age is nan"),
        ({"age": None}, "age is missing"),
        ({"sex": "female"}, "sex is 'female'. Expected 'F' or 'M'"),
        ({"sex": None}, "sex is None"),
        ({"site": "C"}, "site 'C' is unseen: the norms were measured at A, B"),
    ],
)
def test_people_who_are_not_covered_are_refused(model, who, message) -> None:
    with pytest.raises(InputError, match=message):
        score(model, **who)


def test_a_person_without_site_is_ambiguous(model) -> None:
    with pytest.raises(AmbiguityError, match=r"pass it in patient\.toml"):
        score(model, site=None)


def test_extrapolation_is_flagged_where_it_is_allowed(model) -> None:
    found = score(model, age=75.0, allow_extrapolation=True)
    assert all(r.extrapolated for r in found.rows)
    assert not any(r.extrapolated for r in score(model).rows)
    inside, outside = score(model).rows[1], found.rows[1]
    assert outside.z_high - outside.z_low > inside.z_high - inside.z_low


def test_controls_of_one_sex_say_nothing_of_the_other() -> None:
    fitted = fit_norms(table(np.random.default_rng(1).normal(size=(22, 1)), sex="F" * 22))
    assert fitted.design.columns == ("intercept", "age")
    assert fitted.deviations({"lh_r0": 0.0}, age=30, sex="F").rows[0].centile > 0
    with pytest.raises(InputError, match=r"sex is M, but all 22 controls of the norms are F"):
        fitted.deviations({"lh_r0": 0.0}, age=30, sex="M")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "none of the person's 0 features"),
        ({"L_frontal": 1.0}, r"none of the person's 1 features is in the norms.*same atlas"),
        ({"lh_r0": float("inf")}, "'lh_r0' is infinite"),
        ({"lh_r0": float("nan")}, "no value in any feature"),
    ],
)
def test_values_that_cannot_be_compared_are_refused(model, values, message) -> None:
    with pytest.raises(InputError, match=message):
        score(model, values)


def test_values_of_another_unit_are_refused() -> None:
    rng = np.random.default_rng(2)
    fitted = fit_norms(table(1000 + rng.normal(size=(40, 6))))
    with pytest.raises(InputError, match=r"half of the person's 6 features .* another measure"):
        fitted.deviations(dict.fromkeys(fitted.features, 1.0), age=30, sex="F")


def test_few_controls_need_the_flag_twice() -> None:
    few = table(np.random.default_rng(4).normal(size=(12, 1)))
    with pytest.raises(InputError, match=r"controls.tsv: 12 controls. Expected at least 20"):
        fit_norms(few)
    fitted = fit_norms(few, exploratory=True)
    assert "EXPLORATORY" in fitted.labels
    with pytest.raises(InputError, match=re.escape("12 controls. Expected at least 20")):
        fitted.deviations({"lh_r0": 0.0}, age=30, sex="F")
    found = fitted.deviations({"lh_r0": 0.0}, age=30, sex="F", exploratory=True)
    assert found.labels == ("EXPLORATORY",)
