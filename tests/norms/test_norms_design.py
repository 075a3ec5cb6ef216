"""Age as a curve and further covariates, against scipy and plain least squares."""

from __future__ import annotations

import numpy as np
import pytest
from control_tables import sexes, simulate, table
from scipy.interpolate import make_lsq_spline

from tmsplan.base import InputError, Table
from tmsplan.norms import Design, People, declare_age, fit_norms
from tmsplan.norms.age_basis import AgeBasis

RNG = np.random.default_rng(51)
AGE, MALE, VALUES = simulate(RNG, 80, 2)
FD = RNG.gamma(2, 0.1, 80)
VOXELS = RNG.uniform(100, 3000, 80)
EXTRA = {"mean_fd": [repr(float(x)) for x in FD], "n_voxels": [repr(float(x)) for x in VOXELS]}


def controls(values=VALUES, **options) -> Table:
    return table(values, age=AGE, sex=sexes(MALE), **options)


def test_a_curve_of_age_is_scipys_least_squares_spline() -> None:
    basis = AgeBasis.of(AGE, "spline")
    design = Design.of(People(AGE, MALE), ("age",), age="spline")
    knots = [basis.low] * 4 + list(basis.knots) + [basis.high] * 4
    order = np.argsort(AGE)
    for y in (VALUES[:, 0], np.sin(AGE / 8)):
        curve = make_lsq_spline(AGE[order], y[order], knots, 3)
        assert design.b @ (design.b.T @ y) == pytest.approx(curve(AGE), abs=1e-9)
    assert basis.knots == pytest.approx(np.quantile(AGE, [0.25, 0.5, 0.75]))


def test_a_curve_follows_what_a_line_cannot() -> None:
    """A peak at 35 years, three residual sd high: the line is off by more than one sd."""
    truth = 3 * np.exp(-(((AGE - 35) / 7) ** 2))
    values = (truth + RNG.normal(size=80))[:, None]
    peak = 3.0
    found = {
        shape: fit_norms(controls(values), age=shape).centile_curve(
            "lh_r0", sex="F", ages=[35.0], centiles=[0.5]
        )[0, 0]
        for shape in ("linear", "spline")
    }
    assert abs(found["spline"] - peak) < 0.8
    assert abs(found["linear"] - peak) > 1.2


@pytest.mark.parametrize(("n", "count"), [(40, 3), (99, 3), (100, 4), (199, 4), (200, 5)])
def test_more_controls_allow_more_knots(n, count) -> None:
    age = np.linspace(20, 60, n)
    basis = AgeBasis.of(age, "spline")
    assert len(basis.knots) == count
    assert len(basis.columns) == basis.rows(age).shape[1] == count + 3


def test_a_curve_ends_where_the_controls_end_even_if_extrapolation_is_allowed() -> None:
    model = fit_norms(controls(), age="spline")
    low, high = model.age_range
    for age in (low, high):
        model.deviations({"lh_r0": 9.0}, age=age, sex="F")
    with pytest.raises(InputError, match=r"or pass --allow-extrapolation"):
        model.deviations({"lh_r0": 9.0}, age=high + 1, sex="F")
    with pytest.raises(InputError, match=r"where the curve of age ends; it cannot be extrapol"):
        model.deviations({"lh_r0": 9.0}, age=high + 1, sex="F", allow_extrapolation=True)


def test_ages_that_allow_no_curve_are_refused() -> None:
    few = [20.0 + 10 * (i % 3) for i in range(80)]
    with pytest.raises(InputError, match=r"ages \(3 different\) are too alike for a spline of 3"):
        fit_norms(table(VALUES, age=few), age="spline")
    with pytest.raises(InputError, match=r"age cannot be 'cubic'; choose linear or spline"):
        fit_norms(controls(), age="cubic")


def test_further_covariates_are_those_of_a_plain_regression() -> None:
    values = VALUES + 4 * FD[:, None] - 0.001 * VOXELS[:, None]
    model = fit_norms(
        controls(values, extra=EXTRA),
        covariates=("n_voxels", "age", "sex", "mean_fd"),
        spread="constant",
    )
    assert model.features == ("lh_r0", "lh_r1"), "a covariate is no feature"
    assert model.design.columns == ("intercept", "age", "sex", "mean_fd", "n_voxels")
    x = np.column_stack([np.ones(80), AGE, MALE, FD, VOXELS])
    x0 = np.array([1, 33, 1, 0.3, 900])
    beta = np.linalg.lstsq(x, values, rcond=None)[0]
    s = np.sqrt(((values - x @ beta) ** 2).sum(axis=0) / 75)
    t = (9.5 - x0 @ beta) / (s * np.sqrt(1 + x0 @ np.linalg.inv(x.T @ x) @ x0))
    found = model.deviations(
        {"lh_r0": 9.5, "lh_r1": 9.5}, age=33, sex="M",
        covariates={"mean_fd": 0.3, "n_voxels": 900},
    )  # fmt: skip
    from scipy import stats

    assert [r.centile for r in found.rows] == pytest.approx(stats.t.cdf(t, 75), abs=1e-10)


