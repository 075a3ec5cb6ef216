"""The page: complete, in order, honest, and unable to phone home."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import scene_plan

import tmsplan.view
from tmsplan.base.errors import InputError
from tmsplan.plan.plan import Plan
from tmsplan.target.ranking import Statement
from tmsplan.view.page import CSP, render_page
from tmsplan.view.words import WORDS, say

SECTIONS = [
    "h-checks", "h-verdict", "h-targets", "h-ranking", "h-statements", "h-compare", "h-exports",
    "h-provenance", "h-caveats",
]  # fmt: skip
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


class Reader(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def page() -> str:
    return render_page(scene_plan.plan(), {})


def test_sections_are_there_in_order(page: str) -> None:
    at = [page.index(f'id="{s}"') for s in SECTIONS]
    assert at == sorted(at)
    assert page.index('class="banner"') < page.index("Research use only") < at[0]


@pytest.mark.parametrize("labels", [("SYNTHETIC",), ("COMPOSITE", "EXPLORATORY")])
def test_every_label_is_in_banner_title_and_foot(plan: Plan, labels: tuple[str, ...]) -> None:
    reader = Reader(render_page(replace(plan, labels=labels), {}))
    for label in labels:
        assert reader.text.count(label) == 3
        assert say(f"label:{label}") in reader.text


def test_the_numbers_are_those_of_the_plan(page: str, plan: Plan) -> None:
    text = Reader(page).text
    for planned, side in zip(plan.targets, ("LEFT", "RIGHT"), strict=True):
        x, y, z = planned.target.point.mm(plan.frame)[0]
        assert f"{side}, x = {x:.1f} mm" in text
        assert f"x = {x:.1f}, y = {y:.1f}, z = {z:.1f}" in text
        x, y, z = planned.pose.centre.mm(plan.frame)[0]
        assert f"x = {x:.1f}, y = {y:.1f}, z = {z:.1f}" in text
        assert f"{planned.pose.depth_mm:.1f} mm under the scalp point" in text
    assert "mm, scanner RAS of the planning T1 of demo-01" in text
    assert "pointing back and to the left" in text


def test_everything_uncertain_is_printed(page: str, plan: Plan) -> None:
    text = Reader(page).text
    for line in (*plan.caveats, *(s.text for s in plan.ranking.statements), plan.ranking.why):
        assert line in text
    assert "-4.00 to -2.90" in text
    assert "map covers too little of it" in text
    assert "76.2" in text


def test_checks_come_first_and_not_run_is_not_a_pass(page: str) -> None:
    text = Reader(page).text
    assert "0 failed, 1 not run, 2 of 3 passed" in text
    assert "TP-F06 not run" in text


def test_an_overridden_parameter_is_flagged(page: str) -> None:
    row = '<td>standoff</td><td class="r">6 mm</td><td><span class="over">OVERRIDDEN by the user'
    assert row in page
    assert page.count("OVERRIDDEN") == 1


def test_no_region_stands_out_is_said_first_class() -> None:
    page = render_page(scene_plan.plan(stands_out=False), {})
    assert '<div class="card verdict none">' in page
    assert "No region stands out" in Reader(page).text
    assert "for description only" in Reader(page).text


def test_hostile_names_stay_text(plan: Plan) -> None:
    odd = scene_plan.renamed(plan, HOSTILE)
    ranking = replace(odd.ranking, why=HOSTILE, statements=(Statement("s", HOSTILE),))
    odd = replace(odd, ranking=ranking, caveats=(HOSTILE,), patient_id="x</title><script>")
    reader = Reader(render_page(odd, {}))
    assert not [t for t, _ in reader.tags if t == "script"]
    assert not [a for _, a in reader.tags if any(k.startswith("on") for k in a)]
    assert "<script>alert(1)</script>" in reader.text


def test_nothing_can_load_run_or_be_sent(page: str) -> None:
    reader = Reader(page)
    metas = [a["content"] for t, a in reader.tags if a.get("http-equiv")]
    assert metas == [CSP]
    assert "default-src 'none'" in CSP
    assert not [t for t, _ in reader.tags if t in {"script", "link", "iframe", "form", "object"}]
    assert not re.search(r"""(src|href|url\()\s*=?\s*["']?(https?:)?//""", page)


def test_pictures_are_inside_the_file(plan: Plan, tmp_path: Path) -> None:
    from matplotlib.image import imsave
    from numpy import zeros

    png = tmp_path / "a.png"
    imsave(png, zeros((4, 4, 3)))
    reader = Reader(render_page(plan, {"coupling-1": {"oblique": png}}))
    (image,) = [a for t, a in reader.tags if t == "img"]
    assert image["src"].startswith("data:image/webp;base64,")
    assert image["alt"] == "Head and coil: left rostral middle frontal gyrus, LEFT, x = -38.3 mm"


def test_a_broken_picture_is_refused_by_name(plan: Plan, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    with pytest.raises(InputError, match=r"broken\.png: cannot be read as a picture"):
        render_page(plan, {"coupling-1": {"oblique": broken}})


def test_a_page_without_pictures_says_so(page: str) -> None:
    assert say("no-pictures") in Reader(page).text


def test_long_rankings_are_folded_but_whole(plan: Plan) -> None:
    rows = tuple(replace(plan.ranking.rows[0], rank=k, name=f"area{k}") for k in range(1, 401))
    text = Reader(render_page(replace(plan, ranking=replace(plan.ranking, rows=rows)), {})).text
    assert "The first 12 of 400 regions" in text
    assert "area400" in text


def test_every_word_is_used_and_every_used_word_exists() -> None:
    folder = Path(tmsplan.view.__file__).parent
    sources = [*folder.glob("*.py"), *folder.glob("templates/*.j2")]
    code = "\n".join(p.read_text(encoding="utf-8") for p in sources if p.name != "words.py")
    used = set(re.findall(r"""["']([a-z0-9]+(?:-[a-z0-9A-Z]+)*)["']""", code))
    built = (
        "label:",
        "status-",
        "kind-",
        "verdict-",
        "h-norm",
        "h-calibration",
        "h-ranking",
        "map-left-",
        "map-right-",
        "qc:",
    )
    known = {k for k in WORDS if not k.startswith(built) and not k.endswith("-what")}
    assert known - used == set()


def test_a_missing_word_fails_loudly() -> None:
    with pytest.raises(InputError, match="no words for 'nonsense'"):
        say("nonsense")
