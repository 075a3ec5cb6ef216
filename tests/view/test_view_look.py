"""Colours: fixed limits, visible threshold, and nothing drawn for a missing value."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

from tmsplan.view.look import OVERLAY, cortex_rgb, glass_alpha, overlay_rgba


def test_missing_and_small_deviations_are_not_coloured() -> None:
    z = np.array([np.nan, 0.0, 1.44, -1.44])
    assert overlay_rgba(z)[:, 3] == pytest.approx([0, 0, 0, 0], abs=1e-12)


def test_limits_are_fixed_at_five_whatever_the_patient_has() -> None:
    alone, in_company = overlay_rgba(np.array([-3.0])), overlay_rgba(np.array([-3.0, 40.0]))
    assert np.array_equal(alone[0], in_company[0])
    ends = overlay_rgba(np.array([-5.0, 5.0, -50.0, 50.0]))
    assert np.array_equal(ends[0], ends[2])
    assert np.array_equal(ends[1], ends[3])
    assert np.allclose(ends[0, :3], mpl.colormaps["RdBu_r"](0.0)[:3])
    assert (OVERLAY.limit.value, OVERLAY.threshold.value) == (5.0, 2.0)


def test_low_is_blue_and_high_is_red() -> None:
    low, high = overlay_rgba(np.array([-4.0, 4.0]))
    assert low[2] > low[0] + 0.3
    assert high[0] > high[2] + 0.3


def test_opacity_rises_through_the_threshold() -> None:
    alpha = overlay_rgba(np.array([1.5, 1.9, 2.0, 2.2, 2.44, 3.0]))[:, 3]
    assert (np.diff(alpha) >= 0).all()
    assert 0.4 < alpha[2] < 0.8
    assert alpha[-2:] == pytest.approx([1, 1])


def test_sulci_are_darker_than_crowns_and_shade_never_reaches_black() -> None:
    none = np.zeros((2, 4))
    crown, sulcus = cortex_rgb(np.array([-2.0, 2.0]), np.ones(2), none)
    assert (crown > sulcus).all()
    shaded = cortex_rgb(np.array([2.0]), np.zeros(1), np.zeros((1, 4)))[0]
    assert shaded.min() > 0.1


def test_a_deviation_keeps_its_colour_in_a_sulcus() -> None:
    red = np.tile(overlay_rgba(np.array([4.0])), (2, 1))
    lit, shaded = cortex_rgb(np.zeros(2), np.array([1.0, 0.0]), red)
    assert shaded[0] > 0.6 * lit[0]


def test_glass_is_a_rim_not_a_fog() -> None:
    assert glass_alpha(np.array([1.0, 0.0])) == pytest.approx([0.05, 0.80])
