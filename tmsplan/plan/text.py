"""A plan for a terminal: labels and tripwires first, then the verdict, then the targets."""

from __future__ import annotations

from .plan import Plan, PlannedTarget

__all__ = ["plan_text"]


def plan_text(plan: Plan) -> str:
    """Return the plan in words, every side in words, the frame of the numbers named once."""
    lines = [f"*** {' · '.join(plan.labels)} ***"] if plan.labels else []
    lines += [str(t) for t in plan.tripwires]
    lines += ["", f"{plan.ranking.verdict}: {plan.ranking.why}", ""]
    lines.append(f"coordinates in mm, {plan.frame} RAS")
    for planned in plan.targets:
        lines += _target_lines(planned, plan)
    lines += ["", *(f"! {c}" for c in plan.caveats)]
    return "\n".join(lines)


def _target_lines(planned: PlannedTarget, plan: Plan) -> list[str]:
    target, pose = planned.target, planned.pose
    x, y, z = pose.centre.mm(plan.frame)[0]
    u, v, w = target.point.mm(plan.frame)[0]
    score = "" if target.z is None else f", z {target.z:.2f}"
    return [
        f"{target.id}: {target.name} ({str(target.hemi).upper()}{score})",
        f"  cortex ({u:.1f}, {v:.1f}, {w:.1f}) mm, {pose.depth_mm:.1f} mm under the scalp",
        f"  coil   ({x:.1f}, {y:.1f}, {z:.1f}) mm, {pose.coil}, handle at {pose.handle_deg:g}°",
    ]
