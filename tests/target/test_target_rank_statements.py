"""The statements that are filled in where coordinates are known."""

from __future__ import annotations

from tmsplan.base import Params
from tmsplan.target.statements import coordinate_statement, spread_statement

PARAMS = Params()


def test_coordinates_are_no_surer_than_the_navigation() -> None:
    text = coordinate_statement(2.0, {"f3-cortical": 14.2, "beam-f3": 9.9}, PARAMS).text
    assert text.startswith(
        "The coupling-guided target is 10 mm from beam-f3, 14 mm from f3-cortical."
    )
    assert "would move by about 2.0 mm" in text
    assert "Differences below 6 mm are not meaningful" in text


def test_coordinates_are_no_surer_than_their_own_spread() -> None:
    text = coordinate_statement(11.4, {"beam-f3": 9.9}, PARAMS).text
    assert "Differences below 11 mm are not meaningful" in text
    assert "navigation itself is no better than 6 mm" in text


def test_unknown_spread_and_no_comparison_are_said() -> None:
    text = coordinate_statement(None, {}, PARAMS).text
    assert text == (
        "The coupling-guided target is one point of a region. Its uncertainty was not computed."
    )


def test_the_coordinate_says_what_was_resampled() -> None:
    scan, more = {"vertices": 4.0}, {"vertices": 4.0, "definitions": 6.0}
    said = coordinate_statement(4.0, {}, PARAMS, parts=scan).text
    assert "On a second scan it would move by about 4.0 mm (simulated)." in said
    said = coordinate_statement(5.1, {}, PARAMS, parts=more).text
    assert (
        "On a second scan or by another definition of coupling it would move by about 5.1 mm "
        "(simulated; 4.0 mm by a second scan alone)."
    ) in said


def test_a_wide_spread_says_what_was_resampled() -> None:
    parts = {"vertices": 4.0, "controls": 11.0}
    warned = spread_statement(7.2, PARAMS, parts=parts)
    assert warned.id == "spread-warn"
    assert warned.text == (
        "The coupling-guided point would move by about 7 mm on a second scan or against other "
        "controls (simulated; 4.0 mm by a second scan alone; more than 5 mm)."
    )
    refused = spread_statement(12.0, PARAMS, parts=parts)
    assert refused.id == "spread-no-claim"
    assert "point: on a second scan or against other controls it would move by" in refused.text
    assert spread_statement(5.0, PARAMS, parts=parts) is None
