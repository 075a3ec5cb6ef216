"""Norms from sums: the same numbers in one pass, and nothing that they cannot know."""

from __future__ import annotations

import numpy as np
import pytest

from tmsplan.base import InputError
from tmsplan.norms import Design, Moments, People, fit_streamed, load_norms, save_norms
from tmsplan.norms.fitted import fit_values
from tmsplan.norms.multiple import chance_top_z, max_null_p, p_top

N, F = 300, 40
RNG = np.random.default_rng(71)
SITE = tuple(f"s{k}" for k in RNG.integers(0, 6, N))
WHO = People(
    RNG.uniform(18, 70, N),
    (RNG.random(N) < 0.5).astype(float),
    SITE,
    {"mean_fd": RNG.gamma(2, 0.1, N)},
)
COVARIATES = ("age", "sex", "site", "mean_fd")
SHIFT = dict(zip(sorted(set(SITE)), RNG.normal(size=6), strict=True))
VALUES = 1e4 + 0.05 * WHO.age[:, None] + np.array([SHIFT[s] for s in SITE])[:, None]
VALUES = VALUES + RNG.normal(size=(N, F)) * np.geomspace(0.1, 10, F)
NAMES = tuple(f"v{k}" for k in range(F))
NEWCOMER = {"age": 40, "sex": "F", "site": "s2", "covariates": {"mean_fd": 0.2}}


def design() -> Design:
    return Design.of(WHO, COVARIATES, age="spline")


def streamed(step: int = 70):
    moments = Moments(design()).add_all(VALUES[i : i + step] for i in range(0, N, step))
    return fit_streamed(moments, NAMES)


def test_sums_give_the_fit_of_all_values_at_once() -> None:
    """Values near 10 000 with an sd down to 0.1: sums of squares would lose ten digits."""
    held = fit_values(design(), NAMES, VALUES)
    for step in (1, 70, N):
        found = streamed(step).fitted
        assert np.array_equal(found.ratio, held.ratio)
        assert np.abs(found.sd / held.sd - 1).max() < 1e-9
        one = WHO.taking(np.arange(20))
        assert np.abs(found.z(VALUES[:20], one) - held.z(VALUES[:20], one)).max() < 1e-9


def test_pieces_of_features_give_the_same() -> None:
    whole = streamed().fitted
    for part in (slice(0, 15), slice(15, F)):
        moments = Moments(design()).add_all([VALUES[:, part]])
        found = fit_streamed(moments, NAMES[part]).fitted
        assert found.sd == pytest.approx(whole.sd[part], rel=1e-9)
        assert found.natural == pytest.approx(whole.natural[:, part], rel=1e-7, abs=1e-7)


def test_what_needs_single_controls_is_not_available_and_said() -> None:
    model = streamed()
    assert model.design.people is None
    found = model.deviations(dict(zip(NAMES, VALUES[0], strict=True)), **NEWCOMER)
    assert found.loo_z.shape == (0, F)
    assert found.boot_z.shape == (0, F)
    assert np.isnan([r.rank_p for r in found.rows]).all()
    assert np.isfinite([(r.z, r.z_low, r.z_high, r.centile) for r in found.rows]).all()
    assert "rank p" in found.notes[0]
    assert found.norms["notes"] == list(found.notes)
    # Without controls to compare with, nothing can stand out.
    assert max_null_p(found, NAMES) == 1.0
    assert p_top(found, NAMES) == {}
    assert np.isnan(chance_top_z(found, NAMES))


def test_a_streamed_model_holds_no_individual_and_comes_back(tmp_path) -> None:
    model = streamed()
    save_norms(model, tmp_path / "m.norms")
    assert (tmp_path / "m.norms").stat().st_size < 20_000 + 8 * F * 24
    again = load_norms(tmp_path / "m.norms")
    assert again.sha256 == model.sha256
    values = dict(zip(NAMES, VALUES[0], strict=True))
    assert [r.z for r in again.deviations(values, **NEWCOMER).rows] == [
        r.z for r in model.deviations(values, **NEWCOMER).rows
    ]


def test_values_that_do_not_belong_to_the_people_are_refused() -> None:
    with pytest.raises(InputError, match=r"values of 70 people, but covariates of 300"):
        Moments(design()).add_all([VALUES[:70]])
    with pytest.raises(InputError, match=r"values of more than 300 people"):
        Moments(design()).add_all([VALUES, VALUES[:1]])
    with pytest.raises(InputError, match=r"people 71 and on have 39 features. Expected 40"):
        Moments(design()).add_all([VALUES[:70], VALUES[70:, 1:]])
    broken = VALUES.copy()
    broken[80, 3] = np.nan
    with pytest.raises(InputError, match=r"person 81 has nan in feature 4. Expected a number"):
        Moments(design()).add_all([broken[:70], broken[70:]])
    with pytest.raises(InputError, match=r"the values have the shape \(40,\)"):
        Moments(design()).add(VALUES[0])
    with pytest.raises(InputError, match=r"the design holds no controls"):
        Moments(streamed().design)


def test_few_controls_are_refused_here_too() -> None:
    few = Moments(Design.of(WHO.taking(np.arange(15)), ("age",))).add_all([VALUES[:15]])
    with pytest.raises(InputError, match=r"the streamed table: 15 controls. Expected at least 20"):
        fit_streamed(few, NAMES)
    assert fit_streamed(few, NAMES, exploratory=True).labels == ("EXPLORATORY",)
    fewer = Moments(Design.of(WHO.taking(np.arange(4)), ("age",))).add_all([VALUES[:4]])
    with pytest.raises(InputError, match=r"4 controls are too few for 2 coefficients; at least 5"):
        fit_streamed(fewer, NAMES, exploratory=True)


def test_names_and_flat_features_are_refused() -> None:
    moments = Moments(design()).add_all([VALUES])
    with pytest.raises(InputError, match=r"39 different names for 40 features"):
        fit_streamed(moments, NAMES[1:])
    with pytest.raises(InputError, match=r"39 different names for 40 features"):
        fit_streamed(moments, (*NAMES[1:], NAMES[1]))
    flat = VALUES.copy()
    flat[:, 7] = 3 + 0.1 * WHO.male
    with pytest.raises(InputError, match=r"the feature 'v7' follows exactly from age, sex, site"):
        fit_streamed(Moments(design()).add_all([flat]), NAMES)
