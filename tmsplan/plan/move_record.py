"""Who moved which target, written into the plan that is saved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ..base.errors import InputError, UsageError
from ..base.provenance import InputFile, created_stamp, sha256_bytes, versions
from ..target.ranking import Statement
from .head import scalp_lines
from .move import Move
from .move_ground import MoveGround
from .plan import Plan
from .store import PLAN_FILE, as_stored, plan_bytes

__all__ = ["MOVED", "require_operator", "signed"]

#: Statement of a target that a person moved; terminal and page print it first.
MOVED = "moved"
#: Role of the plan that was opened, in plan.json's ``inputs``.
MOVED_FROM = "moved-from"
#: These speak of the computed point, which is not the target any more.
_OF_THE_POINT = frozenset({"coordinate", "spread-warn", "spread-no-claim"})
_OPERATOR = re.compile(r"[^\W_](?:[\w .,'-]{0,62}[\w.])?")


def require_operator(name: str) -> str:
    """Return the name of who moves targets, if it can stand in a record.

    Raises
    ------
    UsageError
        If it is not 1 to 64 letters, digits, blanks, dots, commas, apostrophes or hyphens.
    """
    if _OPERATOR.fullmatch(name) is None:
        raise UsageError(
            f"--operator {name[:64]!r}: write 1 to 64 letters, digits, blanks, dots or hyphens, "
            f"for example --operator 'A. Smith'."
        )
    return name


def signed(
    plan: Plan, opened: Plan, moves: Mapping[str, Move], ground: MoveGround, who: str
) -> Plan:
    """Return a moved plan with who moved what from where to where, ready to be written.

    Parameters
    ----------
    plan : Plan
        From `with_moves`.
    opened : Plan
        The plan that was opened; it is named by its hash among the inputs.
    moves : mapping of target id in `opened` to Move
    ground : MoveGround
    who : str

    Raises
    ------
    InputError
        If nothing was moved.
    UsageError
        If `who` cannot stand in a record.
    """
    require_operator(who)
    if not moves:
        raise InputError("no target was moved; there is nothing to save.")
    when = created_stamp()
    said = [Statement(MOVED, _line(m, ground, who, when)) for m in moves.values()]
    guided = any(m.before.target.kind == "coupling" for m in moves.values())
    lines = [s for s in plan.ranking.statements if not (guided and s.id in _OF_THE_POINT)]
    if ground.skin is not None:
        lines = [s for s in lines if s.id not in {"scalp-cut", "scalp-made", "scalp-unseen"}]
        lines += scalp_lines(ground.skin, plan.targets)
    parent = InputFile(MOVED_FROM, PLAN_FILE, sha256_bytes(plan_bytes(opened)))
    kept = tuple(i for i in plan.inputs if i.role != MOVED_FROM)
    return as_stored(
        replace(
            plan,
            created=when,
            inputs=(*kept, parent),
            ranking=replace(plan.ranking, statements=(*said, *lines)),
            versions={**plan.versions, **versions("tmsplan")},
        )
    )


def _line(move: Move, ground: MoveGround, who: str, when: str) -> str:
    new = move.after
    z = "no z there" if new.target.z is None else f"z of its region {new.target.z:+.2f}"
    mean = "" if move.z_5mm is None else f", mean within 5 mm {move.z_5mm:+.2f}"
    lost = "How far the point would move on a second scan is not known for a place chosen by hand."
    return (
        f"MOVED BY HAND on {when} {move.line(who)} Now {z}{mean}. {lost}{_missing(move, ground)}"
    )


def _missing(move: Move, ground: MoveGround) -> str:
    """Return what was not worked out again, because SOURCE was not given or has no field."""
    gone = []
    if ground.skin is None:
        gone.append("whether skin lies under the coil")
    if move.before.field is not None and move.after.field is None:
        gone.append("the field")
    if move.before.mni is not None and move.after.mni is None:
        gone.append("the template coordinate")
    return f" Not worked out again: {', '.join(gone)}." if gone else ""
