"""How a user adds an atlas: by hash, whole or not at all."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from coupling.small_patient import patient

from tmsplan.atlas import add_atlas, atlas_info, fetch_atlas, load_atlas
from tmsplan.atlas.supply import verified_file
from tmsplan.base.errors import InputError, MissingPartError

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "atlases"
DATA = b"not really labels"

MINE = """
name = "mine"
title = "t"
doi = "10.1/x"
licence = "MIT"
status = "user"
parcels = [[300, "left", "a", ""]]
[volume]
template = "MNI152NLin6Asym"
file = "a.nii.gz"
sha256 = "{sha}"
background = [0]
URL
[candidates.c]
ids = [300]
source = "doi:10.1/x"
"""


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("TMSPLAN_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def mine(tmp_path, monkeypatch, own_data) -> Path:
    """A folder of declarations with one atlas of the user's."""
    assert not own_data.exists()
    folder = tmp_path / "declared"
    folder.mkdir()
    monkeypatch.setattr("tmsplan.atlas.declaration.data_root", lambda _: folder)
    declare(folder)
    return folder


def declare(folder: Path, url: str = "") -> None:
    text = MINE.replace("{sha}", hashlib.sha256(DATA).hexdigest())
    line = f'url = "{url}"' if url else ""
    (folder / "mine.toml").write_text(text.replace("URL", line), encoding="utf-8")


@pytest.mark.usefixtures("mine")
def test_a_file_is_known_by_its_hash_whatever_it_is_called(tmp_path, own_data) -> None:
    given = tmp_path / "download (1).nii.gz"
    given.write_bytes(DATA)
    folder = add_atlas("mine", [given])
    assert folder == own_data / "atlases" / "mine"
    assert [p.name for p in folder.iterdir()] == ["a.nii.gz"]
    info = atlas_info("mine")
    assert verified_file(info, info.volume.file).read_bytes() == DATA


@pytest.mark.usefixtures("mine")
def test_another_file_is_refused_with_both_hashes(tmp_path, own_data) -> None:
    given = tmp_path / "a.nii.gz"
    given.write_bytes(DATA + b"!")
    found = hashlib.sha256(DATA + b"!").hexdigest()
    expected = hashlib.sha256(DATA).hexdigest()
    with pytest.raises(InputError, match=rf"a\.nii\.gz: its SHA-256 is {found}.*{expected}"):
        add_atlas("mine", [given])
    assert not own_data.exists()


@pytest.mark.usefixtures("mine")
def test_nothing_is_copied_if_one_of_two_is_refused(tmp_path, own_data) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(DATA)
    bad.write_bytes(b"")
    with pytest.raises(InputError, match=r"^bad: .*for atlas mine: a\.nii\.gz"):
        add_atlas("mine", [good, bad])
    assert not own_data.exists()


@pytest.mark.usefixtures("mine")
def test_a_file_that_was_changed_afterwards_is_refused(tmp_path) -> None:
    given = tmp_path / "a.nii.gz"
    given.write_bytes(DATA)
    (add_atlas("mine", [given]) / "a.nii.gz").write_bytes(b"changed")
    info = atlas_info("mine")
    with pytest.raises(InputError, match="was changed or damaged"):
        verified_file(info, info.volume.file)


@pytest.mark.parametrize(
    ("name", "files", "says"),
    [
        ("brainetome246", [], "Did you mean 'brainnetome246'"),
        ("desikan", ["x"], "atlas desikan is shipped: there is nothing to add"),
        ("aparc", ["x"], "atlas aparc is own: there is nothing to add"),
        ("destrieux", [], r"no file was given; it is made of fsaverage5_lh_aparc_a2009s"),
        ("destrieux", ["absent.gii"], r"absent\.gii: there is no such file"),
    ],
)
def test_what_cannot_be_added_is_refused(name, files, says) -> None:
    with pytest.raises(InputError, match=says):
        add_atlas(name, [Path(f) for f in files])


def test_a_missing_atlas_says_how_to_supply_it() -> None:
    with pytest.raises(MissingPartError, match=r"non-commercial.*atlas add brainnetome246"):
        load_atlas("brainnetome246", patient())


def test_the_real_files_are_taken() -> None:
    if not SHARED.is_dir():
        pytest.skip("real files are not here: shared/data/atlases beside the checkout")
    info = atlas_info("destrieux")
    folder = add_atlas("destrieux", [next(SHARED.rglob(f.file)) for f in info.files()])
    assert sorted(p.name for p in folder.iterdir()) == sorted(f.file for f in info.files())


# --- fetching, from a server of this test -------------------------------------------------


@pytest.fixture
def server(tmp_path):
    """Serve a folder on this machine."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()
    thread.join()


def test_a_declared_source_is_fetched_and_checked(mine, server, own_data) -> None:
    folder, url = server
    (folder / "labels").write_bytes(DATA)
    declare(mine, f"{url}/labels")
    assert fetch_atlas("mine") == own_data / "atlases" / "mine"
    assert (own_data / "atlases" / "mine" / "a.nii.gz").read_bytes() == DATA


def test_other_bytes_from_the_source_are_refused(mine, server, own_data) -> None:
    folder, url = server
    (folder / "labels").write_bytes(b"another version")
    declare(mine, f"{url}/labels")
    with pytest.raises(MissingPartError, match=r"atlas mine: the download failed.*hash"):
        fetch_atlas("mine")
    assert not own_data.exists()


def test_an_atlas_without_a_source_is_not_fetched() -> None:
    with pytest.raises(InputError, match=r"declares no public source.*tmsplan atlas add"):
        fetch_atlas("harvard-oxford")
