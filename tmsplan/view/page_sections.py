"""The page's sections in words: what the templates print, ready for any layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.messages import explain, message_ids
from ..plan.plan import Plan
from ..space import Tripwire
from ..target.ranking import RankedParcel
from .facts import (
    frame_words,
    number,
    region_cells,
    short_hash,
    yes_no,
)
from .look import OVERLAY
from .words import say, side_word

__all__ = [
    "checks",
    "comparison_rows",
    "head_facts",
    "provenance",
    "region_rows",
]

#: Entries of plan.json's blocks that the page shows in another form, or leaves to the file.
_ELSEWHERE = ("curve", "regions", "definitions", "calibration", "quantiles")
#: Half the width of the bar of a region, in units of its drawing.
_BAR = 50.0


def head_facts(plan: Plan) -> dict[str, str]:
    """Return what identifies the plan: T1, frame, coil."""
    coils = sorted({t.pose.coil for t in plan.targets})
    return {
        "created": plan.created.replace("T", " ")[:16] + " UTC",
        "t1": short_hash(plan.t1_sha256),
        "frame": frame_words(plan),
        "coil": ", ".join(coils) or say("missing"),
    }


def checks(tripwires: Sequence[Tripwire]) -> dict[str, Any]:
    """Return the tripwires as lights, with one line that counts them."""
    count = {s: sum(t.status == s for t in tripwires) for s in ("pass", "fail", "not-run")}
    total = len(tripwires)
    if count["pass"] == total:
        line = say("checks-all", n=total, total=total)
    else:
        line = say(
            "checks-some",
            failed=count["fail"],
            missing=count["not-run"],
            n=count["pass"],
            total=total,
        )
    rows = [
        {
            "id": t.id,
            "status": t.status,
            "word": say(f"status-{t.status}"),
            "title": explain(t.id).title if t.id in message_ids() else "",
            "value": _check_value(t),
            "why": t.why,
        }
        for t in tripwires
    ]
    return {"line": line, "rows": rows, "failed": count["fail"] > 0 or total == 0}


def _check_value(tripwire: Tripwire) -> str:
    if tripwire.value is None or tripwire.limit is None:
        return ""
    return say("check-value", value=tripwire.value, limit=tripwire.limit)


@dataclass(frozen=True, slots=True)
class _Bar:
    """A region's z as a drawing 100 units wide, 0 in the middle, the scale's limit at each end."""

    at: float
    low: float
    width: float
    sign: str


def region_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return the ranking: the cells of each row, and its bar."""
    return [
        {
            **region_cells(row),
            "id": row.parcel_id,
            "SIDE": side_word(row.hemi),
            "bar": _bar(row),
            "reachable": row.reachable,
            "competes": row.candidate,
        }
        for row in plan.ranking.rows
    ]


def _bar(row: RankedParcel) -> _Bar | None:
    if row.z is None:
        return None
    limit = OVERLAY.limit.value

    def at(z: float) -> float:
        return round(_BAR + _BAR * min(max(z / limit, -1.0), 1.0), 1)

    low, high = (row.z if v is None else v for v in (row.z_low, row.z_high))
    unusual = abs(row.z) >= OVERLAY.threshold.value
    sign = ("low" if row.z < 0 else "high") if unusual else "usual"
    return _Bar(at(row.z), at(low), round(max(at(high) - at(low), 0.5), 1), sign)


def comparison_rows(plan: Plan) -> list[dict[str, str]]:
    """Return the table of distances between targets."""
    return [
        {
            "a": c.a,
            "b": c.b,
            "cortex": number(c.euclidean_mm, 1),
            "along": number(c.geodesic_mm, 1),
            "scalp": number(c.scalp_mm, 1),
            "along_scalp": number(c.scalp_geodesic_mm, 1),
            "angle": number(c.angle_deg, 0),
            "axis": number(c.axis_angle_deg, 0),
            "same": yes_no(c.same_parcel),
            "network": say("missing") if c.same_network is None else yes_no(c.same_network),
            "overlap": say("missing")
            if c.efield_overlap is None
            else f"{100 * c.efield_overlap:.0f} %",
            "navigation": yes_no(c.within_navigation_error),
            "z": f"{number(c.z_a, 2, sign=True)} / {number(c.z_b, 2, sign=True)}",
        }
        for c in plan.comparisons
    ]


def provenance(plan: Plan) -> dict[str, Any]:
    """Return what the plan was made from and with."""
    return {
        "inputs": [(i.role, i.name, i.sha256) for i in plan.inputs],
        "claims": [(c.get("dst", ""), c.get("src", ""), _because(c)) for c in plan.claims],
        "params": [
            (name, f"{p.value:g} {p.unit}", p.source, p.overridden)
            for name, p in plan.params.as_dict().items()
        ],
        "method": [*_flat(plan.coupling), *_flat(plan.norms)],
        "versions": sorted(plan.versions.items()),
    }


def _because(claim: Mapping[str, object]) -> str:
    reason = claim.get("because", "")
    return "; ".join(map(str, reason)) if isinstance(reason, list | tuple) else str(reason)


def _flat(block: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the plain entries of a block; curves are drawn, lists of rows have their tables."""
    return [(k, _plain(v)) for k, v in block.items() if k not in _ELSEWHERE]


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} = {v}" for k, v in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
