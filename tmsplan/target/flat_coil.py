"""How far a flat casing is held off the scalp by the head around the place it should touch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..space.frame import K
from ..surface.surface import Surface

__all__ = ["CASING_RADIUS", "casing_lift"]

Floats = NDArray[np.float64]

#: The casing of a 70 mm figure-of-eight is a plate at least this far to all sides of its centre.
CASING_RADIUS = Param(40.0, "mm", 20, 90, "docs/decisions/0026")

#: The plate lies along the skin as averaged over this distance, as when a pose is made of it.
_SKIN_MM = 15.0
#: A finer scalp is thinned to this many vertices, 4 mm apart on a head: a casing is no finer.
_VERTICES = 12_000


def casing_lift(scalp: Surface[K], vertices: NDArray[np.intp]) -> Floats:
    """Return how far a flat casing stays off the scalp at each vertex.

    A plate is laid on the skin at the vertex, at a right angle to the outward normal averaged
    over 15 mm. It is lifted until no part of the scalp within 40 mm is above it: 0 on a convex
    head, some mm beside an ear, a brow or a dent.

    Parameters
    ----------
    scalp : Surface
        Normals outward.
    vertices : (k,) intp
        Of the scalp.

    Returns
    -------
    (k,) float64
        mm, 0 or more.

    Decision: docs/decisions/0026.
    """
    from scipy.spatial import cKDTree

    xyz = scalp.points.mm(scalp.frame)
    weighted = scalp.vertex_normals().components(scalp.frame) * scalp.vertex_areas()[:, None]
    step = max(1, -(-len(xyz) // _VERTICES))
    skin, outward = xyz[::step], weighted[::step]
    lifts = np.zeros(len(vertices))
    near = cKDTree(skin).query_ball_point(xyz[vertices], CASING_RADIUS.value)
    for k, (vertex, around) in enumerate(zip(vertices, near, strict=True)):
        gap = skin[around] - xyz[vertex]
        close = (gap**2).sum(axis=1) < _SKIN_MM**2
        normal = weighted[vertex] + outward[around][close].sum(axis=0)
        lifts[k] = (gap @ normal).max(initial=0.0) / max(float(np.linalg.norm(normal)), 1e-12)
    return lifts
