"""Target cards and the strip of numbers: which side, which point, how deep, how far from F3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..plan.compare_plan import ComparedPlan
from ..plan.plan import Comparison, Plan, PlannedTarget
from .facts import number, plan_head, target_facts
from .page_data import badge
from .page_images import embedded
from .pictures import VIEWS
from .words import say, side_word

__all__ = ["BEAM_F3", "Apart", "target_cards"]

#: The standard target that everybody knows; distances to it are said by its name.
BEAM_F3 = "beam-f3"


@dataclass(frozen=True, slots=True)
class Apart:
    """How far a target lies from the one that it is weighed against."""

    title: str
    mm: str
    note: str


def target_cards(
    plan: Plan,
    pictures: Mapping[str, Mapping[str, Path]],
    compared: ComparedPlan | None = None,
) -> list[dict[str, Any]]:
    """Return for each target its letter, facts, distances to the others, and pictures.

    Parameters
    ----------
    plan : Plan
    pictures : mapping of target id to mapping of view id to PNG file
    compared : ComparedPlan or None
        The guided target beside every standard one, to say how far Beam F3 is where the plan
        placed it without showing it.
    """
    axes = plan_head(plan)
    letters = {t.target.id: badge(i) for i, t in enumerate(plan.targets)}
    return [
        {
            "badge": letters[planned.target.id],
            "kind": planned.target.kind,
            "side": side_word(planned.target.hemi),
            "facts": target_facts(plan, planned, axes),
            "depth": say("card-depth-short", depth=planned.pose.depth_mm),
            "z": number(planned.target.z, 2, sign=True),
            "spread": ""
            if planned.target.spread_mm is None
            else say("card-spread-short", spread=planned.target.spread_mm),
            "apart": _apart_line(pairs := _pairs(plan, planned, compared), letters),
            "reference": _reference(plan, planned, pairs, letters),
            "pictures": [
                {"id": v.id, "title": say(v.id), "src": embedded(found[v.id])}
                for v in VIEWS
                if v.id in (found := pictures.get(planned.target.id, {}))
            ],
        }
        for planned in plan.targets
    ]


def _pairs(
    plan: Plan, planned: PlannedTarget, compared: ComparedPlan | None
) -> dict[str, Comparison]:
    """Return the comparisons with targets of the other kind, nearest first.

    What is weighed is the guided target against the standard ones: they are not set against
    each other here.
    """
    me, kinds = planned.target, {t.target.id: t.target.kind for t in plan.targets}
    found = {c.b if c.a == me.id else c.a: c for c in plan.comparisons if me.id in (c.a, c.b)}
    found = {other: c for other, c in found.items() if kinds.get(other, me.kind) != me.kind}
    if BEAM_F3 not in found and compared is not None and compared.guided.target.id == me.id:
        beside = (r.with_guided for r in compared.rows)
        found |= {c.b: c for c in beside if c.b == BEAM_F3}
    return dict(sorted(found.items(), key=lambda pair: pair[1].euclidean_mm))


def _called(other: str, letters: Mapping[str, str]) -> str:
    """Return "Beam F3 (B)", "Beam F3" or "C"."""
    if other != BEAM_F3:
        return letters[other]
    if other in letters:
        return say("apart-f3-letter", letter=letters[other])
    return say("apart-f3")


def _apart_line(pairs: Mapping[str, Comparison], letters: Mapping[str, str]) -> str:
    """Return "16.4 mm from Beam F3 (B); C 6.8, D 27.8 mm": Beam F3 first, then by distance."""
    order = sorted(pairs, key=lambda other: other != BEAM_F3)
    if not order:
        return ""
    first, *more = ((pairs[k].euclidean_mm, _called(k, letters)) for k in order)
    line = say("apart-one", mm=first[0], other=first[1])
    if not more:
        return line
    rest = ", ".join(say("apart-more", mm=mm, other=other) for mm, other in more)
    return say("apart-line", first=line, more=rest)


def _reference(
    plan: Plan,
    planned: PlannedTarget,
    pairs: Mapping[str, Comparison],
    letters: Mapping[str, str],
) -> Apart | None:
    """Return the distance that is seen at once: from Beam F3, or from the guided target."""
    if not pairs:
        return None
    other = BEAM_F3 if BEAM_F3 in pairs else next(iter(pairs))
    row, guided = pairs[other], planned.target.kind != "coupling"
    title = say("apart-guided" if guided else "apart-from", other=_called(other, letters))
    note = say("apart-scalp", mm=row.scalp_mm)
    if row.within_navigation_error:
        note = say("apart-same", mm=plan.params.navigation_error.value)
    return Apart(title, say("apart-mm", mm=row.euclidean_mm), note)
