"""A plan said in words and short texts: what page and sheet print, ready for any layout."""

from __future__ import annotations

from dataclasses import dataclass

from ..coil.efield.measures import FieldCheck
from ..coil.pose import CoilPose
from ..plan.plan import Plan, PlannedTarget
from ..space import Vectors
from ..target.ranking import RankedParcel
from ..target.target import Target
from .camera import Head, head_of
from .words import WORDS, reason_words, say, side_word

__all__ = [
    "TargetFacts",
    "frame_words",
    "handle_words",
    "number",
    "plan_head",
    "point_words",
    "region_cells",
    "short_hash",
    "target_facts",
    "title_of",
    "unverified",
    "yes_no",
]

#: How a standard target says in its name that nobody has checked its place.
_UNVERIFIED = " (unverified)"
#: What the page says beside the name in another way.
_SAID_BESIDE = (_UNVERIFIED, " (coupling-guided)")

#: Directions that contribute less than this share to the handle are not named.
_NAMED = 0.38


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """The texts of one target card; those of a thing that the plan has not are empty."""

    id: str
    name: str
    title: str
    unverified: bool
    kind: str
    side: str
    coil_centre: str
    scalp_point: str
    cortex: str
    cortex_side: str
    depth: str
    standoff: str
    held: str
    clearance: str
    handle: str
    handle_short: str
    handle_points: str
    handle_how: str
    nearest: str
    field: str
    field_note: str
    z: str
    interval: str
    mni: str
    mni_frame: str
    spread: str
    spread_parts: str
    why: str
    provenance: str
    pose: tuple[tuple[str, ...], ...]


def number(value: float | None, digits: int = 2, *, sign: bool = False) -> str:
    """Return a number as text, or the word for a missing one; never 0 for missing."""
    if value is None or value != value:
        return say("missing")
    return f"{value:{'+' if sign else ''}.{digits}f}"


def yes_no(value: bool) -> str:
    """Return the word for a truth value."""
    return say("yes" if value else "no")


def short_hash(sha256: str) -> str:
    """Return the first and last digits of a hash, enough to compare by eye."""
    return f"{sha256[:4]} {sha256[4:8]} … {sha256[-4:]}"


def point_words(xyz: object) -> str:
    """Return ``x = .., y = .., z = ..`` of three numbers, one decimal, plain minus signs."""
    x, y, z = (float(v) for v in xyz)  # type: ignore[attr-defined]
    return say("point", x=x, y=y, z=z)


def frame_words(plan: Plan) -> str:
    """Return the frame of all coordinates in words."""
    return say("frame-words", owner=plan.frame.owner)


def plan_head(plan: Plan) -> Head | None:
    """Return the head's own axes, or None if the plan has no scene."""
    if plan.scene is None:
        return None
    left, right = plan.scene.cortex.left.pial.points, plan.scene.cortex.right.pial.points
    return head_of(left, right, plan.scene.scalp.points)


def handle_words(planned: PlannedTarget, head: Head | None) -> str:
    """Return where the handle points, in the patient's own directions: "back and to the left".

    Without a scene the scanner's axes stand in for the head's.
    """
    pose = planned.pose.scanner_from_coil
    along = pose @ Vectors([0, -1, 0], pose.src)
    if head is None:
        right, front, up = (float(v) for v in along.components(pose.dst)[0])
    else:
        right, front, up = head.components(along)
    parts = (
        (front, say("to-front" if front > 0 else "to-back")),
        (right, say("to-right" if right > 0 else "to-left")),
        (up, say("to-up" if up > 0 else "to-down")),
    )
    return " and ".join(word for v, word in parts if abs(v) > _NAMED)


