"""The nasion in the midline profile: the hollow between brow and nose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...space.frame import Scanner
from ...space.points import Points, Vectors
from ..scalp import Scalp
from .section import cut_outline

__all__ = ["nasion_of_profile"]

Floats = NDArray[np.float64]

#: How far above and below the expected place the profile is looked at, and in which steps.
_ABOVE_MM, _BELOW_MM, _STEP_MM = 35, 45, 0.25
#: The hollow lies this near to where it is expected.
_NEAR_MM = 18.0
#: A nose stands out this far in front of the hollow, and a string from brow to nose lies this
#: far in front of it: less is the unevenness of a defaced front.
_NOSE_MM, _DEEP_MM = 5.0, 1.0


def nasion_of_profile(
    scalp: Scalp, expected: Points[Scanner], up: Vectors[Scanner], to_right: Vectors[Scanner]
) -> Points[Scanner] | None:
    """Return the deepest place of the profile between brow and nose.

    Parameters
    ----------
    scalp : Scalp
    expected : Points of Scanner, one row
        On the scalp, within about 18 mm of it.
    up, to_right : Vectors of Scanner, one row each
        To the top of the head; normal of the midplane.

    Returns
    -------
    Points of Scanner, one row, or None
        On the scalp; None if the profile shows no nose below a brow.
    """
    frame = scalp.surface.frame
    origin, right = expected.mm(frame)[0], to_right.components(frame)[0]
    top = up.components(frame)[0]
    ahead = np.cross(top, right)
    outline = cut_outline(scalp.surface, right, origin[None])
    heights = np.arange(-_BELOW_MM, _ABOVE_MM + _STEP_MM, _STEP_MM)
    segments = outline.segments_mm - origin
    front = _front(segments @ top, segments @ ahead, heights)
    kept = np.isfinite(front)
    heights, front = heights[kept], front[kept]
    if len(heights) < 3:
        return None
    k = _hollow(heights, front)
    if k is None:
        return None
    found = origin + heights[k] * top + front[k] * ahead
    return scalp.contact(Points(found, frame)).points


def _front(up: Floats, ahead: Floats, heights: Floats) -> Floats:
    """Return how far forward the outline reaches at each height; NaN where it has no part."""
    low, high = up.min(axis=1), up.max(axis=1)
    out = np.full(len(heights), np.nan)
    for i, h in enumerate(heights):
        rows = np.flatnonzero((low <= h) & (high >= h) & (high > low))
        if len(rows):
            a, b = up[rows].T
            share = (h - a) / (b - a)
            out[i] = (ahead[rows, 0] + share * (ahead[rows, 1] - ahead[rows, 0])).max()
    return out


def _hollow(heights: Floats, front: Floats) -> int | None:
    """Return where the profile lies deepest behind the string from brow to nose."""
    from scipy.spatial import ConvexHull

    corners = np.sort(ConvexHull(np.column_stack([heights, front])).vertices)
    straight = np.interp(heights[corners], heights[[0, -1]], front[[0, -1]])
    ahead = corners[front[corners] >= straight - 1e-9]  # not the hull's rear side
    string = np.interp(heights, heights[ahead], front[ahead])
    near = np.abs(heights) <= _NEAR_MM
    depth = np.where(near, string - front, -np.inf)
    k = int(depth.argmax())
    below = heights < heights[k]
    if not below.any() or float(depth[k]) < _DEEP_MM:
        return None
    return k if float(front[below].max() - front[k]) >= _NOSE_MM else None
