"""The plain tables beside plan.json. Each row carries the labels (SYNTHETIC, ...)."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path

from ..base.table import table_bytes
from ..target.ranking import RankedParcel
from .plan import Comparison, Plan, PlannedTarget

__all__ = ["TABLES", "write_tables"]

TABLES = ("ranking.tsv", "targets.tsv", "compare.tsv")

_TARGET_COLUMNS = (
    "patient", "id", "name", "kind", "hemi", "parcel_id", "frame",
    "cortex_x_mm", "cortex_y_mm", "cortex_z_mm", "scalp_x_mm", "scalp_y_mm", "scalp_z_mm",
    "coil_x_mm", "coil_y_mm", "coil_z_mm", "depth_mm", "standoff_mm", "handle_deg", "coil",
    "z_at_target", "spread_mm", "mni_x_mm", "mni_y_mm", "mni_z_mm", "mni_template",
    "provenance", "labels",
)  # fmt: skip


def write_tables(plan: Plan, folder: Path) -> None:
    """Write ``ranking.tsv``, ``targets.tsv`` and ``compare.tsv`` into `folder`."""
    extra = {"patient": plan.patient_id, "labels": ",".join(plan.labels) or "none"}
    ranking = [
        {**asdict(r), "hemi": str(r.hemi), "reasons": ",".join(r.reasons) or None, **extra}
        for r in plan.ranking.rows
    ]
    names = [f.name for f in fields(RankedParcel)]
    (folder / "ranking.tsv").write_bytes(table_bytes(["patient", *names, "labels"], ranking))
    targets = [_target_row(t, plan) | extra for t in plan.targets]
    (folder / "targets.tsv").write_bytes(table_bytes(_TARGET_COLUMNS, targets))
    compared = [{**asdict(c), **extra} for c in plan.comparisons]
    names = [f.name for f in fields(Comparison)]
    (folder / "compare.tsv").write_bytes(table_bytes(["patient", *names, "labels"], compared))


def _target_row(planned: PlannedTarget, plan: Plan) -> dict[str, object]:
    target, pose = planned.target, planned.pose
    row: dict[str, object] = {
        "id": target.id,
        "name": target.name,
        "kind": target.kind,
        "hemi": str(target.hemi),
        "parcel_id": target.parcel_id,
        "frame": str(plan.frame),
        "depth_mm": pose.depth_mm,
        "standoff_mm": pose.standoff_mm,
        "handle_deg": pose.handle_deg,
        "coil": pose.coil,
        "z_at_target": target.z,
        "spread_mm": target.spread_mm,
        "mni_template": planned.mni_template,
        "provenance": target.provenance,
    }
    mni = planned.mni
    for prefix, xyz in (
        ("cortex", target.point.mm(plan.frame)[0]),
        ("scalp", pose.scalp_point.mm(plan.frame)[0]),
        ("coil", pose.centre.mm(plan.frame)[0]),
        ("mni", (None, None, None) if mni is None else mni.mm(mni.frame)[0]),
    ):
        for axis, value in zip("xyz", xyz, strict=True):
            row[f"{prefix}_{axis}_mm"] = None if value is None else float(value)
    return row
