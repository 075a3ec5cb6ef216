"""Age and sex of a BIDS subject, from ``participants.tsv``; nothing is guessed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import AmbiguityError, refuse_file
from ..base.strict_json import load_file
from ..base.table import Table, read_table

__all__ = ["Participant", "find_participant"]

MAX_AGE = 120
_MISSING = {"", "n/a"}
#: The words of the BIDS specification (participants.tsv, column sex) that are F or M.
_SEX = {"f": "F", "female": "F", "m": "M", "male": "M"}
_YEARS = {"year", "years", "yr", "a"}


@dataclass(frozen=True, slots=True)
class Participant:
    """What a table says about one person.

    Parameters
    ----------
    age : float or None
        Years.
    sex : {"F", "M"} or None
    notes : mapping of name to text
        Why a cell was not used.
    """

    age: float | None = None
    sex: str | None = None
    notes: Mapping[str, str] | None = None


def find_participant(folder: Path, subject: str) -> Participant:
    """Return age and sex of ``sub-<label>``, as far as a table beside the folder says them.

    The table is looked for in the folder, in the one above, and, for
    ``<dataset>/derivatives/<folder>``, in the dataset.

    Raises
    ------
    InputError
        If the subject has two rows, or the age is no number of years a person can have.
    AmbiguityError
        If two tables say different things.
    """
    said: dict[str, Participant] = {}
    for where, place in _places(folder).items():
        path = place / "participants.tsv"
        if path.is_file() and (found := _row(path, subject)) is not None:
            said[where] = found
    different = {(p.age, p.sex) for p in said.values()}
    if len(different) > 1:
        raise AmbiguityError(
            f"participants.tsv: {subject} has another age or sex in {' than in '.join(said)}. "
            f"Expected one answer. Correct one of the tables, or write a patient.toml."
        )
    return next(iter(said.values()), Participant())


def _places(folder: Path) -> dict[str, Path]:
    above = folder.resolve().parent
    places = {"the folder itself": folder, "the folder above": above}
    return places | ({"the dataset": above.parent} if above.name == "derivatives" else {})


def _row(path: Path, subject: str) -> Participant | None:
    table = read_table(path)
    rows = [k for k, t in enumerate(table.texts("participant_id")) if t == subject]
    if len(rows) > 1:
        raise refuse_file(path, f"{subject} has {len(rows)} rows", "one row", "Remove the others")
    if not rows:
        return None
    cells = dict(zip(table.columns, table.rows[rows[0]], strict=True))
    notes: dict[str, str] = {}
    age = _age(cells.get("age", "n/a"), path, table, notes)
    sex = _sex(cells.get("sex", "n/a"), notes)
    return Participant(age, sex, notes)


def _age(text: str, path: Path, table: Table, notes: dict[str, str]) -> float | None:
    if text.lower() in _MISSING:
        return None
    unit = _unit(path.with_suffix(".json"))
    if unit is not None and unit.lower() not in _YEARS:
        notes["age"] = f"not used: {table.name} gives {text} in '{unit}', not in years"
        return None
    if text.endswith("+"):  # BIDS caps high ages as 89+ for privacy: no number
        notes["age"] = f"not used: {table.name} says '{text}'"
        return None
    try:
        age = float(text)
    except ValueError:
        age = math.nan
    if not 0 <= age <= MAX_AGE:
        raise refuse_file(
            path, f"the age is '{text}'", f"0 to {MAX_AGE} years, or n/a", "Correct the cell"
        )
    return age


def _sex(text: str, notes: dict[str, str]) -> str | None:
    if text.lower() in _MISSING:
        return None
    sex = _SEX.get(text.lower())
    if sex is None:
        notes["sex"] = f"not used: participants.tsv says '{text[:20]}', neither F nor M"
    return sex


def _unit(sidecar: Path) -> str | None:
    if not sidecar.is_file():
        return None
    said = load_file(sidecar)
    column = said.get("age") if isinstance(said, Mapping) else None
    unit = column.get("Units") if isinstance(column, Mapping) else None
    return unit if isinstance(unit, str) else None
