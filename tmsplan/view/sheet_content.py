"""What a target sheet says, in words and short texts, ready for either layout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..base import strict_json
from ..base.provenance import sha256_bytes
from ..plan.plan import Comparison, Plan, PlannedTarget
from ..plan.record import plan_to_record
from ..space import Frame, Points, Scanner
from .camera import Head
from .facts import (
    TargetFacts,
    frame_words,
    number,
    point_words,
    short_hash,
    target_facts,
    yes_no,
)
from .page_statements import FIRST
from .sheet_paper import A4_MM, text_width
from .words import say, side_word

__all__ = [
    "LandmarkCheck",
    "SheetContent",
    "Who",
    "all_statements",
    "sheet_content",
    "who",
]

#: Rows of the comparison; the others are in compare.tsv and on the page.
MOST_ROWS = 5
#: Landmarks that a person can touch with a navigator's pointer while sitting in the chair.
_TOUCHED = ("nasion", "lpa", "rpa")
#: Statements that the sheet says in another place: in its table of landmarks, and where the
#: tape instructions would stand.
_ELSEWHERE = (
    "landmarks",
    "head-not-measured",
    "synthetic",  # the band on top of every page
    "efield-no-dose",  # beside the field's numbers
    "scalp-maps",  # none is on the sheet
)
#: From this doubt on a landmark does not check a registration (docs/decisions/0023).
_DOUBTFUL_MM = 15.0
#: Room for a name in one line of large letters, mm.
_NAME_MM, _PATIENT_MM = 106.0, 45.0
_LENGTH = re.compile(r"(\d+\.\d cm)")


@dataclass(frozen=True, slots=True)
class Who:
    """The head of every page: whose plan this is, and from which T1."""

    patient: str
    labels: tuple[tuple[str, str], ...]
    plan: str
    created: str
    t1: str
    t1_date: str
    frame: str

    @property
    def long_patient(self) -> bool:
        """Whether the pseudonym needs smaller letters."""
        return text_width(self.patient, 10.0, "bold") * A4_MM > _PATIENT_MM


@dataclass(frozen=True, slots=True)
class LandmarkCheck:
    """One landmark to touch: where it should read, and how sure that is."""

    name: str
    point: str
    doubt: str
    low: bool


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One other target beside this one."""

    name: str
    cortex: str
    scalp: str
    overlap: str
    same: str


@dataclass(frozen=True, slots=True)
class SheetContent:
    """One target's sheet.

    Parameters
    ----------
    facts : TargetFacts
    side : str
        ``LEFT`` or ``RIGHT``, of the patient.
    frame : str
        Of every coordinate but the template's.
    coil_xyz, cortex_xyz : tuple of (axis, mm)
        The two places, number by number, to be set large.
    stands_out : bool
        False: the sheet begins by saying that no region stands out.
    held : str
        Standoff, hair, lift and tilt.
    nearest : str
        10-10 site, or that there is none.
    tape : tuple of str
        Instructions, or one sentence on why there are none.
    landmarks : tuple of LandmarkCheck
        Three, or none where the head was not measured.
    landmarks_note : str
        Where they come from; or that there are none and why.
    rows : tuple of ComparisonRow
    more : str
        How many comparisons are not shown; may be empty.
    field : str
        What the field of this pose says; empty without one.
    checks : tuple of str
        The list before the first pulse.
    """

    facts: TargetFacts
    side: str
    frame: str
    coil_xyz: tuple[tuple[str, str], ...]
    cortex_xyz: tuple[tuple[str, str], ...]
    stands_out: bool
    held: str
    nearest: str
    tape: tuple[str, ...]
    landmarks: tuple[LandmarkCheck, ...]
    landmarks_note: str
    rows: tuple[ComparisonRow, ...]
    more: str
    field: str
    checks: tuple[str, ...]

    @property
    def long_name(self) -> bool:
        """Whether the target's name needs smaller letters."""
        return text_width(self.facts.name, 14.0, "bold") * A4_MM > _NAME_MM

    @property
    def tape_parts(self) -> list[list[tuple[str, bool]]]:
        """Each instruction as parts; true marks a length that is to be read from afar."""
        return [
            [(part, bool(k % 2)) for k, part in enumerate(_LENGTH.split(line)) if part]
            for line in self.tape
        ]


def who(plan: Plan) -> Who:
    """Return the head of every page of a plan's sheet."""
    from .words import WORDS

    return Who(
        patient=plan.patient_id,
        labels=tuple((label, WORDS.get(f"label:{label}", "")) for label in plan.labels),
        plan=short_hash(sha256_bytes(strict_json.dump_bytes(plan_to_record(plan)))),
        created=plan.created.replace("T", " ")[:16] + " UTC",
        t1=short_hash(plan.t1_sha256),
        t1_date=say("sheet-date-none"),
        frame=frame_words(plan),
    )


def all_statements(plan: Plan) -> list[str]:
    """Return verdict, statements (warnings first) and caveats that no band or table says."""
    verdict = f"{say(f'verdict-{plan.ranking.verdict}')}: {plan.ranking.why}"
    found = [s for s in plan.ranking.statements if s.id not in _ELSEWHERE]
    said = [s.text for s in sorted(found, key=lambda s: s.id not in FIRST)]
    # The bands on top of every page say what the first words of these do, and the foot the rest.
    caveats = [c for c in plan.caveats if not c.startswith(("SYNTHETIC:", "Research software,"))]
    return [verdict, *said, *caveats]


