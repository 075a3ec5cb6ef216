"""The nearest place on a surface: on its triangles, among its vertices, on a sphere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from ..base.errors import DomainError, InputError
from ..space.frame import K, SphereReg, require_same
from ..space.points import Points
from .nearest_face import nearest_faces
from .pseudonormal import PseudoNormals
from .surface import Surface
from .topology import directed_edges
from .triangle import Nearest, nearest_on_triangles

__all__ = ["Contact", "closest_on_faces", "nearest_by_sphere", "nearest_vertex"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

#: FreeSurfer's sphere has radius 100; written as float32 its radii agree to about 1e-5. A
#: surface whose radii differ by more than this share is inflated or folded, not a sphere.
_SPHERE_TOL = 0.01
_SPHERE_RADIUS_MM = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Contact(Generic[K]):
    """The nearest place on a surface of each of n points.

    Parameters
    ----------
    points : Points
        (n, 3) places on the triangles, mm, in the surface's frame.
    faces : (n,) intp
        The triangle that each place is on.
    distance_mm : (n,) float64
        0 or more.
    signed_mm : (n,) float64
        The same, negative inside; NaN if the surface is not closed, since then there is no
        inside.
    """

    points: Points[K]
    faces: Indices
    distance_mm: Floats
    signed_mm: Floats

    def __len__(self) -> int:
        return len(self.distance_mm)

    def __str__(self) -> str:
        low, high = self.distance_mm.min(), self.distance_mm.max()
        return f"{len(self)} contacts, {low:.2f} to {high:.2f} mm away, in {self.points.frame}"


def closest_on_faces(surface: Surface[K], points: Points[K]) -> Contact[K]:
    """Return the nearest place on the triangles of `surface` for each point.

    Exact: the answer is that of looking at every triangle (`nearest_faces`). The sign comes
    from the angle-weighted normal of whatever is nearest, triangle, edge or vertex: the normal
    of a triangle alone is wrong at sharp edges.

    Parameters
    ----------
    surface : Surface
        Triangles counter-clockwise seen from outside.
    points : Points
        (n, 3) mm, in the surface's frame.

    Returns
    -------
    Contact

    Raises
    ------
    FrameError
        If surface and points are in different frames.

    Source: doi:10.1109/TVCG.2005.49 (sign).
    """
    require_same(surface.frame, points.frame, "measure the distance to a surface")
    xyz = points.mm(surface.frame)
    corners = surface.corners()
    faces = nearest_faces(corners, xyz)
    found = nearest_on_triangles(xyz, corners[faces])
    gap = xyz - found.xyz
    distance = np.linalg.norm(gap, axis=1)
    signed = _signed(surface, faces, found, gap, distance)
    return Contact(Points(found.xyz, surface.frame), faces, distance, signed)


def nearest_vertex(surface: Surface[K], points: Points[K]) -> Indices:
    """Return the (n,) index of the vertex nearest to each point, in a straight line.

    Raises
    ------
    FrameError
        If surface and points are in different frames.
    """
    from scipy.spatial import cKDTree

    require_same(surface.frame, points.frame, "look for the nearest vertex")
    _, index = cKDTree(surface.points.mm(surface.frame)).query(points.mm(surface.frame))
    return np.asarray(index, dtype=np.intp)


def nearest_by_sphere(moving: Surface[SphereReg], fixed: Surface[SphereReg]) -> Indices:
    """Return, for each vertex of `moving`, the nearest vertex of `fixed` on the sphere.

    Use it to fetch vertex data: ``data_on_moving = data_on_fixed[index]``.

    Parameters
    ----------
    moving, fixed : Surface
        Registered spheres (``?h.sphere.reg``) of one hemisphere, in one sphere frame. Both
        are scaled to radius 100 first.

    Returns
    -------
    (n of moving,) intp

    Raises
    ------
    FrameError
        If the spheres are registered to different templates.
    DomainError
        If one is the left and the other the right hemisphere.
    InputError
        If one is no sphere around the origin.

    Source: doi:10.1002/(SICI)1097-0193(1999)8:4<272::AID-HBM10>3.0.CO;2-4.
    """
    from scipy.spatial import cKDTree

    require_same(moving.frame, fixed.frame, "look up vertices on a sphere")
    if moving.domain.hemi is not fixed.domain.hemi:
        raise DomainError(
            f"cannot look up {moving.domain} on {fixed.domain}: they are opposite hemispheres, "
            f"and their spheres are mirror images. Pass spheres of one side."
        )
    # On a sphere the shortest chord is the shortest arc, so a straight-line search is exact.
    _, index = cKDTree(_on_sphere(fixed)).query(_on_sphere(moving))
    return np.asarray(index, dtype=np.intp)


def _on_sphere(surface: Surface[SphereReg]) -> Floats:
    xyz = surface.points.mm(surface.frame)
    radius = np.linalg.norm(xyz, axis=1, keepdims=True)
    middle = float(np.median(radius))
    low, high = float(radius.min()), float(radius.max())
    if high - low > _SPHERE_TOL * middle or middle == 0:
        raise InputError(
            f"{surface.domain}: its vertices lie {low:.2f} to {high:.2f} mm from the origin, so "
            f"it is no sphere. Pass ?h.sphere.reg, not an inflated or folded surface."
        )
    return np.asarray(xyz * (_SPHERE_RADIUS_MM / radius))


def _signed(
    surface: Surface[K], faces: Indices, found: Nearest, gap: Floats, distance: Floats
) -> Floats:
    if not _is_closed(surface):
        return np.full(len(distance), np.nan)
    normals = PseudoNormals.of(surface).at(faces, found)
    outward = np.einsum("ni,ni->n", gap, normals)
    return np.where(outward < 0, -distance, distance)


def _is_closed(surface: Surface[K]) -> bool:
    """Whether every edge is passed once in each direction."""
    edges = directed_edges(surface.faces).astype(np.int64)
    n = len(surface)
    forward = np.sort(edges[:, 0] * n + edges[:, 1])
    backward = np.sort(edges[:, 1] * n + edges[:, 0])
    return bool((np.diff(forward) > 0).all() and np.array_equal(forward, backward))
