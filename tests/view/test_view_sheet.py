"""The sheet: one page per target, right numbers with their frame, the same bytes each time."""

from __future__ import annotations

import html
import json
import logging
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import scene_plan
import sheet_plan
from pypdf import PdfReader

from tmsplan.plan.plan import Plan
from tmsplan.plan.record import plan_to_record
from tmsplan.target.ranking import Statement
from tmsplan.view.sheet import write_sheet, write_sheet_page
from tmsplan.view.sheet_page import render_sheet
from tmsplan.view.sheet_plain import write_plain
from tmsplan.view.sheet_typeset import Typesetter, find_typesetter

Writer = Callable[..., Path]
FRAME_WORDS = "mm, scanner RAS of the planning T1 of demo-01"


@pytest.fixture(scope="module")
def full() -> Plan:
    return sheet_plan.full_plan()


@pytest.fixture(scope="module")
def words(full: Plan) -> Plan:
    """The same without geometry: nothing is drawn, which takes most of the time."""
    return replace(full, scene=None)


@pytest.fixture(params=["typeset", "plain"])
def write(request: pytest.FixtureRequest) -> Writer:
    if request.param == "plain":
        return write_plain
    if isinstance(find_typesetter(), str):
        pytest.skip("the extra [pdf] or its libraries are not here")
    return write_sheet


def pages_of(path: Path) -> list[str]:
    """The words of each page, on one line."""
    return [" ".join(p.extract_text().split()) for p in PdfReader(path).pages]


def letters(text: str) -> str:
    return "".join(text.split()).replace("\u2013", "")


def test_one_page_per_target(full: Plan, tmp_path: Path, write: Writer) -> None:
    pictures = sheet_plan.pictures_for(full, tmp_path)
    for n in (1, 2):
        one = replace(full, targets=full.targets[:n])
        assert len(pages_of(write(one, tmp_path / f"{n}.pdf", pictures))) == n


def test_every_number_is_that_of_plan_json_with_its_frame(
    words: Plan, tmp_path: Path, write: Writer
) -> None:
    record = json.loads(json.dumps(plan_to_record(words)))
    for page, target in zip(
        pages_of(write(words, tmp_path / "a.pdf")), record["targets"], strict=True
    ):
        text = letters(page)
        coil = [row[3] for row in target["pose"]["matrix"][:3]]
        triples = [coil, target["point_mm"], target["scalp_mm"]]
        marks = record["head"]["landmarks"]
        triples += [marks[name]["point_mm"] for name in ("nasion", "lpa", "rpa")]
        for x, y, z in triples:
            assert re.search(f"x={x:.1f},?y={y:.1f},?z={z:.1f}", text), (x, y, z)
        assert page.count(FRAME_WORDS.split()[0]) >= 4
        assert letters(page).count(letters(FRAME_WORDS)) >= 3
        assert f"{target['scalp_cortex_mm']:.1f} mm under the scalp point" in page
        assert f"{target['pose']['handle_deg']:.0f} deg to the midline" in page
        near = target["nearest_1010"]
        assert f"{near['name']} + {near['distance_mm']:.0f} mm" in page
        for line in target["tape"]["lines"][:4]:
            assert letters(line) in text
        assert "the target gets 87 % of the largest field" in page


def test_sides_labels_and_limits_are_said_in_words(
    words: Plan, tmp_path: Path, write: Writer
) -> None:
    for page, side in zip(
        pages_of(write(words, tmp_path / "a.pdf")), ("LEFT", "RIGHT"), strict=True
    ):
        assert f"Left and right checked on the head itself: target is {side}" in page
        for said in (
            "SYNTHETIC",
            "4be1 90c7 … 77d2",
            "Research use only. Not a medical device.",
            "Not a dose",
            "Touch with the pointer and read back",
            "In front of the LEFT tragus",
            "In front of the RIGHT tragus",
            "Prepared by, date",
            "Checked by, date",
            "Registration error that the navigator states",
        ):
            assert letters(said).lower() in letters(page).lower(), said
        assert not re.search(r"% ?(MSO|of the motor)|intensity of", page)


