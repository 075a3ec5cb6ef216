"""Tables and plain numbers: tmsplan's TSV, NIBS-BIDS markers, a 4 by 4 as text, InVesalius."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError, refuse_file
from ...base.table import Table, read_table
from ...surface.formats import guarded
from .raw import PoseKind, RawFile, RawPose, columns, lenient_float, require_count

__all__ = [
    "looks_like_invesalius",
    "looks_like_numbers",
    "looks_like_table",
    "read_invesalius",
    "read_numbers",
    "read_table_file",
]

Floats = NDArray[np.float64]

_OWN = {"centre": "centre_{}_mm", "x": "xdir_{}", "y": "ydir_{}", "z": "zdir_{}"}
_BIDS = {
    "centre": "element_centre_{}",
    "x": "element_xdir_{}",
    "y": "element_ydir_{}",
    "z": "element_zdir_{}",
}
_NAMES = ("name", "position_label", "nibs_position_id", "id")
_INVESALIUS = "##INVESALIUS3_MARKER_FILE_"
#: Marker types of InVesalius whose axes are those of a coil.
_COIL_TYPES: dict[str, PoseKind] = {"3": "pose", "4": "record"}
_ROUNDING = 1e-5
#: Plain numbers may have been printed with three decimals.
_ROUNDING_TEXT = 2e-3
_BARE = (
    "world, unit and coil axes: bare numbers name none of them; taken for RAS, mm and SimNIBS' "
    "axes"
)
_OWN_SPACE = (
    "what InVesalius itself will show: it reads the columns x, y, z of its own voxel space, and "
    "the project that ties them to the T1 is not in the file"
)
_NO_VENDOR_FILE = "coil axes: no file made by the vendor was at hand to confirm them"
_NUMBER_LINE = re.compile(r"[\s,;\[\]+\-0-9.eEnaif]+")


def looks_like_table(text: str) -> bool:
    """Return whether the header row has the columns of a pose."""
    header = text.split("\n", 1)[0]
    return all(
        any(c["centre"].format(a) in header and c["z"].format(a) in header for c in (_OWN, _BIDS))
        for a in "xyz"
    )


def read_table_file(path: Path) -> RawFile:
    """Return the poses of tmsplan's TSV or of a NIBS-BIDS ``markers.tsv``.

    Raises
    ------
    InputError
        If the table is ragged or lacks a column.
    """
    # csv has an error of its own, for example for a cell of more than 128 KiB.
    with guarded(path, "a table with cells of ordinary size"):
        table = read_table(path)
    require_count(path, len(table))
    own = _OWN["centre"].format("x") in table.columns
    names = _texts(table, next((n for n in _NAMES if n in table.columns), None))
    if own and "hemi" in table.columns:
        # The side stands in a column of its own; other formats have it in the name.
        names = [f"{h}: {n}" for h, n in zip(table.texts("hemi"), names, strict=True)]
    triples = _triples(table, _OWN if own else _BIDS)
    poses = tuple(
        RawPose(f"{path.name}, row {k + 2}", name, "pose", columns(*(t[k] for t in triples)))
        for k, name in enumerate(names)
    )
    return RawFile(
        name=path.name,
        format="tmsplan table" if own else "NIBS-BIDS markers",
        axes="simnibs",
        world="RAS",
        poses=poses,
        rounding=_ROUNDING,
        world_says="RAS" if own else "nothing; a markers.tsv leaves it to coordsystem.json",
        unknown=() if own else ("the world: it stands in coordsystem.json, not in this file",),
        t1_sha256=frozenset(_texts(table, "t1_sha256")) if own else frozenset(),
    )


def _texts(table: Table, column: str | None) -> Sequence[str]:
    if column is None or column not in table.columns:
        return [""] * len(table) if column != "t1_sha256" else []
    return table.texts(column)


def _triples(table: Table, words: Mapping[str, str]) -> list[list[tuple[str, ...]]]:
    return [
        list(zip(*(table.texts(words[part].format(c)) for c in "xyz"), strict=True))
        for part in ("x", "y", "z", "centre")
    ]


def looks_like_numbers(text: str) -> bool:
    """Return whether this is nothing but rows of four numbers."""
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) >= 4 and all(_row(line) is not None for line in lines)


def read_numbers(path: Path, text: str) -> RawFile:
    """Return 4 by 4 matrices written row by row.

    Raises
    ------
    InputError
        If the number of rows is no multiple of four.
    """
    rows = [row for line in text.splitlines() if (row := _row(line)) is not None]
    if len(rows) % 4:
        raise refuse_file(path, f"{len(rows)} rows of four", "4 rows per pose", "Correct it")
    require_count(path, len(rows) // 4)
    matrices = np.array(rows).reshape(-1, 4, 4)
    return RawFile(
        name=path.name,
        format="4 by 4 as text",
        axes="simnibs",
        world="RAS",
        poses=tuple(
            RawPose(f"{path.name}, matrix {k}", f"matrix {k}", "pose", m)
            for k, m in enumerate(matrices, start=1)
        ),
        rounding=_ROUNDING_TEXT,
        world_says="nothing; taken for RAS",
        unknown=(_BARE,),
    )


def _row(line: str) -> list[float] | None:
    # The pattern first: float() would also take words such as "infinity" and "1_0".
    if not line.strip() or not _NUMBER_LINE.fullmatch(line):
        return None
    cells = line.replace(",", " ").replace(";", " ").strip(" []\t\r").split()
    numbers = [lenient_float(c) for c in cells]
    return numbers if len(numbers) == 4 else None


def looks_like_invesalius(text: str) -> bool:
    """Return whether the first line is that of an InVesalius marker file."""
    return text.startswith(_INVESALIUS)


def read_invesalius(path: Path, text: str) -> RawFile:
    """Return coil targets and coil poses in the file's world columns.

    Raises
    ------
    InputError
        If the table is ragged, or has no world columns.
    """
    version, _, body = text.partition("\n")
    # Quotes protect tabs; nothing here may span lines.
    with guarded(path, "a table with cells of ordinary size"):
        rows = [r for r in csv.reader(io.StringIO(body), delimiter="\t") if r]
    if not rows:
        raise refuse_file(path, "there is no header row", "column names", "Export it again")
    header = rows[0]
    if any(len(r) != len(header) for r in rows[1:]):
        raise refuse_file(path, "rows of unequal length", "one cell a column", "Export it again")
    require_count(path, len(rows))
    markers = [dict(zip(header, r, strict=True)) for r in rows[1:]]
    coils = [m for m in markers if m.get("marker_type", "") in _COIL_TYPES]
    if coils and "x_world" not in header:
        raise _no_world(path)
    return RawFile(
        name=path.name,
        format=f"InVesalius markers, version {version.removeprefix(_INVESALIUS).strip()}",
        axes="invesalius",
        world="RAS",
        poses=tuple(_marker(path, k, m) for k, m in enumerate(coils, start=1)),
        rounding=_ROUNDING,
        world_says="world columns",
        unknown=(_OWN_SPACE, _NO_VENDOR_FILE),
        other_space=_own_space(coils),
    )


def _no_world(path: Path) -> InputError:
    return refuse_file(
        path,
        "there are no world columns (x_world, ...)",
        "a marker file of version 3 or later with world columns",
        "Export it again with an image that has an affine; without it positions mean nothing",
    )


def _marker(path: Path, k: int, cells: Mapping[str, str]) -> RawPose:
    degrees = np.array(
        [lenient_float(cells.get(f"{a}_world")) for a in ("alpha", "beta", "gamma")]
    )
    m = np.eye(4)
    m[:3, :3] = euler_matrix(degrees)
    m[:3, 3] = [lenient_float(cells.get(f"{c}_world")) for c in "xyz"]
    name = cells.get("label", "")
    kind = _COIL_TYPES[cells["marker_type"]]
    where = f"{path.name}, marker {k} ('{name}')"
    return RawPose(where, name, kind, m, angles=degrees)


def euler_matrix(degrees: Floats) -> Floats:
    """Return Rz Ry Rx of static xyz angles; NaN where one is not finite."""
    from scipy.spatial.transform import Rotation

    if not np.isfinite(degrees).all():
        return np.full((3, 3), math.nan)
    return np.asarray(Rotation.from_euler("xyz", degrees, degrees=True).as_matrix())


def _own_space(markers: Sequence[Mapping[str, str]]) -> Floats | None:
    rows = [[lenient_float(m.get(c)) for c in "xyz"] for m in markers]
    return np.array(rows) if rows else None
