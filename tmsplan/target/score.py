"""What a coil meets on average when it is held as exactly as navigation allows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..space.frame import K
from ..surface.geodesic import geodesic_mm
from ..surface.surface import Surface

__all__ = ["POSITIONING", "score_within"]

#: How far beside its target a navigated coil is held.
POSITIONING = Param(5.0, "mm", 1, 15, "docs/decisions/0026")


def score_within(surface: Surface[K], values: NDArray[np.float64], vertex: int) -> float:
    """Return the mean of a map over the cortex within 5 mm of a vertex, weighted by area.

    Distances run along the surface: the far bank of a sulcus is near in a straight line, but
    nobody aims at it.

    Parameters
    ----------
    surface : Surface
        Mid-cortex.
    values : (n,) float64
        NaN is missing and left out.
    vertex : int
        With a value.

    Returns
    -------
    float
        In the map's unit.
    """
    xyz = surface.points.mm(surface.frame)
    ball = np.linalg.norm(xyz - xyz[vertex], axis=1) <= POSITIONING.value
    near = np.flatnonzero(ball & np.isfinite(values))
    near = near[geodesic_mm(surface, vertex, near) <= POSITIONING.value]
    return float(np.average(values[near], weights=surface.vertex_areas()[near]))
