"""A place on the cortex to aim at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
        Root mean square distance of the point from where resampled data would put it; None if
        not computed.
    z : float or None
        z of the parcel that holds the point.
    why : str
        How the point was chosen; printed.
    provenance : str
        DOI and status of a standard target; method of a coupling target.
    score_5mm : float or None
        The map's value, low = abnormal, averaged over the cortex within 5 mm of the point: what
        is met on average by a coil held as exactly as navigation allows.
    cloud : Points of Scanner, any number of rows, or None
        Where resampled data put the point; to be drawn.
    spread_parts : mapping of source to mm
        The same root mean square with one source of doubt at a time: ``"vertices"`` (a second
        scan), ``"definitions"`` (another definition of coupling), ``"controls"`` (other controls,
        so that another region comes first). Only those that were resampled.
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
    score_5mm: float | None = None
    cloud: Points[Scanner] | None = None
    spread_parts: Mapping[str, float] = field(default_factory=dict)
