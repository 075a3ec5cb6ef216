"""Reliable change: published arithmetic, simulated unchanged people, planted changes."""

from __future__ import annotations

import numpy as np
import pytest

from tmsplan.base import Table
from tmsplan.base.errors import InputError
from tmsplan.norms.monitor import change_statement, detectable_change, reliable_change, z_changes
from tmsplan.norms.monitor_retest import Retest, intraclass, measure_retest, read_retest

#: Shrout and Fleiss 1979, table 2: six people, four judges.
SHROUT = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)


def test_the_reliable_change_index_of_the_textbook() -> None:
    """SD 7.5, reliability .8, ten points less."""
    found = reliable_change(40, 30, Retest(0.8, "given"), sd=7.5)
    assert found.error == pytest.approx(3.3541, abs=5e-5)
    assert found.difference_error == pytest.approx(4.7434, abs=5e-5)
    assert found.index == pytest.approx(-2.108, abs=5e-4)
    assert found.threshold == pytest.approx(9.297, abs=5e-4)
    assert found.interval == pytest.approx((-19.297, -0.703), abs=5e-4)


@pytest.mark.parametrize(("icc", "least"), [(0.5, 1.96), (0.7, 1.52), (0.8, 1.24), (0.9, 0.88)])
def test_the_smallest_detectable_change_of_z(icc, least) -> None:
    assert detectable_change(icc) == pytest.approx(least, abs=0.005)


def test_intraclass_correlations_of_shrout_and_fleiss() -> None:
    found = intraclass(np.stack([SHROUT, 3 * SHROUT + 7], axis=2))
    for icc, value in ((found.one, 0.1657), (found.two, 0.2898), (found.three, 0.7148)):
        assert icc == pytest.approx([value, value], abs=5e-5)  # a scale changes none of them


def test_unchanged_people_move_as_often_as_promised() -> None:
    """20 000 pairs with ICC .7: 5 % beyond the limit, and the interval holds the truth 95 %."""
    rng = np.random.default_rng(3)
    n, icc = 20_000, 0.7
    truth = rng.normal(size=n) * np.sqrt(icc)
    one, two = (truth + rng.normal(size=n) * np.sqrt(1 - icc) for _ in range(2))
    names = [f"p{k}" for k in range(n)]
    found = z_changes(
        dict(zip(names, one, strict=True)), dict(zip(names, two, strict=True)),
        Retest(icc, "given"),
    )  # fmt: skip
    assert np.mean([c.beyond for c in found]) == pytest.approx(0.05, abs=0.005)  # 3 s.e.
    assert np.mean([c.change_low <= 0 <= c.change_high for c in found]) == pytest.approx(
        0.95, abs=0.005
    )
    # Judged together hardly any of them moved: that is what q is for.
    assert sum(c.moved for c in found) <= 2


def test_a_planted_change_moves_alone_and_the_sentence_says_so() -> None:
    before = {f"r{k}": 0.1 * k for k in range(20)}
    after = {**before, "r3": before["r3"] - 5.0}
    found = z_changes(before, after, Retest(0.8, "assumed"))
    assert [c.feature for c in found if c.moved] == ["r3"]
    c = found[3]
    assert (c.z_change, c.index) == pytest.approx((-5.0, -5 / np.sqrt(0.4)))
    # Benjamini and Hochberg: one p that counts, nineteen of 1.
    assert c.q == pytest.approx(20 * c.p)
    said = change_statement(found)
    assert "20 regions compared" in said
    assert "0.8, assumed, not measured" in said
    assert "about 1.0 would" in said
    assert "1 moved more than noise with all 20 judged together" in said
    assert "r3" in said


def test_the_mean_change_on_retest_is_taken_off() -> None:
    found = z_changes({"a": 0.0}, {"a": -1.0}, {"a": Retest(0.9, "measured", effect=-0.8)})
    assert found[0].z_change == pytest.approx(-0.2)
    assert not found[0].beyond


def test_regions_without_a_z_in_both_are_left_out() -> None:
    found = z_changes(
        {"a": 0.0, "b": np.nan, "c": 1.0}, {"a": 0.5, "b": 1.0}, Retest(0.5, "given")
    )
    assert [c.feature for c in found] == ["a"]
    with pytest.raises(InputError, match="no feature has a z in both sessions"):
        z_changes({"a": 0.0}, {"b": 1.0}, Retest(0.5, "given"))


def test_reliability_measured_from_retest_scans_is_found_again() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(size=(4000, 2)) * np.sqrt(0.6)
    first, second = (truth + rng.normal(size=(4000, 2)) * np.sqrt(0.4) for _ in range(2))
    found = measure_retest(["a", "b"], first, second + np.array([0.0, 0.3]))
    assert found["a"].icc == pytest.approx(0.6, abs=0.04)
    assert found["b"].effect == pytest.approx(0.3, abs=0.06)
    assert found["b"].source == "measured"


@pytest.mark.parametrize("icc", [0.0, 1.0, -0.2, 1.3, np.nan])
def test_an_impossible_reliability_is_refused(icc) -> None:
    with pytest.raises(InputError, match=r"reliability \(ICC\) is .*more than 0 and less than 1"):
        Retest(icc, "given")


def test_features_that_do_not_repeat_are_refused() -> None:
    first = np.arange(10.0)[:, None]
    with pytest.raises(InputError, match="'a' has no reliability above 0"):
        measure_retest(["a"], first, -first)


def table(*rows: tuple[str, ...]) -> Table:
    return Table("retest.tsv", ("feature", "icc", "mean_change"), rows)


def test_a_table_of_retest_scans() -> None:
    found = read_retest(table(("a", "0.8", "-0.1"), ("b", "0.5", "0")))
    assert found["a"] == Retest(0.8, "measured", -0.1)
    with pytest.raises(InputError, match=r"retest\.tsv: row 3 is 'a' again"):
        read_retest(table(("a", "0.8", "0"), ("a", "0.7", "0")))
    with pytest.raises(
        InputError, match=r"retest.tsv: row 2, 'a': the reliability \(ICC\) is 1.2"
    ):
        read_retest(table(("a", "1.2", "0")))
    with pytest.raises(InputError, match=r"'b' has no measured reliability \(1 of 2 features\)"):
        z_changes({"a": 0, "b": 0}, {"a": 1, "b": 1}, {"a": Retest(0.8, "measured")})


@pytest.mark.parametrize("scores", [np.ones((1, 2)), np.ones((5, 1))])
def test_too_few_people_or_scans_have_no_reliability(scores) -> None:
    with pytest.raises(InputError, match="Expected at least two of each"):
        intraclass(scores)


def test_a_missing_retest_score_is_refused() -> None:
    with pytest.raises(InputError, match="a retest score is missing"):
        intraclass(np.array([[1, np.nan], [2, 3]]))


def test_a_spread_of_zero_is_refused() -> None:
    with pytest.raises(InputError, match="standard deviation is 0"):
        reliable_change(0, 1, Retest(0.5, "given"), sd=0)
