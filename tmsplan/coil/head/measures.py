"""The tape measurements that the procedures start from: lengths, vertex, circumference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...base.errors import InputError
from ...space.frame import Scanner
from ...space.points import Points
from ...surface.pair import Pair
from ..scalp import Scalp
from .landmarks import Landmarks
from .tape import Tape, tape_over

__all__ = ["HeadTapes", "head_tapes"]

#: The vertex halves two tapes that pass through each other's middle; it moves less than this
#: after three to five turns.
_STILL_MM, _TURNS = 1e-4, 50


@dataclass(frozen=True, slots=True, eq=False)
class HeadTapes:
    """The tapes of one head.

    Parameters
    ----------
    sagittal : Tape
        Nasion to inion over the vertex.
    coronal : Tape
        Left to right preauricular point over the vertex.
    around : Pair of Tape
        Fpz to Oz by the left and by the right side, over T7 and T8.
    vertex : Points of Scanner, one row
        Half way of both `sagittal` and `coronal`, on the scalp: Cz.
    """

    sagittal: Tape
    coronal: Tape
    around: Pair[Tape]
    vertex: Points[Scanner]

    @property
    def nasion_inion_mm(self) -> float:
        """Nasion to inion over the vertex, mm."""
        return self.sagittal.length_mm

    @property
    def ear_to_ear_mm(self) -> float:
        """Left to right preauricular point over the vertex, mm."""
        return self.coronal.length_mm

    @property
    def circumference_mm(self) -> float:
        """Around the head through Fpz and Oz, mm."""
        return self.around.left.length_mm + self.around.right.length_mm

    def as_dict(self) -> dict[str, float]:
        """Return the three lengths, mm."""
        return {
            "nasion_inion_mm": self.nasion_inion_mm,
            "ear_to_ear_mm": self.ear_to_ear_mm,
            "circumference_mm": self.circumference_mm,
        }

    def __str__(self) -> str:
        return (
            f"nasion to inion {self.nasion_inion_mm:.0f} mm, ear to ear {self.ear_to_ear_mm:.0f} "
            f"mm, circumference {self.circumference_mm:.0f} mm"
        )


def head_tapes(scalp: Scalp, landmarks: Landmarks) -> HeadTapes:
    """Measure a head.

    The vertex is half way from nasion to inion and half way from ear to ear: each tape is laid
    through the middle of the other until that place is still. The circumference passes Fpz and
    Oz (10 % and 90 % of nasion to inion) and T7 and T8 (10 % and 90 % of ear to ear).

    Raises
    ------
    InputError
        If a tape cannot be laid, or no vertex halves both.

    Source: doi:10.1016/j.neuroimage.2006.09.024 (vertex, Fpz, Oz, T7, T8).
    """
    vertex, moved = _top(scalp, landmarks), np.inf
    for _ in range(_TURNS):
        sagittal = tape_over(scalp, landmarks.nasion, vertex, landmarks.inion)
        middle = sagittal.on_skin_at_share(0.5)
        coronal = tape_over(scalp, landmarks.lpa, middle, landmarks.rpa)
        new = coronal.on_skin_at_share(0.5)
        moved, vertex = float(new.distances(vertex)[0]), new
        if moved < _STILL_MM:
            break
    else:
        raise InputError(
            f"{scalp.surface.domain}: no vertex halves both nasion to inion and ear to ear; it "
            f"still moves by {moved:.2f} mm. Check the landmarks and the scalp."
        )
    fpz, oz = (sagittal.on_skin_at_share(s) for s in (0.1, 0.9))
    t7, t8 = (coronal.on_skin_at_share(s) for s in (0.1, 0.9))
    around = Pair(left=tape_over(scalp, fpz, t7, oz), right=tape_over(scalp, fpz, t8, oz))
    return HeadTapes(sagittal, coronal, around, vertex)


def _top(scalp: Scalp, landmarks: Landmarks) -> Points[Scanner]:
    """Return the vertex of the scalp that is highest over the middle of the landmarks."""
    points, frame = scalp.surface.points, scalp.surface.frame
    four = [p.mm(frame)[0] for p in landmarks.named().values()]
    middle = Points(sum(four) / 4, frame)
    away = points - middle
    up = landmarks.up.components(frame)[0]
    # Along the axis only: an ear or a shoulder may be farther out than the crown is high.
    steepness = (away.components(frame) @ up) / away.lengths()
    return points.take(int(steepness.argmax()))
