"""A compared plan for a terminal: one line a target, nearest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .compare_plan import ComparedPlan, ComparedTarget

__all__ = ["compared_text"]

_HEAD = (
    ("", "target"),
    ("cortex", "mm"),
    ("along", "mm"),
    ("scalp", "mm"),
    ("along", "mm"),
    ("turn", "deg"),
    ("axis", "deg"),
    ("depth", "mm"),
    ("", "z"),
    ("field", "shared"),
    ("", "same"),
)
_NONE = "-"
_LEGEND = (
    "cortex: between the cortical points, straight and along the mid-cortex (- across\n"
    "hemispheres). scalp: the same for the coil's places. turn: between the poses. axis: the\n"
    "same if a coil turned half round counts as one. field: of what both act on strongly."
)


def compared_text(compared: ComparedPlan) -> str:
    """Return labels, guided target, table and statements."""
    plan, target = compared.plan, compared.guided.target
    lines = [f"*** {' · '.join(plan.labels)} ***"] if plan.labels else []
    lines += [f"{target.id}: {target.name} ({str(target.hemi).upper()}) beside:", ""]
    rows = [_cells(r) for r in compared.rows]
    table = [tuple(h[0] for h in _HEAD), tuple(h[1] for h in _HEAD), *rows]
    widths = [max(len(row[k]) for row in table) for k in range(len(_HEAD))]
    for row in table:
        # Names to the left, numbers to the right, the last column runs free.
        first, *numbers, last = row
        middle = [cell.rjust(w) for cell, w in zip(numbers, widths[1:-1], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *middle, last]).rstrip())
    lines += ["", _LEGEND]
    return "\n".join([*lines, *(f"! {text}" for text in compared.statements())])


def _cells(row: ComparedTarget) -> tuple[str, ...]:
    pair, pose = row.with_guided, row.planned.pose
    target = row.planned.target
    name = f"{target.id} ({target.hemi})"
    if "(unverified)" in target.name:
        name += " unverified"
    same = [w for w, yes in (("parcel", pair.same_parcel), ("network", pair.same_network)) if yes]
    if pair.within_navigation_error:
        same.append("place: not to be told apart")
    return (
        name,
        _number(pair.euclidean_mm, 1),
        _number(pair.geodesic_mm, 1),
        _number(pair.scalp_mm, 1),
        _number(pair.scalp_geodesic_mm, 1),
        _number(pair.angle_deg, 0),
        _number(pair.axis_angle_deg, 0),
        _number(pose.depth_mm, 1),
        _number(target.z, 2),
        _number(pair.efield_overlap, 2),
        ", ".join(same),
    )


def _number(value: float | None, decimals: int) -> str:
    return _NONE if value is None else f"{value:.{decimals}f}"