def sheet_content(plan: Plan, planned: PlannedTarget, head: Head | None) -> SheetContent:
    """Return everything that one target's sheet says.

    Parameters
    ----------
    plan : Plan
    planned : PlannedTarget
        Of `plan`.
    head : Head or None
        From `plan_head`.
    """
    facts = target_facts(plan, planned, head)
    rows, more = _comparisons(plan, planned.target.id)
    note = _landmarks_note(plan)
    return SheetContent(
        facts=facts,
        side=side_word(planned.target.hemi),
        frame=frame_words(plan),
        coil_xyz=_xyz(planned.pose.centre, plan.frame),
        cortex_xyz=_xyz(planned.target.point, plan.frame),
        stands_out=plan.ranking.verdict == "target",
        held=_held(planned),
        nearest=_nearest(planned),
        tape=_tape(plan, planned),
        landmarks=_landmarks(plan),
        landmarks_note=note,
        rows=rows,
        more=more,
        field=_field(planned),
        checks=_checks(facts),
    )


def _xyz(point: Points[Scanner], frame: Frame[Scanner]) -> tuple[tuple[str, str], ...]:
    return tuple(zip("xyz", (number(v, 1) for v in point.mm(frame)[0]), strict=True))


def _held(planned: PlannedTarget) -> str:
    pose = planned.pose
    parts = [say("sheet-standoff", mm=pose.standoff_mm)]
    if pose.hair_mm:
        parts.append(say("sheet-hair", mm=pose.hair_mm))
    if pose.lift_mm:
        parts.append(say("sheet-lift", mm=pose.lift_mm))
    parts.append(say("sheet-tilt", deg=pose.tilt_deg) if pose.tilt_deg else say("sheet-flat"))
    return ", ".join(parts)


def _nearest(planned: PlannedTarget) -> str:
    site = planned.nearest
    if site is None:
        return say("missing")
    return say("sheet-nearest", mm=site.distance_mm, site=site.name)


def _why_no_head(plan: Plan) -> str:
    texts = [s.text for s in plan.ranking.statements if s.id == "head-not-measured"]
    return " ".join(texts) or say("sheet-no-head")


def _tape(plan: Plan, planned: PlannedTarget) -> tuple[str, ...]:
    if plan.head is None:
        return (_why_no_head(plan),)
    if planned.tape is None:
        return (say("sheet-no-tape"),)
    # Where each landmark comes from is said in the table of landmarks, and on the page.
    spoken = set(plan.head.landmarks.statements())
    return tuple(line for line in planned.tape.lines if line not in spoken)


def _landmarks(plan: Plan) -> tuple[LandmarkCheck, ...]:
    if plan.head is None:
        return ()
    marks = plan.head.landmarks
    return tuple(
        LandmarkCheck(
            name=say(f"sheet-mark-{name}"),
            point=point_words(marks.named()[name].mm(plan.frame)[0]),
            doubt=_doubt(marks.confidence_mm[name]),
            low=marks.confidence_mm[name] >= _DOUBTFUL_MM,
        )
        for name in _TOUCHED
    )


def _doubt(mm: float) -> str:
    if np.isnan(mm):
        return say("sheet-mark-given")
    low = mm >= _DOUBTFUL_MM
    return say("sheet-mark-low" if low else "sheet-mark-found", mm=mm)


def _landmarks_note(plan: Plan) -> str:
    if plan.head is None:
        return say("sheet-marks-none")
    return say(f"sheet-marks-{plan.head.landmarks.how}")


def _comparisons(plan: Plan, me: str) -> tuple[tuple[ComparisonRow, ...], str]:
    """Return the nearest others, those of the other kind first; and how many are not shown."""
    known: Mapping[str, PlannedTarget] = {t.target.id: t for t in (*plan.targets, *plan.others)}
    kind = known[me].target.kind
    pairs = [(c.b if c.a == me else c.a, c) for c in plan.comparisons if me in (c.a, c.b)]
    pairs.sort(key=lambda p: (p[0] in known and known[p[0]].target.kind == kind, _mm(p[1])))
    rows = tuple(
        ComparisonRow(
            name=known[other].target.name if other in known else other,
            cortex=number(c.euclidean_mm, 1),
            scalp=number(c.scalp_mm, 1),
            overlap=say("missing")
            if c.efield_overlap is None
            else f"{100 * c.efield_overlap:.0f} %",
            same=yes_no(c.within_navigation_error),
        )
        for other, c in pairs[:MOST_ROWS]
    )
    hidden = len(pairs) - len(rows)
    return rows, say("sheet-compare-more", n=hidden) if hidden else ""


def _mm(comparison: Comparison) -> float:
    return comparison.euclidean_mm


def _field(planned: PlannedTarget) -> str:
    found = planned.field
    if found is None:
        return ""
    words = say(
        "sheet-field",
        engine=found.engine,
        share=100 * found.share_of_peak,
        mm=found.hotspot_distance_mm,
    )
    if found.missing_share > 0:
        words += " " + say("sheet-field-missing", share=100 * found.missing_share)
    return words


def _checks(facts: TargetFacts) -> tuple[str, ...]:
    return (
        say("sheet-check-t1"),
        say("sheet-check-capsule"),
        say("sheet-check-side", side=facts.cortex_side.split(",")[0]),
        say("sheet-check-registration"),
        say("sheet-check-readback"),
        say("sheet-check-handle", where=facts.handle_points),
        say("sheet-check-safety"),
    )
