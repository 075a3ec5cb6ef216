"""Optional variants of a plan's targets: more hair under the coil, or the current reversed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from ..base.errors import InputError
from ..base.param import Param
from ..plan.plan import Plan, PlannedTarget
from ..space.frame import CoilSimnibs, Scanner
from ..space.transform import Rigid

__all__ = ["HAIR_MAX", "HAIR_STEP", "hair_series", "with_reversed"]

Matrix = Sequence[Sequence[float]]

_SOURCE = "docs/navigators/plain.md"
#: Beyond this no hair lies under a coil; a gap that large is a cap, an electrode or an error.
HAIR_MAX = Param(7.5, "mm", 0, 15, _SOURCE)
#: Finest step that a hand can tell apart; 1.5 mm is a multiple of it.
HAIR_STEP = Param(0.5, "mm", 0.1, 5, _SOURCE)
#: A multiple of a half is exact in binary, so this only forgives text that was parsed.
_SAME_MM = 1e-9
_REVERSED = "REVERSED"
_MARKED = re.compile(rf"_(hair\d+\.\d+mm|{_REVERSED})(_|$)")


def hair_series(plan: Plan, steps_mm: Sequence[float]) -> Plan:
    """Return the plan with every target also farther out, for hair under the coil.

    The pose moves along its own z, away from the head; its axes, the cortical target and the
    point on the scalp stay. The distance comes on top of the plan's standoff, which already
    stands for ordinary hair.

    Parameters
    ----------
    plan : Plan
        Its targets come first and unchanged; the variants follow, step by step.
    steps_mm : sequence of float
        Extra distances, mm: multiples of `HAIR_STEP` up to `HAIR_MAX`. 0 is the target itself
        and adds nothing.

    Returns
    -------
    Plan
        With targets called ``..._hair3.0mm``.

    Raises
    ------
    InputError
        If a step is negative, too large, no multiple of 0.5 mm or given twice, if there is
        none, or if the plan holds variants already.
    """
    _require_plain(plan, "hair")
    _require_steps(steps_mm)
    variants = (_with_hair(p, mm) for mm in sorted(steps_mm) if mm > 0 for p in plan.targets)
    return replace(plan, targets=(*plan.targets, *variants))


def with_reversed(plan: Plan) -> Plan:
    """Return the plan with every target also turned half round, so that the current reverses.

    The coil turns by 180 deg about its own z: the handle points the other way, everything else
    stays.

    Parameters
    ----------
    plan : Plan
        Its targets come first and unchanged, variants for hair included.

    Returns
    -------
    Plan
        With targets called ``..._REVERSED``.

    Raises
    ------
    InputError
        If the plan holds reversed targets already.
    """
    _require_plain(plan, _REVERSED)
    return replace(plan, targets=tuple(chain(plan.targets, map(_turned, plan.targets))))


def _require_plain(plan: Plan, mark: str) -> None:
    for planned in plan.targets:
        for text in (planned.target.name, planned.target.id):
            found = _MARKED.search(text)
            if found and (mark != _REVERSED or _REVERSED in text):
                raise InputError(
                    f"the target {text!r} is a variant already ({found.group(1)}). A second one "
                    f"of it could be confused. Expected the plan's own targets; make the series "
                    f"for hair first, then the reversed ones."
                )


def _require_steps(steps_mm: Sequence[float]) -> None:
    if not steps_mm:
        raise InputError(
            f"no step for hair was given. Expected distances up to {HAIR_MAX.value:g} mm, for "
            f"example 1.5, 3, 4.5."
        )
    for mm in steps_mm:
        # Written so that a NaN fails.
        if not 0 <= mm <= HAIR_MAX.value:
            raise InputError(
                f"a step of {mm:g} mm for hair. Expected 0 to {HAIR_MAX.value:g} mm. A larger gap "
                f"is not hair; give it as the plan's standoff."
            )
        if abs(mm / HAIR_STEP.value - round(mm / HAIR_STEP.value)) > _SAME_MM:
            raise InputError(
                f"a step of {mm:g} mm for hair. Expected a multiple of {HAIR_STEP.value:g} mm: "
                f"names have one decimal, and two steps must not look alike."
            )
    if len(set(steps_mm)) != len(steps_mm):
        raise InputError("a step for hair was given twice. Expected each once.")


def _with_hair(planned: PlannedTarget, mm: float) -> PlannedTarget:
    outward: Matrix = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, -mm], [0, 0, 0, 1]]
    pose = _inside(planned, outward, f"{mm:.1f} mm of hair lift the coil along -z")
    lifted = replace(
        planned.pose, scanner_from_coil=pose, standoff_mm=planned.pose.standoff_mm + mm
    )
    return _called(planned, f"hair{mm:.1f}mm", replace(planned, pose=lifted))


def _turned(planned: PlannedTarget) -> PlannedTarget:
    half_turn: Matrix = [[-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    pose = _inside(planned, half_turn, "half a turn about z reverses the current")
    degrees = planned.pose.handle_deg
    turned = replace(
        planned.pose,
        scanner_from_coil=pose,
        handle_deg=degrees - 180 if degrees > 0 else degrees + 180,
    )
    return _called(planned, _REVERSED, replace(planned, pose=turned))


def _inside(planned: PlannedTarget, matrix: Matrix, because: str) -> Rigid[Scanner, CoilSimnibs]:
    """Return the pose after a movement in the coil's own axes, hence from the right."""
    pose = planned.pose.scanner_from_coil
    return pose @ Rigid.claim(matrix, dst=pose.src, src=pose.src, because=because)


def _called(planned: PlannedTarget, mark: str, variant: PlannedTarget) -> PlannedTarget:
    name, ident = f"{planned.target.name}_{mark}", f"{planned.target.id}_{mark}"
    return replace(variant, target=replace(planned.target, name=name, id=ident))
