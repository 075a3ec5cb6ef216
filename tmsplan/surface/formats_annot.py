"""FreeSurfer annotations, read strictly: a region is named by its colour's own table row.

The usual reader takes the position of a colour in the table for the region's number, fills
unknown colours with the next region, and ignores the vertex numbers of the file. Stock files
exist whose table starts at 1 or has gaps; then every region gets its neighbour's name.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from ..base.errors import refuse_file
from .formats_bytes import read_bytes

__all__ = ["RawLabels", "read_annot"]

_NO_COLOUR = (0, -1)  # what FreeSurfer writes at vertices without a region
_MAX_ENTRIES = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class RawLabels:
    """A region per vertex as a file holds it.

    Parameters
    ----------
    name : str
        Base name of the file.
    index : (n,) int32
        The region's own number in the file's table; -1 where the file names no region.
    names : mapping of number to name
        Every row of the table, by its own number (gaps are legal).
    colours : mapping of number to (red, green, blue)
    """

    name: str
    index: NDArray[np.int32]
    names: Mapping[int, str]
    colours: Mapping[int, tuple[int, int, int]]


@dataclass(slots=True)
class _Cursor:
    """Reads forward through bytes; nothing is allocated that the file does not hold."""

    data: bytes
    path: Path
    at: int = 0

    def ints(self, n: int, what: str) -> tuple[int, ...]:
        return struct.unpack(f">{n}i", self.take(4 * n, what))

    def take(self, n: int, what: str) -> bytes:
        if n < 0 or self.at + n > len(self.data):
            self.refuse(f"{what}: {n} bytes wanted at byte {self.at} of {len(self.data)}")
        self.at += n
        return self.data[self.at - n : self.at]

    def refuse(self, what: str) -> NoReturn:
        raise refuse_file(
            self.path,
            f"truncated or corrupt ({what})",
            "a whole annotation with vertices and colour table",
            "Copy it again or rewrite it with mris_ca_label",
        )


def read_annot(path: Path) -> RawLabels:
    """Read a FreeSurfer ``.annot`` file.

    Raises
    ------
    InputError
        If the file is truncated, has no colour table, names a vertex twice or not at all, uses
        one colour or one name for two regions, or colours a vertex with no region of its table.
    """
    cursor = _Cursor(read_bytes(path), path)
    (n,) = cursor.ints(1, "vertex count")
    if n <= 0:
        cursor.refuse(f"vertex count {n}")
    pairs = np.frombuffer(cursor.take(8 * n, f"vertex count {n}"), ">i4").reshape(n, 2)
    vertex, colour = pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)
    if not np.array_equal(np.sort(vertex), np.arange(n)):
        raise refuse_file(
            path,
            "a vertex id is missing, duplicate or out of range",
            f"every vertex id from 0 to {n - 1} once",
            "The file is damaged; rewrite it",
        )
    names, colours = _table(cursor)
    at_vertex = np.empty(n, dtype=np.int64)
    at_vertex[vertex] = colour
    return RawLabels(path.name, _index(at_vertex, colours, path), names, colours)


def _table(cursor: _Cursor) -> tuple[dict[int, str], dict[int, tuple[int, int, int]]]:
    if cursor.at == len(cursor.data) or cursor.ints(1, "colour table flag")[0] == 0:
        raise refuse_file(
            cursor.path,
            "there is no colour table, so no region has a name",
            "an annotation with its colour table",
            "Rewrite it with mris_ca_label or mris_label2annot --ctab",
        )
    (first,) = cursor.ints(1, "colour table version")
    entries = _new_rows(cursor, first) if first < 0 else _old_rows(cursor, first)
    names: dict[int, str] = {}
    colours: dict[int, tuple[int, int, int]] = {}
    for index, name, rgb in entries:
        if index in names or not 0 <= index < _MAX_ENTRIES:
            _refuse_table(
                cursor.path, f"table index {index} is duplicate or out of range (memory size)"
            )
        if name in names.values():
            _refuse_table(cursor.path, f"the region name '{name}' is duplicate")
        if rgb in colours.values():
            twin = next(names[k] for k, v in colours.items() if v == rgb)
            _refuse_table(cursor.path, f"'{twin}' and '{name}' share one colour {rgb} (duplicate)")
        names[index], colours[index] = name, rgb
    return names, colours


def _refuse_table(path: Path, found: str) -> NoReturn:
    raise refuse_file(
        path,
        found,
        "one index, name and colour per region",
        "The regions cannot be told apart; correct the colour table",
    )


Row = tuple[int, str, tuple[int, int, int]]


def _new_rows(cursor: _Cursor, version: int) -> list[Row]:
    if version != -2:
        cursor.refuse(f"colour table version {-version}, only 2 is known")
    cursor.ints(1, "largest index")
    cursor.take(cursor.ints(1, "length of the table's name")[0], "table name")
    (rows,) = cursor.ints(1, "number of table rows")
    if not 0 < rows <= _MAX_ENTRIES:
        cursor.refuse(f"{rows} table rows")
    return [_row(cursor, cursor.ints(1, "table index")[0]) for _ in range(rows)]


def _old_rows(cursor: _Cursor, rows: int) -> list[Row]:
    if not 0 < rows <= _MAX_ENTRIES:
        cursor.refuse(f"{rows} table rows")
    cursor.take(cursor.ints(1, "length of the table's name")[0], "table name")
    return [_row(cursor, k) for k in range(rows)]


def _row(cursor: _Cursor, index: int) -> Row:
    length = cursor.ints(1, "length of a region name")[0]
    name = cursor.take(length, "region name of this length").split(b"\0", 1)[0]
    red, green, blue, _ = cursor.ints(4, "colour")
    if not all(0 <= c <= 255 for c in (red, green, blue)):
        cursor.refuse(f"colour {red}, {green}, {blue} of table row {index}")
    return index, name.decode("utf-8", "replace").strip(), (red, green, blue)


def _index(
    at_vertex: NDArray[np.int64], colours: Mapping[int, tuple[int, int, int]], path: Path
) -> NDArray[np.int32]:
    code = {r + (g << 8) + (b << 16): k for k, (r, g, b) in colours.items()}
    out = np.full(len(at_vertex), -1, dtype=np.int32)
    for value in np.unique(at_vertex):
        where = at_vertex == value
        if int(value) in code:
            out[where] = code[int(value)]
        elif int(value) not in _NO_COLOUR:
            raise refuse_file(
                path,
                f"{int(where.sum())} vertices carry colour {int(value)}, unknown to its table",
                "a table row for every colour",
                "Those vertices would be named after another region; correct the file",
            )
    return out
