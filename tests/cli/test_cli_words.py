"""What the command line says: lists, explanations, refusals, exit codes."""

from __future__ import annotations

import json

import pytest

from tmsplan.base import message_ids
from tmsplan.cli.app import run


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("atlases", "desikan"),
        ("coupling", "baum"),
        ("norms", "spread skewed"),
        ("targets", "mni-sgacc-group"),
        ("exports", "brainsight"),
        ("coils", "figure8-70mm"),
        ("params", "standoff"),
    ],
)
def test_list_shows_what_there_is(kind, name, capsys) -> None:
    assert run(["list", kind]) == 0
    assert name in capsys.readouterr().out
    assert run(["list", kind, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)[kind]
    assert name in {row["name"] for row in rows}
    assert all(row["text"] for row in rows)


@pytest.mark.parametrize("message", message_ids())
def test_explain_says_what_to_do(message, capsys) -> None:
    assert run(["explain", message]) == 0
    out = capsys.readouterr().out
    assert "What it means." in out
    assert "What to do." in out


def test_faults_of_pose_files_are_explained_too(capsys) -> None:
    assert run(["explain", "cp-w01"]) == 0
    assert "CP-W01: the header names another world" in capsys.readouterr().out


def test_a_senseless_epoch_is_a_usage_error(monkeypatch, capsys) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "abc")
    assert run(["list", "coils", "--json"]) == 2
    assert "SOURCE_DATE_EPOCH is 'abc'" in json.loads(capsys.readouterr().out)["message"]


def test_declared_codes_of_sex_are_read(tmp_path, capsys) -> None:
    rows = [f"c{k}\t{30 + k}\t{1 + k % 2}\t{0.1 * (k % 7)}" for k in range(25)]
    (tmp_path / "t.tsv").write_text("id\tage\tsex\tlh_x\n" + "\n".join(rows) + "\n")
    base = ["norms", "fit", str(tmp_path / "t.tsv"), "-o", str(tmp_path / "m.norms")]
    assert run(base) == 3
    assert "--sex-codes 1=M,2=F" in capsys.readouterr().err
    assert run([*base, "--sex-codes", "1=M,2=F"]) == 0
    assert "25 controls" in capsys.readouterr().out


def test_an_unverified_target_says_so_in_the_list(capsys) -> None:
    run(["list", "targets"])
    assert "[unverified]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["explain", "TP-F99"], 3, "Did you mean TP-F0"),
        (["check", "nowhere"], 3, "nowhere"),
        (["list", "cats"], 2, "cats"),
        (["plan", "x.toml"], 2, "--norms"),
        (["fly"], 2, "fly"),
        (["plan", "x.toml", "--norms", "n.norms", "-o", "o", "--set", "novalue"], 2, "NAME=VALUE"),
        (["export", "nowhere.json", "--to", "brainsight", "-o", "o"], 3, "no such file"),
    ],
)
def test_refusals_have_their_exit_code_and_name_what_is_wrong(
    arguments, code, message, capsys, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tmsplan: ") or "\ntmsplan: " in err
    assert message in err
    assert run([*arguments, "--json"]) == code
    data = json.loads(capsys.readouterr().out)
    assert data["exit"] == code
    assert list(tmp_path.iterdir()) == []


def test_a_bug_of_ours_is_exit_1_without_local_values(monkeypatch, capsys) -> None:
    from tmsplan.cli import run as verbs

    def broken(message_id: str) -> None:
        secret = "Jane Doe"  # noqa: F841 - must not be printed
        raise ZeroDivisionError(message_id)

    monkeypatch.setattr(verbs, "explain", broken)
    assert run(["explain", "TP-F01"]) == 1
    err = capsys.readouterr().err
    assert "this is a bug in tmsplan: ZeroDivisionError in broken" in err
    assert "Jane Doe" not in err
    assert "Traceback" not in err


def test_the_version_is_the_packages_own(capsys) -> None:
    from importlib.metadata import version

    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"tmsplan {version('tmsplan')}\n"
