"""Real connectomes: 11 controls and 8 patients, on a borrowed head, labelled as such."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tmsplan as tp

REPO = Path(__file__).resolve().parents[2]
PATIENTS = ("PAT01", "PAT03", "PAT06", "PAT10", "PAT14", "PAT17", "PAT20", "PAT23")


def example(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(REPO / "docs/examples/connectome_norms.py"), *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def planned(tvb_tumour, ecog, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("tvb") / "out"
    run = example(str(tvb_tumour), str(ecog), str(out), "--plans-only")
    assert run.returncode == 0, run.stderr
    return out


@pytest.mark.slow
@pytest.mark.parametrize("name", PATIENTS)
def test_every_patient_gets_a_ranking_and_a_target_labelled_composite(planned, name) -> None:
    plan = tp.load_plan(planned / name)
    assert plan.labels == ("COMPOSITE", "EXPLORATORY")
    assert "COMPOSITE" in plan.caveats[1]
    assert "only 11 controls" in plan.caveats[0]
    assert plan.norms["n_reference"] == 11
    assert plan.norms["sites"] == ["TR-2.1s", "TR-2.4s"]
    assert len(plan.ranking.rows) == 68
    assert plan.ranking.best is not None
    assert {t.target.kind for t in plan.targets} == {"coupling", "standard"}
    assert all(t.status != "fail" for t in plan.tripwires)
    # 11 controls cannot make a region stand out of 8: honest norms say so.
    first = plan.targets[0].target.kind
    assert first == ("coupling" if plan.ranking.verdict == "target" else "standard")


@pytest.mark.slow
def test_a_patient_older_than_every_control_is_marked(planned) -> None:
    """PAT10 is 77, the oldest control 75: allowed by the flag, and said."""
    plan = tp.load_plan(planned / "PAT10")
    assert any("extrapolat" in s.text.lower() for s in plan.ranking.statements)


@pytest.mark.slow
def test_one_patient_with_everything_that_is_written(tvb_tumour, ecog, tmp_path) -> None:
    run = example(str(tvb_tumour), str(ecog), str(tmp_path / "out"), "--only", "PAT20")
    assert run.returncode == 0, run.stderr
    out = tmp_path / "out" / "PAT20"
    record = json.loads((out / "plan.json").read_text())
    for export in record["exports"]:
        text = (out / export["file"]).read_text()
        assert "COMPOSITE" in text
        assert "EXPLORATORY" in text
    for name in ("ranking.tsv", "targets.tsv", "compare.tsv"):
        assert all("COMPOSITE" in r for r in (out / name).read_text().splitlines()[1:])
    assert "COMPOSITE" in (out / "report.html").read_text()
