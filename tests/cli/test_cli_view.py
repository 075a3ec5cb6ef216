"""``tmsplan view`` as a user runs it: opens, shares, serves, saves, and is killed while saving."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import round_plan

from tmsplan.base.errors import InputError, UsageError
from tmsplan.base.provenance import InputFile, sha256_bytes
from tmsplan.base.publish import published_folder
from tmsplan.cli.app import run
from tmsplan.cli.verbs_view import saver
from tmsplan.plan.move import move_target, with_moves
from tmsplan.plan.move_ground import move_ground
from tmsplan.plan.move_record import signed
from tmsplan.plan.store import load_plan, save_plan
from tmsplan.space import Points

THERE = (-55.0, -30.0, 35.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A published plan of the round head with a page beside it."""
    with published_folder(tmp_path / "plan") as work:
        save_plan(round_plan.plan(), work)
        (work / "report.html").write_text("<p>the page</p>", encoding="utf-8")
    return tmp_path / "plan"


def said(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


def test_the_page_beside_the_plan_is_opened(folder: Path, capsys) -> None:
    for given in (folder, folder / "plan.json"):
        assert run(["view", str(given), "--no-open", "--json"]) == 0
        found = said(capsys)
        assert (found["made"], found["opened"]) == (False, False)
        assert Path(found["page"]) == folder / "report.html"


@pytest.mark.slow
def test_a_page_that_is_not_the_plans_is_made_anew(folder: Path, capsys) -> None:
    (folder / "report.html").write_text("<p>another page</p>", encoding="utf-8")
    assert run(["view", str(folder), "--no-open", "--json"]) == 0
    found = said(capsys)
    page = Path(found["page"])
    assert found["made"] is True
    assert page.parent != folder
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700
    assert "TMS plan of round" in page.read_text(encoding="utf-8")
    assert (folder / "report.html").read_text() == "<p>another page</p>"
    shutil.rmtree(page.parent)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--share"], "--share needs -o FILE.html"),
        (["--share", "--serve"], "pass one of them"),
        (["--as", "x"], "-o and --as are for --share"),
        (["--operator", "x"], "--source and --operator are for --serve"),
        (["--share", "-o", "page.txt"], "--share writes one HTML file"),
        (["--share", "-o", "page.html", "--as", "a b"], "write 1 to 64 letters, digits"),
        (["--serve", "--operator", "a\nb"], "--operator 'a"),
    ],
)
def test_flags_that_do_not_go_together(folder: Path, capsys, arguments, message) -> None:
    assert run(["view", str(folder), "--no-open", *arguments]) == UsageError.exit_code
    assert message in capsys.readouterr().err