def target_facts(plan: Plan, planned: PlannedTarget, head: Head | None) -> TargetFacts:
    """Return the texts of one target.

    Parameters
    ----------
    plan : Plan
    planned : PlannedTarget
        Of `plan`.
    head : Head or None
        From `plan_head`.
    """
    target, pose, frame = planned.target, planned.pose, plan.frame
    row = next((r for r in plan.ranking.rows if r.parcel_id == target.parcel_id), None)
    cortex = target.point.mm(frame)[0]
    mni = planned.mni
    matrix = pose.scanner_from_coil.matrix(frame, pose.scanner_from_coil.src)
    return TargetFacts(
        id=target.id,
        name=target.name,
        title=title_of(target),
        unverified=unverified(target),
        kind=say(f"kind-{target.kind}"),
        side=str(target.hemi),
        coil_centre=point_words(pose.centre.mm(frame)[0]),
        scalp_point=point_words(pose.scalp_point.mm(frame)[0]),
        cortex=point_words(cortex),
        cortex_side=say("side-line", side=side_word(target.hemi), x=float(cortex[0])),
        depth=say("card-depth-value", depth=pose.depth_mm),
        standoff=say("card-standoff", standoff=pose.standoff_mm),
        held=_held(pose),
        clearance="" if pose.clearance_mm is None else say("card-clearance", mm=pose.clearance_mm),
        handle=say("card-handle-value", angle=pose.handle_deg),
        handle_short=say("card-handle-short", angle=pose.handle_deg),
        handle_points=say("card-handle-points", where=handle_words(planned, head)),
        handle_how=pose.handle,
        nearest=_nearest(planned),
        field=_field(planned.field),
        field_note=_field_note(planned.field),
        z=say("card-z-none") if target.z is None else say("card-z-value", z=target.z),
        interval=_interval(row),
        mni=say("card-mni-none") if mni is None else point_words(mni.mm(mni.frame)[0]),
        mni_frame=planned.mni_template or "",
        spread="" if target.spread_mm is None else say("card-spread", spread=target.spread_mm),
        spread_parts=_spread_parts(target),
        why=target.why,
        provenance=target.provenance,
        pose=tuple(tuple(f"{v:.3f}" for v in line) for line in matrix),
    )


def unverified(target: Target) -> bool:
    """Return whether a standard target's place was never checked against its source."""
    return target.name.endswith(_UNVERIFIED)


def title_of(target: Target) -> str:
    """Return the name of a target without what the page says beside it in another way."""
    name = target.name
    for ending in _SAID_BESIDE:
        name = name.removesuffix(ending)
    return name


def _held(pose: CoilPose) -> str:
    """Return "coil 4.0 mm off the scalp", and hair, lift and tilt where there are any."""
    parts = [say("card-standoff", standoff=pose.standoff_mm)]
    if pose.hair_mm:
        parts.append(say("card-hair", mm=pose.hair_mm))
    if pose.lift_mm:
        parts.append(say("card-lift", mm=pose.lift_mm))
    if pose.tilt_deg:
        parts.append(say("card-tilt", deg=pose.tilt_deg))
    return ", ".join(parts)


def _nearest(planned: PlannedTarget) -> str:
    site = planned.nearest
    if site is None:
        return ""
    return say("card-nearest-value", mm=site.distance_mm, site=site.name)


def _field(field: FieldCheck | None) -> str:
    return "" if field is None else say("card-field-share", share=100 * field.share_of_peak)


def _field_note(field: FieldCheck | None) -> str:
    if field is None:
        return ""
    note = say("card-field-note", mm=field.hotspot_distance_mm, engine=field.engine)
    if field.missing_share > 0:
        note += " " + say("card-field-missing", share=100 * field.missing_share)
    return note


def _spread_parts(target: Target) -> str:
    """Return "17.7 mm by a second scan, 2.1 mm by other controls": what the spread is made of."""
    return ", ".join(
        say("card-spread-part", mm=mm, what=WORDS.get(f"spread:{name}", name))
        for name, mm in target.spread_parts.items()
    )


def _interval(row: RankedParcel | None) -> str:
    if row is None or row.z_low is None or row.z_high is None:
        return ""
    return say("card-z-interval", low=row.z_low, high=row.z_high)


def region_cells(row: RankedParcel) -> dict[str, str]:
    """Return the texts of one row of the ranking."""
    interval = "" if row.z_low is None or row.z_high is None else _interval(row)
    return {
        "rank": str(row.rank),
        "name": row.name,
        "side": say(str(row.hemi)),
        "value": number(row.value, 3),
        "z": number(row.z, 2, sign=True),
        "interval": interval or say("missing"),
        "centile": say("missing") if row.centile is None else f"{100 * row.centile:.1f}",
        "q": number(row.q, 3),
        "p_top": number(row.p_top, 2),
        "places": say("missing")
        if row.rank_best is None
        else say("rank-range", best=row.rank_best, worst=row.rank_worst),
        "coverage": f"{100 * row.coverage:.0f} %",
        "candidate": yes_no(row.candidate),
        "reach": yes_no(row.reachable),
        "reasons": "; ".join(reason_words(r) for r in row.reasons),
    }
