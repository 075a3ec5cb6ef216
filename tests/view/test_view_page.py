"""The page: complete, in order, honest, and unable to phone home."""

from __future__ import annotations

import base64
import hashlib
import json
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
from tmsplan.view.page import render_page, static_text
from tmsplan.view.page_file import write_page
from tmsplan.view.words import WORDS, say

SECTIONS = [
    "h-checks", "h-verdict", "h-targets", "h-regions", "h-details", "h-ranking", "h-statements",
    "h-compare", "h-exports", "h-provenance", "h-caveats",
]  # fmt: skip
HOSTILE = '</script><script>alert(1)</script>"><img src=x onerror=alert(2)> \u202eRTL \U0001f9e0'


class Reader(HTMLParser):
    """Collects tags and attributes, what is read as text, and what lies in scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.unread: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag, attributes = self.tags[-1] if self.tags else ("", {})
        if tag in {"script", "style"} and data.strip():
            self.unread.append((tag, attributes, data))
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def inside(self, tag: str, **attributes: str) -> list[str]:
        return [t for n, a, t in self.unread if n == tag and attributes.items() <= a.items()]

    @property
    def facts(self) -> dict:
        (text,) = self.inside("script", id="facts")
        return json.loads(text)


@pytest.fixture(scope="module")
def page(plan: Plan) -> str:
    return render_page(plan, {})


def test_sections_are_there_in_order(page: str) -> None:
    at = [page.index(f'id="{s}"') for s in SECTIONS]
    assert at == sorted(at)
    assert page.index('class="banner"') < page.index("Research use only") < at[0]


@pytest.mark.parametrize("labels", [("SYNTHETIC",), ("COMPOSITE", "EXPLORATORY")])
def test_every_label_is_in_banner_title_and_foot(plan: Plan, labels: tuple[str, ...]) -> None:
    reader = Reader(render_page(replace(plan, labels=labels, scene=None), {}))
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
    page = render_page(scene_plan.plan(stands_out=False, with_scene=False), {})
    assert '<section class="verdict none"' in page
    text = Reader(page).text
    assert text.index("No region stands out") < text.index("for description only")
    assert text.index("for description only") < text.index("31 of 120 controls")
    assert text.index("31 of 120 controls") < text.index(say("cards-coupling-none"))


def test_what_nobody_may_miss_stands_before_the_targets(plan: Plan) -> None:
    loud = Statement("spread-no-claim", "NO PRECISION IS CLAIMED for the point.")
    lines = (*plan.ranking.statements, loud)
    odd = replace(plan, scene=None, ranking=replace(plan.ranking, statements=lines))
    page = render_page(odd, {})
    first = page[: page.index('id="h-targets"')]
    assert loud.text in first
    assert say("not-proven") in first
    assert lines[0].text not in first
    assert page.count(loud.text) == 2


def test_hostile_names_stay_text(plan: Plan) -> None:
    odd = scene_plan.renamed(plan, HOSTILE)
    rows = (replace(odd.ranking.rows[0], name=HOSTILE), *odd.ranking.rows[1:])
    ranking = replace(odd.ranking, rows=rows, why=HOSTILE, statements=(Statement("s", HOSTILE),))
    odd = replace(odd, ranking=ranking, caveats=(HOSTILE,), patient_id="x</title><script>")
    reader = Reader(render_page(odd, {}))
    running = [a for t, a in reader.tags if t == "script" and "type" not in a]
    assert running == [{}]
    assert reader.inside("script")[-1] == static_text("page.js")
    assert not [a for _, a in reader.tags if any(k.startswith("on") for k in a)]
    assert reader.text.count("<script>alert(1)</script>") >= 4
    assert reader.facts["targets"][0]["name"] == HOSTILE
    assert reader.facts["regions"][0]["name"] == HOSTILE


def test_nothing_can_load_run_or_be_sent(page: str) -> None:
    reader = Reader(page)
    (policy,) = [a["content"] for t, a in reader.tags if a.get("http-equiv")]
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules.pop("default-src") == "'none'"
    assert rules.pop("img-src") == "data:"
    assert rules.pop("script-src") == source(reader.inside("script")[-1])
    assert rules.pop("style-src") == source(reader.inside("style")[0])
    assert rules == {"base-uri": "'none'", "form-action": "'none'"}
    assert not [t for t, _ in reader.tags if t in {"link", "iframe", "form", "object", "base"}]
    assert not [a for _, a in reader.tags if "style" in a]
    markup = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)
    assert not re.search(r"""(src|href|url\()\s*=?\s*["']?(https?:)?//""", markup)
    assert '<meta name="robots" content="noindex">' in page


def source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_another_script_would_not_run(page: str) -> None:
    """The hash is of these bytes: one more blank and the policy names another script."""
    script = Reader(page).inside("script")[-1]
    (policy,) = [a["content"] for _, a in Reader(page).tags if a.get("http-equiv")]
    assert source(script) in policy
    assert source(script + " ") not in policy


def test_a_page_with_a_face_says_so_and_is_its_owners_alone(page: str, tmp_path: Path) -> None:
    assert say("private") in Reader(page).text
    bare = render_page(scene_plan.plan(with_scene=False), {})
    assert say("private") not in Reader(bare).text
    target = tmp_path / "report.html"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o644)
    write_page(target, page)
    assert target.stat().st_mode & 0o777 == 0o600
    assert target.read_text(encoding="utf-8") == page
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_cards_say_side_depth_and_distance(page: str, plan: Plan) -> None:
    cards = page.split('<button type="button" class="card')[1:]
    for card, planned, side, other in zip(
        cards, plan.targets, ("LEFT", "RIGHT"), "BA", strict=True
    ):
        words = " ".join(re.sub(r"<[^>]*>", " ", card.split("</button>")[0]).split())
        assert f" {side} " in words
        assert f"{planned.pose.depth_mm:.1f} mm deep" in words
        assert f"76.2 mm from {other}" in words


