"""The sheet: one page per target, the right numbers, the same bytes every time."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import scene_plan

from tmsplan.plan.plan import Plan
from tmsplan.target.ranking import Statement
from tmsplan.view.sheet import _pages, write_sheet


def pages_of(path: Path) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", path.read_bytes()))


def words_of(plan: Plan, page: int = 0) -> list[str]:
    return [t.get_text() for t in _pages(plan, {})[page].texts]


def test_one_page_per_target(plan: Plan, tmp_path: Path) -> None:
    for n in (1, 2):
        path = write_sheet(replace(plan, targets=plan.targets[:n]), tmp_path / f"{n}.pdf")
        assert pages_of(path) == n


def test_a_plan_without_a_target_gets_one_page_that_says_so(plan: Plan, tmp_path: Path) -> None:
    none = replace(scene_plan.plan(stands_out=False), targets=())
    assert pages_of(write_sheet(none, tmp_path / "none.pdf")) == 1
    words = words_of(none)
    assert "No region stands out" in words
    assert any(w.startswith("No target in this plan: 31 of 120") for w in words)
    assert plan.targets  # the fixture is untouched


def test_equal_plans_give_equal_bytes_without_a_date(plan: Plan, tmp_path: Path) -> None:
    first = write_sheet(plan, tmp_path / "a.pdf").read_bytes()
    assert write_sheet(plan, tmp_path / "b.pdf").read_bytes() == first
    assert b"CreationDate" not in first


def test_the_page_holds_what_is_typed_and_checked(plan: Plan) -> None:
    for page, (planned, side) in enumerate(zip(plan.targets, ("LEFT", "RIGHT"), strict=True)):
        words = words_of(plan, page)
        x, y, z = planned.pose.centre.mm(plan.frame)[0]
        assert f"x = {x:.1f}, y = {y:.1f}, z = {z:.1f}" in words
        assert f"Left and right checked on the head itself: target is {side}" in words
        assert "mm, scanner RAS of the planning T1 of demo-01" in words
        assert "SYNTHETIC" in words
        assert "Planning T1, SHA-256:  4be1 90c7 … 77d2" in words
        assert "Research use only. Not a medical device." in words


def test_statements_that_do_not_fit_are_counted(plan: Plan) -> None:
    many = tuple(Statement(str(k), f"statement {k} " + "is long " * 25) for k in range(12))
    words = words_of(replace(plan, ranking=replace(plan.ranking, statements=many)))
    assert any(re.search(r"\d+ more statements are on the page", w) for w in words)
    shown = [w for w in words if "statement " in w]
    assert 1 <= len(shown) < 12


def test_names_are_not_read_as_formulas(plan: Plan, tmp_path: Path) -> None:
    odd = scene_plan.renamed(plan, r"a $\frac{1$ b")
    assert pages_of(write_sheet(odd, tmp_path / "odd.pdf")) == 2
