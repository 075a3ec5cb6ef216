"""Every standard target by one name: template points, rules on the scalp, the patient's own BOLD.

The rules live here and not among the targets because a rule needs the scalp.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..atlas.atlas import Atlas
from ..base.errors import InputError
from ..base.param import Param
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.points import Points
from ..space.side import Hemi
from ..target import read_standard
from ..target.place_standard import CorticalPlace, cortical_target, place_standard
from ..target.sgacc import sgacc_target
from ..target.standard_target import ScalpRule, StandardTarget
from ..target.target import Target
from .head import (
    Landmarks,
    along_scalp,
    beam_f3,
    landmarks_of,
    position_called,
    tape_between,
    ten_ten,
)
from .head.beam import BeamForm
from .head.find_landmarks import LOW_CONFIDENCE
from .scalp import Scalp

__all__ = [
    "ScalpMark",
    "place_scalp_standard",
    "scalp_mark",
    "standard_names",
    "standard_target",
]

#: A hotspot farther from the scalp than this is neither on it nor on the cortex under it.
HOTSPOT_OFF = Param(40.0, "mm", 10, 60, "anatomy: cortex lies up to 30 mm under the scalp")
#: How much deeper than the nearest cortex the cortex under a mark may lie: less than a sulcus.
SLACK = Param(5.0, "mm", 0, 10, "docs/decisions/0025")
#: Cortex deeper than this under a rule's point is not what the rule means: the scalp is off.
DEEPEST = Param(45.0, "mm", 20, 80, "docs/decisions/0025")


@dataclass(frozen=True, slots=True, eq=False)
class ScalpMark:
    """The place on the scalp that a rule leads to.

    Parameters
    ----------
    point : Points of Scanner, one row
        On the scalp's triangles.
    words : str
        What was measured from where, and how sure the start is.
    """

    point: Points[Scanner]
    words: str


def standard_names() -> tuple[str, ...]:
    """Return the names of all standard targets, of whatever kind, sorted."""
    return read_standard.standard_names("any")


def standard_target(
    name: str,
    patient: Patient,
    scalp: Scalp,
    atlas: Atlas | None = None,
    *,
    hotspot: Points[Scanner] | None = None,
    landmarks: Landmarks | None = None,
) -> Target:
    """Place any standard target on a patient.

    Parameters
    ----------
    name : str
        One of `standard_names`, or an alias.
    patient : Patient
    scalp : Scalp
        Of the same patient; read by the rules only.
    atlas : Atlas, optional
        Tells which parcel the target falls into.
    hotspot : Points of Scanner, one row, optional
        Motor hotspot of the hand, where a tape along the scalp starts.
    landmarks : Landmarks, optional
        Of the head, where a person marked them; else they are found.

    Raises
    ------
    InputError
        If there is no such target, or it cannot be placed; says why.
    FrameError
        If the patient has no route from the target's template.
    """
    kind = read_standard.load_standard(name).kind
    if kind == "bold":
        return sgacc_target(patient, atlas)
    if kind == "cortex":
        return place_standard(name, patient, atlas)
    return place_scalp_standard(name, patient, scalp, atlas, hotspot=hotspot, landmarks=landmarks)


def place_scalp_standard(
    name: str,
    patient: Patient,
    scalp: Scalp,
    atlas: Atlas | None = None,
    *,
    hotspot: Points[Scanner] | None = None,
    landmarks: Landmarks | None = None,
) -> Target:
    """Place a rule on the scalp, and name the cortex under it.

    The rule is a scalp point (`scalp_mark`); the target is the mid-cortex vertex of its side
    that lies under it, so that a coil over the target stands on the mark.

    Raises
    ------
    InputError
        If the target is no rule, a landmark or the start cannot be found, or no cortex lies
        under the point.

    Parameters and returns as for `standard_target`.
    """
    standard = read_standard.load_standard(name)
    if standard.rule is None:
        raise InputError(f"'{standard.name}' is a {standard.kind} target, no rule on the scalp.")
    mark = scalp_mark(standard, patient, scalp, hotspot=hotspot, landmarks=landmarks)
    vertex, under = _under(mark, standard.hemi, patient, scalp)
    place = CorticalPlace(vertex, f"{under}: {mark.words}")
    return cortical_target(standard, place, patient, atlas)


def scalp_mark(
    standard: StandardTarget,
    patient: Patient,
    scalp: Scalp,
    *,
    hotspot: Points[Scanner] | None = None,
    landmarks: Landmarks | None = None,
) -> ScalpMark:
    """Return where on the scalp a rule leads. Parameters as for `standard_target`.

    Raises
    ------
    InputError
        As `place_scalp_standard`.
    """
    rule = standard.rule
    if rule is None:
        raise InputError(f"'{standard.name}' is no rule on the scalp.")
    if rule.by == "along":
        return _along(rule, standard.hemi, patient, scalp, hotspot)
    marks = landmarks or _landmarks(scalp, patient)
    if rule.by == "beam":
        return _beam(rule, standard.hemi, scalp, marks)
    return _sites(rule, scalp, marks)


def _beam(rule: ScalpRule, side: Hemi, scalp: Scalp, marks: Landmarks) -> ScalpMark:
    form: BeamForm = "simple" if rule.form == "simple" else "program"
    found = beam_f3(scalp, marks, side, form=form, mri_adjusted=rule.adjusted)
    return ScalpMark(found.point, f"{found.name}, {found.numbers}; {_sureness(marks)}")


def _sites(rule: ScalpRule, scalp: Scalp, marks: Landmarks) -> ScalpMark:
    every = ten_ten(scalp, marks)
    places = [position_called(site, every) for site in rule.sites]
    point = places[0]
    if len(places) > 1:
        point = tape_between(scalp, *places).on_skin_at_share(0.5)
    return ScalpMark(point, f"{rule}; {_sureness(marks)}")


def _along(
    rule: ScalpRule, side: Hemi, patient: Patient, scalp: Scalp, hotspot: Points[Scanner] | None
) -> ScalpMark:
    plane = patient.midplane()
    if hotspot is None:
        start, words = _over_the_knob(rule, patient)
    else:
        start, words = hotspot, "start: the hotspot that was given"
        _require_hotspot(start, side, patient, scalp)
    point = along_scalp(scalp, start, rule.distance_mm, to_right=plane.to_right)
    return ScalpMark(point, f"{rule.distance_mm / 10:g} cm forward along the scalp; {words}")


def _over_the_knob(rule: ScalpRule, patient: Patient) -> tuple[Points[Scanner], str]:
    knob = read_standard.load_standard(rule.start)
    target = place_standard(rule.start, patient)
    return target.point, (
        f"start: no hotspot was given, so the scalp over {knob.name} ({knob.where}, "
        f"{knob.status}), an estimate of it: people's hotspots lie 1 cm and more from it"
    )


def _require_hotspot(hotspot: Points[Scanner], side: Hemi, patient: Patient, scalp: Scalp) -> None:
    """Refuse a hotspot that is not on this head, or on the other side of it."""
    away = float(scalp.contact(hotspot).distance_mm[0])
    if away > HOTSPOT_OFF.value:
        raise InputError(
            f"{patient.id}: the hotspot {hotspot} lies {away:.0f} mm from the scalp. Expected at "
            f"most {HOTSPOT_OFF.value:g} mm; it may be in another frame or of another head."
        )
    found = patient.midplane().side(hotspot)[0]
    if found is not side:
        raise InputError(
            f"{patient.id}: the hotspot {hotspot} lies on the {found} side; this rule starts on "
            f"the {side} side. Give the hotspot of the other hand, or check its frame."
        )


def _under(mark: ScalpMark, side: Hemi, patient: Patient, scalp: Scalp) -> tuple[int, str]:
    """Return the mid-cortex vertex under a mark, and how it lies, in words.

    The nearest vertex alone would not do: a coil is held over the scalp nearest to its target,
    and that was up to 9 mm from the mark. Of the vertices nearly as near as the nearest one, the
    one is taken whose own nearest scalp is closest to the mark.
    """
    mid = patient.cortex.side(side).mid.points
    gaps = mid.distances(mark.point)
    least = float(gaps.min())
    if least > DEEPEST.value:
        raise InputError(
            f"{patient.id}: the rule leads to {mark.point} on the scalp, and the nearest {side} "
            f"cortex lies {least:.0f} mm away. Expected at most {DEEPEST.value:g} mm; check the "
            f"landmarks and that the scalp is this patient's."
        )
    near = np.flatnonzero(gaps <= least + SLACK.value)
    off = scalp.contact(mid.take(near)).points.distances(mark.point)
    best = int(off.argmin())
    return int(near[best]), (
        f"the cortex is the nearest point under it ({gaps[near[best]]:.1f} mm deep, the "
        f"scalp over it {off[best]:.1f} mm from the mark)"
    )


def _sureness(marks: Landmarks) -> str:
    """Say whether a person marked the landmarks; if not, how far each may be off."""
    if marks.how == "given":
        return "landmarks as given"
    sure = {name: mm for name, mm in marks.confidence_mm.items() if not np.isnan(mm)}
    each = ", ".join(f"{name} within about {mm:.0f} mm" for name, mm in sure.items())
    low = [name for name, mm in sure.items() if mm > LOW_CONFIDENCE.value]
    words = f"landmarks were FOUND, not marked by a person: {each}"
    return f"{words}; LOW CONFIDENCE in {', '.join(low)}" if low else words


@lru_cache(maxsize=1)
def _landmarks(scalp: Scalp, patient: Patient) -> Landmarks:
    """Find the landmarks once for all rules of one plan (compared by identity)."""
    return landmarks_of(scalp, patient)
