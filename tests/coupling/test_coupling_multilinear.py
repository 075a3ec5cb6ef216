"""The multilinear model against statsmodels-free closed forms, and 19 real people."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
from coupling.real_people import borrowed_head, people, real_connectome
from coupling.small_patient import connectome, patient, small_regions
from hypothesis import given
from hypothesis import strategies as st

from tmsplan.base.errors import InputError
from tmsplan.coupling import couple
from tmsplan.coupling.connectivity_graph import communicability, normalised, path_lengths
from tmsplan.coupling.connectivity_regions import region_centres
from tmsplan.coupling.methods.multilinear import row_fit
from tmsplan.patient import Connectome

ROUNDING = 1e-10


def by_hand(y: np.ndarray, x: np.ndarray) -> float:
    """Adjusted R² by the normal equations on raw predictors: standardising changes nothing."""
    p, n = x.shape
    design = np.vstack([np.ones(n), x])
    beta = np.linalg.solve(design @ design.T, design @ y)
    left = ((y - beta @ design) ** 2).sum() / (n - p - 1)
    return float(1 - left / (((y - y.mean()) ** 2).sum() / (n - 1)))


@given(st.integers(0, 2**32 - 1), st.integers(12, 60))
def test_a_row_equals_the_normal_equations(seed, n) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, n)) * [[1.0], [30.0], [0.01]] + [[5.0], [80.0], [0.0]]
    y = 0.3 * x[0] - 0.01 * x[1] + rng.normal(size=n)
    value, why = row_fit(y, x)
    assert why == ""
    assert value == pytest.approx(by_hand(y, x), abs=1e-8)


def test_closed_forms() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 40))
    assert row_fit(1 + 2 * x[0] - x[2], x)[0] == pytest.approx(1.0, abs=ROUNDING)
    # Nothing in common: R² is p / (n - 1) by chance, which the adjustment takes off.
    chance = [row_fit(rng.normal(size=40), rng.normal(size=(3, 40)))[0] for _ in range(400)]
    assert abs(np.mean(chance)) < 0.02
    assert min(chance) < 0


def test_predictors_that_say_the_same_have_no_value() -> None:
    rng = np.random.default_rng(0)
    a, b, y = rng.normal(size=(3, 40))
    for third in (a + b, 3 * a - 1, a + 1e-9 * b):
        value, why = row_fit(y, np.stack([a, b, third]))
        assert math.isnan(value)
        assert why == "its predictors are linearly dependent"
    assert row_fit(y, np.stack([a, b, np.full(40, 2.0)]))[1] == "a predictor or the row is flat"
    assert (
        row_fit(np.full(40, 0.1), np.stack([a, b, a * b]))[1] == "a predictor or the row is flat"
    )


def test_communicability_is_the_exponential_of_the_normalised_weights() -> None:
    w = connectome(3).sc * 1e5  # real streamline counts
    expected = scipy.linalg.expm(normalised(w))
    np.testing.assert_allclose(communicability(w), expected, rtol=1e-10)
    assert np.linalg.eigvalsh(w)[-1] > 710  # why it is normalised: exp of this overflows
    two = np.array([[0, 7.0], [7.0, 0]])  # one connection: cosh 1 and sinh 1, whatever its weight
    known = [[math.cosh(1), math.sinh(1)], [math.sinh(1), math.cosh(1)]]
    np.testing.assert_allclose(communicability(two), known, rtol=1e-14)


def test_a_strong_connection_is_short() -> None:
    w = np.zeros((4, 4))
    w[0, 1] = w[1, 0] = 4.0
    w[1, 2] = w[2, 1] = 2.0
    w[0, 2] = w[2, 0] = 1.0
    d = path_lengths(w)
    assert d[0, 2] == pytest.approx(0.75)  # through 1: 1/4 + 1/2, shorter than the direct 1
    assert np.isinf(d[3, 0])


def test_centres_are_of_the_patients_own_regions() -> None:
    """The centre of a ring of equal triangles is the ring's; weights are areas."""
    p = patient()
    regions = small_regions(p.cortex)
    ids = tuple(regions.keys)
    centres = region_centres(p, regions, ids)
    left = regions.labels.left.ids
    xyz, area = p.cortex.left.mid.points.mm(p.scanner), p.cortex.left.mid.vertex_areas()
    for k, i in enumerate(ids[:20]):
        here = left == i
        expected = np.average(xyz[here], axis=0, weights=area[here])
        np.testing.assert_allclose(centres[k], expected, atol=ROUNDING)
    assert centres[:20, 0].max() < 0 < centres[20:, 0].min()


