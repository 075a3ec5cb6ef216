"""The nearest place on a triangle, and whether it is inside, on an edge or at a corner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Nearest", "nearest_on_triangles"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The nearest place on one triangle for each of n points.

    Parameters
    ----------
    xyz : (n, 3) float64
        The place.
    shares : (n, 3) float64
        Barycentric coordinates. Exactly 0 for the corners that play no part: one positive
        share is a corner, two an edge, three the inside.
    """

    xyz: Floats
    shares: Floats


def nearest_on_triangles(points: Floats, corners: Floats) -> Nearest:
    """Return the nearest place on triangle i for point i.

    The foot of the perpendicular if it falls inside the triangle; else the nearest of the three
    feet on the sides, each kept between its ends.

    Parameters
    ----------
    points : (n, 3) float64
    corners : (n, 3, 3) float64
        A triangle per point. It may be flat to a line or a point.
    """
    shares = _inside(points, corners)
    outside = ~(shares > 0).all(axis=1)
    shares[outside] = _on_sides(points[outside], corners[outside])
    return Nearest(np.einsum("nk,nki->ni", shares, corners), shares)


def _inside(points: Floats, corners: Floats) -> Floats:
    """Return barycentric shares of the perpendicular's foot; NaN for a flat triangle."""
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    w = points - corners[:, 0]
    normal = np.cross(u, v)
    square = np.einsum("ni,ni->n", normal, normal)
    square[square == 0] = np.nan
    second = np.einsum("ni,ni->n", np.cross(w, v), normal) / square
    third = np.einsum("ni,ni->n", np.cross(u, w), normal) / square
    return np.stack([1 - second - third, second, third], axis=1)


def _on_sides(points: Floats, corners: Floats) -> Floats:
    best = np.full(len(points), np.inf)
    shares = np.zeros((len(points), 3))
    rows = np.arange(len(points))
    for start, end in ((0, 1), (1, 2), (2, 0)):
        a, side = corners[:, start], corners[:, end] - corners[:, start]
        length = np.einsum("ni,ni->n", side, side)
        along = np.einsum("ni,ni->n", points - a, side)
        t = np.clip(np.divide(along, length, out=np.zeros_like(along), where=length > 0), 0, 1)
        off = np.linalg.norm(points - (a + t[:, None] * side), axis=1)
        better = off < best
        best[better] = off[better]
        candidate = np.zeros_like(shares)
        candidate[rows, start], candidate[rows, end] = 1 - t, t
        shares[better] = candidate[better]
    return shares
