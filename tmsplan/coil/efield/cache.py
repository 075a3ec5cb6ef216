"""What was solved once for a head, kept on disk by hash.

An entry is a folder named by the SHA-256 of everything that the numbers depend on: the owner,
the meshes, the settings and the solver's own source. Another patient, a moved vertex or a new
version of the code has another name. An entry appears whole or not at all, and is read only if
its own list of hashes still holds. It comes from a patient's head: only its owner may open it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...base.provenance import sha256_file
from ...base.publish import MANIFEST, published_folder

__all__ = ["Arrays", "cache_root", "cached", "entry_key"]

Arrays = Mapping[str, NDArray[np.generic]]

#: Modules whose source decides the numbers that are kept.
_CODE = ("adjoint", "charges", "coarse", "layer", "pial", "potentials", "solve")
_FILE = "arrays.npz"
#: Nobody but the owner opens what was made of a patient's head.
_OWN_FOLDER, _OWN_FILE = 0o700, 0o600


def cache_root() -> Path:
    """Return the folder of kept results: ``TMSPLAN_CACHE``, or the platform's cache folder.

    Not created here.
    """
    import pooch

    own = os.environ.get("TMSPLAN_CACHE")
    return Path(own) if own else Path(pooch.os_cache("tmsplan"))


def entry_key(owner: str, parts: Mapping[str, NDArray[np.generic] | float | str]) -> str:
    """Return the name of an entry: SHA-256 over owner, named parts and the solver's source.

    Parameters
    ----------
    owner : str
        Patient id: two people never share an entry, even with equal meshes.
    parts : mapping of str to array, number or text
        Everything else that the result depends on. Arrays count with type and shape.
    """
    digest = hashlib.sha256(f"{_code_version()}|{owner}".encode())
    for name in sorted(parts):
        value = parts[name]
        if isinstance(value, np.ndarray):
            digest.update(f"|{name}:{value.dtype.str}{value.shape}:".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        else:
            digest.update(f"|{name}:{value!r}".encode())
    return digest.hexdigest()


def cached(root: Path | None, key: str, make: Callable[[], Arrays]) -> Arrays:
    """Return the arrays of an entry, made now if it is not there.

    Parameters
    ----------
    root : Path or None
        Folder of entries; None keeps nothing.
    key : str
        From `entry_key`.
    make : callable
        Returns the arrays; called only if they are not on disk.

    Raises
    ------
    InputError
        If the entry is damaged, or cannot be written.
    """
    if root is None:
        return make()
    folder = root / "efield" / key
    if folder.is_dir():
        return _read(folder)
    arrays = make()
    try:
        _write(folder, arrays)
    except (InputError, OSError):
        # Another process of the same head may have published it meanwhile: both are equal.
        if not folder.is_dir():
            raise
    return arrays


def _write(folder: Path, arrays: Arrays) -> None:
    _private_folder(folder.parent)
    with published_folder(folder) as work:
        (work / _FILE).touch(mode=_OWN_FILE)
        with (work / _FILE).open("wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
    # A published folder is open to all; until here the one above it kept it shut.
    folder.chmod(_OWN_FOLDER)
    (folder / MANIFEST).chmod(_OWN_FILE)


def _private_folder(folder: Path) -> None:
    """Make a folder, where it is not there, and shut it to everybody but its owner.

    Folders above it are made as the system makes them: they hold nothing of a patient.
    """
    try:
        folder.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
        folder.chmod(_OWN_FOLDER)
    except OSError as err:
        raise InputError(
            f"{folder.name}: this folder of kept E-field solutions cannot be made, or not be shut "
            f"to others ({err.strerror}). Expected a folder of your own; set TMSPLAN_CACHE to one."
        ) from err


def _read(folder: Path) -> Arrays:
    manifest = folder / MANIFEST
    listed = manifest.read_text(encoding="utf-8") if manifest.is_file() else ""
    file = folder / _FILE
    found = f"{sha256_file(file)}  {_FILE}\n" if file.is_file() else "nothing"
    if listed != found:
        raise InputError(
            f"{folder.name[:12]}: this kept E-field solution is damaged (its hash is not the one "
            f"written with it). Expected the file as tmsplan wrote it. Delete the folder "
            f"'efield/{folder.name[:12]}...' of the cache and run again."
        )
    with np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


@cache
def _code_version() -> str:
    here = Path(__file__).parent
    return "".join(sha256_file(here / f"{name}.py") for name in _CODE)
