"""The statements that are filled in where coordinates are known."""

from __future__ import annotations

from tmsplan.base import Params
from tmsplan.target.statements import coordinate_statement

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