def test_pictures_are_inside_the_file(plan: Plan, tmp_path: Path) -> None:
    from matplotlib.image import imsave
    from numpy import zeros

    png = tmp_path / "a.png"
    imsave(png, zeros((4, 4, 3)))
    bare = replace(plan, scene=None)
    reader = Reader(render_page(bare, {"coupling-1": {"oblique": png}}))
    (image,) = [a for t, a in reader.tags if t == "img" and "src" in a]
    assert image["id"] == "picture-A-oblique"
    assert image["src"].startswith("data:image/webp;base64,")
    assert image["alt"] == "Head and coil: left rostral middle frontal gyrus, LEFT, x = -38.3 mm"


def test_a_broken_picture_is_refused_by_name(plan: Plan, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    with pytest.raises(InputError, match=r"broken\.png: cannot be read as a picture"):
        render_page(replace(plan, scene=None), {"coupling-1": {"oblique": broken}})


def test_a_page_without_pictures_says_so(page: str) -> None:
    assert say("no-pictures") in Reader(page).text
    bare = Reader(render_page(scene_plan.plan(with_scene=False), {}))
    assert not [t for t, _ in bare.tags if t == "canvas"]
    assert bare.text.count(say("no-pictures")) == 2


def test_long_rankings_are_folded_but_whole(plan: Plan) -> None:
    rows = tuple(replace(plan.ranking.rows[0], rank=k, name=f"area{k}") for k in range(1, 401))
    many = replace(plan, scene=None, ranking=replace(plan.ranking, rows=rows))
    text = Reader(render_page(many, {})).text
    assert "The first 12 of 400 regions" in text
    assert "area400" in text


def test_every_word_is_used_and_every_used_word_exists() -> None:
    folder = Path(tmsplan.view.__file__).parent
    sources = [*folder.glob("*.py"), *folder.glob("templates/*.j2")]
    code = "\n".join(p.read_text(encoding="utf-8") for p in sources if p.name != "words.py")
    scripts = "\n".join(p.read_text(encoding="utf-8") for p in folder.glob("web/src/*.js"))
    spoken = set(re.findall(r"words\.(\w+)", scripts)) | {"A", "S", "left", "right"}
    spoken |= {"neurological", "radiological"}  # read by words[values.convention]
    assert {k.removeprefix("js-") for k in WORDS if k.startswith("js-")} == spoken
    used = set(re.findall(r"""["']([a-z0-9]+(?:-[a-z0-9A-Z]+)*)["']""", code))
    built = (
        "label:",
        "js-",
        "cards-",
        "view-",
        "slice-",
        "status-",
        "kind-",
        "verdict-",
        "h-norm",
        "h-calibration",
        "h-ranking",
        "map-",
        "scalp-",
        "mark-",
        "sheet-mark",
        "short-",
        "spread:",
        "qc:",
    )
    known = {k for k in WORDS if not k.startswith(built) and not k.endswith("-what")}
    assert known - used == set()


def test_a_missing_word_fails_loudly() -> None:
    with pytest.raises(InputError, match="no words for 'nonsense'"):
        say("nonsense")
