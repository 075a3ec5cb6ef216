"""Plain tables: UTF-8 TSV or CSV with a header row, read strictly, every cell a text.

Ids stay texts ("007" is not 7), a short or long row is an error, and nothing is filled in.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError, refuse_file

__all__ = ["Table", "format_number", "read_table", "table_bytes"]

MAX_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name; `name` is the file's base name, for messages."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def texts(self, column: str) -> tuple[str, ...]:
        """Return one column as texts."""
        k = self._index(column)
        return tuple(row[k] for row in self.rows)

    def numbers(self, column: str) -> tuple[float, ...]:
        """Return one column as finite numbers.

        Raises
        ------
        InputError
            Names the file, the row and the cell that is no finite number.
        """
        return tuple(self._number(i, column, t) for i, t in enumerate(self.texts(column)))

    def _number(self, row: int, column: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise refuse_file(
                self.name,
                f"row {row + 2}, column '{column}' holds {text!r}",
                "a finite number",
                "Correct the cell, or leave the row out",
            )
        return value

    def _index(self, column: str) -> int:
        if column not in self.columns:
            raise refuse_file(
                self.name,
                f"there is no column '{column}' (columns: {', '.join(self.columns[:12])})",
                f"a column called '{column}'",
                "Rename or add it",
            )
        return self.columns.index(column)


def read_table(path: Path) -> Table:
    """Read a TSV or CSV file; the separator is the one that the header row uses.

    Raises
    ------
    InputError
        If the file is not UTF-8, has no rows, two columns of one name, or a ragged row.
    """
    text = _text(path)
    header = text.split("\n", 1)[0]
    delimiter = "\t" if "\t" in header else ","
    try:
        cells = [*csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error as err:
        raise refuse_file(path, f"no table ({err})", "a plain table", "Check the file") from err
    rows = [row for row in (tuple(c.strip() for c in r) for r in cells) if any(row)]
    if len(rows) < 2:
        raise refuse_file(path, "there is no row under the header", "at least one", "Fill it")
    columns = rows[0]
    if len(set(columns)) != len(columns) or "" in columns:
        raise refuse_file(
            path, "a column name is missing or used twice", "unique names", "Rename the columns"
        )
    for k, row in enumerate(rows[1:], start=2):
        if len(row) != len(columns):
            raise refuse_file(
                path,
                f"row {k} has {len(row)} cells, the header {len(columns)}",
                "equal lengths",
                "A stray separator shifts every value after it; correct the row",
            )
    return Table(path.name, columns, tuple(rows[1:]))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise refuse_file(path, "too large", f"at most {MAX_BYTES} bytes", "Split it")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise refuse_file(
            path,
            f"cannot be read ({err.__class__.__name__})",
            "a UTF-8 table",
            "Check the path, or save it as UTF-8",
        ) from err


def format_number(value: object) -> str:
    """Return a cell: numbers with up to 6 decimals, ``n/a`` for None (as in BIDS)."""
    if value is None:
        return "n/a"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".") if math.isfinite(value) else "n/a"
    return str(value)


def table_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return a UTF-8 TSV with the given columns; a cell may hold no tab or line end."""
    lines = ["\t".join(columns)]
    for row in rows:
        cells = [format_number(row[c]) for c in columns]
        for cell in cells:
            if any(ch in cell for ch in "\t\r\n"):
                raise InputError(f"the cell {cell!r} holds a tab or a line end; rename it.")
        lines.append("\t".join(cells))
    return ("\n".join(lines) + "\n").encode()
