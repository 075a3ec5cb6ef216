"""One plan that is open to be moved: what was moved so far, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...base.errors import InputError
from ...plan.move import Move, move_target, with_moves
from ...plan.move_ground import MoveGround
from ...plan.move_record import signed
from ...plan.plan import Plan, PlannedTarget
from ...space import Points, require_all

__all__ = ["Session"]

_DECIMALS = 3


@dataclass(slots=True, eq=False)
class Session:
    """A plan, the head it is moved on, and who moves.

    Parameters
    ----------
    opened : Plan
        With its scene; never changed.
    ground : MoveGround
        Of `opened`.
    write : function of a Plan that returns the folder it wrote
        The same path that ``tmsplan plan`` writes through; makes a new folder or nothing.
    operator : str or None
        Who moves; without a name nothing is saved.
    """

    opened: Plan
    ground: MoveGround
    write: Callable[[Plan], Path]
    operator: str | None = None
    moves: dict[str, Move] = field(default_factory=dict)
    plan: Plan = field(init=False)
    saved: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.plan = self.opened

    def move(self, target_id: str, xyz: tuple[float, float, float]) -> None:
        """Move one target to the cortex nearest to a point, mm in the plan's frame.

        Parameters
        ----------
        target_id : str
            In the opened plan or, once it was moved, in the moved one.
        xyz : three floats

        Raises
        ------
        InputError
            If the plan has no such target, or the point was not meant (`move_target`). Then
            nothing changes.
        """
        planned = self._opened(target_id)
        point = Points(xyz, self.opened.frame)
        made = move_target(planned, point, self.ground, self.opened)
        self._keep({**self.moves, planned.target.id: made})

    def put_back(self, target_id: str) -> None:
        """Put one target back where the opened plan has it.

        Raises
        ------
        InputError
            If the plan has no such target.
        """
        own = self._opened(target_id).target.id
        self._keep({k: m for k, m in self.moves.items() if k != own})

    def _keep(self, moves: dict[str, Move]) -> None:
        self.plan = with_moves(self.opened, moves, self.ground)
        self.moves = moves

    def _opened(self, target_id: str) -> PlannedTarget:
        pairs = zip(self.opened.targets, self.plan.targets, strict=True)
        found = [old for old, new in pairs if target_id in (old.target.id, new.target.id)]
        if not found:
            raise InputError(f"the plan has no target '{target_id[:64]}'.")
        return found[0]

    def save(self) -> Path:
        """Write the moved plan as a new folder; return it.

        Raises
        ------
        InputError
            If nobody signs, or nothing was moved.
        TripwireError
            If a safety check of a moved target failed.
        """
        if self.operator is None:
            raise InputError("nobody signs: start with --operator NAME to save.")
        require_all(self.plan.tripwires)
        plan = signed(self.plan, self.opened, self.moves, self.ground, self.operator)
        folder = self.write(plan)
        self.saved.append(folder.name)
        return folder

    def state(self) -> Mapping[str, object]:
        """Return what the page shows of all this, as plain JSON data."""
        return {
            "frame": "scanner",
            "operator": self.operator,
            "targets": [self._shown(t) for t in self.plan.targets],
            "failed": [f"{t.id}: {t.why}" for t in self.plan.tripwires if t.status == "fail"],
            "saved": list(self.saved),
        }

    def _shown(self, planned: PlannedTarget) -> dict[str, object]:
        target, pose, frame = planned.target, planned.pose, self.plan.frame
        move = next((m for m in self.moves.values() if m.after is planned), None)
        found = planned.field
        return {
            "id": target.id,
            "name": target.name,
            "side": str(target.hemi),
            "point_mm": _rounded(target.point.mm(frame)[0]),
            "coil_mm": _rounded(pose.centre.mm(frame)[0]),
            "depth_mm": round(pose.depth_mm, _DECIMALS),
            "handle_deg": round(pose.handle_deg, _DECIMALS),
            "z": target.z,
            "moved": None if move is None else _moved(move),
            "field": found
            and {"engine": found.engine, "share_of_peak": round(found.share_of_peak, _DECIMALS)},
        }


def _moved(move: Move) -> dict[str, object]:
    old = move.before.target.point
    return {
        "mm": round(move.mm, _DECIMALS),
        "from_mm": _rounded(old.mm(old.frame)[0]),
        "snapped_mm": round(move.snapped_mm, _DECIMALS),
        "z_5mm": move.z_5mm,
    }


def _rounded(xyz: object) -> list[float]:
    return [round(float(v), _DECIMALS) for v in xyz]  # type: ignore[attr-defined]
