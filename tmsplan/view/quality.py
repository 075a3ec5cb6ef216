"""What page and sheet say about the scans, the definitions of coupling and the norms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..plan.plan import Plan
from .facts import number
from .words import WORDS, say

__all__ = ["calibration_rows", "definition_rows", "quality_rows"]

#: Parts of a calibration that are no number about the norms.
_NAMES_OF_GROUPS = ("group",)


def quality_rows(plan: Plan) -> list[tuple[str, str]]:
    """Return name and value of everything that was measured about the scans, by name."""
    return [(_name(key), _text(value)) for key, value in sorted(plan.qc.items())]


def _name(key: str) -> str:
    return WORDS.get(f"qc:{key}", key.replace("_", " "))


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return say("missing") if value is None else str(value)
    return f"{value:.4g}"


def definition_rows(plan: Plan) -> list[dict[str, str]]:
    """Return each definition of coupling beside the chosen one, and where it ranks the first."""
    found = plan.coupling.get("definitions")
    best = plan.ranking.best
    if not isinstance(found, Sequence):
        return []
    return [_definition(one, None if best is None else best.parcel_id) for one in found]


def _definition(one: Mapping[str, Any], first: int | None) -> dict[str, str]:
    rank = one.get("ranks", {}).get(str(first))
    return {
        "method": str(one["method"]),
        "unit": str(one["unit"]),
        "agreement": number(one["rho"], 2, sign=True),
        "rank": say("missing") if rank is None else say("rank-of", rank=rank, n=one["n"]),
    }


def calibration_rows(plan: Plan) -> list[tuple[str, str]]:
    """Return what the norms' own controls say about the norms, each against the others."""
    found = plan.norms.get("calibration")
    if not isinstance(found, Mapping):
        return []
    return [(_name(k), _text(v)) for k, v in found.items() if k not in _NAMES_OF_GROUPS]
