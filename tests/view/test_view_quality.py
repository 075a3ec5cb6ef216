"""Scans, definitions and norms on the page: what the plan says, or nothing."""

from __future__ import annotations

from dataclasses import replace

from view.scene_plan import plan

from tmsplan.view.page import render_page
from tmsplan.view.quality import calibration_rows, definition_rows, quality_rows


def with_findings() -> object:
    one = plan(with_scene=False)
    first = one.ranking.rows[0]
    definitions = [
        {
            "method": "kls", "unit": "1", "higher_means": "more coupled", "rho": -0.12, "n": 68,
            "ranks": {str(first.parcel_id): 41.0},
        },
        {
            "method": "jsse", "unit": "1", "higher_means": "more coupled", "rho": None, "n": 0,
            "ranks": {},
        },
    ]  # fmt: skip
    return replace(
        one,
        qc={"mean_fd_mm": 0.1234567, "task": "oneback", "tsnr_median": None},
        coupling={**one.coupling, "definitions": definitions},
        norms={**one.norms, "calibration": {"mean": 0.003, "inside_95": 0.954}},
    )


def test_rows_say_what_the_plan_says_and_missing_is_not_zero() -> None:
    found = with_findings()
    scans = dict(quality_rows(found))
    assert scans["mean framewise displacement (mm)"] == "0.1235"
    assert scans["task"] == "oneback"
    assert scans["median temporal signal to noise"] == "n/a"
    kls, jsse = definition_rows(found)
    assert (kls["agreement"], kls["rank"]) == ("-0.12", "41 of 68")
    assert (jsse["agreement"], jsse["rank"]) == ("n/a", "n/a")
    assert [v for _, v in calibration_rows(found)] == ["0.003", "0.954"]


def test_the_page_has_the_section_only_where_there_is_something_to_say() -> None:
    title = "Scans, definitions and norms behind the numbers"
    full = render_page(with_findings(), {})
    assert title in full
    assert "41 of 68" in full
    assert title not in render_page(replace(plan(with_scene=False), qc={}), {})
