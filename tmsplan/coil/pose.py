"""How a coil is held."""

from __future__ import annotations

from dataclasses import dataclass

from ..space.frame import CoilSimnibs, Scanner
from ..space.points import Points, Vectors
from ..space.transform import Rigid

__all__ = ["CoilPose"]


@dataclass(frozen=True, slots=True, eq=False)
class CoilPose:
    """A coil on a scalp.

    Parameters
    ----------
    scanner_from_coil : Rigid from CoilSimnibs to Scanner
        Columns x, y, z and centre: z into the head, y away from the handle, x = y cross z.
    coil : str
        Name of the coil model.
    scalp_point : Points of Scanner, one row
        Contact point on the scalp's triangles, mm.
    scalp_normal : Vectors of Scanner, one row
        Outward, averaged over the neighbourhood, unit length.
    standoff_mm : float
        From the scalp point to the coil centre, outward along the normal, before hair and lift.
    depth_mm : float
        From the scalp point to the cortical target; NaN where there is none.
    handle_deg : float
        Angle between handle and midline, backward and lateral.
    tilt_deg : float
        Between z and the inward normal, so that the casing clears the head; mostly 0.
    lift_mm : float
        How much further than standoff and hair the coil is held off, for the same reason.
    hair_mm : float
        Thickness of the hair, added to the standoff and kept under the whole casing.
    clearance_mm : float or None
        Between the casing's flat face and the skin behind it, where it is least; None if it
        was not measured.
    handle : str
        How the handle was chosen, in words.
    """

    scanner_from_coil: Rigid[Scanner, CoilSimnibs]
    coil: str
    scalp_point: Points[Scanner]
    scalp_normal: Vectors[Scanner]
    standoff_mm: float
    depth_mm: float
    handle_deg: float
    tilt_deg: float = 0.0
    lift_mm: float = 0.0
    hair_mm: float = 0.0
    clearance_mm: float | None = None
    handle: str = ""

    @property
    def centre(self) -> Points[Scanner]:
        """Centre of the coil's face, mm."""
        pose = self.scanner_from_coil
        return pose @ Points([0, 0, 0], pose.src)