def test_a_file_is_not_overwritten(folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "share.html"
    out.write_text("mine", encoding="utf-8")
    assert run(["view", str(folder), "--share", "-o", str(out)]) == UsageError.exit_code
    assert "exists already; pass --overwrite" in capsys.readouterr().err
    assert out.read_text() == "mine"


def test_no_plan_no_page(tmp_path: Path, capsys) -> None:
    assert run(["view", str(tmp_path), "--no-open"]) == InputError.exit_code
    assert "Run 'tmsplan plan' first" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(folder: Path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run(["view", str(folder), "--serve", "--no-open"]) == 5
    assert "pip install 'tmsplan[serve]'" in capsys.readouterr().err


class Served:
    """The verb in a process of its own, and a browser's worth of HTTP."""

    def __init__(self, folder: Path, *more: str) -> None:
        command = [sys.executable, "-m", "tmsplan", "view", str(folder), "--serve", "--no-open"]
        self.process = subprocess.Popen(
            [*command, "--json", *more],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        )  # fmt: skip
        text = ""
        while "}" not in text:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError("the server said nothing")
            text += line
        self.port = json.loads(text)["port"]
        token = re.search(r"/t/([\w-]+)", text)[1]
        for _ in range(100):
            try:
                self.ask("GET", f"/t/{token}")
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        self.cookie = f"tmsplan={token}"

    cookie = ""

    def ask(self, method: str, path: str, body: dict | None = None, timeout: float = 300) -> dict:
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {"cookie": self.cookie, "origin": f"http://127.0.0.1:{self.port}"}
        if body is not None:
            headers["content-type"] = "application/json"
        wire.request(method, path, None if body is None else json.dumps(body), headers)
        answer = wire.getresponse()
        text = answer.read()
        wire.close()
        return {"status": answer.status, **(json.loads(text) if text[:1] == b"{" else {})}

    def move(self) -> dict:
        return self.ask(
            "POST", "/move", {"target": "coupling-1", "point_mm": list(THERE), "frame": "scanner"}
        )

    def send_save(self) -> http.client.HTTPConnection:
        """Ask for a save and do not wait for the answer."""
        wire = http.client.HTTPConnection("127.0.0.1", self.port)
        origin = f"http://127.0.0.1:{self.port}"
        head = {"cookie": self.cookie, "origin": origin, "content-type": "application/json"}
        wire.request("POST", "/save", "{}", head)
        return wire


def test_killed_while_saving_leaves_nothing_half(folder: Path, tmp_path: Path) -> None:
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    served = Served(folder, "--operator", "A. Smith")
    try:
        assert served.move()["targets"][0]["id"] == "coupling-1-moved"
        wire = served.send_save()
        until = time.monotonic() + 240
        while not list(tmp_path.glob(".partial-plan-moved-*/*")):
            assert time.monotonic() < until, "the save never began"
            time.sleep(0.02)
    finally:
        os.kill(served.process.pid, signal.SIGKILL)
        served.process.wait()
        served.process.stdout.close()
    wire.close()
    assert not (tmp_path / "plan-moved").exists()
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


@pytest.mark.slow
def test_served_moved_and_saved_through_the_path_of_plan(folder: Path, tmp_path: Path) -> None:
    served = Served(folder, "--operator", "A. Smith")
    try:
        served.move()
        for name in ("plan-moved", "plan-moved-2"):
            assert served.ask("POST", "/save", {})["saved"][-1] == name
    finally:
        os.kill(served.process.pid, signal.SIGINT)
        assert served.process.wait(60) == 0
        served.process.stdout.close()
    out = tmp_path / "plan-moved"
    plan = load_plan(out)
    assert "A. Smith moved left front (left) by" in plan.ranking.statements[0].text
    assert {t.id: t.status for t in plan.tripwires}["TP-F05"] == "pass"
    names = {line[66:] for line in (out / "SHA256SUMS").read_text().splitlines()}
    assert {"plan.json", "scene.npz", "report.html", "sheet.pdf", "targets.tsv"} <= names
    assert any(n.startswith("navigation/brainsight/") for n in names)
    assert stat.S_IMODE((out / "report.html").stat().st_mode) == 0o600
    assert "MOVED BY HAND" in (out / "report.html").read_text(encoding="utf-8")


def _moved(plan, ground):
    point = Points(THERE, plan.frame)
    moves = {"coupling-1": move_target(plan.targets[0], point, ground, plan)}
    return signed(with_moves(plan, moves, ground), plan, moves, ground, "A. Smith")


@pytest.mark.slow
def test_the_navigators_t1_comes_along(tmp_path: Path) -> None:
    data = b"the plan's own copy of an MGH image"
    record = InputFile(
        "t1w-navigator", "T1_navigator.nii.gz", sha256_bytes(data), round_plan.T1_HEADER
    )
    plan = round_plan.plan()
    plan = replace(plan, inputs=(*plan.inputs, record))
    opened = tmp_path / "plan"
    (opened / "navigation").mkdir(parents=True)
    (opened / "navigation" / record.name).write_bytes(data)
    ground = move_ground(plan)
    out = saver(plan, ground, opened)(_moved(plan, ground))
    assert out == tmp_path / "plan-moved"
    assert (out / "navigation" / record.name).read_bytes() == data
    sums = dict(reversed(s.split("  ")) for s in (out / "SHA256SUMS").read_text().splitlines())
    assert sums["navigation/T1_navigator.nii.gz"] == record.sha256
    assert "plan.json" in sums


def test_a_lost_navigator_t1_is_said_before_anything_is_written(tmp_path: Path) -> None:
    plan = round_plan.plan()
    record = InputFile("t1w-navigator", "T1_navigator.nii.gz", "f" * 64)
    plan = replace(plan, inputs=(*plan.inputs, record))
    (tmp_path / "plan").mkdir()
    ground = move_ground(plan)
    with pytest.raises(InputError, match=r"T1_navigator.nii.gz: is not in the plan's navigation"):
        saver(plan, ground, tmp_path / "plan")(_moved(plan, ground))
    assert [p.name for p in tmp_path.iterdir()] == ["plan"]
