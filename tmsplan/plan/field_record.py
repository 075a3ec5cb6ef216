"""The field check of one target as plain data, and back: plan.json's ``targets[].efield``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..coil.efield.measures import FieldCheck
from ..space.frame import Frame, Scanner
from ..space.points import Points

__all__ = ["field_from", "field_to"]


def field_to(check: FieldCheck, frame: Frame[Scanner]) -> dict[str, object]:
    """Return plan.json's ``efield``."""
    return {
        **check.record(),
        "peak": check.peak_v_per_m,
        "hotspot_mm": check.hotspot.mm(frame)[0].tolist(),
        "missing_share": check.missing_share,
    }


def field_from(data: Mapping[str, Any] | None, frame: Frame[Scanner]) -> FieldCheck | None:
    """Return the field check of plan.json; None where there is none."""
    if data is None:
        return None
    return FieldCheck(
        engine=data["engine"],
        e_target_v_per_m=data["e_target"],
        peak_v_per_m=data["peak"],
        share_of_peak=data["share_of_peak"],
        hotspot=Points(data["hotspot_mm"], frame),
        hotspot_distance_mm=data["hotspot_distance_mm"],
        missing_share=data["missing_share"],
    )
