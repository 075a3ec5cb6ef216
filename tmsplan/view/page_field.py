"""The electric field on the page: where each pose acts; never a dose."""

from __future__ import annotations

from ..plan.plan import Plan
from .facts import number, point_words
from .page_data import badge
from .words import say

__all__ = ["field_rows", "field_statements"]


def field_rows(plan: Plan) -> list[dict[str, str]]:
    """Return one row per target that has a field; none if no field was computed."""
    guided = next((t.target.id for t in plan.targets if t.target.kind == "coupling"), None)
    shared = {frozenset((c.a, c.b)): c.efield_overlap for c in plan.comparisons}
    return [
        {
            "badge": badge(i),
            "name": planned.target.name,
            "engine": found.engine,
            "share": _percent(found.share_of_peak),
            "hotspot": number(found.hotspot_distance_mm, 1),
            "where": point_words(found.hotspot.mm(plan.frame)[0]),
            "target": number(found.e_target_v_per_m, 2),
            "missing": _percent(found.missing_share),
            "shared": say("missing")
            if planned.target.id == guided or guided is None
            else _percent(shared.get(frozenset((guided, planned.target.id)))),
        }
        for i, planned in enumerate(plan.targets)
        if (found := planned.field) is not None
    ]


def field_statements(plan: Plan) -> list[str]:
    """Return what the model leaves out and that it is no dose, in the plan's words."""
    return [s.text for s in plan.ranking.statements if s.id.startswith("efield")]


def _percent(share: float | None) -> str:
    return say("missing") if share is None else f"{100 * share:.0f} %"
