"""A place on the cortex to aim at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..space.frame import Scanner
from ..space.points import Points, Vectors
from ..space.side import Hemi

__all__ = ["Target"]


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One cortical target.

    Parameters
    ----------
    id : str
        ``"coupling-1"`` or the standard target's name; safe in file names.
    name : str
        For people.
    kind : str
        ``"coupling"`` or ``"standard"``.
    hemi : Hemi
    parcel_id : int or None
    vertex : int
        Index on the hemisphere's mesh.
    point : Points of Scanner, one row
        On the mid-cortex surface, mm.
    normal : Vectors of Scanner, one row
        Out of the cortex, unit length.
    spread_mm : float or None
        How far the point moves when the data are resampled; None if not computed.
    z : float or None
        z of the parcel that holds the point.
    why : str
        How the point was chosen; printed.
    provenance : str
        DOI and status of a standard target; method of a coupling target.
    """

    id: str
    name: str
    kind: Literal["coupling", "standard"]
    hemi: Hemi
    parcel_id: int | None
    vertex: int
    point: Points[Scanner]
    normal: Vectors[Scanner]
    spread_mm: float | None
    z: float | None
    why: str
    provenance: str
