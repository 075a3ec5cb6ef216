"""A triangle mesh in a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..base.errors import InputError
from ..space.frame import Frame, K
from ..space.points import Points, Vectors
from ..space.transform import D, Rigid
from .domain import Domain

__all__ = ["Surface"]

Faces = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Surface(Generic[K]):
    """Vertices in one frame and the triangles between them.

    Parameters
    ----------
    points : Points
        (n, 3) vertices, mm.
    faces : (m, 3) int32
        Vertex indices, counter-clockwise seen from outside.
    domain : Domain
        The mesh that vertex data must name to lie on this surface.
    """

    points: Points[K]
    faces: Faces
    domain: Domain

    def __post_init__(self) -> None:
        faces = np.array(self.faces, dtype=np.int32)
        n = len(self.points)
        if faces.ndim != 2 or faces.shape[1] != 3 or len(faces) == 0:
            raise InputError(f"{self.domain}: faces must have shape (m, 3); got {faces.shape}.")
        if n != self.domain.density:
            raise InputError(f"{self.domain}: the surface has {n} vertices.")
        if faces.min() < 0 or faces.max() >= n:
            bad = int(faces.min()) if faces.min() < 0 else int(faces.max())
            raise InputError(
                f"{self.domain}: a triangle names vertex {bad}, but there are {n}. The file is "
                f"damaged or two files were mixed."
            )
        faces.flags.writeable = False
        object.__setattr__(self, "faces", faces)

    @property
    def frame(self) -> Frame[K]:
        """The frame of the vertices."""
        return self.points.frame

    def __len__(self) -> int:
        return len(self.points)

    def moved(self, dst_from_src: Rigid[D, K]) -> Surface[D]:
        """Return the surface in another frame."""
        return Surface(dst_from_src @ self.points, self.faces, self.domain)

    def with_points(self, points: Points[K]) -> Surface[K]:
        """Return the same triangles with other vertices of the same frame."""
        return Surface(points, self.faces, self.domain)

    def corners(self) -> NDArray[np.float64]:
        """Return the (m, 3, 3) corner coordinates in mm of `frame`."""
        return self.points.mm(self.frame)[self.faces]

    def face_cross(self) -> NDArray[np.float64]:
        """Return the (m, 3) outward normals, as long as twice the triangle's area (mm²)."""
        c = self.corners()
        return np.asarray(np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]))

    def face_areas(self) -> NDArray[np.float64]:
        """Return the (m,) triangle areas in mm²."""
        return np.asarray(np.linalg.norm(self.face_cross(), axis=1) / 2)

    def vertex_areas(self) -> NDArray[np.float64]:
        """Return the (n,) areas in mm²: a third of the triangles around each vertex."""
        thirds = np.repeat(self.face_areas() / 3, 3)
        areas = np.bincount(self.faces.ravel(), thirds, minlength=len(self))
        return np.asarray(areas, dtype=np.float64)

    def vertex_normals(self) -> Vectors[K]:
        """Return the (n, 3) outward unit normals, weighted by area."""
        cross = np.repeat(self.face_cross(), 3, axis=0)
        at = self.faces.ravel()
        summed = np.stack(
            [np.bincount(at, cross[:, k], minlength=len(self)) for k in range(3)], axis=1
        )
        length = np.linalg.norm(summed, axis=1, keepdims=True)
        # A vertex without triangles has no normal: give it z, so that arrays stay rectangular.
        summed[length[:, 0] == 0] = (0, 0, 1)
        return Vectors(summed / np.where(length == 0, 1, length), self.frame)

    def signed_volume(self) -> float:
        """Return the enclosed volume in mm³; negative if the triangles face inward."""
        c = self.corners()
        return float(np.einsum("ij,ij->", c[:, 0], np.cross(c[:, 1], c[:, 2])) / 6)

    def adjacency(self) -> sparse.csr_array[Any]:
        """Return the (n, n) symmetric 0/1 matrix of vertices that share an edge."""
        f = self.faces
        a = np.concatenate([f[:, 0], f[:, 1], f[:, 2]])
        b = np.concatenate([f[:, 1], f[:, 2], f[:, 0]])
        n = len(self)
        ones = np.ones(2 * len(a), dtype=np.float64)
        m = sparse.coo_array((ones, (np.r_[a, b], np.r_[b, a])), shape=(n, n)).tocsr()
        m.data[:] = 1.0
        return m

    def __str__(self) -> str:
        return f"{self.domain}, {len(self.faces)} triangles, mm of {self.frame}"
