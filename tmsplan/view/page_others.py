"""Every other standard target that could be placed on this head, nearest first."""

from __future__ import annotations

from ..base.errors import InputError
from ..plan.compare_plan import ComparedPlan, compare
from ..plan.plan import Comparison, Plan, PlannedTarget
from .facts import number, title_of, unverified, yes_no
from .words import say, side_word

__all__ = ["compared_with_all", "other_rows"]


def compared_with_all(plan: Plan) -> ComparedPlan | None:
    """Return the guided target beside every standard one of the plan; None without either."""
    try:
        return compare(plan)
    except InputError:  # no guided target, or nothing was placed: there is nothing to weigh
        return None


def other_rows(plan: Plan, compared: ComparedPlan | None) -> list[dict[str, str]]:
    """Return the standard targets that have no card.

    Parameters
    ----------
    plan : Plan
    compared : ComparedPlan or None
        Of `compared_with_all`. Without a guided target there are no distances, and the order is
        the plan's.
    """
    apart = {} if compared is None else {r.with_guided.b: r.with_guided for r in compared.rows}
    others = sorted(plan.others, key=lambda t: _mm(apart.get(t.target.id)))
    return [_row(planned, apart.get(planned.target.id)) for planned in others]


def _mm(found: Comparison | None) -> float:
    return 0.0 if found is None else found.euclidean_mm


def _row(planned: PlannedTarget, apart: Comparison | None) -> dict[str, str]:
    target = planned.target
    return {
        "id": target.id,
        "name": title_of(target),
        "status": say("unverified" if unverified(target) else "verified"),
        "side": side_word(target.hemi),
        "depth": number(planned.pose.depth_mm, 1),
        "z": number(target.z, 2, sign=True),
        "site": say("missing")
        if planned.nearest is None
        else say("near-short", mm=planned.nearest.distance_mm, site=planned.nearest.name),
        "cortex": number(None if apart is None else apart.euclidean_mm, 1),
        "along": number(None if apart is None else apart.geodesic_mm, 1),
        "scalp": number(None if apart is None else apart.scalp_mm, 1),
        "same": "" if apart is None else yes_no(apart.within_navigation_error),
        "source": target.provenance,
    }
