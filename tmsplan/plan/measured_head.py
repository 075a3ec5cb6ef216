"""What a tape would measure on this head: landmarks, lengths, 10-10 sites; kept in the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..base.errors import InputError
from ..coil.head import (
    HeadTapes,
    Landmarks,
    NearestSite,
    TapeInstructions,
    head_tapes,
    landmarks_of,
    nearest_site,
    tape_instructions,
    ten_ten,
)
from ..coil.scalp import Scalp
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.points import Points
from ..target.ranking import Statement

__all__ = ["HeadRecord", "MeasuredHead", "head_lines", "measure_head"]


@dataclass(frozen=True, slots=True, eq=False)
class HeadRecord:
    """Landmarks, lengths and 10-10 sites of one head; plan.json's ``head``.

    Parameters
    ----------
    landmarks : Landmarks
    lengths_mm : mapping of name to float
        Tape lengths of the whole head.
    sites : mapping of 10-10 name to Points of Scanner, one row each
    """

    landmarks: Landmarks
    lengths_mm: Mapping[str, float]
    sites: Mapping[str, Points[Scanner]]


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredHead:
    """A head with its tapes laid, ready to describe places on it."""

    scalp: Scalp
    landmarks: Landmarks
    tapes: HeadTapes
    sites: Mapping[str, Points[Scanner]]

    @property
    def record(self) -> HeadRecord:
        """What the plan keeps."""
        return HeadRecord(self.landmarks, self.tapes.as_dict(), self.sites)

    def nearest(self, point: Points[Scanner]) -> NearestSite:
        """Return the 10-10 site nearest to a place of the scalp."""
        return nearest_site(point, self.sites)

    def in_words(self, point: Points[Scanner]) -> TapeInstructions | None:
        """Return how to find a place of the scalp with a tape; None below the ears."""
        try:
            return tape_instructions(point, self.scalp, self.landmarks, tapes=self.tapes)
        except InputError:  # no tape from ear to ear passes it: the plan has none for this place
            return None


def measure_head(scalp: Scalp, patient: Patient) -> MeasuredHead | str:
    """Return the measured head, or why it cannot be measured.

    Parameters
    ----------
    scalp : Scalp
    patient : Patient
        Of the same person; its given landmarks are used where it has them.
    """
    try:
        landmarks = landmarks_of(scalp, patient)
        tapes = head_tapes(scalp, landmarks)
        sites = ten_ten(scalp, landmarks, tapes=tapes)
    except InputError as err:
        return str(err)
    return MeasuredHead(scalp, landmarks, tapes, sites)


def head_lines(head: MeasuredHead | str) -> tuple[Statement, ...]:
    """Return what has to be said of the landmarks, or of their absence."""
    if isinstance(head, str):
        return (
            Statement(
                "head-not-measured",
                f"The head could not be measured, so there are no tape instructions and no 10-10 "
                f"sites: {head}",
            ),
        )
    return tuple(Statement("landmarks", text) for text in head.landmarks.statements())
