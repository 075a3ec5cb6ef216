"""Deviations of many people, from a plain table to a plain table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..base.errors import InputError, refuse_file
from ..base.params import Params
from ..base.table import Table, table_bytes
from .deviations import Deviations
from .model import NormativeModel
from .terms import COVARIATES

__all__ = ["SCORE_COLUMNS", "ScoredTable", "score_table"]

#: The contract's columns; what follows them says how far to trust a row.
SCORE_COLUMNS = (
    "id", "feature", "value", "z", "z_low", "z_high", "centile", "extrapolated", "n_reference",
    "rank_p", "labels",
)  # fmt: skip
#: Missing, as BIDS writes it; an empty cell is refused: it may as well be a lost value.
_MISSING = "n/a"
#: Named in a refusal; the rest are counted.
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, eq=False)
class ScoredTable:
    """Everyone of a table against one model, in the table's order."""

    people: Mapping[str, Deviations]

    def tsv(self) -> bytes:
        """Return the scores: one row a person and feature, `SCORE_COLUMNS`."""
        return table_bytes(SCORE_COLUMNS, self.rows())

    def rows(self) -> list[dict[str, object]]:
        """Return the rows; NaN where a value is missing."""
        return [
            {
                "id": name,
                **{k: getattr(row, k) for k in SCORE_COLUMNS[1:-1]},
                "labels": ",".join(found.labels) or "none",
            }
            for name, found in self.people.items()
            for row in found.rows
        ]


def score_table(
    model: NormativeModel,
    table: Table,
    *,
    exploratory: bool = False,
    allow_extrapolation: bool = False,
    params: Params | None = None,
) -> ScoredTable:
    """Score everyone of a table.

    Parameters
    ----------
    model : NormativeModel
    table : Table
        ``id, age, sex`` (F or M), ``site`` and covariates where the model needs them, and its
        features; ``n/a`` is a missing value. Other columns are not read.
    exploratory, allow_extrapolation : bool
        As `NormativeModel.deviations`.
    params : Params, optional
        `interval`, `min_controls` and, unless the spread is constant, `bootstraps`.

    Raises
    ------
    InputError
        If anybody is refused: names the rows and why; nobody is scored then.
    """
    known = [f for f in model.features if f in table.columns]
    if not known:
        raise refuse_file(
            table.name,
            f"none of its {len(table.columns)} columns is a feature of the norms",
            f"columns like '{model.features[0]}'",
            "Use norms of the same atlas",
        )
    others = [c for c in model.design.covariates if c not in COVARIATES and c in table.columns]
    found: dict[str, Deviations] = {}
    refused: dict[str, str] = {}
    for row, cells in enumerate(_records(table), start=2):
        try:
            found[cells["id"]] = model.deviations(
                {f: _number(cells[f], f) for f in known},
                age=_required(cells, "age"),
                sex=cells.get("sex"),
                site=cells.get("site"),
                covariates={c: _number(cells[c], c) for c in others},
                exploratory=exploratory,
                allow_extrapolation=allow_extrapolation,
                redraw=False,  # that serves the ranking of one person's regions
                params=params,
            )
        except InputError as err:
            refused[f"row {row} ('{cells['id']}')"] = str(err)
    _require_all(table, refused)
    return ScoredTable(found)


def _records(table: Table) -> list[dict[str, str]]:
    ids = table.texts("id")
    if len(set(ids)) != len(ids) or "" in ids:
        twice = next(i for i in ids if i == "" or ids.count(i) > 1)
        raise refuse_file(
            table.name, f"the id '{twice}' is empty or used twice", "one id a row", "Rename it"
        )
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _required(cells: Mapping[str, str], column: str) -> float | None:
    value = _number(cells.get(column, _MISSING), column)
    return None if math.isnan(value) else value


def _number(text: str, column: str) -> float:
    if text == _MISSING:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"column '{column}' holds {text!r}. Expected a number, or n/a where it is missing."
        )
    return value


def _require_all(table: Table, refused: Mapping[str, str]) -> None:
    if not refused:
        return
    named = [f"{who}: {why}" for who, why in refused.items()][:_MOST_NAMED]
    if len(refused) > 1 and len(set(refused.values())) == 1:
        named = [next(iter(refused.values()))]  # of the norms, or the same for everybody
    elif len(refused) > _MOST_NAMED:
        named.append(f"And {len(refused) - _MOST_NAMED} more.")
    raise InputError(
        f"{table.name}: {len(refused)} of {len(table)} people are refused, so nobody is scored. "
        f"{' '.join(named)}"
    )
