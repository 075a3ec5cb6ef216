"""A folder appears whole or not at all, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tmsplan.base import InputError, Registry, published_folder, sha256_file

WRITER = """
import sys, time
from pathlib import Path
from tmsplan.base import published_folder
with published_folder(Path(sys.argv[1]), overwrite=True) as work:
    for k in range(400):
        (work / f"{k}.txt").write_text(sys.argv[2])
        if k == 3:
            print("started", flush=True)
        time.sleep(0.001)
"""


def contents(folder: Path) -> set[str]:
    return {p.read_text() for p in folder.glob("*.txt")}


def test_the_manifest_names_every_file_by_its_hash(tmp_path) -> None:
    with published_folder(tmp_path / "out") as work:
        (work / "a").mkdir()
        (work / "a" / "b.txt").write_text("b")
        (work / "c.txt").write_text("c")
    out = tmp_path / "out"
    lines = (out / "SHA256SUMS").read_text().splitlines()
    assert lines == [f"{sha256_file(out / name)}  {name}" for name in ("a/b.txt", "c.txt")]


def test_an_existing_folder_is_refused_and_left_alone(tmp_path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with (
        pytest.raises(InputError, match="out: exists already; pass --overwrite"),
        published_folder(out),
    ):
        pass
    assert contents(out) == {"mine"}


def test_a_link_at_the_place_is_refused(tmp_path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    with (
        pytest.raises(InputError, match="exists and is not a folder"),
        published_folder(tmp_path / "out", overwrite=True),
    ):
        pass


def test_an_error_leaves_nothing(tmp_path) -> None:
    def broken() -> None:
        with published_folder(tmp_path / "out") as work:
            (work / "a.txt").write_text("a")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        broken()
    assert list(tmp_path.iterdir()) == []


def test_overwrite_replaces_only_our_own_results(tmp_path) -> None:
    """What is replaced is deleted: a study folder must not go that way."""
    out = tmp_path / "out"
    for text in ("old", "new"):
        with published_folder(out, overwrite=True) as work:
            (work / "a.txt").write_text(text)
    assert contents(out) == {"new"}
    (out / "mine.txt").write_text("mine")
    with (
        pytest.raises(InputError, match=r"files that tmsplan did not write \(mine\.txt"),
        published_folder(out, overwrite=True),
    ):
        pass
    assert contents(out) == {"new", "mine"}


def test_the_working_directory_is_never_replaced(tmp_path, monkeypatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for out in (Path(), tmp_path):
        with (
            pytest.raises(InputError, match="is the working directory or a folder above it"),
            published_folder(out, overwrite=True),
        ):
            pass
    assert (tmp_path / "here").is_dir()


def test_a_place_that_cannot_be_written_is_an_input_error() -> None:
    with (
        pytest.raises(InputError, match=r"cannot be made there"),
        published_folder(Path("/proc/nowhere/out")),
    ):
        pass


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.15, 0.3])
def test_a_kill_leaves_the_old_folder_or_the_new_one(tmp_path, delay) -> None:
    out = tmp_path / "out"
    with published_folder(out) as work:
        for k in range(400):
            (work / f"{k}.txt").write_text("old")
    run = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(out), "new"], stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    run.stdout.readline()
    time.sleep(delay)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    assert contents(out) in ({"old"}, {"new"})
    assert len(list(out.glob("*.txt"))) == 400


def test_a_registry_names_the_nearest_entry() -> None:
    registry = Registry[object](
        "coupling method", "tmsplan.coupling.methods", "METHOD", "no.group"
    )
    with pytest.raises(
        InputError, match=r"no coupling method called 'baun'\. Did you mean 'baum'"
    ):
        registry.get("baun")
