"""The measured head as plain data, and back: plan.json's ``head`` and ``targets[].tape``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..coil.head import Landmarks, TapeInstructions
from ..space.frame import Frame, Scanner
from ..space.points import Points
from ..space.side import Hemi
from .measured_head import HeadRecord

__all__ = ["head_from", "head_to", "tape_from", "tape_to"]


def head_to(head: HeadRecord, frame: Frame[Scanner]) -> dict[str, object]:
    """Return plan.json's ``head``."""
    marks = head.landmarks
    return {
        "how": marks.how,
        "landmarks": {
            name: {
                "point_mm": point.mm(frame)[0].tolist(),
                "confidence_mm": _known(marks.confidence_mm[name]),
                "why": marks.why[name],
            }
            for name, point in marks.named().items()
        },
        "lengths_mm": dict(head.lengths_mm),
        "sites_mm": {name: point.mm(frame)[0].tolist() for name, point in head.sites.items()},
    }


def _known(mm: float) -> float | None:
    return None if np.isnan(mm) else mm


def head_from(data: Mapping[str, Any] | None, frame: Frame[Scanner]) -> HeadRecord | None:
    """Return the head of plan.json; None if it was not measured."""
    if data is None:
        return None
    found = data["landmarks"]
    landmarks = Landmarks(
        **{name: Points(one["point_mm"], frame) for name, one in found.items()},
        how=data["how"],
        confidence_mm={name: _or_nan(one["confidence_mm"]) for name, one in found.items()},
        why={name: one["why"] for name, one in found.items()},
    )
    sites = {name: Points(xyz, frame) for name, xyz in data["sites_mm"].items()}
    return HeadRecord(landmarks, data["lengths_mm"], sites)


def _or_nan(mm: float | None) -> float:
    return float("nan") if mm is None else float(mm)


def tape_to(tape: TapeInstructions) -> dict[str, object]:
    """Return plan.json's ``targets[].tape``."""
    return {
        "lines": list(tape.lines),
        "up_mm": tape.up_mm,
        "lateral_mm": tape.lateral_mm,
        "side": None if tape.side is None else str(tape.side),
        "checks_mm": dict(tape.checks_mm),
        "lengths_mm": dict(tape.lengths_mm),
    }


def tape_from(data: Mapping[str, Any] | None) -> TapeInstructions | None:
    """Return the instructions of plan.json; None if there are none."""
    if data is None:
        return None
    side = None if data["side"] is None else Hemi(data["side"])
    return TapeInstructions(**{**data, "lines": tuple(data["lines"]), "side": side})
