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
from .people import People

__all__ = [
    "AGE_LIMITS",
    "AGE_UNITS",
    "Reference",
    "declare_age",
    "declare_sex",
    "read_reference",
    "require_age",
]

Floats = NDArray[np.float64]

#: Years. No one is older; a larger number is an age in months, weeks or days.
AGE_LIMITS = (0.0, 120.0)

#: What an age may be declared to be, and how many of it make a year. ``"text"`` is a number of
#: years with the word: "34 years", "34y". The Julian year, as in BIDS tools: 365.25 days.
AGE_UNITS = {"months": 12.0, "weeks": 365.25 / 7, "days": 365.25, "text": 1.0}
_YEARS = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(?:y|yr|yrs|year|years)\.?\s*", re.IGNORECASE)

_RESERVED = ("id", "age", "sex", "site")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: Columns that would say that patients are among the controls.
_GROUPS = ("group", "diagnosis", "dx", "dx_group", "patient")
#: Columns that say who is related to whom.
_FAMILIES = ("family", "family_id")


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Controls without their names.

    Rows are sorted by age, sex, site, covariates and values: the order of the file carries no
    meaning, so it cannot change a result or point at a person.

    Parameters
    ----------
    features : tuple of str
    values : (n, f) float64
    people : People
        Age, sex, site (empty if the table has no such column) and further covariates.
    """

    features: tuple[str, ...]
    values: Floats
    people: People


def read_reference(
    table: Table, features: Sequence[str] | None = None, covariates: Sequence[str] = ()
) -> Reference:
    """Read the controls of a table with columns ``id, age, sex`` (``site``) and features.

    Nothing is filled in, converted or left out: a missing cell is refused with its row and
    column.

    Parameters
    ----------
    table : Table
        ``age`` in years, ``sex`` F or M, ids unique also without regard to case.
    features : sequence of str, optional
        Columns to use; all that are not ``id, age, sex, site`` or a covariate unless given.
    covariates : sequence of str
        Further columns of numbers that are covariates.

    Raises
    ------
    InputError
        Names the file and the row, column and cell that are refused.
    """
    _require_ids(table)
    _require_controls(table)
    _require_unrelated(table)
    names = _feature_names(table, features, covariates)
    age = _ages(table)
    for row, years in enumerate(age, start=2):
        require_age(float(years), f"{table.name}: row {row}")
    others = {c: np.array(table.numbers(c)) for c in covariates}
    people = People(age, _male(table), _sites(table), others)
    values = np.column_stack([np.array(table.numbers(f)) for f in names])
    _require_variation(table, names, values)
    known = [others[c] for c in sorted(others)]
    codes = [np.unique(people.site, return_inverse=True)[1]] if people.site else []
    order = np.lexsort((*values.T[::-1], *known, *codes, people.male, age))
    return Reference(names, values[order], people.taking(order))


def require_age(years: float, who: str) -> None:
    """Refuse an age outside 0 to 120 years; `who` begins the message."""
    low, high = AGE_LIMITS
    if not low <= years <= high:
        raise InputError(
            f"{who}: the age is {years:g}. Expected {low:g} to {high:g} years; an age in months "
            f"or days must be converted to years, or declared with --age-unit."
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


def declare_age(table: Table, unit: str) -> Table:
    """Return the table with its ``age`` cells as plain years.

    Parameters
    ----------
    table : Table
    unit : str
        ``"months"``, ``"weeks"`` or ``"days"``: numbers of these; ``"text"``: years with the
        word, as in "34 years".

    Raises
    ------
    InputError
        If the unit is unknown or a cell is not as declared.
    """
    if unit not in AGE_UNITS:
        raise InputError(f"the unit of age '{unit}' is unknown; declare {', '.join(AGE_UNITS)}.")
    if unit == "text":
        ages = [_years(table, row, text) for row, text in enumerate(table.texts("age"), start=2)]
    else:
        ages = [repr(number / AGE_UNITS[unit]) for number in table.numbers("age")]
    k = table.columns.index("age")
    rows = ((*r[:k], age, *r[k + 1 :]) for r, age in zip(table.rows, ages, strict=True))
    return replace(table, rows=tuple(rows))


def _years(table: Table, row: int, text: str) -> str:
    found = _YEARS.fullmatch(text)
    if not found:
        raise refuse_file(
            table.name,
            f"row {row}, column 'age' holds {text!r}",
            "a number of years with the word, as in '34 years', as declared",
            "Correct the cell",
        )
    return found[1]


def _ages(table: Table) -> Floats:
    """Return the ages; a unit written into a cell is refused with the flag that declares it."""
    for row, text in enumerate(table.texts("age"), start=2):
        if _YEARS.fullmatch(text):
            raise AmbiguityError(
                f"{table.name}: row {row}, column 'age' holds {text!r}. Expected a number of "
                f"years; if every cell is written like this, declare it with --age-unit text."
            )
    return np.array(table.numbers("age"))


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


def _require_unrelated(table: Table) -> None:
    for column in table.columns:
        if column.lower() not in _FAMILIES:
            continue
        seen: dict[str, int] = {}
        for row, text in enumerate(table.texts(column), start=2):
            if text in seen and text not in {"", "n/a"}:
                raise refuse_file(
                    table.name,
                    f"rows {seen[text]} and {row} are of one family ('{column}')",
                    "one person a family",
                    "Keep one of them: relatives make the reference look surer than it is",
                )
            seen[text] = row


def _feature_names(
    table: Table, features: Sequence[str] | None, covariates: Sequence[str]
) -> tuple[str, ...]:
    taken = {*_RESERVED, *covariates}
    if features is None:
        ignored = {c for c in table.columns if c.lower() in (*_GROUPS, *_FAMILIES)} | taken
        names = tuple(c for c in table.columns if c not in ignored)
    else:
        names = tuple(features)
    if not names:
        raise refuse_file(
            table.name, "there is no feature column", "at least one", "Add a column per feature"
        )
    for name in names:
        if name in taken or names.count(name) > 1:
            raise refuse_file(
                table.name,
                f"'{name}' is asked for as a feature twice, or is no feature but a covariate",
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
    return cells


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
