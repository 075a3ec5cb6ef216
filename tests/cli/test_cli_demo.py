"""The main job from the command line, on the built-in SYNTHETIC patient."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tmsplan.base import sha256_file
from tmsplan.plan.demo import PLANTED
from tmsplan.plan.synthetic_head import fsaverage_head
from tmsplan.plan.synthetic_scans import CORE_MM, core_centre

PNG_VIEWS = ("oblique", "cortex", "operator", "coil")


def tmsplan(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tmsplan", *arguments],
        capture_output=True, text=True, check=False, cwd=cwd,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> tuple[Path, dict]:
    """Run the demo once, as a user does; return its folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo run")
    run = tmsplan("demo", "--out", "demo-out", "--json", cwd=folder)
    assert run.returncode == 0, run.stderr
    return folder / "demo-out", json.loads(run.stdout)


def test_it_ends_well_and_says_where_things_are(demo) -> None:
    out, said = demo
    assert said["verdict"] == "target"
    assert said["labels"] == ["SYNTHETIC"]
    assert (out.parent / said["files"]["page"]).is_file()
    assert [t["status"] for t in said["tripwires"]] == ["pass"] * len(said["tripwires"])
    ids = {t["id"] for t in said["tripwires"]}
    assert ids == {f"TP-F0{k}" for k in range(1, 7)} | {"TP-D01", "TP-D02"}


def test_the_planted_region_is_first_and_on_the_left(demo) -> None:
    out, _ = demo
    plan = json.loads((out / "plan.json").read_text())
    first = plan["ranking"][0]
    assert (first["rank"], first["parcel_id"], first["hemi"]) == (1, PLANTED, "left")
    target = plan["targets"][0]
    assert (target["kind"], target["hemi"], target["parcel_id"]) == ("coupling", "left", PLANTED)
    assert plan["synthetic"] is True
    assert any("superior" in c for c in plan["caveats"])


def test_the_coupling_is_the_real_thing_and_only_the_planted_region_is_unusual(demo) -> None:
    out, _ = demo
    plan = json.loads((out / "plan.json").read_text())
    coupling = plan["coupling"]
    assert (coupling["method"], coupling["unit"]) == ("partial_spearman", "Fisher z")
    assert [d["method"] for d in coupling["definitions"]] == ["kls"]
    assert {i["role"] for i in plan["inputs"]} >= {"gm", "alff", "mean_bold"}
    first, *rest = plan["ranking"]
    assert -4.0 < first["z"] < -3.0
    assert first["value"] < 0
    assert max(abs(r["z"]) for r in rest if r["z"] is not None) < 2.2
    said = {s["id"] for s in plan["statements"]}
    assert {"definition", "null", "scans", "search-space", "spread-no-claim"} <= said
    # The papers of the norms were compared, all of them: nothing is said to be unknown.
    assert "do not say their" not in (out / "plan.json").read_text()


def test_the_point_lies_in_the_planted_core(demo) -> None:
    out, _ = demo
    target = json.loads((out / "plan.json").read_text())["targets"][0]
    away = np.linalg.norm(np.array(target["point_mm"]) - core_centre(fsaverage_head()))
    assert away < CORE_MM / 2  # where nothing of the healthy coupling is left
    assert target["spread_mm"] > 0


def test_a_region_of_too_few_voxels_has_no_value_and_says_so(demo) -> None:
    out, _ = demo
    plan = json.loads((out / "plan.json").read_text())
    missing = {r["parcel_id"]: r for r in plan["coupling"]["regions"] if r["value"] is None}
    assert missing
    assert all("voxels with data, fewer than 100" in r["reason"] for r in missing.values())
    assert all(r["z"] is None for r in plan["ranking"] if r["parcel_id"] in missing)


