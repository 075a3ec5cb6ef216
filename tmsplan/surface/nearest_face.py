"""Which triangle of a mesh is nearest to each of many points: exact, and in bulk.

A point 15 mm under a scalp sees hundreds of triangles at nearly its shortest distance, so boxes
and balls around triangles tell little apart. Here patches of neighbouring triangles are enclosed
in flat cylinders along their normal; of those, few come near. Every bound is a true one, so the
answer is that of looking at all triangles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .triangle import nearest_on_triangles

__all__ = ["nearest_faces"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Triangles a patch, and points that share one search for candidate patches. They change the
#: time and never the answer.
_PATCH, _GROUP = 16, 32
#: Pairs of point and triangle held at once: about 100 MB.
_PAIRS = 500_000
#: Fewer pairs than this are looked at one by one: that is sooner done than patches are made.
_FEW = 2_000_000
#: Bounds are computed to about 1e-12 mm; what is this much too far is still looked at.
_SLACK_MM = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class _Discs:
    """Flat cylinders, each around one triangle or patch, with `centre` on the mesh itself."""

    centre: Floats
    normal: Floats
    half_height: Floats
    radius: Floats

    def least(self, gap: Floats, at: Indices) -> Floats:
        """Return a lower bound of the distance; `gap` (n, 3) runs from centre to point."""
        square = np.einsum("ni,ni->n", gap, gap)
        along = np.abs(np.einsum("ni,ni->n", gap, self.normal[at]))
        return _outside(square, along, self.half_height[at], self.radius[at])


def nearest_faces(corners: Floats, points: Floats) -> Indices:
    """Return the (n,) index of the triangle nearest to each point, the lowest where they tie.

    Parameters
    ----------
    corners : (m, 3, 3) float64
        mm. Triangles may be flat to a line or a point.
    points : (n, 3) float64
        mm.
    """
    faces = np.empty(len(points), dtype=np.intp)
    single = _of_triangles(corners)
    if len(points) * len(corners) <= _FEW:
        for k in range(len(points)):
            every = np.arange(len(corners))
            _settle(corners, single, points, np.full(len(corners), k), every, faces)
        return faces
    order, starts = _compact_runs(corners.mean(axis=1), _PATCH)
    ends = np.append(starts[1:], len(order))
    patches = _of_patches(corners[order], starts)
    for point, patch in _candidates(patches, points):
        first = starts[patch]
        size = ends[patch] - first
        row = np.repeat(np.arange(len(point)), size)
        offset = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
        _settle(corners, single, points, point[row], order[first[row] + offset], faces)
    return faces


def _settle(
    corners: Floats, single: _Discs, points: Floats, point: Indices, face: Indices, out: Indices
) -> None:
    """Write the nearest of the candidate triangles of each point that occurs in `point`."""
    gap = points[point] - single.centre[face]
    reached = np.full(len(points), np.inf)
    np.minimum.at(reached, point, np.sqrt(np.einsum("ni,ni->n", gap, gap)))
    close = single.least(gap, face) <= reached[point] + _SLACK_MM
    point, face = point[close], face[close]
    found = nearest_on_triangles(points[point], corners[face])
    distance = np.linalg.norm(points[point] - found.xyz, axis=1)
    rank = np.lexsort((face, distance, point))
    who, first = np.unique(point[rank], return_index=True)
    out[who] = face[rank][first]


def _candidates(patches: _Discs, points: Floats) -> Iterator[tuple[Indices, Indices]]:
    """Yield pairs (point, patch) that hold, for each of some points, its nearest triangle."""
    from scipy.spatial import cKDTree

    order, starts = _compact_runs(points, _GROUP)
    groups = np.split(order, starts[1:])
    middle = np.array([points[g].mean(axis=0) for g in groups])
    spread = np.array(
        [np.linalg.norm(points[g] - c, axis=1).max() for g, c in zip(groups, middle, strict=True)]
    )
    tree = cKDTree(patches.centre)
    reached = np.asarray(tree.query(middle)[0])
    widest = float(np.hypot(patches.half_height, patches.radius).max())
    held: list[tuple[Indices, Indices]] = []
    for k, group in enumerate(groups):
        ball = reached[k] + 2 * spread[k] + widest + _SLACK_MM
        near = np.asarray(tree.query_ball_point(middle[k], ball), dtype=np.intp)
        # A bound for the group first: it rules out most of what the ball holds.
        least = patches.least(middle[k] - patches.centre[near], near)
        near = near[least <= reached[k] + 2 * spread[k] + _SLACK_MM]
        row, column = np.nonzero(_may_be_nearest(patches, near, points[group]))
        held.append((group[row], near[column]))
        if _PATCH * sum(len(p) for p, _ in held) > _PAIRS or k == len(groups) - 1:
            yield np.concatenate([p for p, _ in held]), np.concatenate([q for _, q in held])
            held = []


def _may_be_nearest(patches: _Discs, near: Indices, points: Floats) -> NDArray[np.bool_]:
    """Return which of the patches `near` may hold the nearest triangle of each point."""
    origin = points[0]  # numbers near 0 keep their digits in the products below
    centre, normal = patches.centre[near] - origin, patches.normal[near]
    here = points - origin
    square = (here**2).sum(axis=1)[:, None] + (centre**2).sum(axis=1) - 2 * here @ centre.T
    along = np.abs(here @ normal.T - np.einsum("ni,ni->n", centre, normal))
    least = _outside(square, along, patches.half_height[near], patches.radius[near])
    reached = np.sqrt(np.maximum(square.min(axis=1, keepdims=True), 0))
    return np.asarray(least <= reached + _SLACK_MM)


def _outside(square: Floats, along: Floats, half_height: Floats, radius: Floats) -> Floats:
    aside = np.sqrt(np.maximum(square - along**2, 0))
    up, out = np.maximum(along - half_height, 0), np.maximum(aside - radius, 0)
    return np.asarray(np.sqrt(up**2 + out**2))


def _of_triangles(corners: Floats) -> _Discs:
    centre = corners.mean(axis=1)
    square = ((corners - centre[:, None]) ** 2).sum(axis=2).max(axis=1)
    return _Discs(centre, _normals(_cross(corners)), np.zeros(len(corners)), np.sqrt(square))


def _of_patches(corners: Floats, starts: Indices) -> _Discs:
    """Return the cylinders of runs of triangles that begin at `starts`."""
    size = np.diff(np.append(starts, len(corners)))
    middle = corners.mean(axis=1)
    mean = np.add.reduceat(middle, starts) / size[:, None]
    off = ((middle - np.repeat(mean, size, axis=0)) ** 2).sum(axis=1)
    patch = np.repeat(np.arange(len(starts)), size)
    centre = middle[np.lexsort((off, patch))[starts]]
    normal = _normals(np.add.reduceat(_cross(corners), starts))
    gap = corners - centre[patch][:, None]
    along = np.einsum("mki,mi->mk", gap, normal[patch])
    aside = np.linalg.norm(gap - along[..., None] * normal[patch][:, None], axis=2)
    return _Discs(
        centre,
        normal,
        np.maximum.reduceat(np.abs(along).max(axis=1), starts),
        np.maximum.reduceat(aside.max(axis=1), starts),
    )


def _cross(corners: Floats) -> Floats:
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def _normals(cross: Floats) -> Floats:
    # Without a direction the normal is 0, and the cylinder is a ball.
    length = np.linalg.norm(cross, axis=1, keepdims=True)
    return np.asarray(np.divide(cross, length, out=np.zeros_like(cross), where=length > 0))


def _compact_runs(points: Floats, size: int) -> tuple[Indices, Indices]:
    """Return an order of the points, and where in it each run of at most `size` near ones begins.

    The runs are the leaves of a k-d tree: unlike runs along a space-filling curve, none jumps.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(points, leafsize=size)
    starts: list[int] = []
    nodes: list[Any] = [tree.tree]
    while nodes:
        node = nodes.pop()
        if node.split_dim == -1:
            starts.append(node.start_idx)
        else:
            nodes += [node.lesser, node.greater]
    return np.asarray(tree.indices, dtype=np.intp), np.sort(np.array(starts, dtype=np.intp))
