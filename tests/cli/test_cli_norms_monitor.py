"""`tmsplan monitor`: what moved, what is refused, what is written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import session_plans as sp
import typer
from typer.testing import CliRunner

from tmsplan.base import read_table
from tmsplan.base.errors import InputError, UsageError
from tmsplan.cli.verbs_monitor import monitor
from tmsplan.norms.monitor_retest import Retest
from tmsplan.plan.monitor import monitor_plans
from tmsplan.plan.store import save_plan

ICC = Retest(0.8, "given")


@pytest.fixture
def sessions(tmp_path: Path) -> list[str]:
    """Two folders: in the second session one region is 4 lower, the rest is noise of .14."""
    plans = (sp.session(), sp.session({"lh_r05": -4.0}, seed=9, scan="b"))
    folders = []
    for name, plan in zip("ab", plans, strict=True):
        (tmp_path / name).mkdir()
        save_plan(plan, tmp_path / name)
        folders.append(str(tmp_path / name))
    return folders


def run(arguments: list[str]):
    app = typer.Typer()
    app.command()(monitor)
    return CliRunner().invoke(app, arguments)


def test_the_planted_region_moved_and_only_that_one(sessions, tmp_path) -> None:
    out = tmp_path / "out"
    done = run([*sessions, "--icc", "0.8", "-o", str(out), "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["moved"] == [[2, "lh_r05"]]
    assert said["labels"] == ["SYNTHETIC"]
    table = read_table(out / "changes.tsv")
    assert len(table) == sp.REGIONS
    row = dict(zip(table.columns, table.rows[5], strict=True))
    assert (row["feature"], row["moved"], row["icc_source"]) == ("lh_r05", "true", "given")
    assert float(row["z_change"]) == pytest.approx(float(row["z_after"]) - float(row["z_before"]))
    assert float(row["z_change"]) == pytest.approx(-4, abs=0.5)
    assert float(row["detectable"]) == pytest.approx(1.24, abs=0.005)
    assert set(table.texts("labels")) == {"SYNTHETIC"}
    assert (out / "changes_session-2.png").stat().st_size > 10_000
    assert (out / "SHA256SUMS").is_file()


def test_without_a_reliability_it_is_assumed_and_said(sessions) -> None:
    done = run(sessions)
    assert done.exit_code == 0, done.output
    assert "reliability (ICC) of 0.5, assumed, not measured" in done.stdout
    assert "34 regions compared" in done.stdout
    assert "by noise alone about 1.7 would" in done.stdout


def test_measured_reliabilities_are_used_region_by_region(sessions, tmp_path) -> None:
    rows = "".join(f"lh_r{k:02d}\t{0.6 if k == 5 else 0.9}\n" for k in range(sp.REGIONS))
    (tmp_path / "retest.tsv").write_text("feature\ticc\n" + rows)
    done = run([*sessions, "--retest", str(tmp_path / "retest.tsv"), "--json"])
    changes = {c["feature"]: c for c in json.loads(done.stdout)["changes"]}
    assert changes["lh_r05"]["detectable"] == pytest.approx(1.96 * 0.8**0.5, abs=1e-3)
    assert changes["lh_r04"]["detectable"] == pytest.approx(0.877, abs=1e-3)
    assert changes["lh_r04"]["icc_source"] == "measured"


def test_the_reliability_that_the_norms_declare_is_used_if_none_is_given(tmp_path) -> None:
    papers = {"identity": {"icc": 0.9}}
    folders = []
    for name, plan in (("a", sp.session()), ("b", sp.session(seed=3, scan="b"))):
        (tmp_path / name).mkdir()
        save_plan(replace(plan, norms={**plan.norms, **papers}), tmp_path / name)
        folders.append(str(tmp_path / name))
    assert "reliability (ICC) of 0.9, measured" in run(folders).stdout
    assert "reliability (ICC) of 0.6, given" in run([*folders, "--icc", "0.6"]).stdout


def test_two_reliabilities_are_a_usage_error(sessions, tmp_path) -> None:
    done = run([*sessions, "--icc", "0.8", "--retest", str(tmp_path / "x.tsv")])
    assert isinstance(done.exception, UsageError)
    assert "--icc or --retest, not both" in str(done.exception)


def test_three_sessions_are_each_beside_the_first() -> None:
    plans = [sp.session(), sp.session(seed=2, scan="b"), sp.session({"lh_r01": 5}, scan="c")]
    found = monitor_plans(plans, ICC)
    assert [s.session for s in found.sessions] == [2, 3]
    moved = [(s.session, c.feature) for s in found.sessions for c in s.changes if c.moved]
    assert moved == [(3, "lh_r01")]


def test_regions_without_a_z_are_counted() -> None:
    found = monitor_plans([sp.session(), sp.without_z(sp.session(seed=2, scan="b"), 7)], ICC)
    assert found.sessions[0].not_compared == ("lh_r07",)
    assert "1 have no z in both" in found.statements()[0]


OTHER = {
    "patient": lambda p: replace(p, patient_id="SYNTHETIC-02"),
    "norms": lambda p: replace(p, norms={**p.norms, "id": "e" * 12}),
    r"norms \(SHA-256\)": lambda p: replace(p, norms={**p.norms, "sha256": "e" * 64}),
    "atlas": lambda p: replace(p, coupling={**p.coupling, "atlas": {"name": "schaefer"}}),
    r"coupling \(method\)": lambda p: replace(p, coupling={**p.coupling, "method": "baum"}),
    r"coupling \(unit\)": lambda p: replace(p, coupling={**p.coupling, "unit": "rho"}),
    r"coupling \(params\)": lambda p: replace(p, coupling={**p.coupling, "params": {"a": 1}}),
    "number of parcels": lambda p: replace(
        p, ranking=replace(p.ranking, rows=p.ranking.rows[:-1])
    ),
    "parcel": lambda p: replace(
        p,
        ranking=replace(
            p.ranking, rows=(*p.ranking.rows[:-1], replace(p.ranking.rows[-1], name="other"))
        ),
    ),
}


@pytest.mark.parametrize("what", OTHER)
def test_plans_that_cannot_be_compared_are_refused_by_name(what) -> None:
    other = OTHER[what](sp.session(seed=2, scan="b"))
    with pytest.raises(InputError, match=f"session 2 has another {what} than session 1"):
        monitor_plans([sp.session(), other], ICC)


def test_the_same_scans_twice_are_refused() -> None:
    with pytest.raises(InputError, match="sessions 2 and 3 are made of the same files"):
        monitor_plans(
            [sp.session(), sp.session(scan="b"), sp.session({"lh_r00": 1}, scan="b")], ICC
        )


def test_one_plan_is_no_change() -> None:
    with pytest.raises(InputError, match=r"1 plan given\. Expected at least two"):
        monitor_plans([sp.session()], ICC)