def test_the_foot_says_who_set_the_page(words: Plan, tmp_path: Path, write: Writer) -> None:
    said = "plain layout" if write is write_plain else "set by WeasyPrint"
    assert all(said in page for page in pages_of(write(words, tmp_path / "a.pdf")))
    assert "printed from sheet.html" in render_sheet(words)


def test_equal_plans_give_equal_bytes_without_a_date(
    full: Plan, tmp_path: Path, write: Writer
) -> None:
    pictures = sheet_plan.pictures_for(full, tmp_path)
    one = replace(full, targets=full.targets[:1])
    first = write(one, tmp_path / "a.pdf", pictures).read_bytes()
    assert write(one, tmp_path / "b.pdf", pictures).read_bytes() == first
    assert b"CreationDate" not in first


@pytest.mark.parametrize("n", [2, 9, 16])
def test_every_statement_and_caveat_is_on_the_one_page(
    full: Plan, tmp_path: Path, n: int, write: Writer
) -> None:
    if write is write_plain:
        n = min(n, 5)  # tape and landmarks stand among its statements; then it takes two pages
    one = replace(full, targets=full.targets[:1])
    many = sheet_plan.with_long_names(sheet_plan.with_statements(one, n))
    pages = pages_of(write(many, tmp_path / "a.pdf", sheet_plan.pictures_for(many, tmp_path)))
    assert len(pages) == len(many.targets)
    texts = [s.text for s in many.ranking.statements] + [*many.caveats, many.ranking.why]
    for page in pages:
        assert [t for t in texts if letters(t) not in letters(page)] == []


def test_what_cannot_fit_goes_on_a_second_page_and_both_say_so(
    words: Plan, tmp_path: Path, write: Writer
) -> None:
    many = sheet_plan.with_statements(replace(words, targets=words.targets[:1]), 30)
    pages = pages_of(write(many, tmp_path / "two.pdf", sheet_plan.pictures_for(many, tmp_path)))
    assert len(pages) == 2
    for n, page in enumerate(pages, start=1):
        assert f"HOW SURE THIS IS · PAGE {n} OF 2" in page.upper()
    for text in (*(s.text for s in many.ranking.statements), *many.caveats):
        assert sum(letters(text) in letters(page) for page in pages) == 1


def test_one_endless_statement_loses_no_letter(words: Plan, tmp_path: Path, write: Writer) -> None:
    endless = replace(
        sheet_plan.with_statements(words, 1, letters=1500),
        caveats=("unbroken" * 60,), targets=words.targets[:1],
    )  # fmt: skip
    printed = letters("".join(pages_of(write(endless, tmp_path / "a.pdf"))))
    assert letters(endless.ranking.statements[0].text) in printed
    assert "unbroken" * 60 in printed


def test_no_region_is_said_first_and_the_targets_follow(
    words: Plan, tmp_path: Path, write: Writer
) -> None:
    none = replace(scene_plan.plan(stands_out=False), targets=words.targets, head=words.head)
    pages = pages_of(write(none, tmp_path / "none.pdf"))
    assert len(pages) == 1 + len(words.targets)
    assert all("No region stands out" in page for page in pages)
    assert "31 of 120 controls have a candidate at least as extreme" in pages[0]
    bare = pages_of(write(replace(none, targets=()), tmp_path / "bare.pdf"))
    assert len(bare) == 1
    assert "No target in this plan: 31 of 120" in bare[0]


