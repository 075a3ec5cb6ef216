"""A place of the scalp in words, for a room without a navigator: two tapes and a pen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...base.errors import InputError
from ...space.frame import Scanner
from ...space.points import Points
from ...space.side import Hemi
from ..scalp import Scalp
from .landmarks import Landmarks
from .measures import HeadTapes, head_tapes
from .tape import Tape, on_scalp, tape_between, tape_over

__all__ = ["TapeInstructions", "tape_instructions", "walk_instructions"]


@dataclass(frozen=True, slots=True)
class TapeInstructions:
    """How to find a place with a tape.

    Parameters
    ----------
    lines : tuple of str
        Sentences to read out, in order; lengths in cm, rounded to 1 mm.
    up_mm : int
        From the nasion along the midline towards the inion.
    lateral_mm : int
        From there along the tape from ear to ear.
    side : Hemi or None
        To which side; None on the midline.
    checks_mm : mapping of name to int
        Tape from nasion, inion, the ear of the same side (both on the midline) and vertex to the
        place.
    lengths_mm : mapping of name to int
        The whole head, to see that the same landmarks were found.
    """

    lines: tuple[str, ...]
    up_mm: int
    lateral_mm: int
    side: Hemi | None
    checks_mm: Mapping[str, int]
    lengths_mm: Mapping[str, int]

    @property
    def numbers(self) -> dict[str, int]:
        """All lengths by name, mm."""
        checks = {f"{name}_to_point_mm": mm for name, mm in self.checks_mm.items()}
        own = {"up_mm": self.up_mm, "lateral_mm": self.lateral_mm}
        return {**own, **checks, **self.lengths_mm}

    def __str__(self) -> str:
        return "\n".join(self.lines)


def tape_instructions(
    point: Points[Scanner],
    scalp: Scalp,
    landmarks: Landmarks,
    *,
    tapes: HeadTapes | None = None,
) -> TapeInstructions:
    """Say how to find a place of the scalp with a tape.

    The place is given by the tape from ear to ear that passes it: where that tape crosses the
    midline, and how far from there the place is. Distances from nasion, inion, ear and vertex
    follow, to check it by a second way.

    Parameters
    ----------
    point : Points of Scanner, one row
        On the scalp; it is moved to the nearest place of it.
    scalp : Scalp
    landmarks : Landmarks
    tapes : HeadTapes or None
        If they were measured already.

    Raises
    ------
    InputError
        If the place lies below the line from nasion over the ears to the inion.
    """
    laid = tapes or head_tapes(scalp, landmarks)
    place = on_scalp(scalp, point)
    up = _crossing_mm(laid.sagittal, landmarks, place)
    if up is None:
        raise InputError(
            f"{scalp.surface.domain}: the place {place} lies below the plane of nasion, ears and "
            f"inion, where no tape from ear to ear over the midline passes. Use a navigator for "
            f"it."
        )
    middle = laid.sagittal.on_skin(up)
    ears = tape_over(scalp, landmarks.lpa, middle, landmarks.rpa)
    right_mm = ears.mark_of(place) - ears.mark_of(middle)
    lateral = round(abs(right_mm))
    side = None if lateral == 0 else (Hemi.RIGHT if right_mm > 0 else Hemi.LEFT)
    checks = _checks(scalp, landmarks, laid, place, side)
    whole = {name: round(mm) for name, mm in laid.as_dict().items()}
    lines = _lines(round(up), lateral, side, checks, whole, landmarks)
    return TapeInstructions(lines, round(up), lateral, side, checks, whole)


def walk_instructions(
    instructions: TapeInstructions,
    scalp: Scalp,
    landmarks: Landmarks,
    *,
    tapes: HeadTapes | None = None,
) -> Points[Scanner]:
    """Return the place that a person reaches who follows the instructions on this scalp.

    Raises
    ------
    InputError
        If a length is longer than the tape it is measured on: another head's instructions.
    """
    laid = tapes or head_tapes(scalp, landmarks)
    middle = laid.sagittal.on_skin(float(instructions.up_mm))
    ears = tape_over(scalp, landmarks.lpa, middle, landmarks.rpa)
    sign = {None: 0.0, Hemi.LEFT: -1.0, Hemi.RIGHT: 1.0}[instructions.side]
    return ears.on_skin(ears.mark_of(middle) + sign * instructions.lateral_mm)


def _crossing_mm(sagittal: Tape, landmarks: Landmarks, place: Points[Scanner]) -> float | None:
    """Return where the plane of both ears and the place cuts the midline tape; None if nowhere."""
    frame = place.frame
    lpa, rpa, at = (p.mm(frame)[0] for p in (landmarks.lpa, landmarks.rpa, place))
    normal = np.cross(rpa - lpa, at - lpa)
    xyz = sagittal.path.mm(frame)
    height = (xyz - lpa) @ normal
    change = np.flatnonzero((height[:-1] > 0) != (height[1:] > 0))
    middle = (lpa + rpa) / 2
    for k in change:
        share = height[k] / (height[k] - height[k + 1])
        cross = xyz[k] + share * (xyz[k + 1] - xyz[k])
        # The plane also cuts the far side of the head; the place's own side is meant.
        if float((cross - middle) @ (at - middle)) > 0:
            return sagittal.mark_of(Points(cross, frame))
    return None


def _checks(
    scalp: Scalp,
    landmarks: Landmarks,
    laid: HeadTapes,
    place: Points[Scanner],
    side: Hemi | None,
) -> dict[str, int]:
    ears = {"left ear": landmarks.lpa, "right ear": landmarks.rpa}
    near = {n: p for n, p in ears.items() if side is None or n.startswith(side)}
    from_ = {
        "nasion": landmarks.nasion,
        "inion": landmarks.inion,
        **near,
        "vertex": laid.vertex,
    }
    return {name: _tape_mm(scalp, start, place) for name, start in from_.items()}


def _tape_mm(scalp: Scalp, start: Points[Scanner], end: Points[Scanner]) -> int:
    if float(start.distances(end)[0]) < 1e-3:
        return 0
    return round(tape_between(scalp, start, end).length_mm)


def _lines(
    up: int,
    lateral: int,
    side: Hemi | None,
    checks: Mapping[str, int],
    whole: Mapping[str, int],
    landmarks: Landmarks,
) -> tuple[str, ...]:
    find = (
        f"Find the landmarks: nasion, inion, and the point in front of the tragus of each ear. "
        f"On the MRI: nasion to inion over the vertex {_cm(whole['nasion_inion_mm'])}, ear to ear "
        f"over the vertex {_cm(whole['ear_to_ear_mm'])}. If yours differ by more than 1 cm, the "
        f"landmarks are not the same."
    )
    midline = (
        f"Lay the tape tight from the nasion over the midline to the inion; draw a cross "
        f"{_cm(up)} from the nasion."
    )
    across = "The cross is the place: it lies on the midline."
    if side is not None:
        across = (
            f"Lay the tape tight from ear to ear over that cross; mark the place {_cm(lateral)} "
            f"from the cross towards the patient's {side} ear."
        )
    listed = ", ".join(f"{name} to the place {_cm(mm)}" for name, mm in checks.items())
    check = (
        f"Check with the tape, by the shortest way and tight: {listed}. If one differs by more "
        f"than 1 cm, begin again."
    )
    return (find, midline, across, check, *landmarks.statements())


def _cm(mm: int) -> str:
    return f"{mm / 10:.1f} cm"
