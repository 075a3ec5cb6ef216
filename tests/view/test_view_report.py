"""The whole report: every file is written, and a plan without geometry still gets its page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import many_targets
import pytest
import scene_plan

from tmsplan.base.errors import MissingPartError
from tmsplan.plan.plan import Plan
from tmsplan.view import write_report


@pytest.mark.slow
def test_page_sheet_and_figures_are_written(plan: Plan, tmp_path: Path) -> None:
    maps = many_targets.scalp_fields(plan)
    scene = replace(plan.scene, scalp_maps={"depth": maps["depth"], "z-under": maps["z_under"]})
    one = replace(plan, targets=plan.targets[:1], scene=scene)
    files = write_report(one, tmp_path / "out")
    names = {p.relative_to(tmp_path / "out").as_posix() for p in files}
    views = {f"figures/coupling-1_{v}.png" for v in ("oblique", "cortex", "operator", "coil")}
    plots = {"figures/ranking.png", "figures/norm.png"}
    boards = {f"figures/{b}.png" for b in ("targets", "scalp-depth", "scalp-z-under")}
    assert names == {"report.html", "sheet.html", "sheet.pdf", *views, *plots, *boards}
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/webp;base64,") == 6


def test_a_page_name_may_be_given_and_no_scene_means_no_pictures(tmp_path: Path) -> None:
    bare = scene_plan.plan(with_scene=False)
    files = write_report(bare, tmp_path / "mine.html")
    assert {p.name for p in files} == {
        "mine.html",
        "sheet.html",
        "sheet.pdf",
        "ranking.png",
        "norm.png",
    }
    assert "without the geometry" in (tmp_path / "mine.html").read_text(encoding="utf-8")


def test_without_gl_nothing_is_written(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VTK_DEFAULT_OPENGL_WINDOW", "vtkNoSuchRenderWindow")
    with pytest.raises(MissingPartError, match="pictures cannot be drawn"):
        write_report(plan, tmp_path / "out")
    assert not (tmp_path / "out").exists()
