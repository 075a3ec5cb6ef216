"""The outline in which a plane cuts a surface, and the string drawn tight around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...surface.surface import Surface

__all__ = ["Outline", "cut_outline", "taut_arc", "taut_loop"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

#: A point that should lie on the cut is on it to rounding (1e-9 mm); a point on another part of
#: the surface is centimetres away.
_ON_MM = 0.5
#: What lies nearer than this to the straight line from start to end is on it.
_TWIN_MM = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """One closed part of a plane's cut through a surface.

    Parameters
    ----------
    ring_mm : (k, 3) float64
        Corners in order, mm; the last is joined to the first.
    """

    ring_mm: Floats

    @property
    def segments_mm(self) -> Floats:
        """The (k, 2, 3) ends of the straight pieces, mm."""
        return np.stack([self.ring_mm, np.roll(self.ring_mm, -1, axis=0)], axis=1)

    def nearest_mm(self, points_mm: Floats) -> Floats:
        """Return the (n, 3) places of the outline nearest to (n, 3) points, mm."""
        places = [_nearest(self.segments_mm, p) for p in points_mm]
        return np.array([at[int(apart.argmin())] for at, apart in places])

    def distance_mm(self, point_mm: Floats) -> float:
        """Return how far a point is from the outline, mm."""
        return float(_nearest(self.segments_mm, point_mm)[1].min())

    def arcs_mm(self, start_mm: Floats, end_mm: Floats) -> tuple[Floats, Floats]:
        """Return both ways from one point of the outline to another, (k, 3) corners each."""
        segments = self.segments_mm
        i, j = (int(_nearest(segments, p)[1].argmin()) for p in (start_mm, end_mm))
        k = len(segments)
        if i == j:  # the short way is the piece itself
            along = segments[i, 1] - segments[i, 0]
            between = float((end_mm - start_mm) @ along) > 0
            round_ = np.roll(self.ring_mm, -(i + 1), axis=0)
            far = round_ if not between else round_[::-1]
            both = np.empty((0, 3)), far
        else:
            forth = (i + 1 + np.arange((j - i) % k)) % k
            back = (i - np.arange((i - j) % k)) % k
            both = self.ring_mm[forth], self.ring_mm[back]
        ends = start_mm[None], end_mm[None]
        return np.vstack([ends[0], both[0], ends[1]]), np.vstack([ends[0], both[1], ends[1]])


def cut_outline(surface: Surface[Any], normal: Floats, through_mm: Floats) -> Outline:
    """Return the closed part of a plane's cut that holds the given points.

    A vertex on the plane counts as above it, so every triangle that is cut is cut at two of its
    edges, and the outline of a closed surface is a ring.

    Parameters
    ----------
    surface : Surface
    normal : (3,) float64
        Of the plane, any length but 0.
    through_mm : (p, 3) float64
        Points of the surface that lie on the plane, mm of the surface's frame.

    Raises
    ------
    InputError
        If the points lie on more than one part of the cut (a hole, or an ear that stands off),
        or the surface is open there.
    """
    xyz = surface.points.mm(surface.frame)
    unit = normal / np.linalg.norm(normal)
    height = xyz @ unit - float(through_mm.mean(axis=0) @ unit)
    for outline in _rings(xyz, np.asarray(surface.faces), height):
        if all(outline.distance_mm(p) < _ON_MM for p in through_mm):
            return outline
    raise InputError(
        f"{surface.domain}: a tape cannot be laid through {_shown(through_mm)}: the points do not "
        f"lie on one closed part of the cut through the scalp. Expected one outline. The scalp "
        f"may have a hole or a face removed there; check the landmarks or pass a closed scalp."
    )


def _rings(xyz: Floats, faces: NDArray[np.int32], height: Floats) -> list[Outline]:
    """Return the closed parts of the cut, the one with most corners first."""
    from scipy.sparse import coo_array, csgraph

    above = height >= 0
    crossed = faces[(above[faces].sum(axis=1) % 3) != 0]
    ends = np.stack([crossed, np.roll(crossed, -1, axis=1)], axis=2)  # (k, 3 edges, 2 vertices)
    mixed = above[ends[..., 0]] != above[ends[..., 1]]
    edges = np.sort(ends[mixed].reshape(-1, 2), axis=1)  # two a triangle, in order
    if len(edges) == 0:
        return []
    unique, node = np.unique(edges, axis=0, return_inverse=True)
    a, b = unique.T
    share = height[a] / (height[a] - height[b])
    at = xyz[a] + share[:, None] * (xyz[b] - xyz[a])
    pairs = node.reshape(-1, 2)
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(at), len(at)))
    graph = (links + links.T).tocsr()
    _, label = csgraph.connected_components(graph, directed=False)
    twice = np.diff(graph.indptr) == 2  # a ring passes every corner once
    rings = []
    for part in np.argsort(-np.bincount(label)):
        members = np.flatnonzero(label == part)
        if len(members) > 2 and twice[members].all():
            order = csgraph.depth_first_order(graph, members[0], directed=False)[0]
            rings.append(Outline(at[order]))
    return rings


def _nearest(segments_mm: Floats, point_mm: Floats) -> tuple[Floats, Floats]:
    """Return the nearest place of each segment, and its distance."""
    a = segments_mm[:, 0]
    along = segments_mm[:, 1] - a
    length2 = np.maximum((along**2).sum(axis=1), 1e-30)
    share = np.clip(((point_mm - a) * along).sum(axis=1) / length2, 0, 1)
    places = a + share[:, None] * along
    return places, np.asarray(np.linalg.norm(places - point_mm, axis=1))


def taut_arc(
    outline: Outline, start_mm: Floats, end_mm: Floats, *, up: Floats, via_mm: Floats | None
) -> Floats:
    """Return the string from start to end, tight around one side of the outline.

    What of that side lies behind the straight line from start to end does not count. In front of
    it the string is the convex hull of side, start and end: it bridges every hollow.

    Parameters
    ----------
    outline : Outline
    start_mm, end_mm : (3,) float64
        On the outline.
    up : (3,) float64
        To the front of that side, as seen from the straight line.
    via_mm : (3,) float64 or None
        A point of that side; None for the shorter one.

    Returns
    -------
    (k, 3) float64
        Corners of the string, mm, start first.
    """
    both = outline.arcs_mm(start_mm, end_mm)
    arc = min(both, key=_length if via_mm is None else lambda way: _off(way, via_mm))
    along = end_mm - start_mm
    chord = float(np.linalg.norm(along))
    along = along / chord
    front = up - float(up @ along) * along
    front = front / np.linalg.norm(front)
    seen = arc - start_mm
    flat = np.column_stack([seen @ along, seen @ front])
    # Start and end may be corners of the outline too: only once, or the hull takes the twin.
    flat = np.vstack([flat[flat[:, 1] > _TWIN_MM], (0.0, 0.0), (chord, 0.0)])
    if len(flat) < 3:
        return np.stack([start_mm, end_mm])
    corners = _hull(flat)
    first = int(np.flatnonzero(corners == len(flat) - 1)[0])  # counter-clockwise from the end
    walk = np.roll(corners, -first)[::-1]
    return np.asarray(start_mm + flat[walk, :1] * along + flat[walk, 1:] * front)


def taut_loop(outline: Outline, normal: Floats) -> Floats:
    """Return the closed string around the outline: its convex hull.

    Returns
    -------
    (k, 3) float64
        Corners, mm, in order; the first is not repeated.
    """
    unit = normal / np.linalg.norm(normal)
    u = np.cross(np.eye(3)[int(np.abs(unit).argmin())], unit)
    u = u / np.linalg.norm(u)
    flat = np.column_stack([outline.ring_mm @ u, outline.ring_mm @ np.cross(unit, u)])
    return np.asarray(outline.ring_mm[_hull(flat)])


def _hull(flat: Floats) -> Indices:
    from scipy.spatial import ConvexHull

    return np.asarray(ConvexHull(flat).vertices, dtype=np.intp)


def _length(way: Floats) -> float:
    return float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())


def _off(way: Floats, point: Floats) -> float:
    return float(_nearest(np.stack([way[:-1], way[1:]], axis=1), point)[1].min())


def _shown(points_mm: Floats) -> str:
    return ", ".join("({:.1f}, {:.1f}, {:.1f})".format(*p) for p in points_mm)
