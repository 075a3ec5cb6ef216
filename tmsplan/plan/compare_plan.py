"""The guided target of a plan beside the standard ones, from the plan's own files alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from ..base.errors import InputError
from ..base.table import table_bytes
from ..target.read_standard import load_standard
from ..target.target import Target
from ..target.two_f3 import two_f3_line
from .compare_ground import ground_of_scene
from .plan import Comparison, Plan, PlannedTarget

__all__ = ["ComparedPlan", "ComparedTarget", "compare"]

#: Chooses every standard target that the plan has placed.
ALL = "all"

_COLUMNS = (
    "patient", "id", "name", "hemi", "parcel_id", "network", "depth_mm",
    *(f.name for f in fields(Comparison)),
    "labels",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class ComparedTarget:
    """One standard target beside the guided one.

    Parameters
    ----------
    planned : PlannedTarget
        The standard target.
    network : str or None
        Of the parcel that it lies in.
    with_guided : Comparison
        ``a`` is the guided target.
    """

    planned: PlannedTarget
    network: str | None
    with_guided: Comparison

    def as_dict(self) -> dict[str, object]:
        """Return the row as plain data."""
        target = self.planned.target
        return {
            "id": target.id,
            "name": target.name,
            "hemi": str(target.hemi),
            "parcel_id": target.parcel_id,
            "network": self.network,
            "depth_mm": self.planned.pose.depth_mm,
            **asdict(self.with_guided),
        }


@dataclass(frozen=True, slots=True, eq=False)
class ComparedPlan:
    """The guided target beside standard ones, nearest first.

    Parameters
    ----------
    plan : Plan
    guided : PlannedTarget
    rows : tuple of ComparedTarget
        By distance between the cortical points.
    """

    plan: Plan
    guided: PlannedTarget
    rows: tuple[ComparedTarget, ...]

    @property
    def alike(self) -> tuple[str, ...]:
        """Ids of the standard targets that cannot be told apart from the guided one."""
        close = [r.with_guided for r in self.rows]
        return tuple(c.b for c in close if c.within_navigation_error)

    def alike_standards(self) -> tuple[tuple[str, ...], ...]:
        """Return groups of standard targets, each nearer to another one than navigation."""
        error = self.plan.params.navigation_error.value
        groups: list[list[Target]] = []
        for target in (r.planned.target for r in self.rows):
            near = [g for g in groups if any(_apart(target, t) <= error for t in g)]
            groups = [g for g in groups if g not in near]
            groups.append([*(t for g in near for t in g), target])
        return tuple(tuple(t.id for t in g) for g in groups if len(g) > 1)

    def statements(self) -> tuple[str, ...]:
        """Return what has to be said beside the numbers."""
        error = self.plan.params.navigation_error.value
        targets = [self.guided.target, *(r.planned.target for r in self.rows)]
        lines = [self._alike_line(error), two_f3_line(targets)]
        lines += [
            f"Of {', '.join(group)} each lies within {error:g} mm of another: a navigated coil "
            f"does not tell these apart."
            for group in self.alike_standards()
        ]
        if self.plan.scene is None:
            lines.append("The plan has no scene beside it: nothing was measured along a surface.")
        lines.append("That a target differs says nothing about which one is better.")
        return tuple(line for line in lines if line is not None)

    def _alike_line(self, error: float) -> str:
        here = self.guided.target.id
        if not self.alike:
            return f"All of them lie more than {error:g} mm (the error of navigation) from {here}."
        return (
            f"Cannot be told apart from {here}, within {error:g} mm of it (the error of "
            f"navigation): {', '.join(self.alike)}. Arms of a trial that aim at these would "
            f"stimulate one place."
        )

    def as_dict(self) -> dict[str, object]:
        """Return everything as plain data."""
        return {
            "patient": self.plan.patient_id,
            "labels": list(self.plan.labels),
            "guided": self.guided.target.id,
            "navigation_error_mm": self.plan.params.navigation_error.value,
            "alike": list(self.alike),
            "alike_standards": [list(g) for g in self.alike_standards()],
            "statements": list(self.statements()),
            "rows": [r.as_dict() for r in self.rows],
        }

    def to_tsv(self) -> bytes:
        """Return the rows as a table; the labels stand in every row."""
        extra = {
            "patient": self.plan.patient_id,
            "labels": ",".join(self.plan.labels) or "none",
        }
        return table_bytes(_COLUMNS, [r.as_dict() | extra for r in self.rows])

    def __str__(self) -> str:
        from .compare_table import compared_text

        return compared_text(self)


def compare(plan: Plan, against: Sequence[str] | str | None = None) -> ComparedPlan:
    """Hold the guided target of a plan against standard targets.

    Everything comes from the plan and the scene beside it; no patient file is opened. A
    distance along a surface that the scene does not have is None; so is the overlap of fields
    except between targets that the plan shows.

    Parameters
    ----------
    plan : Plan
    against : sequence of str, optional
        Names or aliases of standard targets; ``"all"``, or nothing, for every one that the plan
        has placed.

    Returns
    -------
    ComparedPlan
        Prints itself as a table; `to_tsv` writes it.

    Raises
    ------
    AmbiguityError
        For a name that two places share, such as "f3".
    InputError
        If the plan has no guided target, a name is unknown, or that target was not placed.
    """
    guided = next((t for t in plan.targets if t.target.kind == "coupling"), None)
    if guided is None:
        raise InputError(
            f"the plan of {plan.patient_id} has no guided target, so there is nothing to hold "
            f"the standard ones against: {plan.ranking.why} Its own targets are compared with "
            f"each other in compare.tsv."
        )
    placed = {t.target.id: t for t in (*plan.targets, *plan.others) if t is not guided}
    chosen = [placed[name] for name in _chosen(plan, placed, against)]
    ground = ground_of_scene(plan.scene, plan.ranking, plan.params.navigation_error.value)
    known = _overlaps(plan, guided.target.id)
    rows = [
        ComparedTarget(
            planned,
            None if planned.target.parcel_id is None
            else ground.networks.get(planned.target.parcel_id),
            replace(row, efield_overlap=known.get(row.b)),
        )
        for planned, row in zip(chosen, ground.rows(guided, chosen), strict=True)
    ]  # fmt: skip
    rows.sort(key=lambda r: (r.with_guided.euclidean_mm, r.with_guided.b))
    return ComparedPlan(plan, guided, tuple(rows))


def _chosen(
    plan: Plan, placed: Mapping[str, PlannedTarget], against: Sequence[str] | str | None
) -> list[str]:
    """Return the ids of the targets that were asked for, each once."""
    asked = [against] if isinstance(against, str) else list(against or ())
    if not asked or ALL in asked:
        if len(asked) > 1:
            raise InputError(f"'{ALL}' was asked for beside names: give names, or '{ALL}' alone.")
        if not placed:
            raise InputError(
                f"the plan of {plan.patient_id} has placed no standard target. Make it again with "
                f"--against NAME; 'tmsplan list targets' has the names."
            )
        return list(placed)
    return list(dict.fromkeys(_one(plan, placed, name) for name in asked))


def _one(plan: Plan, placed: Mapping[str, PlannedTarget], name: str) -> str:
    if name in placed:
        return name
    known = load_standard(name).name
    if known in placed:
        return known
    raise InputError(
        f"'{known}' has no place in the plan of {plan.patient_id}: {_why_not(plan, known)} Placed "
        f"are {', '.join(sorted(placed)) or 'none'}."
    )


def _why_not(plan: Plan, name: str) -> str:
    """Return the plan's own reason why a target was not placed, or what to do to learn it."""
    start = f"{name} was not placed: "
    for statement in plan.ranking.statements:
        if statement.id == "standard-not-placed" and start in statement.text:
            rest = statement.text.split(start, 1)[1]
            # Other targets that were not placed follow in the same statement.
            return re.split(r"; [a-z0-9-]+ was not placed: ", rest)[0].rstrip(".") + "."
    return f"the plan does not say why. Make it again with --against {name} to be told."


def _overlaps(plan: Plan, guided: str) -> dict[str, float]:
    """Return the overlap of fields with the guided target, by the other's id, where known."""
    out: dict[str, float] = {}
    for c in plan.comparisons:
        if c.efield_overlap is not None and guided in (c.a, c.b):
            out[c.b if c.a == guided else c.a] = c.efield_overlap
    return out


def _apart(a: Target, b: Target) -> float:
    return float(a.point.distances(b.point)[0])
