"""The controls, as read from a plain table: one person a row, one feature a column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..base.errors import AmbiguityError, InputError, refuse_file
from ..base.table import Table

__all__ = ["AGE_LIMITS", "Reference", "declare_sex", "read_reference", "require_age"]

Floats = NDArray[np.float64]

#: Years. No one is older; a larger number is an age in months, weeks or days.
AGE_LIMITS = (0.0, 120.0)

_RESERVED = ("id", "age", "sex", "site")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: Columns that would say that patients are among the controls.
_GROUPS = ("group", "diagnosis", "dx", "dx_group", "patient")


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Controls without their names.

    Rows are sorted by age, sex and values: the order of the file carries no meaning, so it
    cannot change a result or point at a person.

    Parameters
    ----------
    features : tuple of str
    values : (n, f) float64
    age : (n,) float64
        Years.
    male : (n,) float64
        1 for M, 0 for F.
    sites : tuple of str
        Distinct sites, sorted; empty if the table has no such column.
    """

    features: tuple[str, ...]
    values: Floats
    age: Floats
    male: Floats
    sites: tuple[str, ...]


def read_reference(table: Table, features: Sequence[str] | None = None) -> Reference:
    """Read the controls of a table with columns ``id, age, sex`` (``site``) and features.

    Nothing is filled in, converted or left out: a missing cell is refused with its row and
    column.

    Parameters
    ----------
    table : Table
        ``age`` in years, ``sex`` F or M, ids unique also without regard to case.
    features : sequence of str, optional
        Columns to use; all that are not ``id, age, sex, site`` unless given.

    Raises
    ------
    InputError
        Names the file and the row, column and cell that are refused.
    """
    _require_ids(table)
    _require_controls(table)
    names = _feature_names(table, features)
    age = np.array(table.numbers("age"))
    for row, years in enumerate(age, start=2):
        require_age(float(years), f"{table.name}: row {row}")
    male = _male(table)
    sites = _sites(table)
    values = np.column_stack([np.array(table.numbers(f)) for f in names])
    _require_variation(table, names, values)
    order = np.lexsort((*values.T[::-1], male, age))
    return Reference(names, values[order], age[order], male[order], sites)


def require_age(years: float, who: str) -> None:
    """Refuse an age outside 0 to 120 years; `who` begins the message."""
    low, high = AGE_LIMITS
    if not low <= years <= high:
        raise InputError(
            f"{who}: the age is {years:g}. Expected {low:g} to {high:g} years; an age in months "
            f"or days must be converted to years."
        )


def declare_sex(table: Table, codes: Mapping[str, str]) -> Table:
    """Return the table with its ``sex`` cells replaced as declared, for example 1=M, 2=F.

    Raises
    ------
    InputError
        If a code stands for neither F nor M, or a cell holds a code that was not declared.
    """
    for code, sex in codes.items():
        if sex not in {"F", "M"}:
            raise InputError(f"the sex code '{code}' is declared as '{sex}'; declare F or M.")
    k = table.columns.index("sex") if "sex" in table.columns else None
    if k is None:
        table.texts("sex")  # raises with the file's columns
        return table
    rows = []
    for i, row in enumerate(table.rows, start=2):
        if row[k] not in codes:
            raise refuse_file(
                table.name,
                f"row {i}, column 'sex' holds {row[k]!r}",
                f"one of the declared codes ({', '.join(codes)})",
                "Declare this code too, or correct the cell",
            )
        rows.append((*row[:k], codes[row[k]], *row[k + 1 :]))
    return replace(table, rows=tuple(rows))


def _require_ids(table: Table) -> None:
    seen: dict[str, int] = {}
    for row, text in enumerate(table.texts("id"), start=2):
        if not _ID.fullmatch(text):
            raise refuse_file(
                table.name,
                f"row {row} has an id of {len(text)} characters that is not plain",
                "1 to 64 letters, digits, '-' or '_'",
                "Rename it; an id must not carry a person's name or a path",
            )
        key = unicodedata.normalize("NFC", text).casefold()
        if key in seen:
            raise refuse_file(
                table.name,
                f"rows {seen[key]} and {row} have one id, '{text}' (upper and lower case are "
                f"the same)",
                "one row a person",
                "Keep one row of each person: repeats make the reference look surer than it is",
            )
        seen[key] = row


def _require_controls(table: Table) -> None:
    for column in table.columns:
        if column.lower() in _GROUPS and len(set(table.texts(column))) > 1:
            raise refuse_file(
                table.name,
                f"the column '{column}' holds several groups",
                "controls only",
                "Leave the rows of patients out, and the column too",
            )


def _feature_names(table: Table, features: Sequence[str] | None) -> tuple[str, ...]:
    if features is None:
        ignored = {*_RESERVED, *(c for c in table.columns if c.lower() in _GROUPS)}
        names = tuple(c for c in table.columns if c not in ignored)
    else:
        names = tuple(features)
    if not names:
        raise refuse_file(
            table.name, "there is no feature column", "at least one", "Add a column per feature"
        )
    for name in names:
        if name in _RESERVED or names.count(name) > 1:
            raise refuse_file(
                table.name,
                f"'{name}' is asked for as a feature twice, or is no feature",
                "each feature once",
                "Correct the list of features",
            )
    return names


def _male(table: Table) -> Floats:
    cells = table.texts("sex")
    for row, text in enumerate(cells, start=2):
        if text not in {"F", "M"}:
            raise AmbiguityError(
                f"{table.name}: row {row}, column 'sex' holds {text!r}. Expected F or M; if "
                f"this is a code, declare it with --sex-codes, for example "
                f"--sex-codes 1=M,2=F."
            )
    return np.array([float(t == "M") for t in cells])


def _sites(table: Table) -> tuple[str, ...]:
    if "site" not in table.columns:
        return ()
    cells = table.texts("site")
    for row, text in enumerate(cells, start=2):
        if text in {"", "n/a"}:
            raise refuse_file(
                table.name,
                f"row {row} has no site",
                "a site in every row, or no such column",
                "Fill the cell: the patient's site is compared with it",
            )
    return tuple(sorted(set(cells)))


def _require_variation(table: Table, names: tuple[str, ...], values: Floats) -> None:
    flat = np.ptp(values, axis=0) == 0
    if flat.any():
        k = int(np.flatnonzero(flat)[0])
        raise refuse_file(
            table.name,
            f"the feature '{names[k]}' is {values[0, k]:g} in every control",
            "a feature that varies",
            "Leave the column out: no deviation can be measured in it",
        )
