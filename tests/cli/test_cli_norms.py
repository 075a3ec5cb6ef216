"""`tmsplan norms`: fit, card, score, check, and what each refuses."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tmsplan.base import read_table, table_bytes
from tmsplan.cli.app import run

CONTRACT = ["id", "feature", "value", "z", "z_low", "z_high", "centile", "extrapolated",
            "n_reference"]  # fmt: skip


def write(path: Path, n: int = 120, *, seed: int = 1, prefix: str = "c", **columns) -> Path:
    """Write people with effects of age, sex and site, and two features; any column may be set."""
    rng = np.random.default_rng(seed)
    age, male = rng.uniform(20, 60, n), np.arange(n) % 2
    site = np.array(["a", "b"])[(np.arange(n) // 2) % 2]
    base = 5 + 0.03 * age - 0.5 * male + 0.4 * (site == "b")
    values = base[:, None] + rng.normal(size=(n, 2))
    data = {
        "id": [f"{prefix}{k}" for k in range(n)],
        "age": age.tolist(),
        "sex": ["M" if m else "F" for m in male],
        "site": site.tolist(),
        "lh_x": values[:, 0].tolist(),
        "rh_y": values[:, 1].tolist(),
        **columns,
    }
    rows = [dict(zip(data, cells, strict=True)) for cells in zip(*data.values(), strict=True)]
    path.write_bytes(table_bytes([*data], rows))
    return path


@pytest.fixture
def controls(tmp_path: Path) -> Path:
    return write(tmp_path / "controls.tsv")


@pytest.fixture
def model(controls: Path, tmp_path: Path) -> Path:
    out = tmp_path / "m.norms"
    assert run(["norms", "fit", str(controls), "-o", str(out)]) == 0
    return out


def said(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_fit_prints_the_card_and_info_prints_it_again(controls, tmp_path, capsys) -> None:
    out = tmp_path / "m.norms"
    papers = ["--atlas", "desikan", "--coupling", "partial_spearman", "--unit", "Fisher z",
              "--licence", "CC0", "--pipeline", "fmriprep 24"]  # fmt: skip
    fit = ["norms", "fit", str(controls), "-o", str(out), "--spread", "constant"]
    assert run([*fit, *papers, "--json"]) == 0
    card = said(capsys)
    assert (card["n_reference"], card["tier"], card["features"]) == (120, "usable", 2)
    assert card["sexes"] == {"F": 60, "M": 60}
    assert card["controls_per_site"] == {"a": 60, "b": 60}
    assert card["identity"]["measured"]["atlas"] == "desikan"
    assert card["identity"]["licence"] == "CC0"
    assert card["synthetic"] is False
    found = card["calibration"]
    assert found["how"] == "leave-one-out"
    assert found["all"]["sd"] == pytest.approx(1, abs=0.02)
    assert [g["group"] for g in found["by_site"]] == ["a", "b"]
    assert run(["norms", "info", str(out), "--json"]) == 0
    again = said(capsys)
    assert {k: v for k, v in card.items() if k != "file"} == again
    assert run(["norms", "info", str(out)]) == 0
    text = capsys.readouterr().out
    assert "licence: CC0" in text
    assert "source: not stated" in text
    assert "calibration (leave-one-out)" in text


def test_a_synthetic_model_says_so_and_scores_no_real_person(controls, tmp_path, capsys) -> None:
    out, z = tmp_path / "s.norms", tmp_path / "z.tsv"
    assert run(["norms", "fit", str(controls), "-o", str(out), "--synthetic"]) == 0
    assert "*** SYNTHETIC ***" in capsys.readouterr().out
    people = write(tmp_path / "p.tsv", 3, seed=2, prefix="p")
    assert run(["norms", "score", str(out), str(people), "-o", str(z)]) == 3
    assert "SYNTHETIC: simulated for demonstrations" in capsys.readouterr().err
    assert not z.exists()
    assert run(["norms", "score", str(out), str(people), "-o", str(z), "--synthetic"]) == 0
    assert set(read_table(z).texts("labels")) == {"SYNTHETIC"}


def test_scores_have_the_columns_of_the_contract_and_flag_the_odd_one(model, tmp_path, capsys):
    people = write(tmp_path / "p.tsv", 40, seed=4, prefix="p")
    table = read_table(people)
    rows = [dict(zip(table.columns, r, strict=True)) for r in table.rows]
    rows[7] |= {"lh_x": float(rows[7]["lh_x"]) - 8, "rh_y": "n/a"}
    people.write_bytes(table_bytes([*table.columns], rows))
    z = tmp_path / "z.tsv"
    assert run(["norms", "score", str(model), str(people), "-o", str(z), "--json"]) == 0
    data = said(capsys)
    assert (data["people"], data["features"], data["with_value"]) == (40, 2, 79)
    found = read_table(z)
    assert [*found.columns[:9]] == CONTRACT
    assert len(found) == 80
    by = {(r[0], r[1]): dict(zip(found.columns, r, strict=True)) for r in found.rows}
    odd = by["p7", "lh_x"]
    assert float(odd["z"]) < -4
    assert float(odd["z_low"]) < float(odd["z_high"]) < -4
    assert float(odd["centile"]) < 1e-4
    assert float(odd["rank_p"]) == pytest.approx(1 / 121, abs=1e-6)
    assert by["p7", "rh_y"]["z"] == "n/a"
    assert {r["n_reference"] for r in by.values()} == {"120"}


def test_everyone_who_is_refused_is_named_and_nothing_is_written(model, tmp_path, capsys) -> None:
    people = write(tmp_path / "p.tsv", 4, prefix="p", age=[30, 95, 40, 50],
                   sex=["F", "M", "2", "M"], site=["a", "b", "a", "z"])  # fmt: skip
    z = tmp_path / "z.tsv"
    assert run(["norms", "score", str(model), str(people), "-o", str(z)]) == 3
    err = capsys.readouterr().err
    assert "p.tsv: 3 of 4 people are refused, so nobody is scored." in err
    assert "row 3 ('p1'): the person is 95 years old" in err
    assert "row 4 ('p2'): the person's sex is '2'" in err
    assert "row 5 ('p3'): site 'z' is unseen" in err
    assert [p.name for p in tmp_path.iterdir() if "z.tsv" in p.name] == []


def test_a_refusal_of_the_norms_is_said_once(tmp_path, capsys) -> None:
    few = write(tmp_path / "few.tsv", 16)
    out, z = tmp_path / "few.norms", tmp_path / "z.tsv"
    assert run(["norms", "fit", str(few), "-o", str(out)]) == 3
    assert "few.tsv: 16 controls. Expected at least 20" in capsys.readouterr().err
    assert run(["norms", "fit", str(few), "-o", str(out), "--exploratory"]) == 0
    people = write(tmp_path / "p.tsv", 5, prefix="p", age=[40.0] * 5)
    capsys.readouterr()
    command = ["norms", "score", str(out), str(people), "-o", str(z), "--allow-extrapolation"]
    assert run(command) == 3
    err = capsys.readouterr().err
    assert "5 of 5 people are refused" in err
    assert err.count("16 controls. Expected at least 20") == 1
    assert run([*command, "--exploratory"]) == 0
    assert "*** EXPLORATORY ***" in capsys.readouterr().out
    assert set(read_table(z).texts("labels")) == {"EXPLORATORY"}


def test_norms_are_transferred_to_a_new_site_and_say_what_it_costs(
    model, tmp_path, capsys
) -> None:
    age = np.linspace(22, 58, 60).tolist()
    local = write(tmp_path / "local.tsv", 60, seed=9, prefix="l", site=["c"] * 60, age=age)
    new = tmp_path / "c.norms"
    assert run(["norms", "transfer", str(model), str(local), "-o", str(new)]) == 0
    said_ = capsys.readouterr().out
    assert "transferred to c with 60 local controls (30 F, 30 M)" in said_
    assert re.search(r"limits of normal are \d+ % wider", said_)
    few = write(tmp_path / "few.tsv", 24, seed=9, prefix="l", site=["c"] * 24, age=age[:24])
    command = ["norms", "transfer", str(model), str(few), "-o", str(tmp_path / "d.norms")]
    assert run(command) == 3
    assert "12 F and 12 M local controls. Expected at least 20 of each" in capsys.readouterr().err
    assert not (tmp_path / "d.norms").exists()
    assert run([*command, "--sexes", "pooled"]) == 0
    assert "Sexes are pooled" in capsys.readouterr().out
    assert run(["norms", "info", str(new)]) == 0
    assert "transferred: True" in capsys.readouterr().out


def test_a_left_out_site_is_checked_from_the_command_line(tmp_path, capsys) -> None:
    table = write(tmp_path / "many.tsv", 240)
    out = tmp_path / "many.norms"
    assert run(["norms", "fit", str(table), "-o", str(out)]) == 0
    capsys.readouterr()
    command = ["norms", "check", str(out), "--table", str(table), "--how", "sites", "--json"]
    assert run(command) == 0
    found = said(capsys)
    assert found["how"] == "left-out site, 20 local controls, 10 draws a site"
    assert [g["group"] for g in found["by_site"]] == ["a", "b"]
    assert found["all"]["inside_95"] == pytest.approx(0.95, abs=0.04)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"lh_x": ["", "1"]}, "row 2 .'p0'.: column 'lh_x' holds ''. Expected a number, or n/a"),
        ({"id": ["p", "p"]}, "the id 'p' is empty or used twice"),
    ],
)
def test_cells_that_say_nothing_are_refused(model, tmp_path, capsys, columns, message) -> None:
    people = write(tmp_path / "p.tsv", 2, prefix="p", **columns)
    assert run(["norms", "score", str(model), str(people), "-o", str(tmp_path / "z")]) == 3
    assert re.search(message, capsys.readouterr().err)


def test_a_table_of_another_atlas_is_refused(model, tmp_path, capsys) -> None:
    people = tmp_path / "p.tsv"
    people.write_text("id\tage\tsex\tsite\tother\np0\t30\tF\ta\t1\n")
    assert run(["norms", "score", str(model), str(people), "-o", str(tmp_path / "z")]) == 3
    assert "none of its 5 columns is a feature of the norms" in capsys.readouterr().err


def test_an_existing_result_is_kept(model, tmp_path, capsys) -> None:
    z = tmp_path / "z.tsv"
    z.write_text("mine")
    people = write(tmp_path / "p.tsv", 2, prefix="p")
    assert run(["norms", "score", str(model), str(people), "-o", str(z)]) == 3
    assert "z.tsv: exists already; pass --overwrite" in capsys.readouterr().err
    assert z.read_text() == "mine"
    assert run(["norms", "score", str(model), str(people), "-o", str(z), "--overwrite"]) == 0
    assert z.read_text().startswith("id\tfeature")


def test_codes_of_sex_are_mapped_only_as_declared(tmp_path, capsys) -> None:
    table = write(tmp_path / "c.tsv", sex=["12"[k % 2] for k in range(120)])
    out = tmp_path / "m.norms"
    assert run(["norms", "fit", str(table), "-o", str(out)]) == 3
    assert "--sex-codes" in capsys.readouterr().err
    assert run(["norms", "fit", str(table), "-o", str(out), "--sex-codes", "1M"]) == 2
    assert "write --sex-codes CODE=M,CODE=F" in capsys.readouterr().err
    code = run(["norms", "fit", str(table), "-o", str(out), "--sex-codes", "1=M,2=F", "--json"])
    assert code == 0
    assert said(capsys)["sexes"] == {"F": 60, "M": 60}


def test_covariates_and_columns_to_leave_out_are_named(tmp_path, capsys) -> None:
    rng = np.random.default_rng(6)
    table = write(tmp_path / "c.tsv", fd=rng.normal(size=120).tolist(), unknown=[0.0] * 120)
    out = tmp_path / "m.norms"
    command = ["norms", "fit", str(table), "-o", str(out), "--covariate", "fd"]
    assert run([*command, "--leave-out", "unknwn"]) == 3
    assert "c.tsv: there is no column 'unknwn' to leave out" in capsys.readouterr().err
    assert run([*command, "--leave-out", "unknown", "--age", "spline", "--json"]) == 0
    card = said(capsys)
    assert "fd" in card["covariates"]
    assert (card["features"], card["age_shape"]) == (2, "spline")


def test_harmonising_lets_the_scale_of_sites_differ(controls, tmp_path, capsys) -> None:
    command = ["norms", "fit", str(controls), "-o", str(tmp_path / "h.norms"), "--harmonise"]
    assert run([*command, "--spread", "shash"]) == 2
    assert "--harmonise lets the scale differ between sites" in capsys.readouterr().err
    assert run([*command, "--json"]) == 0
    assert said(capsys)["spread"] == "varying"


def test_check_in_folds_writes_tables_and_a_picture(model, controls, tmp_path, capsys) -> None:
    assert run(["norms", "check", str(model), "--json"]) == 0
    assert said(capsys)["how"] == "leave-one-out"
    out = tmp_path / "check"
    command = ["norms", "check", str(model), "--table", str(controls), "-o", str(out), "--json"]
    assert run([*command, "--folds", "5"]) == 0
    data = said(capsys)
    assert data["how"] == "5 folds"
    assert data["all"]["people"] + data["not_covered"] == 120
    assert data["all"]["sd"] == pytest.approx(1, abs=0.1)
    assert [*read_table(out / "features.tsv").texts("feature")] == ["lh_x", "rh_y"]
    groups = read_table(out / "groups.tsv").texts("group")
    assert [*groups] == ["all", "F", "M", "a", "b"]
    assert (out / "centiles.png").stat().st_size > 10_000


def test_held_out_people_are_scored_as_newcomers(model, tmp_path, capsys) -> None:
    people = write(tmp_path / "new.tsv", 300, seed=11, prefix="n")
    command = ["norms", "check", str(model), "--table", str(people), "--how", "held-out"]
    assert run([*command, "--json"]) == 0
    found = said(capsys)
    assert found["all"]["mean_abs"] < 0.25
    assert found["all"]["inside_95"] == pytest.approx(0.95, abs=0.04)


def test_a_way_to_check_without_a_table_is_a_usage_error(model, capsys) -> None:
    assert run(["norms", "check", str(model), "--how", "folds"]) == 2
    assert "--how folds needs --table TABLE" in capsys.readouterr().err
    assert run(["norms", "check", str(model), "--how", "magic"]) == 2


def test_too_many_folds_are_refused(model, controls, capsys) -> None:
    assert run(["norms", "check", str(model), "--table", str(controls), "--folds", "61"]) == 3
    assert "61 folds of 120 controls. Expected 2 to 60" in capsys.readouterr().err


def test_a_model_of_pcntoolkit_needs_its_interpreter(tmp_path, capsys) -> None:
    people = write(tmp_path / "p.tsv", 2, prefix="p")
    folder = tmp_path / "theirs"
    (folder / "model").mkdir(parents=True)
    command = ["norms", "score", str(folder), str(people), "-o", str(tmp_path / "z")]
    assert run(command) == 3
    assert "holds no model/normative_model.json" in capsys.readouterr().err
    (folder / "model/normative_model.json").write_text("{}")
    assert run([*command, "--python", sys.executable]) == 5
    assert "has no PCNtoolkit" in capsys.readouterr().err


def test_a_folder_is_no_place_for_a_table(controls, tmp_path, capsys) -> None:
    out = tmp_path / "m.norms"
    assert run(["norms", "fit", str(controls), "-o", str(out)]) == 0
    (tmp_path / "z").mkdir()
    scored = ["norms", "score", str(out), str(controls), "-o", str(tmp_path / "z"), "--overwrite"]
    assert run(scored) == 3
    assert "z: is a folder; pass the name of a file" in capsys.readouterr().err
    assert list((tmp_path / "z").iterdir()) == []
