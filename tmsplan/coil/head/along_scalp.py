"""The fixed-distance rules: some centimetres along the scalp from the hand area."""

from __future__ import annotations

from typing import Literal

from ...base.errors import InputError
from ...space.frame import Scanner
from ...space.points import Points, Vectors
from ..scalp import Scalp
from .tape import on_scalp, tape_ahead

__all__ = ["along_scalp"]

#: A rule of thumb on one head is some centimetres; a quarter of the way round is 15 cm.
_FARTHEST_MM = 150.0


def along_scalp(
    scalp: Scalp,
    start: Points[Scanner],
    distance_mm: float,
    *,
    to_right: Vectors[Scanner],
    direction: Literal["anterior", "posterior"] = "anterior",
) -> Points[Scanner]:
    """Return the place some distance in front of (or behind) a place of the scalp, by tape.

    The tape lies in the parasagittal plane of `start` and is tight. 50, 55 and 60 mm from the
    scalp point over the hand area are the 5, 5.5 and 6 cm rules.

    Parameters
    ----------
    scalp : Scalp
    start : Points of Scanner, one row
        Moved to the nearest place of the scalp.
    distance_mm : float
        0 to 150.
    to_right : Vectors of Scanner, one row
        Normal of the midplane: ``patient.midplane().to_right``, or that of `Landmarks`.
    direction : {"anterior", "posterior"}

    Returns
    -------
    Points of Scanner, one row
        On the scalp.

    Raises
    ------
    InputError
        If the distance is out of range, or no tape can be laid there.

    Source: PMC8900427 (fixed distances, and how often they miss the prefrontal cortex).
    """
    if not 0 <= distance_mm <= _FARTHEST_MM:
        raise InputError(
            f"a distance of {distance_mm:g} mm along the scalp is outside 0 to {_FARTHEST_MM:g} "
            f"mm. Give millimetres: the 5 cm rule is 50."
        )
    ahead = scalp.forward if direction == "anterior" else -scalp.forward
    tape = tape_ahead(scalp, on_scalp(scalp, start), ahead, to_right)
    return tape.on_skin(distance_mm)
