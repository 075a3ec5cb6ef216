"""Nasion, inion and the points in front of the ears: the four places a tape starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...base.errors import ChiralityError, InputError
from ...base.param import Param
from ...space.frame import Scanner
from ...space.points import Points, Vectors
from ..scalp import Scalp

__all__ = ["LANDMARK_WORDS", "OFF_SCALP", "Landmarks", "checked", "given_landmarks"]

#: The four, in words for people.
LANDMARK_WORDS: Mapping[str, str] = {
    "nasion": "nasion (the hollow between brow and nose)",
    "inion": "inion (the knob at the back of the skull)",
    "lpa": "left preauricular point (in front of the left tragus)",
    "rpa": "right preauricular point (in front of the right tragus)",
}

#: A landmark that was marked on this head lies this near to its scalp; one of another head or
#: frame lies centimetres away.
OFF_SCALP = Param(15.0, "mm", 5, 30, "docs/decisions/0023")
#: Straight distances of adult and child heads: nasion to inion, ear to ear.
_LONG_MM, _WIDE_MM = (120.0, 240.0), (90.0, 200.0)
#: Nasion and inion lie about half way between the ears; beyond this the four do not belong
#: together.
_ASIDE_MM = 25.0


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """The four landmarks on one scalp.

    Parameters
    ----------
    nasion, inion, lpa, rpa : Points of Scanner, one row each
        On the scalp's triangles, mm. `lpa` and `rpa` are the patient's left and right
        preauricular points; the tragus lies a few millimetres behind each.
    how : {"given", "found"}
    confidence_mm : mapping of name to float
        How far each may be from the place that a person would mark, mm; NaN for a given one,
        whose accuracy only the one who marked it knows.
    why : mapping of name to str
        Where each comes from.
    """

    nasion: Points[Scanner]
    inion: Points[Scanner]
    lpa: Points[Scanner]
    rpa: Points[Scanner]
    how: Literal["given", "found"]
    confidence_mm: Mapping[str, float]
    why: Mapping[str, str]

    def named(self) -> dict[str, Points[Scanner]]:
        """Return the four by name."""
        return {"nasion": self.nasion, "inion": self.inion, "lpa": self.lpa, "rpa": self.rpa}

    @property
    def to_right(self) -> Vectors[Scanner]:
        """Unit direction from the left ear to the right one."""
        return (self.rpa - self.lpa).units()

    @property
    def forward(self) -> Vectors[Scanner]:
        """Unit direction from the inion to the nasion, at a right angle to `to_right`."""
        ahead = self.nasion - self.inion
        return (ahead - self.to_right * ahead.dot(self.to_right)).units()

    @property
    def up(self) -> Vectors[Scanner]:
        """Unit direction to the top of the head."""
        return self.to_right.cross(self.forward).units()

    def statements(self) -> tuple[str, ...]:
        """Return one sentence a landmark: where it comes from and how sure it is."""
        return tuple(
            f"{LANDMARK_WORDS[name]}: {self.why[name]}{_sure(self.confidence_mm[name])}."
            for name in self.named()
        )

    def __str__(self) -> str:
        places = ", ".join(f"{name} {point}" for name, point in self.named().items())
        return f"landmarks ({self.how}): {places}"


def _sure(mm: float) -> str:
    return "" if np.isnan(mm) else f"; within about {mm:.0f} mm"


def given_landmarks(
    scalp: Scalp,
    *,
    nasion: Points[Scanner],
    inion: Points[Scanner],
    lpa: Points[Scanner],
    rpa: Points[Scanner],
) -> Landmarks:
    """Return landmarks that a person marked, moved to the nearest place of the scalp.

    Parameters
    ----------
    scalp : Scalp
    nasion, inion, lpa, rpa : Points of Scanner, one row each
        mm.

    Raises
    ------
    ChiralityError
        If the point that is called left lies to the right of the other.
    InputError
        If one lies farther than `OFF_SCALP` from the scalp, or the four make no head.
    """
    given = {"nasion": nasion, "inion": inion, "lpa": lpa, "rpa": rpa}
    placed, why = {}, {}
    for name, point in given.items():
        contact = scalp.contact(point)
        off = float(contact.distance_mm[0])
        if off > OFF_SCALP.value:
            raise InputError(
                f"{scalp.surface.domain}: the given {name} {point} lies {off:.1f} mm from the "
                f"scalp. Expected at most {OFF_SCALP.value:g} mm. It may be in another frame "
                f"(LPS, surface RAS) or of another head, or the face was removed there; mark it "
                f"again on this image."
            )
        placed[name] = contact.points
        why[name] = f"given, {off:.1f} mm from the scalp"
    unknown = dict.fromkeys(given, float("nan"))
    return checked(scalp, Landmarks(**placed, how="given", confidence_mm=unknown, why=why))


def checked(scalp: Scalp, marks: Landmarks) -> Landmarks:
    """Return the landmarks, unless they make no head.

    Raises
    ------
    ChiralityError
        If left and right are exchanged.
    InputError
        If front and back are exchanged, or the distances are not those of a head.
    """
    frame, who = scalp.surface.frame, scalp.surface.domain
    nasion, inion, lpa, rpa = (p.mm(frame)[0] for p in marks.named().values())
    if lpa[0] >= rpa[0]:  # scanner RAS: x grows to the patient's right
        raise ChiralityError(
            f"{who}: the left preauricular point has x = {lpa[0]:.1f} mm and the right one "
            f"x = {rpa[0]:.1f} mm. In scanner RAS x grows to the patient's right, so left and "
            f"right are exchanged. Check which frame they were marked in, and give them again."
        )
    if float((marks.nasion - marks.inion).dot(scalp.forward)[0]) <= 0:
        raise InputError(
            f"{who}: the nasion {marks.nasion} lies behind the inion {marks.inion}. Expected it "
            f"in front; they may be exchanged. Give them again."
        )
    long, wide = float(np.linalg.norm(nasion - inion)), float(np.linalg.norm(rpa - lpa))
    middle = (lpa + rpa) / 2
    across = (rpa - lpa) / wide
    aside = max(abs(float((p - middle) @ across)) for p in (nasion, inion))
    for what, value, (low, high) in (
        ("nasion to inion", long, _LONG_MM),
        ("ear to ear", wide, _WIDE_MM),
        ("nasion or inion from the middle between the ears", aside, (0.0, _ASIDE_MM)),
    ):
        if not low <= value <= high:
            raise InputError(
                f"{who}: {what} is {value:.0f} mm in a straight line. Expected {low:g} to "
                f"{high:g} mm. The four landmarks make no head; check each of them."
            )
    return marks
