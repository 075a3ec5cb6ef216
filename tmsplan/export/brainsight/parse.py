"""Parse Brainsight's text file, versions 7 to 14: header, blocks, rows. No geometry here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...base.errors import InputError, refuse_file

__all__ = ["BrainsightFile", "BrainsightRow", "parse_brainsight"]

#: Versions of which a real export was seen or whose neighbours on both sides were.
_VERSIONS = range(7, 15)
#: A session of thousands of samples with EMG stays far below.
_MAX_BYTES = 256 << 20
_BLOCK = re.compile(r".+ Name")


@dataclass(frozen=True, slots=True)
class BrainsightRow:
    """One row by column name; a missing value, ``(null)`` in the file, is None."""

    where: str
    name: str
    cells: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class BrainsightFile:
    """Everything that one file says.

    Parameters
    ----------
    name : str
        Base name.
    version : int
        Of the text format: 7 and 8 print three decimals, 12 and later four.
    system : str
        ``Coordinate system`` of the header, verbatim.
    created_by : str
    blocks : mapping of block to rows
        ``Target``, ``Sample``, ``Electrode``, ``Planned Landmark``, ``Session Landmark``,
        ``Session`` and any later one; a block that is absent has no key.
    """

    name: str
    version: int
    system: str
    created_by: str
    blocks: Mapping[str, tuple[BrainsightRow, ...]]

    def rows(self, block: str) -> tuple[BrainsightRow, ...]:
        """Return the rows of a block, none if the file lacks it."""
        return self.blocks.get(block, ())


@dataclass(slots=True)
class _Draft:
    """What has been read so far."""

    path: Path
    header: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    blocks: dict[str, list[BrainsightRow]] = field(default_factory=dict)


def parse_brainsight(path: Path) -> BrainsightFile:
    """Read one file: any header length, any block absent, columns by name.

    Raises
    ------
    InputError
        If it is no UTF-8 text of version 7 to 14, lacks its coordinate system, or has a row
        that does not fit its columns.
    """
    draft = _Draft(path)
    for k, line in _lines(path):
        if line.startswith("#"):
            _take_comment(draft, k, line)
        else:
            _take_row(draft, k, line)
    return BrainsightFile(
        name=path.name,
        version=_version(draft),
        system=_required(draft, "coordinate system"),
        created_by=draft.header.get("created by", ""),
        blocks={b: tuple(rows) for b, rows in draft.blocks.items()},
    )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise refuse_file(
                path, "too large", f"at most {_MAX_BYTES >> 20} MiB", "Pass the right file"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise refuse_file(
            path,
            f"cannot be read ({err.__class__.__name__})",
            "a Brainsight text file in UTF-8",
            "Export it again as text",
        ) from err
    # Not splitlines(): it also splits at characters that may stand in a comment.
    for k, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield k, line.rstrip("\r")


def _take_comment(draft: _Draft, k: int, line: str) -> None:
    cells = [c.strip() for c in line[1:].split("\t")]
    if not cells[0]:
        cells = cells[1:]
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > 1 and _BLOCK.fullmatch(cells[0]):
        _open_block(draft, k, cells)
        return
    if draft.columns and len(cells) == len(draft.columns):
        raise _refuse_line(draft.path, k, "a name that begins with '#'", "names that do not")
    # A header line that a spreadsheet split at its tabs reads the same as a whole one.
    key, colon, value = " ".join(c for c in cells if c).partition(":")
    key = key.strip().lower()
    if not colon:
        return
    if key in draft.header:
        raise _refuse_line(draft.path, k, f"'{key}' is stated twice", "one statement of each")
    draft.header[key] = value.strip()


def _open_block(draft: _Draft, k: int, cells: list[str]) -> None:
    block = cells[0].removesuffix(" Name")
    if len(set(cells)) != len(cells) or "" in cells:
        raise _refuse_line(draft.path, k, "a column name is missing or twice", "unique names")
    if block in draft.blocks:
        raise _refuse_line(draft.path, k, f"the {block} block opens twice", "one of each")
    draft.columns = tuple(cells)
    draft.blocks[block] = []


def _take_row(draft: _Draft, k: int, line: str) -> None:
    if not draft.columns:
        raise _refuse_line(draft.path, k, "a row before any column names", "a '# ... Name' line")
    cells = [c.strip() for c in line.split("\t")]
    n = len(draft.columns)
    while len(cells) > n and not cells[-1]:
        cells.pop()
    if len(cells) != n:
        raise _refuse_line(draft.path, k, f"{len(cells)} cells", f"{n}, one for each column name")
    block = next(reversed(draft.blocks))
    values = {c: None if v == "(null)" else v for c, v in zip(draft.columns, cells, strict=True)}
    where = f"{draft.path.name}, line {k} ({block} '{cells[0]}')"
    draft.blocks[block].append(BrainsightRow(where, cells[0], values))


def _version(draft: _Draft) -> int:
    text = _required(draft, "version")
    if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) in _VERSIONS):
        raise refuse_file(
            draft.path,
            f"it is of text version {text!r}",
            f"version {_VERSIONS[0]} to {_VERSIONS[-1]}",
            "What another version's columns mean is not known; export an older text version",
        )
    return int(text)


def _required(draft: _Draft, key: str) -> str:
    if not draft.header.get(key):
        raise refuse_file(
            draft.path,
            f"the header has no '{key.capitalize()}'",
            f"a line '# {key.capitalize()}: ...'",
            "Pass a text file that Brainsight exported",
        )
    return draft.header[key]


def _refuse_line(path: Path, k: int, found: str, expected: str) -> InputError:
    return refuse_file(path, f"line {k}: {found}", expected, "Export the file again")