def test_the_unit_of_a_covariate_does_not_matter() -> None:
    z = []
    for scale in (1.0, 1e6):
        extra = {"mean_fd": [repr(float(x * scale)) for x in FD]}
        model = fit_norms(controls(extra=extra), covariates=("age", "sex", "mean_fd"))
        found = model.deviations(
            {"lh_r0": 8.0}, age=33, sex="M", covariates={"mean_fd": 0.3 * scale}
        )
        z.append(found.rows[0].z)
    assert z[0] == pytest.approx(z[1], abs=1e-9)


def test_a_person_without_a_covariate_or_beyond_its_range_is_refused() -> None:
    model = fit_norms(controls(extra=EXTRA), covariates=("age", "mean_fd"), features=["lh_r0"])
    who = {"age": 33, "sex": "M"}
    for given in ({}, {"n_voxels": 3.0}, {"mean_fd": float("nan")}):
        with pytest.raises(InputError, match=r"'mean_fd' is missing, but the norms correct for"):
            model.deviations({"lh_r0": 9.0}, **who, covariates=given)
    far = {"mean_fd": 3.0}
    with pytest.raises(InputError, match=r"'mean_fd' is 3, that of the controls 0.*extrapolation"):
        model.deviations({"lh_r0": 9.0}, **who, covariates=far)
    found = model.deviations({"lh_r0": 9.0}, **who, covariates=far, allow_extrapolation=True)
    assert found.rows[0].extrapolated


def test_covariates_that_repeat_or_do_not_vary_are_refused() -> None:
    extra = {"flat": ["3"] * 80, "age_months": [repr(float(12 * x)) for x in AGE]}
    with pytest.raises(InputError, match=r"covariate 'flat' is 3 in every control"):
        fit_norms(controls(extra=extra), covariates=("age", "flat"), features=["lh_r0"])
    with pytest.raises(InputError, match=r"'age_months' does not vary .* repeats another"):
        fit_norms(controls(extra=extra), covariates=("age", "age_months"), features=["lh_r0"])
    with pytest.raises(InputError, match=r"'mean_fd' is asked for as a feature twice, or is no"):
        fit_norms(controls(extra=EXTRA), covariates=("mean_fd",), features=["mean_fd"])
    with pytest.raises(InputError, match=r"'iq' cannot be corrected for; covariates are age, sex"):
        Design.of(People(AGE, MALE), ("age", "iq"))


@pytest.mark.parametrize(
    ("unit", "write"),
    [
        ("months", lambda a: repr(a * 12)),
        ("weeks", lambda a: repr(a * 365.25 / 7)),
        ("days", lambda a: repr(a * 365.25)),
        ("text", lambda a: f"{a!r} years"),
        ("text", lambda a: f"{a!r}y"),
    ],
)
def test_ages_in_a_declared_unit_give_the_same_model(unit, write) -> None:
    written = table(VALUES, age=[write(float(a)) for a in AGE], sex=sexes(MALE))
    model = fit_norms(declare_age(written, unit))
    assert model.age_range == pytest.approx(fit_norms(controls()).age_range, rel=1e-12)


def test_ages_in_an_undeclared_unit_name_the_flag() -> None:
    with pytest.raises(InputError, match=r"row 2, column 'age' holds '34 years'.*--age-unit text"):
        fit_norms(table(VALUES, age=["34 years"] * 80))
    with pytest.raises(InputError, match=r"the age is 414.*declared with --age-unit"):
        fit_norms(table(VALUES, age=["414"] * 80))
    with pytest.raises(InputError, match=r"row 2, column 'age' holds '34'.* '34 years', as decl"):
        declare_age(table(VALUES, age=["34"] * 80), "text")
    with pytest.raises(InputError, match=r"unit of age 'fortnights' is unknown; declare months"):
        declare_age(controls(), "fortnights")


def test_relatives_are_refused() -> None:
    families = {"family": [f"f{i // 2}" for i in range(80)]}
    with pytest.raises(InputError, match=r"rows 2 and 3 are of one family \('family'\).*Keep one"):
        fit_norms(controls(extra=families))
    single = {"family": ["n/a" if i % 2 else f"f{i}" for i in range(80)]}
    assert fit_norms(controls(extra=single)).features == ("lh_r0", "lh_r1")