def test_a_planted_model_is_found() -> None:
    """Correlations that are an exact plane of the predictors give 1 in every region."""
    p = patient(matrices=connectome(3))
    regions = small_regions(p.cortex)
    centres = region_centres(p, regions, tuple(regions.keys))
    away = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    fc = 0.5 - 0.004 * away + 0.2 * communicability(p.connectome.sc)
    np.fill_diagonal(fc, 1.0)
    q = replace(p, connectome=replace(p.connectome, fc=fc))
    result = couple(q, method="multilinear", regions=regions)
    assert result.unit == "adjusted R²"
    assert tuple(result.per_region) == tuple(regions.keys)
    for one in result.per_region.values():
        assert one.value == pytest.approx(1.0, abs=1e-9)
        assert (one.n, one.coverage, one.reason) == (39, 1.0, "")


def test_a_region_without_fibres_or_without_a_place_says_so() -> None:
    m = connectome(3)
    sc = m.sc.copy()
    sc[7] = sc[:, 7] = 0.0
    p = patient(matrices=Connectome(m.regions, sc, m.fc))
    whole = small_regions(p.cortex)
    lost = tuple(whole.keys)[12]
    emptied = whole.labels.map(lambda one: replace(one, ids=np.where(one.ids == lost, 0, one.ids)))
    regions = replace(whole, labels=emptied)
    result = couple(p, method="multilinear", regions=regions)
    ids = tuple(regions.keys)
    for k in (7, 12):
        gone = result.per_region[ids[k]]
        assert math.isnan(gone.value)
        assert gone.reason == "0 pairs, fewer than 30"
    kept = result.per_region[ids[0]]
    assert math.isfinite(kept.value)
    assert kept.n == 37  # neither of the two counts in anybody else's row


def test_missing_correlations_are_left_out_pair_by_pair() -> None:
    m = connectome(4)
    fc = m.fc.copy()
    fc[3, 11] = fc[11, 3] = np.nan
    p = patient(matrices=Connectome(m.regions, m.sc, fc))
    result = couple(p, method="multilinear", regions=small_regions(p.cortex))
    assert [result.per_region[i].n for i in list(result.per_region)[2:5]] == [39, 38, 39]


def test_what_it_cannot_use_is_refused() -> None:
    m = connectome(0)
    p = patient(matrices=m)
    regions = small_regions(p.cortex)
    with pytest.raises(InputError, match="p1: coupling method 'multilinear' needs a structural"):
        couple(patient(), method="multilinear", regions=regions)
    with pytest.raises(InputError, match="works region by region; name an atlas"):
        couple(p, method="multilinear")
    with pytest.raises(InputError, match="min_pairs is 9; it must be at least 10"):
        couple(p, method="multilinear", regions=regions, settings={"min_pairs": 9})
    other = {i: (h, f"x{n}") for i, (h, n) in regions.keys.items()}
    with pytest.raises(InputError, match=r"region 'r00' on the left is none of atlas made-up"):
        couple(p, method="multilinear", regions=replace(regions, keys=other))
    with pytest.raises(InputError, match=r"p1: no region has a value .*39 pairs, fewer than 40"):
        couple(p, method="multilinear", regions=regions, settings={"min_pairs": 40})
    bad = replace(m, sc=-m.sc)
    with pytest.raises(InputError, match="holds a negative or missing weight"):
        couple(patient(matrices=bad), method="multilinear", regions=regions)
    with pytest.raises(InputError, match=r"has shape \(5, 40\) for 40 regions"):
        couple(patient(matrices=replace(m, sc=m.sc[:5])), method="multilinear", regions=regions)


@pytest.mark.slow
def test_19_real_people(tvb_tumour: Path, ecog: Path) -> None:
    """68 Desikan regions each, distances on one real head (a COMPOSITE)."""
    p, regions = borrowed_head(ecog)
    medians = {}
    for person in people(tvb_tumour):
        q = replace(p, connectome=real_connectome(tvb_tumour, person))
        found = couple(q, method="multilinear", regions=regions).per_region
        assert len(found) == 68
        values = np.array([one.value for one in found.values()])
        assert np.isfinite(values).all()
        # Adjusted, so it may fall a little below 0, and by no more than p / (n - p - 1).
        assert -3 / 63 < values.min() < values.max() < 0.7
        medians[person] = float(np.median(values))
        if person == "CON01":
            assert found[1027].value == pytest.approx(0.178135470001, abs=1e-9)
            assert found[2027].value == pytest.approx(0.300338212502, abs=1e-9)
    assert len(medians) == 19
    assert min(medians.values()) == pytest.approx(0.045, abs=5e-4)  # CON08
    assert max(medians.values()) == pytest.approx(0.264, abs=5e-4)  # CON10
