"""The cohort page in a real browser: opened from a file, sorted, switched, printed, attacked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cohort_plans import MIDDLE, Person, ten, write_plans
from opened_page import (
    DESK,
    HOSTILE,
    TABLET,
    Browsers,
    Seen,
    axe_of,
    browsers,
    leaked,
    unisolated,
)

from tmsplan.plan.cohort_summary import summarise_cohort
from tmsplan.view.cohort_page import render_cohort_page, write_cohort_report

pytestmark = pytest.mark.slow

SIZES = pytest.mark.parametrize("size", [DESK, TABLET], ids=["desk", "tablet"])
GUIDED, STANDARD = "coupling-guided", "beam-f3"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browsers]:
    with browsers() as found:
        yield found


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    return write_cohort_report(write_plans(ten(), folder), folder / "out")[0]


@pytest.fixture
def opened(chromium: Browsers, study: Path) -> Iterator[Seen]:
    with chromium.open(study) as seen:
        yield seen


def column(seen: Seen, k: int) -> list[str]:
    return seen.page.locator(f"#patients tbody tr > :nth-child({k})").all_inner_texts()


@SIZES
def test_it_opens_alone_quietly_and_at_once(chromium: Browsers, study: Path, size: dict) -> None:
    with chromium.open(study, size=size) as seen:
        assert seen.asked() == [study.as_uri()]
        assert seen.noise == []
        assert int(seen.page.evaluate("document.documentElement.dataset.took")) < 6000  # ms
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@SIZES
def test_pictures_and_counts_are_seen_without_scrolling(
    chromium: Browsers, study: Path, size: dict
) -> None:
    with chromium.open(study, size=size) as seen:
        for selector in (".counts", ".panel.left", ".panel.right", ".panel.front", ".panel.top"):
            box = seen.page.locator(selector).bounding_box()
            assert box["y"] + box["height"] <= size["height"], selector
        shown = seen.page.locator(".panel image").evaluate_all(
            "all => all.map(e => e.getBBox().width)"
        )
        assert shown == [190, 190, 150, 150]


def test_all_pictures_have_one_scale(opened: Seen) -> None:
    """A millimetre is as long in every view, so that rings and distances can be compared."""
    ends = opened.page.locator(".bar path").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().width)"
    )
    assert max(ends) - min(ends) < 0.02 * min(ends)


@pytest.mark.parametrize(
    ("panel", "left_is_left"), [("top", True), ("front", False)], ids=["top", "front"]
)
def test_l_stands_on_the_side_of_the_left_targets(
    opened: Seen, panel: str, left_is_left: bool
) -> None:
    def middle(selector: str) -> float:
        box = opened.page.locator(f".panel.{panel} {selector}").first.bounding_box()
        return box["x"] + box["width"] / 2

    left, right = middle("text.side:text-is('L')"), middle("text.side:text-is('R')")
    assert (left < right) is left_is_left
    dot_left, dot_right = middle('[data-patient="0"].guided'), middle('[data-patient="8"].guided')
    assert abs(dot_left - left) < abs(dot_left - right)
    assert abs(dot_right - right) < abs(dot_right - left)


def test_standard_targets_and_the_ring_are_switched(opened: Seen) -> None:
    page = opened.page
    standard = page.locator(f'.panel.left .mark[data-layer="{STANDARD}"]').first
    guided = page.locator(f'.panel.left .mark[data-layer="{GUIDED}"]').first
    ring = page.locator(".panel.left circle.ring")
    assert [x.is_visible() for x in (guided, standard, ring)] == [True, False, True]
    page.check(f'input[data-layer="{STANDARD}"]')
    page.uncheck(f'input[data-layer="{GUIDED}"]')
    page.uncheck('input[data-layer="ring"]')
    assert [x.is_visible() for x in (guided, standard, ring)] == [False, True, False]
    assert page.locator(".panel.left .letter").text_content() == "A"


def test_the_ring_is_drawn_as_large_as_it_is(opened: Seen) -> None:
    """13 mm of radius against the bar of 20 mm in the same picture."""
    ring = opened.page.locator(".panel.left circle.ring").evaluate(
        "e => e.getBoundingClientRect().width"
    )
    bar = opened.page.locator(".panel.left .bar path").evaluate(
        "e => e.getBoundingClientRect().width"
    )
    assert ring / bar == pytest.approx(26 / 20, rel=0.08)  # both with the width of their lines


def test_a_heading_sorts_both_ways_and_by_keys(opened: Seen) -> None:
    page = opened.page
    head = page.locator("#patients th", has=page.get_by_role("button", name="mm to A"))
    button = head.get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    first = column(opened, 6)
    assert first == ["5.0", "8.9", "8.9", "11.0", "13.6", "14.3", "14.4", "14.4", "16.8",
                     "68.0 other side"]  # fmt: skip
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert column(opened, 6)[0] == "68.0 other side"
    page.get_by_role("button", name="patient").click()
    assert head.get_attribute("aria-sort") == "none"
    assert column(opened, 1)[0] == "sub-01"


def test_missing_numbers_stay_last(chromium: Browsers, tmp_path: Path) -> None:
    people = [Person(f"p{k}", tuple(MIDDLE + k)) for k in range(3)]
    summary = summarise_cohort(write_plans(people, tmp_path))
    bare = replace(summary.patients[0], spread_mm=None)
    path = tmp_path / "bare.html"
    summary = replace(summary, patients=(bare, *summary.patients[1:]))
    path.write_text(render_cohort_page(summary, tmp_path), encoding="utf-8")
    with chromium.open(path) as seen:
        button = seen.page.get_by_role("button", name="may move mm")
        for _ in range(2):
            button.click()
            assert column(seen, 1)[-1] == "p0"


def test_a_dot_names_its_patient_and_lights_the_row(opened: Seen) -> None:
    page = opened.page
    page.locator('.panel.right .mark[data-patient="8"]').first.hover()
    said = page.inner_text("#readout")
    assert said.startswith("sub-09: RIGHT, rostralmiddlefrontal, z -1.70.")
    assert page.locator("tr.on").get_attribute("data-patient") == "8"
    page.locator('#patients tr[data-patient="2"]').hover()
    assert "sub-03: LEFT" in page.inner_text("#readout")
    assert page.locator(".panel.left .mark.on.guided").count() == 1


def test_a_dot_opens_the_patients_page(opened: Seen) -> None:
    page = opened.page
    page.locator('.panel.right .mark[data-patient="8"]').first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/p08/report.html")
    assert page.title() == "8"
    page.go_back()
    page.locator("#patients th a", has_text="sub-02").click()
    page.wait_for_url("**/p01/report.html")


def test_everything_is_reached_by_the_tabulator_once(opened: Seen) -> None:
    """Skip link, layers, each dot in one view, tables, headings, links; then it is left."""
    page, reached = opened.page, []
    for _ in range(120):
        page.keyboard.press("Tab")
        where = opened.focused()
        if where.startswith("BODY"):
            break
        reached.append(where)
    else:
        pytest.fail("the focus never left the page")
    assert reached[0].startswith("A  Skip")
    dots = [w for w in reached if w.startswith("a  sub-")]
    assert len(dots) == len(set(dots)) == 10
    assert sum(w.startswith("BUTTON") for w in reached) == 12
    assert sum(w.startswith("A  sub-") for w in reached) == 10


def test_without_scripts_words_numbers_and_dots_are_there(chromium: Browsers, study: Path) -> None:
    with chromium.open(study, script=False) as seen:
        assert seen.page.locator(".panel.left .mark.guided").first.is_visible()
        assert not seen.page.locator(".tools input").first.is_visible()
        assert len(column(seen, 1)) == 10


def test_without_webgl_nothing_is_missing(chromium: Browsers, study: Path) -> None:
    with chromium.open(study, "--disable-3d-apis") as seen:
        assert seen.noise == []
        assert seen.page.locator(".panel image").count() == 4


@SIZES
def test_axe_finds_nothing(chromium: Browsers, study: Path, size: dict) -> None:
    with chromium.open(study, size=size) as seen:
        seen.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
        seen.page.check(f'input[data-layer="{STANDARD}"]')
        assert axe_of(seen.page) == []


def test_hostile_names_are_only_words(chromium: Browsers, tmp_path: Path) -> None:
    (plan,) = write_plans([Person("odd", tuple(MIDDLE), region=HOSTILE)], tmp_path / HOSTILE[9:30])
    summary = summarise_cohort([plan, tmp_path / "nobody"])
    patient = replace(summary.patients[0], id=HOSTILE)
    left_out = tuple(replace(x, name=HOSTILE, why=HOSTILE) for x in summary.left_out)
    odd = replace(summary, patients=(patient,), left_out=left_out, one_t1=((HOSTILE, HOSTILE),),
                  methods={"norms": (HOSTILE, "other")})  # fmt: skip
    path = tmp_path / "odd.html"
    path.write_text(render_cohort_page(odd, tmp_path), encoding="utf-8")
    with chromium.open(path) as seen:
        assert seen.noise == []
        assert seen.asked() == [path.as_uri()]
        assert "owned" not in seen.page.title()
        assert seen.page.locator("script").count() == 1
        assert seen.page.locator("img").count() == 0
        assert HOSTILE in seen.page.inner_text("#patients tbody th")
        seen.page.locator(".mark.guided").first.hover()
        assert HOSTILE in seen.page.inner_text("#readout")
        assert unisolated(seen.page) == []


def test_nothing_that_is_added_runs_or_leaves(opened: Seen) -> None:
    assert leaked(opened.page) == b""
    assert "owned" not in opened.page.title()
    assert sum("Content Security Policy" in line for line in opened.noise) >= 4


def test_it_prints_on_two_pages(opened: Seen, tmp_path: Path) -> None:
    from pypdf import PdfReader

    path = tmp_path / "cohort.pdf"
    opened.page.pdf(path=path, format="A4")
    pages = [" ".join(p.extract_text().split()) for p in PdfReader(path).pages]
    assert len(pages) <= 2
    text = " ".join(pages)
    assert "Research use only" in text
    assert all(f"sub-{k + 1:02d}" in text for k in range(10))
    assert "sub-01 LEFT rostralmiddlefrontal -3.40" in text
