"""Normals of triangles, edges and vertices that tell inside from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..space.frame import K
from .surface import Surface
from .topology import directed_edges
from .triangle import Nearest

__all__ = ["PseudoNormals"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PseudoNormals:
    """Angle-weighted normals of a closed surface.

    The vector from the nearest place on a closed surface to a point has a positive inner
    product with the normal kept here exactly if the point is outside. Neither the normal of one
    of the triangles nor an area-weighted one has this property at a sharp edge or vertex.

    Parameters
    ----------
    faces : (m, 3) int32
    of_face : (m, 3) float64
        Unit normals.
    opposite : (m, 3) intp
        The triangle beyond the edge that starts at each corner.
    of_vertex : (n, 3) float64
        Unit triangle normals summed with the triangle's angle there as weight.

    Source: doi:10.1109/TVCG.2005.49.
    """

    faces: NDArray[np.int32]
    of_face: Floats
    opposite: NDArray[np.intp]
    of_vertex: Floats

    @classmethod
    def of(cls, surface: Surface[Any]) -> PseudoNormals:
        """Return the normals of a closed surface whose triangles agree in direction."""
        cross = surface.face_cross()
        length = np.linalg.norm(cross, axis=1, keepdims=True)
        unit = np.divide(cross, length, out=np.zeros_like(cross), where=length > 0)
        weight = _angles(surface.corners()).ravel()
        corner = np.repeat(unit, 3, axis=0) * weight[:, None]
        gather = sparse.csr_array(
            (np.ones(len(weight)), (surface.faces.ravel(), np.arange(len(weight)))),
            shape=(len(surface), len(weight)),
        )
        return cls(surface.faces, unit, _opposite(surface), np.asarray(gather @ corner))

    def at(self, faces: NDArray[np.intp], found: Nearest) -> Floats:
        """Return the (n, 3) normals at places on the given triangles; not of unit length."""
        normals = self.of_face[faces].copy()
        used = found.shares > 0
        count = used.sum(axis=1)
        edge = np.flatnonzero(count == 2)
        # The edge that starts at corner k has corners k and k + 1: the unused one is k + 2.
        start = (np.argmin(used[edge], axis=1) + 1) % 3
        normals[edge] += self.of_face[self.opposite[faces[edge], start]]
        corner = np.flatnonzero(count == 1)
        vertex = self.faces[faces[corner], np.argmax(used[corner], axis=1)]
        normals[corner] = self.of_vertex[vertex]
        return normals


def _angles(corners: Floats) -> Floats:
    """Return the (m, 3) inner angles in radians."""
    there = np.roll(corners, -1, axis=1) - corners
    back = np.roll(corners, 1, axis=1) - corners
    sine = np.linalg.norm(np.cross(there, back), axis=2)
    return np.asarray(np.arctan2(sine, np.einsum("mki,mki->mk", there, back)))


def _opposite(surface: Surface[K]) -> NDArray[np.intp]:
    """Return, for the edge from corner k to k + 1 of each triangle, the triangle beyond it."""
    n, m = len(surface), len(surface.faces)
    edges = directed_edges(surface.faces).astype(np.int64)
    key, reverse = edges[:, 0] * n + edges[:, 1], edges[:, 1] * n + edges[:, 0]
    order = np.argsort(key)
    partner = order[np.searchsorted(key[order], reverse)]
    # directed_edges lists the first edge of all triangles, then the second, then the third.
    return np.asarray((partner % m).reshape(3, m).T, dtype=np.intp)
