"""Controls left out in folds and by site: refitted by hand, simulated, and real."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from control_tables import sexes, simulate, table
from real_abide import abide
from scipy import stats

from tmsplan.base.errors import InputError
from tmsplan.norms import fit_norms
from tmsplan.norms.calibration import by_group, calibration_of, summarise
from tmsplan.norms.card import (
    calibration_block,
    calibration_quantiles,
    calibration_text,
    left_out_one_by_one,
    model_card,
)
from tmsplan.norms.crossval import LeftOut, deal_folds, held_out, k_folds
from tmsplan.norms.crossval_sites import sites_out
from tmsplan.norms.people import People
from tmsplan.norms.reference import read_reference


def people(n: int = 200, *, f: int = 3, seed: int = 1, site: bool = True):
    rng = np.random.default_rng(seed)
    age, male, values = simulate(rng, n, f)
    where = [f"s{k % 4}" for k in range(n)]
    shift = np.array([0.0, 1.0, -1.0, 0.4])[np.arange(n) % 4]
    values = values + shift[:, None] * site
    return table(values, age=age, sex=sexes(male), site=where if site else None)


def test_folds_are_refitted_without_their_own_people() -> None:
    """z of everyone in the first fold is, digit by digit, that of norms of all the others."""
    controls = people(60)
    model = fit_norms(controls)
    reference = read_reference(controls, model.features)
    first = np.flatnonzero(deal_folds(reference.people, 5) == 0)
    row_of = {float(row[1]): row for row in controls.rows}  # ages differ
    away = [row_of[float(reference.people.age[i])] for i in first]
    rest = fit_norms(replace(controls, rows=tuple(r for r in controls.rows if r not in away)))
    low, high = rest.age_range
    expected = [
        [d.z for d in rest.deviations(
            dict(zip(controls.columns[4:], map(float, r[4:]), strict=True)),
            age=float(r[1]), sex=r[2], site=r[3],
        ).rows]
        for r in away
        if low <= float(r[1]) <= high
    ]  # fmt: skip
    assert 10 <= len(expected) <= 12
    left = k_folds(model, controls, folds=5)
    np.testing.assert_allclose(left.z[: len(expected)], expected, atol=1e-9)


def test_leaving_one_out_by_formula_agrees_with_folds_of_pairs() -> None:
    controls = people(200, site=False)
    model = fit_norms(controls)
    folds, loo = k_folds(model, controls, folds=100), left_out_one_by_one(model)
    for a, b in zip(
        calibration_of(folds.z, folds.features), calibration_of(loo.z, loo.features), strict=True
    ):
        assert a.sd == pytest.approx(b.sd, abs=0.05)
        assert a.inside_95 == pytest.approx(b.inside_95, abs=0.02)


def test_people_whom_the_others_do_not_cover_are_counted_not_scored() -> None:
    rng = np.random.default_rng(4)
    age = np.r_[rng.uniform(20, 60, 99), 85.0]
    values = rng.normal(size=(100, 2))
    controls = table(values, age=age)
    left = k_folds(fit_norms(controls), controls, folds=10)
    assert left.not_covered == 2  # the oldest and the youngest are beyond all others
    assert len(left.z) == 98


def test_folds_hold_their_share_of_every_site_and_sex() -> None:
    n = 240
    who = People(np.zeros(n), np.arange(n) % 2.0, tuple(f"s{k % 3}" for k in range(n)))
    fold = deal_folds(who, 10)
    for site in range(3):
        for sex in range(2):
            inside = (np.arange(n) % 3 == site) & (np.arange(n) % 2 == sex)
            assert set(np.bincount(fold[inside], minlength=10)) == {4}
    assert not np.array_equal(fold, deal_folds(who, 10, seed=2))


def test_a_wrong_model_is_found_out_on_new_people() -> None:
    """The newcomers are 1 sd lower and half as wide again: mean -1, sd 1.5."""
    rng = np.random.default_rng(7)
    model = fit_norms(table(rng.normal(size=(400, 2))))
    shifted = table(1.5 * rng.normal(size=(2000, 2)) - 1)
    found = summarise(held_out(model, shifted).z)
    assert (found.mean, found.sd) == pytest.approx((-1, 1.5), abs=0.15)
    block = calibration_block(held_out(model, shifted))
    assert block["within"] is False
    assert "OUTSIDE |mean| .05" in calibration_text(block)[0]


def test_a_left_out_site_is_calibrated_after_transfer() -> None:
    controls = people(400, f=20)
    left = sites_out(fit_norms(controls), controls, repeats=5)
    found = summarise(left.z)
    assert set(left.site) == {"s0", "s1", "s2", "s3"}
    assert found.sd == pytest.approx(1, abs=0.06)
    assert 0.015 <= found.low_2_5 <= 0.04
    assert 0.015 <= found.high_2_5 <= 0.04
    assert abs(found.mean) < 0.1


def test_sites_without_enough_controls_are_refused() -> None:
    controls = people(80)
    model = fit_norms(controls)
    with pytest.raises(InputError, match="no site has 25 controls; 20 are needed for the"):
        sites_out(model, controls)


def test_no_one_to_score_is_refused() -> None:
    model = fit_norms(people(60, site=False))
    old = table([[1.0] * 3, [2.0] * 3, [3.0] * 3], age=[90, 91, 92])
    with pytest.raises(InputError, match="none of these people is covered by the norms"):
        held_out(model, old)


@pytest.mark.parametrize("z", [np.zeros((0, 2)), np.array([[1.0, np.nan], [0, 0]])])
def test_missing_z_are_refused(z) -> None:
    with pytest.raises(InputError, match=r"no z to check|z of a left-out person is missing"):
        summarise(z)


def test_one_person_has_a_mean_and_no_spread() -> None:
    (only,) = by_group(np.array([[0.5, -0.5]]), ["a"])
    assert (only.people, only.mean) == (1, 0.0)
    assert only.as_dict()["sd"] is None
    with pytest.raises(InputError, match=r"1 person left out\. Expected at least two"):
        calibration_of(np.zeros((1, 2)), ["a", "b"])


def test_the_card_is_made_of_the_file_alone(tmp_path) -> None:
    from tmsplan.norms import load_norms, save_norms

    model = fit_norms(people(120), synthetic=True)
    save_norms(model, tmp_path / "m.norms")
    card = model_card(load_norms(tmp_path / "m.norms"))
    assert card == model_card(model)
    assert card["labels"] == ["SYNTHETIC"]
    assert card["controls_per_site"] == {"s0": 30, "s1": 30, "s2": 30, "s3": 30}
    assert card["calibration"]["within"] is True


def test_real_controls_in_ten_folds_and_at_a_left_out_site() -> None:
    """ABIDE, 328 controls of 10 sites: the figures of docs/methods/norms.md."""
    controls = abide()
    model = fit_norms(controls)
    left = k_folds(model, controls)
    found = summarise(left.z)
    assert (len(left.z) + left.not_covered, found.features) == (328, 68)
    assert found.mean_abs <= 0.05
    assert 0.95 <= found.sd <= 1.05
    assert 0.93 <= found.inside_95 <= 0.97
    away = summarise(sites_out(model, controls, repeats=20).z)
    assert 0.015 <= away.low_2_5 <= 0.04
    assert 0.015 <= away.high_2_5 <= 0.04
    assert 0.93 <= away.inside_95 <= 0.97


def test_quantiles_of_normal_z_are_those_of_a_standard_normal() -> None:
    """Middles of 61 equal shares; z twice as wide, quantiles twice as far; NaN does not count."""
    share = (np.arange(6001) + 0.5) / 6001
    z = 2.0 * stats.norm.ppf(share)[:, None]
    z = np.column_stack([z, np.full_like(z, np.nan)])
    site, sex = ("a",) * 6001, ("F",) * 6001
    found = calibration_quantiles(LeftOut("made", ("f", "g"), z, site, sex, 0))
    assert len(found["expected"]) == 61
    assert found["expected"][30] == 0
    assert found["expected"][0] == pytest.approx(stats.norm.ppf(0.5 / 61), abs=1e-4)
    # Read off 6001 points: at the ends neighbours lie about 0.01 apart.
    np.testing.assert_allclose(found["observed"], 2 * np.array(found["expected"]), atol=1e-2)
