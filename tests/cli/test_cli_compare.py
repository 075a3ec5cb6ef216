"""``tmsplan compare`` on a plan on disk: table, names in either form, refusals."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from plan.compare_builder import COUPLING, NORMS, compared_plan

from tmsplan.base import sha256_bytes
from tmsplan.base.provenance import InputFile
from tmsplan.base.table import read_table
from tmsplan.cli.app import run
from tmsplan.plan import save_plan
from tmsplan.plan.scene_store import scene_bytes
from tmsplan.plan.store import as_stored


@pytest.fixture
def folder(tmp_path):
    plan = compared_plan()
    record = InputFile("scene", "scene.npz", sha256_bytes(scene_bytes(plan.scene)))
    full = replace(
        plan, inputs=(*plan.inputs, record), caveats=("c",), coupling=COUPLING, norms=NORMS
    )
    save_plan(as_stored(full), tmp_path)
    return tmp_path


def test_a_table_is_printed_and_written(folder, capsys) -> None:
    out = folder / "against.tsv"
    assert run(["compare", str(folder), "-o", str(out)]) == 0
    text = capsys.readouterr().out
    assert "Cannot be told apart from coupling-1" in text
    assert str(out) in text
    assert len(read_table(out)) == 4
    assert run(["compare", str(folder), "-o", str(out)]) == 2
    assert "against.tsv: exists already" in capsys.readouterr().err
    assert run(["compare", str(folder), "-o", str(out), "--overwrite"]) == 0


@pytest.mark.parametrize(
    "names",
    [
        ["--against", "beam-f3", "--against", "mni-sgacc-group"],
        ["--against", "beam-f3", "mni-sgacc-group"],
    ],
)
def test_names_may_follow_one_flag_or_each_its_own(folder, capsys, names) -> None:
    assert run(["compare", str(folder / "plan.json"), *names, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [r["id"] for r in data["rows"]] == ["mni-sgacc-group", "beam-f3"]
    assert data["guided"] == "coupling-1"
    assert data["labels"] == ["SYNTHETIC"]
    assert data["rows"][1]["geodesic_mm"] > data["rows"][1]["euclidean_mm"]


def test_a_wrong_name_is_refused_with_the_nearest(folder, capsys) -> None:
    assert run(["compare", str(folder), "--against", "beam-f5", "--json"]) == 3
    data = json.loads(capsys.readouterr().out)
    assert data["exit"] == 3
    assert "Did you mean 'beam-f" in data["message"]
    assert run(["compare", str(folder), "--against", "sgacc-individual"]) == 3
    assert "--against sgacc-individual" in capsys.readouterr().err
