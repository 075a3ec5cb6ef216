"""A patch of cortex that a pose is judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...base.param import Param
from ...patient.patient import Patient
from ...space.frame import Scanner
from ...space.points import Points
from ...space.side import Hemi
from ...surface import Domain, geodesic_field, nearest_vertex

__all__ = ["REGION_RADIUS", "CorticalRegion", "region_around"]

#: Of a region round a target, along the cortex.
REGION_RADIUS = Param(10.0, "mm", 2, 40, "docs/decisions/0022")


@dataclass(frozen=True, slots=True, eq=False)
class CorticalRegion:
    """Vertices of one hemisphere.

    Parameters
    ----------
    name : str
    domain : Domain
        The mesh that the vertices belong to; its `hemi` says the side.
    vertices : (k,) intp
        Sorted, each once.

    Raises
    ------
    InputError
        If there is no vertex, or one that the mesh does not have.
    """

    name: str
    domain: Domain
    vertices: NDArray[np.intp]

    def __post_init__(self) -> None:
        vertices = np.unique(np.asarray(self.vertices, dtype=np.intp))
        if len(vertices) == 0 or vertices[0] < 0 or vertices[-1] >= self.domain.density:
            raise InputError(
                f"{self.name}: a region needs vertices of {self.domain}; got {len(vertices)}, "
                f"from {vertices.min(initial=0)} to {vertices.max(initial=0)}."
            )
        vertices.flags.writeable = False
        object.__setattr__(self, "vertices", vertices)


def region_around(
    patient: Patient,
    hemi: Hemi,
    point: Points[Scanner],
    *,
    radius: Param = REGION_RADIUS,
    name: str = "region",
) -> CorticalRegion:
    """Return the vertices within a distance along the mid-cortex of the one nearest to a point.

    Along the cortex, so that the other bank of a sulcus is not taken along.

    Parameters
    ----------
    patient : Patient
    hemi : Hemi
    point : Points of Scanner, one row
        mm.
    radius : Param
        mm.
    name : str
        For messages and outputs.
    """
    mid = patient.cortex.side(hemi).mid
    at = nearest_vertex(mid, point)
    reached = geodesic_field(mid, at, radius.value)
    return CorticalRegion(name, mid.domain, np.flatnonzero(np.isfinite(reached)))
