"""A plan in a notebook: small, escaped, with a picture, and never the page itself."""

from __future__ import annotations

import base64
import io
import re
import stat
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import scene_plan

import tmsplan.view
from tmsplan.plan.plan import Plan
from tmsplan.view import view
from tmsplan.view.notebook import PICTURE_BYTES, join_notebook

HOSTILE = '</td><script>alert(1)</script>"><img src=x onerror=alert(2)> \u202eRTL \U0001f9e0'


class Reader(HTMLParser):
    """Tags and text of a piece of HTML; void elements need no end."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_cell_shows_one_small_picture_and_the_numbers(plan: Plan) -> None:
    html = view(plan)._repr_html_()
    (packed,) = re.findall(r'src="data:image/webp;base64,([^"]+)"', html)
    picture = base64.b64decode(packed)
    assert len(picture) < PICTURE_BYTES
    assert len(html) < 2 * PICTURE_BYTES
    from matplotlib.image import imread

    pixels = imread(io.BytesIO(picture), format="webp")
    assert pixels.shape[:2] == (720, 840)
    text = Reader(html).text
    guided, standard = plan.targets
    for planned in plan.targets:
        x, y, z = planned.target.point.mm(plan.frame)[0]
        assert f"{x:.1f}, {y:.1f}, {z:.1f}" in text
        assert f"{planned.pose.depth_mm:.1f}" in text
    apart = float(guided.target.point.distances(standard.target.point)[0])
    for words in ("LEFT", "RIGHT", "SYNTHETIC", "A region stands out", f"{apart:.1f}", "-3.40",
                  "No trial has shown", "Research use only", "scanner RAS"):  # fmt: skip
        assert words in text


def test_no_region_stands_out_is_said_first() -> None:
    bare = scene_plan.plan(with_scene=False, stands_out=False)
    text = Reader(view(bare)._repr_html_()).text
    assert text.index("No region stands out") < text.index("Target")


def test_without_its_geometry_the_numbers_stay_and_why_is_said() -> None:
    html = view(scene_plan.plan(with_scene=False))._repr_html_()
    assert "img" not in Reader(html).tags
    assert "opened without the geometry" in html
    assert "LEFT" in html


def test_without_gl_the_numbers_stay_and_why_is_said(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VTK_DEFAULT_OPENGL_WINDOW", "vtkNoSuchRenderWindow")
    html = view(plan)._repr_html_()
    assert "pictures cannot be drawn" in html
    assert "LEFT" in html


def test_a_plan_without_targets_says_so(plan: Plan) -> None:
    html = view(replace(plan, targets=()))._repr_html_()
    assert "This plan holds no target." in html
    assert "table" not in Reader(html).tags


def test_hostile_names_stay_text() -> None:
    odd = scene_plan.renamed(scene_plan.plan(with_scene=False), HOSTILE)
    ranking = replace(odd.ranking, why=HOSTILE)
    odd = replace(odd, patient_id=HOSTILE, ranking=ranking, labels=(HOSTILE,))
    reader = Reader(view(odd)._repr_html_())
    assert "script" not in reader.tags
    assert "img" not in reader.tags
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    assert reader.text.count("<script>alert(1)</script>") == 4


def test_the_page_is_saved_for_its_owner_only(tmp_path: Path) -> None:
    path = view(scene_plan.plan(with_scene=False)).save_as_html(tmp_path / "mine.html")
    assert path == tmp_path / "mine.html"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "demo-01" in path.read_text(encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["mine.html"]


def test_the_browser_gets_a_file_that_others_cannot_reach(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import tempfile
    import webbrowser

    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = view(scene_plan.plan(with_scene=False)).open_in_browser()
    assert opened == [path.as_uri()]
    assert path.parent.parent == tmp_path
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_room_is_the_function() -> None:
    plan = scene_plan.plan(with_scene=False)
    assert tmsplan.view(plan).plan is plan  # type: ignore[operator]
    assert tmsplan.view.view is view
    assert tmsplan.show(plan).plan is plan
    with pytest.raises(AttributeError, match="no public name 'vieww'"):
        _ = tmsplan.view.vieww


def test_without_a_notebook_nothing_is_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not join_notebook()


def test_a_cell_that_ends_in_a_plan_shows_it() -> None:
    pytest.importorskip("IPython", reason="IPython is not installed")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        assert join_notebook()
        shell.user_ns["plan"] = scene_plan.plan(with_scene=False)
        for cell in ("plan", "import tmsplan.view as v; v.view(plan)"):
            result = shell.run_cell(cell)
            assert result.success
            shown, _ = shell.display_formatter.format(result.result)
            assert "No trial has shown" in shown["text/html"]
    finally:
        InteractiveShell.clear_instance()
