"""The adjustment of Stokes: its numbers, its caps, and that it is never a prescription."""

from __future__ import annotations

import pytest

from tmsplan.base import InputError
from tmsplan.coil.stokes import stokes


def test_numbers_of_both_studies() -> None:
    """22 mm at the site and 18 at the motor cortex: 4 mm at 2.8 or 3 %MSO a millimetre."""
    assert stokes(22, 18).percent_difference == pytest.approx(11.2)
    assert stokes(22, 18, study=2005).percent_difference == pytest.approx(12.0)
    assert stokes(16, 18, 50.0).adjusted_percent == pytest.approx(44.4)


def test_percentages_add_and_do_not_multiply() -> None:
    low, high = stokes(20, 18, 30.0), stokes(20, 18, 60.0)
    assert low.adjusted_percent - 30 == pytest.approx(high.adjusted_percent - 60)


def test_without_a_threshold_only_the_difference_is_said() -> None:
    line = stokes(22, 18)
    assert line.adjusted_percent is None
    assert "4.0 mm deeper" in line.text
    assert "+11.2 %MSO" in line.text
    assert "would read" not in line.text
    assert "1.5 mm shallower" in stokes(16.5, 18).text


def test_it_says_its_formula_and_that_it_is_not_prescribed() -> None:
    for line in (stokes(22, 18), stokes(22, 18, 55.0), stokes(40, 18, 95.0)):
        assert "Shown, not prescribed" in line.text
        assert "MT + 2.8 %MSO per mm x (depth of site - depth of motor cortex)" in line.formula
        assert "doi:10.1016/j.clinph.2007.04.004" in line.formula
    assert "doi:10.1152/jn.00067.2005" in stokes(22, 18, study=2005).formula


@pytest.mark.parametrize(("site", "change"), [(30.0, 20.0), (6.0, -20.0)])
def test_the_change_is_capped_and_says_so(site: float, change: float) -> None:
    line = stokes(site, 18.0, 50.0)
    assert line.capped
    assert line.percent_difference == change
    assert "capped at 20 %MSO" in line.text
    assert not stokes(20, 18).capped


def test_more_than_the_stimulator_has_is_flagged() -> None:
    line = stokes(24, 18, 90.0)
    assert line.above_output
    assert "ABOVE 100 %MSO" in line.text
    assert "ABOVE" not in stokes(24, 18, 60.0).text


def test_depths_and_thresholds_of_nobody_are_refused() -> None:
    with pytest.raises(InputError, match=r"depth of the site is 0\.02 mm; 2 to 60 mm"):
        stokes(0.02, 18)
    with pytest.raises(InputError, match="depth of the motor cortex is 180 mm"):
        stokes(18, 180)
    with pytest.raises(InputError, match=r"motor threshold 0\.6 %MSO; 1 to 100"):
        stokes(18, 18, 0.6)
    with pytest.raises(InputError, match="motor threshold 120"):
        stokes(18, 18, 120)
