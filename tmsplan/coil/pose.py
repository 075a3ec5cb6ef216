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
        From the scalp point to the coil centre, outward along the normal.
    depth_mm : float
        From the scalp point to the cortical target.
    handle_deg : float
        Angle between handle and midline that was asked for.
    """

    scanner_from_coil: Rigid[Scanner, CoilSimnibs]
    coil: str
    scalp_point: Points[Scanner]
    scalp_normal: Vectors[Scanner]
    standoff_mm: float
    depth_mm: float
    handle_deg: float

    @property
    def centre(self) -> Points[Scanner]:
        """Centre of the coil's face, mm."""
        pose = self.scanner_from_coil
        return pose @ Points([0, 0, 0], pose.src)
