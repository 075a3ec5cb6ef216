"""The sheet: one page per target with every statement, right numbers, the same bytes each time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import scene_plan
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.transforms import Bbox

from tmsplan.plan.plan import Plan
from tmsplan.target.ranking import Statement
from tmsplan.view.figures import neutral_style
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


def with_statements(plan: Plan, n: int, letters: int = 250) -> Plan:
    words = "the deviation of this region is uncertain because few controls were scanned "
    texts = [
        f"Number {k} of them: {words * 20}"[:letters].rstrip() + f" end{k}." for k in range(n)
    ]
    statements = tuple(Statement(str(k), text) for k, text in enumerate(texts))
    return replace(plan, ranking=replace(plan.ranking, statements=statements))


def with_long_names(plan: Plan) -> Plan:
    long = "Group target, most anticorrelated with the subgenual cingulate (Fox 2012), again"
    targets = [replace(t, target=replace(t.target, name=long)) for t in plan.targets]
    rows = [replace(r, name=f"G_and_S_{r.name}_of_a_very_long_atlas") for r in plan.ranking.rows]
    ranking = replace(plan.ranking, rows=tuple(rows))
    return replace(plan, targets=tuple(targets), ranking=ranking, labels=("COMPOSITE",) * 3)


def letters(texts: Iterable[str]) -> str:
    return "".join("".join(texts).split())


def boxes_of(page: Figure) -> list[tuple[str, Bbox]]:
    """Measured boxes of all texts and pictures, in points, with the PDF's unhinted letters."""
    with neutral_style():
        mpl.rcParams["text.hinting"] = "no_hinting"
        page.dpi = 72
        renderer = FigureCanvasAgg(page).get_renderer()
        texts = [(t.get_text(), t.get_window_extent(renderer)) for t in page.texts]
        return texts + [("picture", axes.bbox.frozen()) for axes in page.axes]


def assert_nothing_collides(page: Figure) -> None:
    boxes = boxes_of(page)
    width, height = (72 * inches for inches in page.get_size_inches())
    for words, box in boxes:
        assert 0.05 * width < box.x0 < box.x1 < 0.95 * width, words
        assert 0.01 * height < box.y0 < box.y1 < 0.99 * height, words
    for (a, box_a), (b, box_b) in combinations(boxes, 2):
        # Line boxes hold room for accents; half a point of it is not ink.
        wide = min(box_a.x1, box_b.x1) - max(box_a.x0, box_b.x0)
        tall = min(box_a.y1, box_b.y1) - max(box_a.y0, box_b.y0)
        assert min(wide, tall) < 0.5, f"{a!r} lies on {b!r}"


def pictures_for(plan: Plan, folder: Path) -> dict[str, dict[str, Path]]:
    png = folder / "picture.png"
    imsave(png, np.zeros((10, 12, 3)))
    return {t.target.id: dict.fromkeys(("operator", "coil", "cortex"), png) for t in plan.targets}


@pytest.mark.parametrize("n", [0, 2, 9, 16, 60])
def test_nothing_lies_on_anything_else(plan: Plan, tmp_path: Path, n: int) -> None:
    for changed in (plan, with_long_names(plan)):
        full = with_statements(changed, n) if n else changed
        for page in _pages(full, pictures_for(full, tmp_path)):
            assert_nothing_collides(page)


def test_the_measure_of_collisions_finds_one(plan: Plan) -> None:
    page = _pages(plan, {})[0]
    page.text(0.07, 0.942, "over the title")
    with pytest.raises(AssertionError, match="'TMS target sheet' lies on 'over the title'"):
        assert_nothing_collides(page)
    page = _pages(plan, {})[0]
    page.text(0.9, 0.5, "out of the page on its right")
    with pytest.raises(AssertionError, match="out of the page"):
        assert_nothing_collides(page)


@pytest.mark.parametrize("n", [2, 9, 16])
def test_every_statement_and_caveat_is_on_the_one_page(plan: Plan, n: int) -> None:
    full = with_statements(plan, n)
    pages = _pages(full, {})
    assert len(pages) == len(plan.targets)
    for page in range(len(pages)):
        printed = letters(words_of(full, page))
        texts = [s.text for s in full.ranking.statements] + [*full.caveats, full.ranking.why]
        assert all(letters([text]) in printed for text in texts)


def test_what_cannot_fit_goes_on_a_second_page_and_both_say_so(plan: Plan, tmp_path: Path) -> None:
    full = with_statements(replace(plan, targets=plan.targets[:1]), 40)
    assert pages_of(write_sheet(full, tmp_path / "two.pdf")) == 2
    first, second = words_of(full, 0), words_of(full, 1)
    assert "HOW SURE THIS IS  ·  PAGE 1 OF 2" in first
    assert "HOW SURE THIS IS  ·  PAGE 2 OF 2" in second
    assert any(w.startswith("page 2 of 2") for w in second)
    for text in (*(s.text for s in full.ranking.statements), *full.caveats):
        on = [letters([text]) in letters(words) for words in (first, second)]
        assert sum(on) == 1


def test_one_endless_statement_loses_no_letter(plan: Plan) -> None:
    full = with_statements(plan, 1, letters=1500)
    endless = replace(full, caveats=("unbroken" * 60,))
    printed = letters(words_of(endless))
    assert letters([endless.ranking.statements[0].text]) in printed.replace("\u2013", "")
    assert "unbroken" * 60 in printed
    for page in _pages(endless, {}):
        assert_nothing_collides(page)


def test_a_plan_without_a_target_prints_its_statements(plan: Plan) -> None:
    none = replace(with_statements(plan, 16), targets=())
    printed = letters(words_of(none))
    assert all(letters([s.text]) in printed for s in none.ranking.statements)
    assert_nothing_collides(_pages(none, {})[0])


def test_names_are_not_read_as_formulas(plan: Plan, tmp_path: Path) -> None:
    odd = scene_plan.renamed(plan, r"a $\frac{1$ b")
    assert pages_of(write_sheet(odd, tmp_path / "odd.pdf")) == 2
