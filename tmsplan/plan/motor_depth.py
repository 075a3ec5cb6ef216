"""How much deeper the target lies than the motor cortex, and what Stokes' formula makes of it."""

from __future__ import annotations

from collections.abc import Sequence

from ..base.errors import InputError
from ..coil.stokes import stokes
from ..target.ranking import Statement
from .plan import PlannedTarget

__all__ = ["stokes_lines"]


def stokes_lines(
    guided: Sequence[PlannedTarget], placed: Sequence[PlannedTarget]
) -> tuple[Statement, ...]:
    """Return the distance adjustment of each guided target: shown, never prescribed.

    Parameters
    ----------
    guided : sequence of PlannedTarget
    placed : sequence of PlannedTarget
        Standard targets; the hand area of the target's own side gives the depth of the motor
        cortex. Where it could not be placed, nothing is said.
    """
    hands = {p.target.id: p for p in placed}
    lines = []
    for planned in guided:
        hand = hands.get(f"m1-hand-{planned.target.hemi}")
        if hand is None:
            continue
        try:
            line = stokes(planned.pose.depth_mm, hand.pose.depth_mm)
        except InputError:  # a depth that no person has: the tripwires speak about it
            continue
        lines.append(Statement("stokes", f"{line.text} ({line.formula})"))
    return tuple(lines)
