"""Baum's regional coupling against scipy, closed forms and 19 real people."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from coupling.small_patient import ID, connectome, patient
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from tmsplan.base.errors import InputError
from tmsplan.coupling import couple
from tmsplan.coupling.methods.baum import row_spearman
from tmsplan.patient import Connectome
from tmsplan.space.side import Hemi

#: Sums of a few hundred ranks in float64; scipy sums in another order.
ROUNDING = 1e-12


def by_scipy(sc: np.ndarray, fc: np.ndarray, *, nonzero: bool) -> np.ndarray:
    """The same, one row at a time, by the library that everyone uses."""
    out = []
    for i in range(len(sc)):
        j = np.arange(len(sc)) != i
        if nonzero:
            j &= sc[i] > 0
        out.append(spearmanr(sc[i, j], fc[i, j]).statistic)
    return np.array(out)


@given(st.integers(0, 2**32 - 1), st.integers(6, 40), st.booleans())
def test_it_equals_scipy_row_by_row_with_ties(seed, r, nonzero) -> None:
    rng = np.random.default_rng(seed)
    sc = rng.integers(0, 6, (r, r)).astype(float)  # few values: many ties and zeros
    fc = rng.integers(-4, 5, (r, r)) / 4.0
    rho, reasons = row_spearman(sc, fc, nonzero=nonzero, min_pairs=4)
    for i, why in enumerate(reasons):
        j = np.arange(r) != i
        if nonzero:
            j &= sc[i] > 0
        if why:
            few, flat = j.sum() < 4, np.ptp(sc[i, j]) == 0 or np.ptp(fc[i, j]) == 0
            assert few or flat
            assert math.isnan(rho[i])
        else:
            assert abs(rho[i] - spearmanr(sc[i, j], fc[i, j]).statistic) < ROUNDING


def test_closed_forms() -> None:
    """Row 0: same order, rho 1. Row 1: opposite order, rho -1. Row 2: one tie."""
    r = 6
    sc, fc = np.zeros((r, r)), np.zeros((r, r))
    sc[0, 1:], fc[0, 1:] = [1, 2, 3, 4, 5], [0.1, 0.2, 0.3, 0.4, 0.9]
    sc[1, [0, 2, 3, 4, 5]], fc[1, [0, 2, 3, 4, 5]] = [1, 2, 3, 4, 5], [5, 4, 3, 2, 1]
    # Ranks 1 2.5 2.5 4 against 1 2 3 4: covariance 4.5, variances 4.5 and 5.
    sc[2, [0, 1, 3, 4]], fc[2, [0, 1, 3, 4]] = [1, 2, 2, 3], [0.1, 0.2, 0.3, 0.4]
    rho, reasons = row_spearman(sc, fc, nonzero=True, min_pairs=4)
    np.testing.assert_allclose(rho[:3], [1, -1, 4.5 / math.sqrt(4.5 * 5)], atol=ROUNDING)
    assert reasons[:3] == ["", "", ""]
    assert np.isnan(rho[3:]).all()
    assert reasons[3] == "0 pairs, fewer than 4"


def test_the_diagonal_never_counts() -> None:
    m = connectome(0)
    a, _ = row_spearman(m.sc, m.fc, nonzero=False, min_pairs=4)
    wild = m.fc.copy()
    np.fill_diagonal(wild, -99.0)
    heavy = m.sc + np.diag(np.full(len(m.sc), 1e9))
    b, _ = row_spearman(heavy, wild, nonzero=False, min_pairs=4)
    assert a.tobytes() == b.tobytes()


def test_the_zero_rule_decides_which_pairs_count() -> None:
    m = connectome(1)
    for rule, nonzero in (("nonzero", True), ("all", False)):
        result = couple(patient(matrices=m), method="baum", settings={"zero_rule": rule})
        got = np.array([result.by_region[k] for k in m.regions])
        np.testing.assert_allclose(got, by_scipy(m.sc, m.fc, nonzero=nonzero), atol=ROUNDING)
        assert result.params["zero_rule"] == rule


def test_it_does_not_depend_on_a_monotone_change_of_either_matrix() -> None:
    m = connectome(2)
    a, _ = row_spearman(m.sc, m.fc, nonzero=True, min_pairs=4)
    b, _ = row_spearman(np.log1p(m.sc), np.arctanh(0.99 * m.fc), nonzero=True, min_pairs=4)
    np.testing.assert_array_equal(a, b)


def test_a_missing_correlation_is_left_out_pair_by_pair() -> None:
    m = connectome(4)
    fc = m.fc.copy()
    fc[3, 11] = np.nan
    rho, _ = row_spearman(m.sc, fc, nonzero=False, min_pairs=4)
    j = [k for k in range(len(fc)) if k not in {3, 11}]
    assert abs(rho[3] - spearmanr(m.sc[3, j], m.fc[3, j]).statistic) < ROUNDING


def test_fisher_z_is_said_in_the_unit_and_a_perfect_row_has_none() -> None:
    m = connectome(5)
    fc = m.fc.copy()
    fc[0] = m.sc[0]  # rank correlation 1
    given_ = patient(matrices=Connectome(m.regions, m.sc, fc))
    rho = couple(given_, method="baum")
    z = couple(given_, method="baum", settings={"fisher": True})
    assert (rho.unit, z.unit) == ("rho", "Fisher z")
    first, *rest = m.regions
    assert rho.by_region[first] == 1.0
    assert math.isnan(z.by_region[first])
    assert z.params["missing"] == {"left r00": "rho is 1 or -1, which has no Fisher z"}
    for key in rest:
        assert z.by_region[key] == pytest.approx(math.atanh(rho.by_region[key]), abs=1e-15)


def test_a_flat_row_is_nan_and_says_why() -> None:
    m = connectome(6)
    fc = m.fc.copy()
    fc[4] = 0.25
    result = couple(patient(matrices=Connectome(m.regions, m.sc, fc)), method="baum")
    assert math.isnan(result.by_region[m.regions[4]])
    assert result.params["missing"] == {"left r04": "a row is flat"}


def test_too_few_pairs_are_nan_and_say_why() -> None:
    m = connectome(6)
    sc = m.sc.copy()
    sc[2, 9:] = 0.0
    result = couple(patient(matrices=Connectome(m.regions, sc, m.fc)), method="baum")
    n = int((sc[2] > 0).sum())
    assert n < 10
    assert result.params["missing"] == {"left r02": f"{n} pairs, fewer than 10"}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"zero_rule": "none"}, "zero_rule is 'none'; write one of nonzero, all"),
        ({"min_pairs": 3}, "min_pairs is 3; it must be at least 4"),
        ({"min_pairs": True}, "'min_pairs' of coupling method 'baum' is True; expected int"),
        ({"fisher": 1}, "'fisher' of coupling method 'baum' is 1; expected bool"),
    ],
)
def test_bad_settings_are_refused(settings, says) -> None:
    with pytest.raises(InputError, match=says):
        couple(patient(matrices=connectome(0)), method="baum", settings=settings)


def test_damaged_matrices_are_refused() -> None:
    m = connectome(0)
    for sc, fc, says in (
        (m.sc[:5], m.fc, r"structural connectome has shape \(5, 40\) for 40 regions"),
        (m.sc, m.fc[:, :7], r"functional connectome has shape \(40, 7\) for 40 regions"),
        (-m.sc, m.fc, "structural connectome holds a negative or missing weight"),
        (m.sc * np.nan, m.fc, "structural connectome holds a negative or missing weight"),
    ):
        with pytest.raises(InputError, match=f"{ID}: the {says}"):
            couple(patient(matrices=Connectome(m.regions, sc, fc)), method="baum")


def test_an_unknown_method_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"called 'baun'\. Did you mean 'baum'"):
        couple(patient(), method="baun")


# --- real people --------------------------------------------------------------------------


def real_connectome(folder: Path, person: str) -> Connectome:
    lines = (folder / "region_labels.txt").read_text(encoding="utf-8").split()
    # The file holds Python bytes as text: b'lh_bankssts'.
    names = [line.removeprefix("b'").removesuffix("'").split("_", 1) for line in lines]
    regions = tuple((Hemi.parse(side), name) for side, name in names)
    fc = scipy.io.loadmat(folder / person / "FC.mat")["FC_cc_DK68"]
    return Connectome(regions, np.loadtxt(folder / person / "weights.txt"), fc)


def test_19_real_people(tvb_tumour) -> None:
    """68 Desikan regions each; reference: scipy's spearmanr, row by row."""
    people = sorted(p.name for p in tvb_tumour.iterdir() if p.is_dir())
    assert (len([p for p in people if p.startswith("CON")]), len(people)) == (11, 19)
    medians, lost = {}, set()
    for person in people:
        m = real_connectome(tvb_tumour, person)
        result = couple(patient(matrices=m), method="baum")
        got = np.array([result.by_region[k] for k in m.regions])
        few = ((m.sc > 0).sum(axis=1) < 10).tolist()
        assert np.isnan(got).tolist() == few
        expected = np.where(few, np.nan, by_scipy(m.sc, m.fc, nonzero=True))
        np.testing.assert_allclose(got, expected, rtol=0, atol=ROUNDING)
        lost |= {name for (_, name), gone in zip(m.regions, few, strict=True) if gone}
        assert -0.45 < np.nanmin(got) < np.nanmax(got) < 0.85
        medians[person] = float(np.nanmedian(got))
    # Positive in everyone: regions with stronger fibre connections are more correlated.
    assert min(medians.values()) == pytest.approx(0.172, abs=5e-4)  # CON08
    assert max(medians.values()) == pytest.approx(0.336, abs=5e-4)  # CON10
    # Small regions that tractography hardly reaches; none of them is a candidate for TMS.
    assert lost == {"transversetemporal", "entorhinal", "parahippocampal"}


def test_one_control_in_figures(tvb_tumour) -> None:
    """CON01, made by scipy.stats.spearmanr (scipy 1.17.1) on each row's nonzero entries."""
    m = real_connectome(tvb_tumour, "CON01")
    result = couple(patient(matrices=m), method="baum")
    known = {
        (Hemi.LEFT, "rostralmiddlefrontal"): 0.41016416424533747,
        (Hemi.RIGHT, "rostralmiddlefrontal"): 0.2961170942191346,
        (Hemi.LEFT, "inferiorparietal"): 0.16197613169896172,
    }
    for region, value in known.items():
        assert result.by_region[region] == pytest.approx(value, abs=ROUNDING)
    every = couple(patient(matrices=m), method="baum", settings={"zero_rule": "all"})
    # The zero rule is not a detail: 0.16 or 0.28 in the same region of the same person.
    left_parietal = every.by_region[Hemi.LEFT, "inferiorparietal"]
    assert left_parietal == pytest.approx(0.28433988462985454, abs=ROUNDING)
