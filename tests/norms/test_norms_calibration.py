"""Calibration tells Gaussian features from skewed ones."""

from __future__ import annotations

import numpy as np
import pytest
from control_tables import table

from tmsplan.norms import calibrate, fit_norms


def test_gaussian_and_skewed_features_are_told_apart() -> None:
    """2000 controls: a share of 2.5 % is known to 0.35 %, three of them 1 %."""
    rng = np.random.default_rng(61)
    values = np.column_stack([rng.normal(size=2000), rng.exponential(size=2000)])
    gaussian, skewed = calibrate(
        fit_norms(table(values, names=["even", "right"]), spread="constant")
    )
    assert (gaussian.feature, skewed.feature) == ("even", "right")
    assert (gaussian.mean, gaussian.sd) == pytest.approx((0, 1), abs=0.002)
    assert (gaussian.skew, gaussian.kurtosis) == pytest.approx((0, 0), abs=0.44)  # 4 s.e.
    inside = (gaussian.inside_50, gaussian.inside_80, gaussian.inside_95)
    assert inside == pytest.approx((0.5, 0.8, 0.95), abs=0.034)
    assert (gaussian.low_2_5, gaussian.high_2_5) == pytest.approx((0.025, 0.025), abs=0.0105)
    assert gaussian.mace < 0.012
    # An exponential variable: mean 1, sd 1, skew 2, excess kurtosis 6, none below -1 sd.
    assert skewed.skew == pytest.approx(2, abs=0.5)
    assert skewed.kurtosis == pytest.approx(6, abs=4)
    assert skewed.low_2_5 == 0
    assert skewed.high_2_5 == pytest.approx(np.exp(-2.96), abs=0.015)
    assert skewed.mace > 0.04
