"""What a target is called on the navigator's screen. One rule for every format."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from ..base.errors import InputError
from ..plan.plan import Plan, PlannedTarget
from ..space.side import Hemi

__all__ = [
    "coil_name",
    "cortex_name",
    "display_name",
    "file_stem",
    "require_distinct",
    "scalp_name",
]

#: Cc and Cf hide or reorder text (a right-to-left override turns words around), Zl and Zp end
#: a line in some readers, Cs cannot be written as UTF-8.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


def display_name(labels: Sequence[str], hemi: Hemi, name: str) -> str:
    """Return labels, side in words, and the target's own name, unshortened.

    For example ``SYNTHETIC left: Beam F3``: nobody can take a simulated target for a real one,
    and the side can be compared with the head on the screen.

    Raises
    ------
    InputError
        If the name or a label is empty, padded with blanks, or holds a tab, a semicolon, a line
        end or an invisible character: it would break a column or mislead a reader.
    """
    for text in (name, *labels):
        _require_printable(text)
    return f"{' '.join([*labels, str(hemi)])}: {name}"


def coil_name(plan: Plan, planned: PlannedTarget) -> str:
    """Return the name of the row that says where the coil's centre goes."""
    return display_name(plan.labels, planned.target.hemi, planned.target.name) + "_coil"


def cortex_name(plan: Plan, planned: PlannedTarget) -> str:
    """Return the name of the row that says where the cortical target is."""
    return display_name(plan.labels, planned.target.hemi, planned.target.name) + "_ctx"


def scalp_name(plan: Plan, planned: PlannedTarget) -> str:
    """Return the name of the row that says where the scalp is touched, without the standoff."""
    return display_name(plan.labels, planned.target.hemi, planned.target.name) + "_scalp"


def file_stem(plan: Plan) -> str:
    """Return the patient's id as the start of a file name.

    Raises
    ------
    InputError
        If it is not 1 to 64 letters, digits, hyphens and underscores: it could leave the folder.
    """
    plain = plan.patient_id.replace("-", "").replace("_", "")
    if not (plain.isascii() and plain.isalnum() and len(plan.patient_id) <= 64):
        raise InputError(
            f"the patient id {plan.patient_id[:64]!r} cannot be part of a file name. Expected 1 "
            f"to 64 ASCII letters, digits, hyphens or underscores. Rename the patient and plan "
            f"again."
        )
    return plan.patient_id


def require_distinct(plan: Plan) -> None:
    """Raise if two targets would look alike in a navigator's list.

    Raises
    ------
    InputError
        If two names are equal, or differ only in case or in how a letter is encoded.
    """
    seen: dict[str, str] = {}
    for planned in plan.targets:
        name = coil_name(plan, planned)
        key = unicodedata.normalize("NFKC", name).casefold()
        if key in seen:
            raise InputError(
                f"the targets {seen[key]} and {planned.target.id} are both called "
                f"{planned.target.name!r} on the same side. On the navigator nobody could tell "
                f"them apart. Rename one of them."
            )
        seen[key] = planned.target.id


def _require_printable(text: str) -> None:
    if not text or text != text.strip():
        raise InputError(
            f"the name {text!r} is empty or begins or ends with a blank. Names go to the "
            f"navigator exactly as they are. Rename the target."
        )
    for character in text:
        if character == ";" or unicodedata.category(character) in _UNPRINTABLE:
            raise InputError(
                f"the name {text!r} holds {character!r}. Tabs and semicolons separate cells, "
                f"line ends separate rows, and invisible characters mislead. Rename the target."
            )
