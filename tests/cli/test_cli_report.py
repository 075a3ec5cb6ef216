"""``tmsplan report``: one patient's page, its form to share, the page of a cohort."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import round_plan

from tmsplan.base.publish import published_folder
from tmsplan.cli.app import run
from tmsplan.plan.store import save_plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with published_folder(tmp_path / "one") as work:
        save_plan(round_plan.plan(), work)
    return tmp_path / "one"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--as", "patient-B"], "--as is for --share"),
        (["{again}", "--share"], "--share writes the page of one patient"),
    ],
)
def test_flags_that_do_not_fit_are_a_usage_error(folder, tmp_path, capsys, more, words) -> None:
    more = [str(folder) if m == "{again}" else m for m in more]
    assert run(["report", str(folder), *more, "-o", str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_label_that_could_be_a_name_of_a_path_is_refused(folder, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    assert run(["report", str(folder), "--share", "--as", "../x", "-o", str(out)]) == 2
    assert not out.exists()
    assert "../x" in capsys.readouterr().err


def test_one_patient_given_twice_is_refused(folder, tmp_path, capsys) -> None:
    out = tmp_path / "cohort"
    assert run(["report", str(folder), str(folder), "-o", str(out)]) == 3
    assert "twice" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.slow  # draws a cortex from four sides
def test_several_plans_make_the_page_of_a_cohort(folder, tmp_path, capsys) -> None:
    broken = tmp_path / "two"
    broken.mkdir()
    (broken / "plan.json").write_text("{}", encoding="utf-8")
    out = tmp_path / "cohort"
    assert run(["report", str(folder), str(broken), "-o", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["files"] == ["cohort.html", "cohort.tsv"]
    page = (out / "cohort.html").read_text(encoding="utf-8")
    assert "two" in page  # the broken one is a row with its reason
