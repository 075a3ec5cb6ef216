"""One file of a verb: refused before the work, whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
import round_plan

from tmsplan.base.errors import UsageError
from tmsplan.base.publish import published_folder
from tmsplan.cli.app import run
from tmsplan.cli.new_file import require_new_file, write_new_file
from tmsplan.plan.store import load_plan, save_plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with published_folder(tmp_path / "one") as work:
        save_plan(round_plan.plan(), work)
    return tmp_path / "one"


@pytest.mark.parametrize("name", ["plan.json", "SHA256SUMS"])
def test_a_file_of_a_result_is_never_replaced(folder, capsys, name) -> None:
    before = (folder / name).read_bytes()
    assert run(["compare", str(folder), "-o", str(folder / name), "--overwrite"]) == 2
    assert "belongs to the results in 'one'" in capsys.readouterr().err
    assert (folder / name).read_bytes() == before
    load_plan(folder)


def test_a_missing_folder_is_said_before_the_work(folder, tmp_path, capsys) -> None:
    assert run(["compare", str(folder), "-o", str(tmp_path / "nodir" / "x.tsv")]) == 2
    assert "there is no folder 'nodir'" in capsys.readouterr().err


def test_links_folders_and_what_is_there_are_refused(tmp_path) -> None:
    (tmp_path / "link.tsv").symlink_to(tmp_path / "elsewhere.tsv")
    for name in ("link.tsv", "."):
        with pytest.raises(UsageError, match="is a folder or a link"):
            require_new_file(tmp_path / name, overwrite=True)
    (tmp_path / "there.tsv").write_text("old")
    with pytest.raises(UsageError, match="exists already; pass --overwrite"):
        require_new_file(tmp_path / "there.tsv", overwrite=False)
    require_new_file(tmp_path / "there.tsv", overwrite=True)


def test_what_cannot_be_written_leaves_the_old_file(tmp_path) -> None:
    out = tmp_path / "there.tsv"
    out.write_text("old")
    with pytest.raises(TypeError):
        write_new_file(out, None)  # type: ignore[arg-type]
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]
