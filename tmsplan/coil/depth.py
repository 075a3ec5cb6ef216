"""How far the cortex lies from the scalp under a coil, by two methods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..base.param import Param
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.points import Points, Vectors
from ..surface.proximity import closest_on_faces
from .scalp import Scalp

__all__ = ["SQUARE", "ScalpCortex", "scalp_cortex"]

#: Side of the square of scalp that the second method averages over.
SQUARE = Param(18.0, "mm", 5, 40, "doi:10.1016/S0006-3223(00)01039-8")
#: Places along each side of the square: 3 mm apart.
_PLACES = 7


@dataclass(frozen=True, slots=True)
class ScalpCortex:
    """Distance from scalp to cortex at one place, mm.

    Parameters
    ----------
    nearest_mm : float
        From the place to the nearest pial surface of either hemisphere.
    square_mm : float
        The mean of that distance over a square of scalp, 18 mm a side.
    """

    nearest_mm: float
    square_mm: float


def scalp_cortex(
    point: Points[Scanner], outward: Vectors[Scanner], scalp: Scalp, patient: Patient
) -> ScalpCortex:
    """Return the scalp-cortex distance by the nearest point and over a square.

    Parameters
    ----------
    point : Points of Scanner, one row
        On the scalp.
    outward : Vectors of Scanner, one row
        Its normal; the square lies across it, one side along the front of the head.
    scalp : Scalp
    patient : Patient
        The same person.

    Source: doi:10.1016/S0006-3223(00)01039-8 (the two methods agree on motor threshold).
    """
    frame = scalp.surface.frame
    normal = outward.components(frame)[0]
    front = scalp.forward.components(frame)[0]
    # On the very forehead the front is the normal itself: then any side will do.
    side = np.cross(normal, front if abs(normal @ front) < 0.999 else np.roll(front, 1))
    side /= np.linalg.norm(side)
    ticks = np.linspace(-SQUARE.value / 2, SQUARE.value / 2, _PLACES)
    u, v = (k.ravel()[:, None] for k in np.meshgrid(ticks, ticks))
    square = point.mm(frame)[0] + u * side + v * np.cross(side, normal)
    places = scalp.contact(Points(square, frame)).points
    here = _to_cortex(point, patient)[0]
    return ScalpCortex(float(here), float(_to_cortex(places, patient).mean()))


def _to_cortex(points: Points[Scanner], patient: Patient) -> np.ndarray:
    sides = [closest_on_faces(c.pial, points).distance_mm for _, c in patient.cortex.sides()]
    return np.asarray(np.minimum(*sides))
