"""Kept solutions: read again, never another head's, never a damaged one."""

from __future__ import annotations

import os
import stat

import numpy as np
import pytest

from tmsplan.base.errors import InputError
from tmsplan.coil.efield.cache import cache_root, cached, entry_key

MESH = np.arange(12.0).reshape(4, 3)


def test_an_entry_is_made_once_and_read_back_exactly(tmp_path):
    calls = []

    def make():
        calls.append(1)
        return {"a": MESH, "n": np.arange(3, dtype=np.int32)}

    key = entry_key("sub-01", {"mesh": MESH})
    first, second = cached(tmp_path, key, make), cached(tmp_path, key, make)
    assert len(calls) == 1
    assert np.array_equal(second["a"], first["a"])
    assert second["n"].dtype == np.int32


def test_without_a_folder_nothing_is_kept(tmp_path):
    cached(None, "k", lambda: {"a": MESH})
    assert list(tmp_path.iterdir()) == []


def test_the_name_tells_people_meshes_types_and_settings_apart():
    moved = MESH.copy()
    moved[2, 1] += 1e-9
    names = {
        entry_key("sub-01", {"mesh": MESH}),
        entry_key("sub-02", {"mesh": MESH}),
        entry_key("sub-01", {"mesh": moved}),
        entry_key("sub-01", {"mesh": MESH.T}),
        entry_key("sub-01", {"mesh": MESH.astype(np.float32)}),
        entry_key("sub-01", {"mesh": MESH, "grey": 0.275}),
        entry_key("sub-01", {"mesh": MESH, "grey": 0.33}),
        entry_key("sub-01", {"skin": MESH}),
    }
    assert len(names) == 8
    assert entry_key("sub-01", {"mesh": MESH.copy()}) in names


@pytest.mark.parametrize("harm", ["flip", "cut", "manifest"])
def test_a_damaged_entry_is_refused(tmp_path, harm):
    key = entry_key("sub-01", {"mesh": MESH})
    cached(tmp_path, key, lambda: {"a": MESH})
    file = tmp_path / "efield" / key / "arrays.npz"
    data = bytearray(file.read_bytes())
    if harm == "flip":
        data[-40] ^= 1
    if harm == "cut":
        data = data[:-10]
    file.write_bytes(data)
    if harm == "manifest":
        (file.parent / "SHA256SUMS").unlink()
    with pytest.raises(InputError, match=r"kept E-field solution is damaged.*Delete the folder"):
        cached(tmp_path, key, lambda: {"a": MESH})


def test_a_run_that_dies_leaves_no_entry(tmp_path):
    def dies():
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        cached(tmp_path, "k", dies)
    assert not (tmp_path / "efield").exists()
    assert cached(tmp_path, "k", lambda: {"a": MESH})["a"].shape == (4, 3)


def test_two_runs_at_once_leave_one_entry(tmp_path):
    def slow():
        # Another process finishes first.
        cached(tmp_path, "k", lambda: {"a": MESH})
        return {"a": MESH}

    assert np.array_equal(cached(tmp_path, "k", slow)["a"], MESH)
    assert [p.name for p in (tmp_path / "efield").iterdir()] == ["k"]


@pytest.mark.skipif(os.name != "posix", reason="the rights of a file are those of POSIX")
def test_nobody_but_the_owner_may_open_an_entry(tmp_path):
    """Also where the folder of entries was open before, and whatever the umask says."""
    root = tmp_path / "cache"
    (root / "efield").mkdir(parents=True)
    (root / "efield").chmod(0o755)
    before = os.umask(0)
    try:
        cached(root, "k", lambda: {"a": MESH})
    finally:
        os.umask(before)
    rights = {p.name: stat.S_IMODE(p.stat().st_mode) for p in root.rglob("*")}
    assert rights == {"efield": 0o700, "k": 0o700, "arrays.npz": 0o600, "SHA256SUMS": 0o600}
    assert np.array_equal(cached(root, "k", lambda: {})["a"], MESH)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "efield").write_text("a file")
    with pytest.raises(InputError, match=r"efield: this folder .* cannot be made.*TMSPLAN_CACHE"):
        cached(tmp_path, "k", lambda: {"a": MESH})


def test_the_folder_is_the_users_or_the_platforms(tmp_path, monkeypatch):
    monkeypatch.setenv("TMSPLAN_CACHE", str(tmp_path / "mine"))
    assert cache_root() == tmp_path / "mine"
    assert not cache_root().exists()
    monkeypatch.delenv("TMSPLAN_CACHE")
    assert cache_root().name == "tmsplan"
