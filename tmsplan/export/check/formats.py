"""Which format a file has, by its content; never by its ending, and never by a guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...base.errors import AmbiguityError, refuse_file
from ...surface.formats import read_bytes
from . import (
    raw_brainsight,
    raw_json,
    raw_localite,
    raw_mat,
    raw_softaxic,
    raw_table,
)
from .raw import RawFile

__all__ = ["CHECKED_FORMATS", "CheckedFormat", "read_raw"]

#: A session of thousands of samples with EMG stays far below.
_MAX_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class CheckedFormat:
    """A format that can be checked.

    Parameters
    ----------
    name : str
    looks_like : callable of text
        Cheap, and true for at most one format.
    read : callable of path and text
    """

    name: str
    looks_like: Callable[[str], bool]
    read: Callable[[Path, str], RawFile]


CHECKED_FORMATS = (
    CheckedFormat(
        "Brainsight text",
        raw_brainsight.looks_like,
        lambda path, _: raw_brainsight.read(path),
    ),
    CheckedFormat("Localite XML", raw_localite.looks_like, raw_localite.read),
    CheckedFormat("Softaxic stmpx", raw_softaxic.looks_like, raw_softaxic.read),
    CheckedFormat("visor2 JSON", raw_json.looks_like_visor2, raw_json.read_visor2),
    CheckedFormat("NaviNIBS JSON", raw_json.looks_like_navinibs, raw_json.read_navinibs),
    CheckedFormat("JSON with matrices", raw_json.looks_like_matrices, raw_json.read_matrices),
    CheckedFormat("InVesalius", raw_table.looks_like_invesalius, raw_table.read_invesalius),
    CheckedFormat(
        "table", raw_table.looks_like_table, lambda path, _: raw_table.read_table_file(path)
    ),
    CheckedFormat("4 by 4 as text", raw_table.looks_like_numbers, raw_table.read_numbers),
)


def read_raw(path: Path) -> RawFile:
    """Read a navigator file of any known kind as it stands.

    Raises
    ------
    InputError
        If it is no file, larger than 256 MiB, of no known format, or damaged.
    AmbiguityError
        If two formats claim it.
    """
    stored = read_bytes(path, limit=_MAX_BYTES)
    if stored.startswith(raw_mat.MAGIC):
        return raw_mat.read(path)
    try:
        text = stored.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise _unknown(path, "neither UTF-8 text nor a MATLAB 5 file") from err
    found = [f for f in CHECKED_FORMATS if f.looks_like(text)]
    if not found:
        raise _unknown(path, "its content is of no format that tmsplan knows")
    if len(found) > 1:
        raise AmbiguityError(
            f"{path.name}: its content fits {' and '.join(f.name for f in found)}. Expected one "
            f"format. Pass a file that a navigator wrote."
        )
    return found[0].read(path, text)


def _unknown(path: Path, found: str) -> Exception:
    known = ", ".join([*(f.name for f in CHECKED_FORMATS), "MATLAB 5 with matsimnibs"])
    return refuse_file(path, found, f"one of: {known}", "Export it as one of these")
