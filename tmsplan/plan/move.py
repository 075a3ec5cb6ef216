"""A target moved by hand: everything that hangs on its place is worked out again.

Pose, depth, z, tape, field, comparisons and tripwires follow the point. What belonged to the
computed point alone (how far it would move on a second scan) is dropped, never carried along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..base.errors import InputError
from ..base.param import Param
from ..coil.efield.measures import FieldCheck
from ..coil.handle import MIDLINE, Handle
from ..coil.place import place_coil
from ..coil.pose import CoilPose
from ..space.frame import Scanner
from ..space.points import Points
from ..space.side import Hemi
from ..space.tripwire import Tripwire
from ..surface.field import Field
from ..surface.pair import Pair
from ..target.score import score_within
from ..target.target import Target
from ..target.template import target_in_template
from .anatomy import check_aim
from .compare_ground import ground_of_scene
from .move_ground import MoveGround
from .plan import Comparison, Plan, PlannedTarget

__all__ = ["OFF_CORTEX", "Move", "move_target", "with_moves"]

#: A click farther from the cortex than this was not meant for it.
OFF_CORTEX = Param(20.0, "mm", 1, 50, "docs/decisions/0032")
#: A handle within this of the convention is the convention: plan.json keeps 9 decimals.
_SAME_DEG = 1e-6
_MOVED = "-moved"


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """One target at another place of the cortex.

    Parameters
    ----------
    before, after : PlannedTarget
        As the opened plan has it, and with everything worked out for its new place. The id of
        `after` ends with ``-moved``.
    asked : Points of Scanner, one row
        The place that was pointed at, mm.
    snapped_mm : float
        From there to the nearest cortex.
    z_5mm : float or None
        z of the regions averaged over the cortex within 5 mm of the new point.
    """

    before: PlannedTarget
    after: PlannedTarget
    asked: Points[Scanner]
    snapped_mm: float
    z_5mm: float | None

    @property
    def mm(self) -> float:
        """How far the point was moved, straight, mm."""
        return float(self.before.target.point.distances(self.after.target.point)[0])

    def line(self, who: str) -> str:
        """Return who moved what from where to where, by how much."""
        old, new = self.before.target, self.after.target
        return (
            f"{who} moved {old.name} ({old.hemi}) by {self.mm:.1f} mm, from {_xyz(old.point)} to "
            f"{_xyz(new.point)} mm, {old.point.frame} RAS."
        )


def move_target(
    planned: PlannedTarget, point: Points[Scanner], ground: MoveGround, plan: Plan
) -> Move:
    """Move a target to the cortex nearest to a point, and work out what hangs on it.

    The handle keeps its angle to the midline; one that was chosen by the folds or the field
    is not chosen again.

    Parameters
    ----------
    planned : PlannedTarget
        Of `plan`.
    point : Points of Scanner, one row
        mm; moved to the nearest vertex of the mid-cortex.
    ground : MoveGround
        Of `plan`.
    plan : Plan

    Raises
    ------
    InputError
        If the point lies farther than `OFF_CORTEX` from the cortex, on the other side of the
        head than the target, or nearest to the other hemisphere; or if no coil can be placed.
    FrameError
        If the point is not in the plan's frame.
    """
    old = planned.target
    hemi, vertex, gap = ground.nearest(point)
    _require_meant(old, point, hemi, gap, ground)
    target = _moved(old, vertex, ground, plan)
    pose = _held(planned.pose, target, ground, plan)
    mni, template = target_in_template(target.point, ground.patient)
    after = PlannedTarget(target, pose, mni, template)
    if ground.head is not None:
        place = pose.scalp_point
        nearest, tape = ground.head.nearest(place), ground.head.in_words(place)
        after = replace(after, nearest=nearest, tape=tape)
    z_5mm = _mean_z(ground, hemi, vertex)
    return Move(planned, replace(after, field=_field(after, ground)), point, gap, z_5mm)


def _require_meant(
    old: Target, point: Points[Scanner], hemi: Hemi, gap: float, ground: MoveGround
) -> None:
    if gap > OFF_CORTEX.value:
        raise InputError(
            f"{_xyz(point)} lies {gap:.0f} mm from the cortex. Expected at most "
            f"{OFF_CORTEX.value:g} mm; click on the cortex."
        )
    clicked = ground.plane.side(point)[0]
    if clicked is not old.hemi:
        raise InputError(
            f"{_xyz(point)} lies on the {str(clicked).upper()} and {old.name} on the "
            f"{str(old.hemi).upper()}. A move does not change sides; make another plan for the "
            f"other side."
        )
    if hemi is not clicked:
        raise InputError(
            f"{_xyz(point)} lies on the {clicked} side, but the cortex nearest to it belongs to "
            f"the {hemi} hemisphere. Click farther from the midline."
        )


def _moved(old: Target, vertex: int, ground: MoveGround, plan: Plan) -> Target:
    mid = ground.mid.side(old.hemi)
    parcel = int(ground.labels.side(old.hemi).ids[vertex]) or None
    row = next((r for r in plan.ranking.rows if r.parcel_id == parcel), None)
    where = "no region of the ranking" if row is None else f"{row.hemi} {row.name}"
    point = mid.points.take(vertex)
    mm = float(old.point.distances(point)[0])
    return Target(
        id=old.id if old.id.endswith(_MOVED) else f"{old.id}{_MOVED}",
        name=f"{_plain_name(old)} (moved {mm:.1f} mm by hand)",
        kind=old.kind,
        hemi=old.hemi,
        parcel_id=parcel,
        vertex=vertex,
        point=point,
        normal=mid.vertex_normals().take(vertex),
        spread_mm=None,
        z=None if row is None else row.z,
        why=f"moved by hand from {_xyz(old.point)} mm; now in {where}. Before: {old.why}",
        provenance=f"moved by hand, no longer: {old.provenance}",
    )


def _plain_name(old: Target) -> str:
    """Return the name without what an earlier move added to it."""
    return old.name.rsplit(" (moved ", 1)[0] if old.id.endswith(_MOVED) else old.name


def _held(old: CoilPose, target: Target, ground: MoveGround, plan: Plan) -> CoilPose:
    convention = plan.params.handle_angle.value
    kept = abs(old.handle_deg - convention) < _SAME_DEG
    return place_coil(
        target,
        ground.scalp,
        midplane=ground.plane,
        coil=old.coil,
        params=plan.params,
        handle=MIDLINE if kept else Handle.custom(old.handle_deg),
    )


def _mean_z(ground: MoveGround, hemi: Hemi, vertex: int) -> float | None:
    values = ground.z.side(hemi).values
    if not np.isfinite(values[vertex]):
        return None
    return score_within(ground.mid.side(hemi), values, vertex)


def _field(after: PlannedTarget, ground: MoveGround) -> FieldCheck | None:
    if ground.solved is None:
        return None
    found = ground.solved.check(ground.strength(after.pose), after.target)
    return found if isinstance(found, FieldCheck) else None


def with_moves(plan: Plan, moves: Mapping[str, Move], ground: MoveGround) -> Plan:
    """Return the plan with some targets moved: targets, comparisons, TP-F03 and TP-F04.

    Nothing is signed yet (`signed`); the exports are gone, since they are of other poses.

    Parameters
    ----------
    plan : Plan
        As it was opened.
    moves : mapping of target id in `plan` to Move
    ground : MoveGround
    """
    if not moves:
        return plan
    targets = tuple(moves[t.target.id].after if t.target.id in moves else t for t in plan.targets)
    return replace(
        plan,
        targets=targets,
        comparisons=_compared(plan, targets, ground),
        tripwires=_judged(plan, targets, ground),
        exports=(),
    )


def _judged(
    plan: Plan, targets: Sequence[PlannedTarget], ground: MoveGround
) -> tuple[Tripwire, ...]:
    """Return the tripwires; TP-F05 comes back when the new poses are exported."""
    again = {t.id: t for t in check_aim(ground.patient, targets, plan.params)}
    kept = [t for t in plan.tripwires if t.id != "TP-F05" and t.id not in again]
    return (*kept, *again.values())


def _compared(
    plan: Plan, targets: Sequence[PlannedTarget], ground: MoveGround
) -> tuple[Comparison, ...]:
    """Return every pair; rows between targets that stayed are those of the plan."""
    known = {(c.a, c.b): c for c in plan.comparisons}
    measure = ground_of_scene(plan.scene, plan.ranking, plan.params.navigation_error.value)
    rows = []
    for i, first in enumerate(targets):
        for second in targets[i + 1 :]:
            row = known.get((first.target.id, second.target.id))
            rows.append(
                row or _overlapping(measure.rows(first, [second])[0], first, second, ground)
            )
    return tuple(rows)


def _overlapping(
    row: Comparison, a: PlannedTarget, b: PlannedTarget, ground: MoveGround
) -> Comparison:
    if ground.solved is None:
        return row
    fields: list[Pair[Field]] = [ground.strength(t.pose) for t in (a, b)]
    return replace(row, efield_overlap=ground.solved.overlap(fields[0], fields[1]))


def _xyz(point: Points[Scanner]) -> str:
    x, y, z = point.mm(point.frame)[0]
    return f"({x:.1f}, {y:.1f}, {z:.1f})"
