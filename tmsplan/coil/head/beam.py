"""Beam F3 and F4: two numbers from three tape measurements, and the place they lead to.

X is measured along the circumference from the middle of the forehead, Y from the vertex towards
the point found by X. Two published forms give the same place to half a millimetre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ...base.errors import InputError
from ...base.param import Param
from ...space.frame import Scanner
from ...space.points import Points
from ...space.side import Hemi
from ..scalp import Scalp
from .landmarks import Landmarks
from .measures import HeadTapes, head_tapes
from .tape import tape_between

__all__ = ["BeamForm", "BeamNumbers", "BeamPoint", "beam_f3", "beam_numbers"]

BeamForm = Literal["simple", "program"]

#: The simple form: shares of the circumference and of the mean of the two arcs.
_X_SHARE = Param(0.1154, "share", 0.1154, 0.1154, "doi:10.1016/j.brs.2015.05.008")
_Y_SHARE = Param(0.2637, "share", 0.2637, 0.2637, "doi:10.1016/j.brs.2015.05.008")
#: The later correction towards the target seen in MRI, added to Y.
_MRI_MM = Param(3.5, "mm", 3.5, 3.5, "doi:10.1016/j.brs.2015.05.008")

#: The original program lays the head flat: 40 % of an arc is the radius at which the
#: circumference runs.
_FLAT = 0.4
#: From flat to the skin: the program's factor on the radius.
_FLAT_TO_SKIN = 0.91
#: Sine of 36 degrees, the direction of F7, and the program's place of the point below C3.
_SIN_36, _BELOW_C3_X, _BELOW_C3_Y = 0.58779, 0.4694716, 0.8829476
#: Arcs and circumferences of children and adults; centimetres typed as millimetres are outside.
_ARC_MM, _ROUND_MM = (250.0, 480.0), (420.0, 720.0)


@dataclass(frozen=True, slots=True)
class BeamNumbers:
    """What a person reads off the tape.

    Parameters
    ----------
    x_mm : float
        Along the circumference from the middle of the forehead.
    y_mm : float
        From the vertex towards the point found by `x_mm`.
    form : {"simple", "program"}
    mri_adjusted : bool
        Whether 3.5 mm were added to `y_mm`.
    """

    x_mm: float
    y_mm: float
    form: BeamForm
    mri_adjusted: bool

    def __str__(self) -> str:
        more = ", MRI-adjusted" if self.mri_adjusted else ""
        return f"X {self.x_mm / 10:.2f} cm, Y {self.y_mm / 10:.2f} cm ({self.form} form{more})"


@dataclass(frozen=True, slots=True, eq=False)
class BeamPoint:
    """The place of Beam F3 or F4 on one scalp.

    Parameters
    ----------
    point : Points of Scanner, one row
        On the scalp.
    side : Hemi
        Left is F3, right F4.
    numbers : BeamNumbers
    tapes : HeadTapes
        The measurements that the numbers come from.
    """

    point: Points[Scanner]
    side: Hemi
    numbers: BeamNumbers
    tapes: HeadTapes

    @property
    def name(self) -> str:
        """``Beam F3`` or ``Beam F4``."""
        return "Beam F3" if self.side is Hemi.LEFT else "Beam F4"

    def __str__(self) -> str:
        return f"{self.name} {self.point}: {self.numbers}"


def beam_numbers(
    nasion_inion_mm: float,
    ear_to_ear_mm: float,
    circumference_mm: float,
    *,
    form: BeamForm = "program",
    mri_adjusted: bool = False,
) -> BeamNumbers:
    """Return X and Y of the Beam method.

    Parameters
    ----------
    nasion_inion_mm, ear_to_ear_mm : float
        Both over the vertex, mm.
    circumference_mm : float
        Through Fpz and Oz, mm.
    form : {"simple", "program"}
        ``"program"``: the geometry of the original F3 program. ``"simple"``: two shares.
    mri_adjusted : bool
        Add 3.5 mm to Y.

    Raises
    ------
    InputError
        If a length is no head's, for example because centimetres were given.

    Source: doi:10.1016/j.brs.2008.09.006 (method), doi:10.1016/j.brs.2015.05.008 (simple form,
    adjustment).
    """
    for what, mm, (low, high) in (
        ("nasion to inion", nasion_inion_mm, _ARC_MM),
        ("ear to ear", ear_to_ear_mm, _ARC_MM),
        ("circumference", circumference_mm, _ROUND_MM),
    ):
        if not low <= mm <= high:
            raise InputError(
                f"{what} is {mm:.1f} mm. Expected {low:g} to {high:g} mm for a head. Check the "
                f"landmarks, and that it is millimetres."
            )
    if form == "simple":
        x = _X_SHARE.value * circumference_mm
        y = _Y_SHARE.value * (nasion_inion_mm + ear_to_ear_mm) / 2
    else:
        x, y = _program(nasion_inion_mm, ear_to_ear_mm, circumference_mm)
    return BeamNumbers(x, y + (_MRI_MM.value if mri_adjusted else 0.0), form, mri_adjusted)


def _program(nasion_inion: float, ear_to_ear: float, circumference: float) -> tuple[float, float]:
    """Return X and Y where two straight rows of the flattened head cross.

    The vertex is the origin, x to the side, y to the back. One row runs through Fz, the other
    through C3.
    """
    side, ahead = _FLAT * ear_to_ear, _FLAT * nasion_inion
    slope_fz = (ahead / 2 - _SIN_36 * side) / side
    slope_c3 = -_BELOW_C3_Y * ahead / (_BELOW_C3_X * ahead - side / 2)
    x = (slope_c3 * side / 2 - ahead / 2) / (slope_c3 - slope_fz)
    y = slope_fz * x - ahead / 2
    quarters = math.degrees(math.atan2(y, x) + math.pi / 2) / 90
    return quarters * circumference / 4, _FLAT_TO_SKIN * math.hypot(x, y)


def beam_f3(
    scalp: Scalp,
    landmarks: Landmarks,
    side: Hemi = Hemi.LEFT,
    *,
    form: BeamForm = "program",
    mri_adjusted: bool = False,
    tapes: HeadTapes | None = None,
) -> BeamPoint:
    """Return Beam F3 (left) or F4 (right) on a scalp, measured as a person would.

    Parameters
    ----------
    scalp : Scalp
    landmarks : Landmarks
        Of the same scalp.
    side : Hemi
    form, mri_adjusted
        See `beam_numbers`.
    tapes : HeadTapes or None
        If they were measured already.

    Raises
    ------
    InputError
        If a tape cannot be laid or a length is no head's.

    Source: doi:10.1016/j.brs.2008.09.006.
    """
    laid = tapes or head_tapes(scalp, landmarks)
    numbers = beam_numbers(
        laid.nasion_inion_mm,
        laid.ear_to_ear_mm,
        laid.circumference_mm,
        form=form,
        mri_adjusted=mri_adjusted,
    )
    on_circumference = laid.around.side(side).on_skin(numbers.x_mm)
    radial = tape_between(scalp, laid.vertex, on_circumference)
    return BeamPoint(radial.on_skin(numbers.y_mm), side, numbers, laid)