def test_a_head_that_was_not_measured_says_why(words: Plan, tmp_path: Path, write: Writer) -> None:
    why = "The head could not be measured: the scalp ends above the ears."
    statements = (*words.ranking.statements, Statement("head-not-measured", why))
    blind = replace(
        words,
        head=None,
        ranking=replace(words.ranking, statements=statements),
        targets=tuple(replace(t, tape=None, nearest=None) for t in words.targets),
    )
    for page in pages_of(write(blind, tmp_path / "a.pdf")):
        assert page.count(why) == 1
        assert letters("No coordinates: the head was not measured") in letters(page)
    below = replace(words, targets=tuple(replace(t, tape=None) for t in words.targets))
    assert (
        "no tape from ear to ear passes this place"
        in pages_of(write(below, tmp_path / "b.pdf"))[0]
    )


def test_found_landmarks_say_how_sure_they_are(words: Plan, tmp_path: Path, write: Writer) -> None:
    assert words.head is not None
    sure = {"nasion": 8.0, "inion": 12.0, "lpa": 18.0, "rpa": 18.0}
    marks = replace(words.head.landmarks, how="found", confidence_mm=sure)
    found = replace(words, head=replace(words.head, landmarks=marks))
    page = pages_of(write(found, tmp_path / "a.pdf"))[0]
    assert "within 8 mm" in page
    assert page.count("within 18 mm: LOW CONFIDENCE") == 2
    assert letters("Found by tmsplan, not marked by a person") in letters(page)


HOSTILE = '"></style><script>alert(1)</script><b>\u202eabc & {{ 7*7 }} $\\frac{1$'


def test_a_hostile_name_stays_text(words: Plan, tmp_path: Path, write: Writer) -> None:
    odd = scene_plan.renamed(replace(words, patient_id=HOSTILE, scene=None), HOSTILE)
    text = render_sheet(odd)
    assert "<script" not in text
    assert "&lt;/style&gt;&lt;script&gt;" in text
    assert "49" not in re.findall(r"<h1[^>]*>(.*?)</h1>", text)[0]
    assert len(pages_of(write(odd, tmp_path / "odd.pdf"))) == 2


def test_the_file_asks_for_nothing(full: Plan, tmp_path: Path) -> None:
    path = write_sheet_page(full, tmp_path / "sheet.html", sheet_plan.pictures_for(full, tmp_path))
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    assert set(re.findall(r"(?:src=|url\()[\"']?([a-z]+:|[^\"')]{1,9})", text)) == {"data:"}
    assert not re.search(r"<script|<link|<form|@import|\sstyle=", text)
    assert "default-src 'none'" in html.unescape(text)


@pytest.fixture
def no_typesetter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [m for m in sys.modules if m.split(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "weasyprint", None)


@pytest.mark.usefixtures("no_typesetter")
def test_without_the_extra_the_plain_layout_is_used_and_said(
    words: Plan, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        pages = pages_of(write_sheet(words, tmp_path / "sheet.pdf"))
    assert len(pages) == 2
    assert all("plain layout: WeasyPrint is not here" in page for page in pages)
    assert "sheet.pdf: WeasyPrint is not installed" in caplog.text
    assert "pip install 'tmsplan[pdf]'" in caplog.text


def test_a_missing_library_of_the_system_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "weasyprint"
    package.mkdir()
    line = "raise OSError(\"cannot load library 'libpango-1.0-0'\")\n"
    (package / "__init__.py").write_text(line, encoding="utf-8")
    for name in [m for m in sys.modules if m.split(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = find_typesetter()
    assert isinstance(found, str)
    assert "apt-get install libpango-1.0-0" in found
    assert "cannot load library" in found


def test_the_typesetter_understands_every_rule_and_reads_no_file(
    words: Plan, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    setter = find_typesetter()
    if not isinstance(setter, Typesetter):
        pytest.skip("the extra [pdf] or its libraries are not here")
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        setter.pdf(render_sheet(replace(words, targets=words.targets[:1])))
    assert caplog.text == ""
    secret = tmp_path / "secret.css"
    secret.write_text("p{color:red}", encoding="utf-8")
    from weasyprint.urls import FatalURLFetchingError

    with pytest.raises(FatalURLFetchingError, match=r"secret\.css"):
        setter.pdf(f'<link rel="stylesheet" href="{secret.as_uri()}"><p>a</p>')
