"""The cohort page as a file: what it says, what it cannot do, and where its dots lie."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cohort_plans import MIDDLE, Person, ten, write_plans

from tmsplan.base.errors import InputError, MissingPartError
from tmsplan.base.table import read_table
from tmsplan.plan.cohort_summary import summarise_cohort
from tmsplan.space import Hemi, Points, template_frame
from tmsplan.view.cohort_page import COHORT_PAGE, render_cohort_page, write_cohort_report
from tmsplan.view.cohort_page_cortex import (
    PANELS,
    Panel,
    behind_mm,
    draw_panel,
    snapped,
    template_cortex,
)
from tmsplan.view.cohort_page_words import tell

MNI305 = template_frame("MNI305")
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202eRTL \U0001f9e0"
PIXEL_MM = 0.6  # two pixels, and what refining the mesh once adds to its rim


def panel(name: str) -> Panel:
    return next(p for p in PANELS if p.id == name)


def at(*xyz: float) -> Points:
    return Points(xyz, MNI305)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    plans = write_plans(ten(), folder)
    (plans[3] / "report.html").unlink()
    write_cohort_report([*plans, folder / "nobody"], folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def page(out: Path) -> str:
    return (out / COHORT_PAGE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "xyz", "expected"),
    [
        # Width and height of the panel are 190 x 150 mm, its middle is (0, -18, 14) of MNI305.
        ("left", (-60, -18, 14), (95, 75)),
        ("left", (-60, 32, 14), (45, 75)),  # 50 mm to the front is to the left of the picture
        ("right", (60, 32, 14), (145, 75)),  # and to the right, seen from the other side
        ("front", (-30, 60, 24), (105, 65)),  # the patient's left is at the right
        ("top", (-30, -18, 80), (45, 95)),  # from above it is at the left
        ("top", (0, 32, 80), (75, 45)),  # and the face is up
    ],
)
def test_a_place_falls_where_it_is_seen(name: str, xyz: tuple, expected: tuple) -> None:
    assert panel(name).place(at(*xyz))[0] == pytest.approx(expected)


@pytest.mark.parametrize("view", PANELS, ids=lambda p: p.id)
def test_the_picture_is_where_the_arithmetic_says(view: Panel) -> None:
    """What is drawn reaches exactly as far as the mesh that is projected by hand."""
    image = draw_panel(view)
    height, width = image.shape[:2]
    assert (width, height) == (4 * view.size_mm[0], 4 * view.size_mm[1])
    ink = np.argwhere((image < 250).any(axis=2))[:, ::-1]
    parts = [template_cortex().side(h).points for h in view.shows]
    places = np.vstack([view.place(p) for p in parts])
    assert np.abs(ink.min(axis=0) / 4 - places.min(axis=0)).max() < PIXEL_MM
    assert np.abs((ink.max(axis=0) + 1) / 4 - places.max(axis=0)).max() < PIXEL_MM


def test_snapping_says_how_far_it_moved_a_dot() -> None:
    cortex = template_cortex().left
    xyz = cortex.points.mm(MNI305)
    rim = xyz[xyz[:, 0].argmin()]  # nothing of the cortex lies farther to the left
    _, off = snapped(at(*rim), Hemi.LEFT)
    assert off[0] == pytest.approx(0, abs=1e-9)
    place, off = snapped(at(rim[0] - 7.5, rim[1], rim[2]), Hemi.LEFT)
    assert off[0] == pytest.approx(7.5)
    assert place.mm(MNI305)[0] == pytest.approx(rim)


def test_a_place_on_the_far_side_has_a_brain_before_it() -> None:
    lateral, medial = at(-62.0, -20.0, 10.0), at(-5.0, -20.0, 40.0)
    left = panel("left")
    assert behind_mm(left, lateral)[0] < 12
    assert behind_mm(left, medial)[0] > 25


def test_dots_lie_on_their_targets_and_guided_ones_on_top(page: str) -> None:
    """sub-01 is 3 mm to the side of the middle: from above, its dot is where MIDDLE+3 snaps."""
    first = Points(MIDDLE + np.array([3.0, 0, 0]), MNI305)
    place, off = snapped(first, Hemi.LEFT)
    x, y = panel("top").place(place)[0]
    top = page.split('class="panel top"')[1]
    dots = re.findall(r'class="mark (\w+)[^"]*" data-layer="([^"]+)" data-patient="(\d+)" '
                      r'transform="translate\(([\d.]+) ([\d.]+)\)"', top)  # fmt: skip
    assert len(dots) == 20
    assert [d[0] for d in dots[:10]] == ["standard"] * 10
    mine = next(d for d in dots if d[1] == "coupling-guided" and d[2] == "0")
    assert (float(mine[3]), float(mine[4])) == pytest.approx((x, y), abs=0.006)
    assert [d[0] for d in dots if d[2] == "9"] == ["standard", "none"]
    assert float(off[0]) < 5


def test_the_ring_is_the_radius_around_the_mean_place(page: str) -> None:
    x, y = panel("left").place(at(*MIDDLE))[0]
    found = re.findall(r'<circle class="ring"[^>]*cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"', page)
    assert [tuple(map(float, f)) for f in found] == [pytest.approx((x, y, 13.0))]


def test_it_counts_and_says_who_is_left_out(page: str) -> None:
    text = re.sub(r"<[^>]+>", " ", page.split("<main>")[0].split("</style>")[1])
    words = " ".join(text.split())
    assert "11 plans given 10 patients read 9 with a proposal 1 no region stands out" in words
    assert "nobody" in page.split('id="h-left-out"')[1]
    assert "there is no such file" in page
    assert "simulated patient or norms" in page
    assert tell("said-no-proof") in page
    assert "5 of 8 (62 %)" in page
    assert "0 of 8 (0 %)" in page
    assert "-38.0, 40.0, 28.0" in page


def test_links_are_relative_and_only_to_pages_that_are_there(page: str) -> None:
    links = set(re.findall(r'href="([^"#]+)"', page)) - set(
        re.findall(r'href="(data:[^"]+)"', page)
    )
    assert links == {f"../p{k:02d}/report.html" for k in range(10) if k != 3}
    assert "no page beside the plan" in page


def test_it_can_neither_fetch_nor_send(page: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page).group(1)
    assert policy.startswith("default-src &#39;none&#39;")
    assert "unsafe" not in policy
    assert "connect-src" not in policy
    assert not re.search(r"https?://", page)
    assert not re.search(r"<[^>]+\son\w+=", page)
    assert page.count("<script") == 1
    assert not re.search(r"<[^>]+\sstyle=", page)


def test_files_are_the_owners_alone(out: Path) -> None:
    assert {p.name for p in out.iterdir()} == {"cohort.html", "cohort.tsv"}
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in out.iterdir())


def test_the_table_beside_it_has_the_same_numbers(out: Path) -> None:
    table = read_table(out / "cohort.tsv")
    assert table.texts("patient") == tuple(f"sub-{k + 1:02d}" for k in range(10))
    assert table.numbers("distance_mm")[0] == pytest.approx(5.0)
    assert table.numbers("mni305_x_mm")[0] == pytest.approx(-35.0)
    assert table.texts("within_navigation_error")[:2] == ("true", "false")
    assert set(table.texts("labels")) == {"SYNTHETIC"}
    assert table.texts("verdict")[-1] == "no-region-stands-out"


def test_mixed_cohorts_say_so_first(tmp_path: Path) -> None:
    people = [Person("made-up", tuple(MIDDLE)), Person("measured", tuple(MIDDLE), labels=())]
    summary = summarise_cohort(write_plans(people, tmp_path))
    page = render_cohort_page(summary, tmp_path / "out")
    banner = page.split('class="banner mixed"')[1].split("</div>")[0]
    assert banner.index("MIXED") < banner.index("SYNTHETIC")
    assert re.search(r"<title>MIXED SYNTHETIC ", page)
    assert page.count("<small>SYNTHETIC</small>") == 1


def test_hostile_names_are_words(tmp_path: Path) -> None:
    folder = tmp_path / "javascript:alert(3)"
    odd = Person("odd", tuple(MIDDLE), region=HOSTILE)
    (plan,) = write_plans([odd], folder)
    summary = summarise_cohort([plan])
    patient = replace(summary.patients[0], id=HOSTILE)
    page = render_cohort_page(replace(summary, patients=(patient,)), tmp_path)
    assert page.count("<script") == 1
    assert "<img" not in page
    assert "onerror=alert(2)&gt;" in page
    link = re.search(r'<th scope="row"[^>]*><a href="([^"]+)"', page).group(1)
    assert link.startswith("javascript%3A")  # a folder's name, and no scheme


def test_a_cohort_without_places_says_so(tmp_path: Path) -> None:
    people = [Person(f"p{k}", tuple(MIDDLE), template=None) for k in range(2)]
    page = render_cohort_page(summarise_cohort(write_plans(people, tmp_path)), tmp_path)
    assert tell("spread-none") in page
    assert page.count("<bdi>not on the template</bdi>") == 2
    assert 'class="mark' not in page


def test_a_failed_check_and_other_methods_are_loud(tmp_path: Path) -> None:
    people = [
        Person("a", tuple(MIDDLE), failed=True),
        Person("b", tuple(MIDDLE), template="MNI152NLin2009cAsym"),
    ]
    page = render_cohort_page(summarise_cohort(write_plans(people, tmp_path)), tmp_path)
    assert "FAILED TP-F01" in page
    warnings = page.split('class="warnings"')[1].split("</section>")[0]
    assert "1 MNI152NLin2009cAsym taken as MNI152NLin6Asym (up to about 2 mm off)" in warnings


def test_equal_plans_give_equal_pages(tmp_path: Path) -> None:
    summary = summarise_cohort(write_plans(ten()[:2], tmp_path))
    assert render_cohort_page(summary, tmp_path) == render_cohort_page(summary, tmp_path)


def test_a_word_that_is_missing_is_a_bug() -> None:
    with pytest.raises(InputError, match="no words for 'nothing'"):
        tell("nothing")


def test_without_gl_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = write_plans(ten()[:1], tmp_path)
    monkeypatch.setenv("VTK_DEFAULT_OPENGL_WINDOW", "vtkNoSuchRenderWindow")
    with pytest.raises(MissingPartError, match="pictures cannot be drawn"):
        write_cohort_report(plans, tmp_path / "out")
    assert not (tmp_path / "out").exists()
