"""Many regions: false discovery, the most extreme one, reliability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from control_tables import table
from hypothesis import given
from hypothesis import strategies as st

from tmsplan.base import InputError, Params
from tmsplan.norms import (
    chance_top_z,
    false_discovery_q,
    fit_norms,
    max_null_p,
    p_first_again,
    p_top,
    shrink,
)
from tmsplan.norms.predictive import predictive_z

QUICK = Params().overriding({"bootstraps": 200})


def deviations(n=40, f=6, person=None, seed=41):
    rng = np.random.default_rng(seed)
    fitted = fit_norms(table(rng.normal(size=(n, f))), covariates=())
    values = rng.normal(size=f) if person is None else person
    return fitted.deviations(
        dict(zip(fitted.features, values, strict=True)), age=30, sex="F",
        params=QUICK,
    )  # fmt: skip


def test_false_discovery_rate_as_in_r() -> None:
    q = false_discovery_q([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074])
    assert q == pytest.approx([0.007, 0.028, 0.0588, 0.0588, 0.0588, 0.07, 0.074], abs=1e-12)


def test_max_null_counts_controls_with_one_as_extreme() -> None:
    found = deviations()
    names = ["lh_r0", "lh_r2", "lh_r5"]
    own = min(found.by_feature()[n].z for n in names)
    b = sum(min(row[k] for k in (0, 2, 5)) <= own for row in found.loo_z)
    assert max_null_p(found, names) == (b + 1) / 41
    flipped = replace(
        found, rows=tuple(replace(r, z=-r.z) for r in found.rows), loo_z=-found.loo_z
    )
    assert max_null_p(flipped, names, direction="high") == (b + 1) / 41


def test_max_null_is_uniform_in_healthy_people() -> None:
    """Correlated features, 49 controls, 30 references with 50 newcomers each.

    The references vary: p <= 0.2 in 20 % with a standard error of about 1.5 %.
    """
    rng = np.random.default_rng(42)
    p = []
    for _ in range(30):
        values = rng.normal(size=(99, 1)) + rng.normal(size=(99, 8))
        fitted = fit_norms(table(values[:49]), covariates=())
        names = fitted.features
        found = fitted.deviations(dict.fromkeys(names, 0.0), age=30, sex="F", params=QUICK)
        expected = fitted.fitted.coefficients[0]
        t = (values[49:] - expected) / (fitted.fitted.sd * np.sqrt(1 + 1 / 49))
        for z in predictive_z(t, 48):
            rows = tuple(replace(r, z=x) for r, x in zip(found.rows, z, strict=True))
            p.append(max_null_p(replace(found, rows=rows), names))
    for share in (0.06, 0.2, 0.5):
        assert np.mean(np.array(p) <= share) == pytest.approx(share, abs=0.05)


def test_a_clear_abnormality_is_on_top_in_every_draw_and_null() -> None:
    found = deviations(person=[0, 0, -9, 0, 0, 0])
    names = [r.feature for r in found.rows]
    assert p_top(found, names)["lh_r2"] == 1.0
    assert max_null_p(found, names) == 1 / 41
    high = p_top(found, names, direction="high")
    assert high["lh_r2"] == 0.0
    assert sum(high.values()) == pytest.approx(1.0)


def test_two_equal_regions_share_the_top() -> None:
    found = deviations(n=60, person=[-4, -4, 0, 0, 0, 0])
    share = p_top(found, [r.feature for r in found.rows])
    assert share["lh_r0"] + share["lh_r1"] > 0.95
    assert max(share.values()) < 0.98


def test_chance_gives_what_the_published_simulation_gives() -> None:
    """10 independent regions: the median of the most negative z is -1.50."""
    found = deviations(n=2000, f=10)
    names = [r.feature for r in found.rows]
    assert chance_top_z(found, names) == pytest.approx(-1.50, abs=0.05)
    assert chance_top_z(found, names, direction="high") == pytest.approx(1.50, abs=0.05)


def test_shrinking() -> None:
    assert shrink(-2.5, 0.5) == pytest.approx((-1.25, 0.98), abs=1e-4)
    assert shrink(-2.5, 1.0) == (-2.5, 0.0)
    with pytest.raises(InputError, match=r"the reliability is 1.2. Expected more than 0"):
        shrink(-2.5, 1.2)


@pytest.mark.parametrize(
    ("k", "icc", "expected"),
    [(4, 0.5, 0.46), (10, 0.5, 0.29), (10, 0.9, 0.65), (30, 0.5, 0.18), (10, 0.7, 0.42),
     (100, 0.5, 0.11)],
)  # fmt: skip
def test_the_same_region_on_a_rescan_as_in_the_published_simulation(k, icc, expected) -> None:
    """20 000 simulated pairs of scans without a focal effect gave these shares."""
    rng = np.random.default_rng(43)
    mean = np.mean([p_first_again(rng.normal(size=k), icc) for _ in range(1500)])
    assert mean == pytest.approx(expected, abs=0.012)


@given(st.lists(st.floats(-4, 4), min_size=1, max_size=12), st.floats(0.05, 1.0))
def test_the_chance_of_a_repeat_is_a_chance(z, icc) -> None:
    p = p_first_again(z, icc)
    assert 1 / len(z) - 1e-6 <= p <= 1 + 1e-9
    assert p_first_again(z[::-1], icc) == pytest.approx(p, abs=1e-12)


def test_features_without_z_cannot_compete() -> None:
    found = deviations(person=[0, np.nan, 0, 0, 0, 0])
    with pytest.raises(InputError, match=r"'lh_r1' cannot compete: it has no z"):
        max_null_p(found, ["lh_r0", "lh_r1"])
    with pytest.raises(InputError, match=r"'lh_zz' cannot compete"):
        p_top(found, ["lh_zz"])
    with pytest.raises(InputError, match=r"'no feature' cannot compete"):
        chance_top_z(found, [])
