"""The coil that a navigator file is for."""

from __future__ import annotations

from ..base.errors import InputError
from ..plan.plan import Plan
from ..space.frame import CoilSimnibs, Frame

__all__ = ["coil_frame"]


def coil_frame(plan: Plan) -> Frame[CoilSimnibs]:
    """Return the coil frame that every pose of the plan shares.

    Raises
    ------
    InputError
        If the plan has no target, or targets for two coils: no navigator file says which row
        is for which coil.
    """
    coils = {p.pose.scanner_from_coil.src for p in plan.targets}
    if len(coils) != 1:
        found = ", ".join(sorted(c.owner for c in coils)) or "no target at all"
        raise InputError(
            f"{plan.patient_id}: a navigator file is for one coil, and the plan has {found}. "
            f"Expected at least one target, all for one coil. Make one plan per coil."
        )
    return coils.pop()