def test_every_file_of_the_contract_is_there_and_hashed(demo) -> None:
    out, _ = demo
    plan = json.loads((out / "plan.json").read_text())
    expected = {"plan.json", "ranking.tsv", "targets.tsv", "compare.tsv", "report.html",
                "sheet.pdf", "figures/ranking.png", "figures/norm.png"}  # fmt: skip
    expected |= {f"figures/{t['id']}_{view}.png" for t in plan["targets"] for view in PNG_VIEWS}
    sums = {}
    for line in (out / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ", 1)
        sums[name] = digest
    assert expected <= set(sums)
    assert any(n.startswith("navigation/brainsight/") for n in sums)
    found = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert found - {"SHA256SUMS"} == set(sums)
    assert all(sha256_file(out / name) == digest for name, digest in sums.items())


def test_every_output_says_synthetic(demo) -> None:
    out, _ = demo
    for name in ("ranking.tsv", "targets.tsv", "compare.tsv"):
        rows = (out / name).read_text().splitlines()[1:]
        assert rows
        assert all("SYNTHETIC" in row for row in rows), name
    for path in (out / "navigation").rglob("*.t*"):
        assert "SYNTHETIC" in path.read_text(), path.name
    assert "SYNTHETIC" in (out / "report.html").read_text()


def test_the_pose_is_what_the_contract_says(demo) -> None:
    out, _ = demo
    plan = json.loads((out / "plan.json").read_text())
    scanner_x = {"left": -1, "right": 1}
    for target in plan["targets"]:
        m = np.array(target["pose"]["matrix"])
        np.testing.assert_allclose(m[:3, :3].T @ m[:3, :3], np.eye(3), atol=1e-8)
        np.testing.assert_allclose(np.cross(m[:3, 1], m[:3, 2]), m[:3, 0], atol=1e-8)
        scalp, centre = np.array(target["scalp_mm"]), m[:3, 3]
        np.testing.assert_allclose(
            scalp - centre, m[:3, 2] * target["pose"]["standoff_mm"], atol=1e-6
        )
        # Into the head: the target lies on the side that z points to.
        assert (np.array(target["point_mm"]) - centre) @ m[:3, 2] > 0
        # The handle (-y) of a frontal coil points backward and away from the midline.
        assert -m[0, 1] * scanner_x[target["hemi"]] > 0
        assert m[1, 1] > 0


def test_export_makes_the_same_file_again(demo, tmp_path) -> None:
    out, _ = demo
    run = tmsplan("export", str(out / "plan.json"), "--to", "brainsight", "--to", "tsv",
                  "-o", str(tmp_path / "nav"), "--json", cwd=tmp_path)  # fmt: skip
    assert run.returncode == 0, run.stderr
    again = json.loads(run.stdout)["exports"]
    plan = json.loads((out / "plan.json").read_text())
    assert {e["sha256"] for e in again} == {e["sha256"] for e in plan["exports"]}


def test_an_existing_folder_is_refused_before_the_work(demo) -> None:
    out, _ = demo
    before = (out / "SHA256SUMS").read_bytes()
    run = tmsplan("demo", "--out", str(out), cwd=out.parent)
    assert run.returncode == 3
    assert "exists already; pass --overwrite" in run.stderr
    assert run.stdout == ""
    assert (out / "SHA256SUMS").read_bytes() == before


def test_an_edited_plan_is_refused(demo, tmp_path) -> None:
    out, _ = demo
    plan = json.loads((out / "plan.json").read_text())
    plan["targets"][0]["pose"]["matrix"][0][0] *= -1
    edited = tmp_path / "plan.json"
    edited.write_text(json.dumps(plan))
    run = tmsplan("export", str(edited), "--to", "brainsight", "-o", str(tmp_path / "nav"),
                  cwd=tmp_path)  # fmt: skip
    assert run.returncode == 3
    assert not (tmp_path / "nav").exists()
    plan["schema"] = 99
    edited.write_text(json.dumps(plan))
    run = tmsplan("export", str(edited), "--to", "brainsight", "-o", "nav", cwd=tmp_path)
    assert run.returncode == 3
    assert "plan.json: schema 99. Expected a tmsplan plan of schema 1" in run.stderr
