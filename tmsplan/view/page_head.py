"""The measured head on the page: landmarks, 10-10 sites, and the tape for each target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..base.param import Param
from ..plan.plan import Plan
from .facts import point_words
from .page_data import badge
from .words import say, side_word

__all__ = ["DOUBTFUL", "LandmarkRow", "TapeSheet", "head_missing", "landmark_rows", "tape_sheets"]

#: From this doubt on a landmark is called LOW CONFIDENCE beside its number.
DOUBTFUL = Param(15.0, "mm", 5, 40, "docs/decisions/0023")


@dataclass(frozen=True, slots=True)
class LandmarkRow:
    """One landmark: its name, where it is, how sure that is and where it comes from."""

    name: str
    point: str
    doubt: str
    low: bool
    why: str


@dataclass(frozen=True, slots=True)
class TapeSheet:
    """How one target is found with a tape.

    Parameters
    ----------
    badge, name, side : str
    steps : tuple of str
        Sentences to read out, in order; empty where no tape passes the place.
    checks : tuple of (str, str)
        From where, and the tape's length from there to the place, cm.
    """

    badge: str
    name: str
    side: str
    steps: tuple[str, ...]
    checks: tuple[tuple[str, str], ...]


def landmark_rows(plan: Plan) -> list[LandmarkRow]:
    """Return nasion, inion and both ears; none if the head was not measured."""
    if plan.head is None:
        return []
    marks = plan.head.landmarks
    return [
        LandmarkRow(
            name=say(f"mark-{name}"),
            point=point_words(point.mm(plan.frame)[0]),
            doubt=doubt_words(marks.confidence_mm[name]),
            low=bool(marks.confidence_mm[name] >= DOUBTFUL.value),
            why=marks.why[name],
        )
        for name, point in marks.named().items()
    ]


def doubt_words(mm: float) -> str:
    """Return "marked" or "within about 8 mm"; NaN is a landmark that a person gave."""
    if np.isnan(mm):
        return say("mark-given")
    return say("mark-low" if mm >= DOUBTFUL.value else "mark-found", mm=mm)


def head_missing(plan: Plan) -> str:
    """Return why there is no tape: the plan's own words where it has them."""
    texts = [s.text for s in plan.ranking.statements if s.id == "head-not-measured"]
    return " ".join(texts) or say("no-head")


def tape_sheets(plan: Plan) -> list[TapeSheet]:
    """Return the tape instructions of each target; none if the head was not measured.

    What has to be said of the landmarks stands once beside them and not with every target.
    """
    if plan.head is None:
        return []
    once = set(plan.head.landmarks.statements())
    return [
        TapeSheet(
            badge=badge(i),
            name=planned.target.name,
            side=side_word(planned.target.hemi),
            steps=()
            if planned.tape is None
            else tuple(line for line in planned.tape.lines if line not in once),
            checks=()
            if planned.tape is None
            else tuple(
                (name, say("tape-cm", cm=mm / 10)) for name, mm in planned.tape.checks_mm.items()
            ),
        )
        for i, planned in enumerate(plan.targets)
    ]
