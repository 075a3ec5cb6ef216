"""Offsets of sites: against dense mixed-model algebra, and how often healthy people stand out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from control_tables import sexes, simulate, table
from scipy import special, stats

from tmsplan.base import InputError, Params
from tmsplan.norms import Design, People, fit_norms
from tmsplan.norms.fitted import fit_values
from tmsplan.norms.offsets import RATIOS, pool
from tmsplan.norms.predictive import effect_interval
from tmsplan.norms.resample import bootstrap_z, draw_weights, rank_p
from tmsplan.norms.sample import Newcomer

N = 36
RNG = np.random.default_rng(81)
CODE = np.concatenate([np.zeros(18), np.ones(10), np.full(6, 2), np.full(2, 3)]).astype(int)
AGE, MALE, NOISE = simulate(RNG, N, 5)
VALUES = NOISE + (RNG.normal(size=(4, 5)) * [0, 0.3, 1, 2, 5])[CODE]
SITE = [f"s{c}" for c in CODE]
WHO = People(AGE, MALE, tuple(SITE))
FITTED = fit_values(Design.of(WHO), tuple("abcde"), VALUES)
X = np.column_stack([np.ones(N), AGE, MALE])
Z = np.eye(4)[CODE]
PERSON = People(np.array([33.0]), np.array([1.0]), ("s2",))
X0, Z0 = np.array([1.0, 33.0, 1.0]), np.eye(4)[2]
NEW = np.array([9.0, 8.0, 10.0, 12.0, 11.0])


def mixed(x, z, y, x0, z0, ratio):
    """Return prediction and its variance over s², and s², by generalised least squares."""
    v = np.linalg.inv(np.eye(len(y)) + ratio * z @ z.T)
    information = np.linalg.inv(x.T @ v @ x)
    beta = information @ x.T @ v @ y
    error = y - x @ beta
    pull = ratio * z0 @ z.T @ v
    s2 = error @ v @ error / (len(y) - x.shape[1])
    gap = x0 - pull @ x
    h = gap @ information @ gap + ratio * z0 @ z0 - pull @ (ratio * z @ z0)
    return x0 @ beta + pull @ error, h, s2


def dense_t(x, z, y, x0, z0, y0, ratio):
    expected, h, s2 = mixed(x, z, y, x0, z0, ratio)
    return (y0 - expected) / np.sqrt(s2 * (1 + h))


def test_z_is_that_of_a_dense_mixed_model() -> None:
    found = FITTED.standard(NEW[None], PERSON)
    z = FITTED.z(NEW[None], PERSON)[0]
    for j, ratio in enumerate(FITTED.ratio):
        expected, h, s2 = mixed(X, Z, VALUES[:, j], X0, Z0, ratio)
        assert FITTED.sd[j] == pytest.approx(np.sqrt(s2), rel=1e-9)
        assert found.residual[0, j] * FITTED.sd[j] == pytest.approx(NEW[j] - expected, abs=1e-9)
        assert found.leverage[0, j] == pytest.approx(h, abs=1e-9)
        t = (NEW[j] - expected) / np.sqrt(s2 * (1 + h))
        assert special.ndtr(z[j]) == pytest.approx(stats.t.cdf(t, N - 3), abs=1e-9)


def test_the_ratio_is_the_mean_under_the_restricted_likelihood() -> None:
    """Dense determinants over a grid ten times finer; the ratio is off by half a step at most."""
    fine = np.concatenate([[0.0], np.geomspace(1e-5, 1e3, 600)])
    share = fine / (1 + fine)
    prior = np.diff(np.concatenate([[0], (share[1:] + share[:-1]) / 2, [1]]))
    design = Design.of(WHO)
    average = design.site_size.mean()
    for j in range(5):
        log_p = []
        for ratio in fine:
            v = np.eye(N) + ratio * Z @ Z.T
            inverse = np.linalg.inv(v)
            s2 = mixed(X, Z, VALUES[:, j], X0, Z0, ratio)[2]
            log_p.append(
                -0.5 * np.linalg.slogdet(v)[1]
                - 0.5 * np.linalg.slogdet(X.T @ inverse @ X)[1]
                - (N - 3) / 2 * np.log(s2)
            )
        p = prior * np.exp(np.array(log_p) - max(log_p))
        kept = (fine * average / (1 + fine * average)) @ p / p.sum()
        mine = FITTED.ratio[j] * average / (1 + FITTED.ratio[j] * average)
        assert mine == pytest.approx(kept, abs=0.055)


def test_large_differences_are_believed_and_small_ones_shrunk() -> None:
    """Offsets of the fifth feature (sd 5) keep nearly everything; of the first (none) little."""
    weight = FITTED.weight[FITTED.design.k :]
    assert np.all(weight[:, 4] > 0.95)
    assert np.all(weight[:, 0] < 0.7)
    free = np.linalg.lstsq(np.hstack([X[:, 1:], Z]), VALUES, rcond=None)[0][2:]
    free = free - free.mean(axis=0)
    assert np.abs(FITTED.offsets[:, 4] - free[:, 4]).max() < 0.1
    # Of the first feature each site keeps a part of what it shows, the one of two people least.
    kept = FITTED.offsets[2:, 0] / free[2:, 0]
    assert 0 < kept[1] < 0.3
    assert np.abs(FITTED.offsets[:, 0]).max() < 0.3 * np.abs(free[:, 0]).max()


def test_leave_one_out_equals_a_mixed_model_of_the_others() -> None:
    for i in (0, 20, 30, 34, 35):
        keep = np.arange(N) != i
        for j, ratio in enumerate(FITTED.ratio):
            t = dense_t(X[keep], Z[keep], VALUES[keep, j], X[i], Z[i], VALUES[i, j], ratio)
            assert FITTED.loo_z[i, j] == pytest.approx(
                stats.norm.ppf(stats.t.cdf(t, N - 4)), abs=1e-8
            )


def test_rank_p_equals_holding_out_each_of_all_people() -> None:
    x, z = np.vstack([X, X0]), np.vstack([Z, Z0])
    y = np.vstack([VALUES, NEW])
    newcomer = Newcomer(
        FITTED.design.rows(PERSON).b[0], FITTED.standard(NEW[None], PERSON).residual[0]
    )
    found = rank_p(FITTED.sample, newcomer)
    for j, ratio in enumerate(FITTED.ratio):
        t = []
        for i in range(N + 1):
            keep = np.arange(N + 1) != i
            t.append(dense_t(x[keep], z[keep], y[keep, j], x[i], z[i], y[i, j], ratio))
        assert found[j] == pytest.approx((1 + np.sum(np.array(t[:-1]) <= t[-1])) / (N + 1))


def test_a_redrawn_reference_equals_a_mixed_model_of_the_drawn_rows() -> None:
    newcomer = Newcomer(
        FITTED.design.rows(PERSON).b[0], FITTED.standard(NEW[None], PERSON).residual[0]
    )
    weights = next(draw_weights(FITTED.sample, 3, seed=5))
    drawn = bootstrap_z(weights, FITTED.sample, newcomer)
    counts = np.random.default_rng(5).multinomial(N, np.full(N, 1 / N), size=256)
    for draw in range(3):
        rows = np.repeat(np.arange(N), counts[draw])
        for j, ratio in enumerate(FITTED.ratio):
            t = dense_t(X[rows], Z[rows], VALUES[rows, j], X0, Z0, NEW[j], ratio)
            z = stats.norm.ppf(stats.t.cdf(t, N - 3))
            assert drawn[draw, j] == pytest.approx(z, abs=1e-8)


def test_sites_that_are_all_alike_change_nothing() -> None:
    """λ = 0 is the model without sites, also in leave-one-out, ranks and redrawn references."""
    without, design = Design.of(WHO, ("age", "sex")), Design.of(WHO)
    assert pool(without, np.zeros((3, 2)), np.ones(2)) == pytest.approx([0, 0])
    plain = fit_values(without, tuple("abcde"), NOISE)
    alike = replace(plain, design=design, projected=design.b.T @ NOISE, ratio=np.zeros(5))
    assert alike.loo_z == pytest.approx(plain.loo_z, abs=1e-10)
    found = []
    for model in (plain, alike):
        residual = model.standard(NEW[None], PERSON).residual[0]
        newcomer = Newcomer(model.design.rows(PERSON).b[0], residual)
        drawn = model.redrawn_z(residual, PERSON, 50, 1)
        found.append((rank_p(model.sample, newcomer), drawn))
    assert found[0][0] == pytest.approx(found[1][0])
    assert found[0][1] == pytest.approx(found[1][1], abs=1e-9)


@pytest.mark.parametrize(("n", "sites"), [(20, 2), (20, 5), (50, 5), (200, 10)])
@pytest.mark.parametrize("between", [0.0, 0.3, 1.0, 2.0])
def test_healthy_newcomers_of_a_known_site_are_flagged_as_often_as_promised(
    n, sites, between
) -> None:
    """1.5 to 4.5 % in each tail at a nominal 2.5 %, unbalanced sites, whatever their spread.

    20 references of 400 features: the standard error is near 0.3 % (features share a design).
    """
    rng = np.random.default_rng(91)
    low = high = 0
    for _ in range(20):
        chance = 1 / np.arange(1, sites + 1) ** 1.5
        code = np.concatenate(
            [np.arange(sites), rng.choice(sites, n - sites, p=chance / chance.sum())]
        )
        age, male, values = simulate(rng, n, 400)
        offset = between * rng.normal(size=(sites, 400))
        who = People(age, male, tuple(f"s{c}" for c in code))
        fitted = fit_values(
            Design.of(who), tuple(f"f{k}" for k in range(400)), values + offset[code]
        )
        own = rng.choice(code)
        new_age, new_male, new = simulate(rng, 1, 400, age=rng.uniform(25, 55, 1))
        z = fitted.z(new + offset[own], People(new_age, new_male, (f"s{own}",)))
        low, high = low + np.sum(z < -1.959964), high + np.sum(z > 1.959964)
    assert 0.015 < low / 8000 < 0.045
    assert 0.015 < high / 8000 < 0.045


@pytest.mark.parametrize("between", [0.0, 0.5, 2.0])
def test_intervals_cover_the_true_effect_at_a_known_site(between) -> None:
    """95 % of 20 x 400 intervals of a person 2 sd below the site's own expectation.

    With 40 controls at 4 unequal sites; 93 to 97 % because the ratio is estimated.
    """
    rng = np.random.default_rng(92)
    covered = 0
    for _ in range(20):
        code = np.concatenate([np.arange(4), rng.choice(4, 36, p=[0.5, 0.3, 0.15, 0.05])])
        age, male, _ = simulate(rng, 40, 1)
        offset = between * rng.normal(size=(4, 400))
        who = People(age, male, tuple(f"s{c}" for c in code))
        fitted = fit_values(
            Design.of(who),
            tuple(f"f{k}" for k in range(400)),
            rng.normal(size=(40, 400)) + offset[code],
        )
        own = rng.choice(code)
        person = People(rng.uniform(25, 55, 1), np.ones(1), (f"s{own}",))
        found = fitted.standard(offset[own][None] - 2.0, person)
        low, high = effect_interval(found.residual[0], found.leverage[0], found.df, 0.95)
        covered += np.sum((low < -2) & (high > -2))
    assert 0.93 < covered / 8000 < 0.97


def test_a_person_is_compared_at_the_own_site() -> None:
    model = fit_norms(table(VALUES, age=AGE, sex=sexes(MALE), site=SITE), spread="constant")
    values = dict(zip(model.features, VALUES[20], strict=True))
    at = {
        s: model.deviations(values, age=30, sex="F", site=s, params=QUICK).rows[4].z
        for s in ("s0", "s1")
    }
    shift = model.fitted.offsets[1, 4] - model.fitted.offsets[0, 4]
    assert (at["s0"] - at["s1"]) * shift > 0
    assert model.block()["covariates"] == ["age", "sex", "site"]
    curves = [
        model.centile_curve("lh_r4", sex="F", ages=[30], centiles=[0.5], site=s)[0, 0]
        for s in ("s0", "s1")
    ]
    assert curves[1] - curves[0] == pytest.approx(shift)
    average = model.centile_curve("lh_r4", sex="F", ages=[30], centiles=[0.5])[0, 0]
    assert average + model.fitted.offsets[0, 4] == pytest.approx(curves[0])


QUICK = Params().overriding({"bootstraps": 100})


def test_one_site_or_sites_not_asked_for_have_no_offset() -> None:
    one = fit_norms(table(VALUES, site=["A"] * N))
    assert one.design.terms.sites == ()
    assert one.sites == ("A",)
    asked = fit_norms(table(VALUES, site=SITE), covariates=("age", "sex"))
    assert asked.fitted.offsets.shape == (0, 5)
    none = fit_norms(table(VALUES))
    assert none.sites == ()
    for model in (one, asked):
        with pytest.raises(InputError, match=r"site 'X' is unseen.*tmsplan norms transfer"):
            model.deviations({"lh_r0": 9.0}, age=30, sex="F", site="X")


def test_sites_do_not_depend_on_the_order_of_the_rows() -> None:
    first = fit_norms(table(VALUES, age=AGE, sex=sexes(MALE), site=SITE))
    order = RNG.permutation(N)
    again = fit_norms(
        table(VALUES[order], age=AGE[order], sex=sexes(MALE[order]), site=np.array(SITE)[order])
    )
    assert again.sha256 == first.sha256


def test_the_grid_of_ratios_reaches_from_nothing_to_nearly_everything() -> None:
    assert RATIOS[0] == 0
    assert RATIOS[-1] / (1 + RATIOS[-1]) > 0.99
