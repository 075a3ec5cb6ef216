"""An even mesh of a closed, roundish surface: what a boundary-element solver wants.

Triangles of equal size resolve the place under the coil as well as any other; decimation would
spend them where a skull is curved and leave the flat part under the coil coarse.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...space.frame import K
from ...space.points import Points
from ...surface.check import check_closed
from ...surface.domain import Domain
from ...surface.proximity import closest_on_faces
from ...surface.surface import Surface

__all__ = ["evenly_meshed"]

Floats = NDArray[np.float64]

#: Four subdivisions of the icosahedron: 5,120 triangles, 5 mm long on a skull.
SUBDIVISIONS = 4
_RELAXATIONS = 30
#: The new mesh encloses as much as the old one to this share: it is inscribed, so a little less.
_VOLUME_SHARE = 0.02
#: By how much a ray is moved that met nothing; oblique to any grid that a contour came from.
_ASIDE_MM = np.array([[0, 0, 0], [1.3, 0.7, 0.3], [-0.9, 1.1, 0.5], [0.4, -0.6, 1.2]]) * 1e-3


def evenly_meshed(surface: Surface[K], subdivisions: int = SUBDIVISIONS) -> Surface[K]:
    """Return the surface on an icosphere's mesh: 20 * 4^subdivisions triangles of like size.

    Each direction from the middle meets the surface for the last time somewhere; the vertices
    begin there and are spread evenly along the surface.

    Raises
    ------
    InputError
        If the surface is so far from round that its volume changes by more than 2 %.
    """
    directions, faces = _icosphere(subdivisions)
    frame = surface.frame
    corners = surface.corners()
    volume = surface.signed_volume()
    cross = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
    middle = (corners.sum(axis=1) * cross[:, None]).sum(axis=0) / 4 / cross.sum()
    domain = Domain(surface.domain.mesh, len(directions), None, surface.domain.owner)
    mesh = Surface(Points(_last_hits(surface, middle, directions), frame), faces, domain)
    spread = Points(_spread(mesh, surface), frame)
    mesh = mesh.with_points(closest_on_faces(surface, spread).points)
    check_closed(mesh, f"even mesh of {surface.domain.mesh}")
    kept = mesh.signed_volume() / volume
    if abs(kept - 1) > _VOLUME_SHARE:
        raise InputError(
            f"{surface.domain}: meshed evenly it encloses {100 * kept:.1f} % of its volume. "
            f"Expected within {100 * _VOLUME_SHARE:g} %. It is too far from round; look at it."
        )
    return mesh


def _spread(mesh: Surface[K], surface: Surface[K]) -> Floats:
    """Spread the vertices evenly: each toward its neighbours, then back to the tangent plane."""
    from scipy.spatial import cKDTree

    xyz = mesh.points.mm(surface.frame)
    target = surface.points.mm(surface.frame)
    normals = surface.vertex_normals().components(surface.frame)
    tree = cKDTree(target)
    neighbours = mesh.adjacency()
    degree = np.asarray(neighbours.sum(axis=1)).ravel()[:, None]
    for _ in range(_RELAXATIONS):
        xyz = (xyz + neighbours @ xyz / degree) / 2
        _, near = tree.query(xyz)
        off = np.einsum("ni,ni->n", xyz - target[near], normals[near])
        xyz = xyz - off[:, None] * normals[near]
    return np.asarray(xyz)


def _icosphere(subdivisions: int) -> tuple[Floats, NDArray[np.int32]]:
    """Return unit vertices and outward triangles, each vertex once."""
    import pyvista as pv

    mesh: Any = pv.Icosphere(radius=1.0, nsub=subdivisions).clean()
    xyz = np.asarray(mesh.points, dtype=np.float64)
    xyz /= np.linalg.norm(xyz, axis=1, keepdims=True)
    faces = np.asarray(mesh.faces).reshape(-1, 4)[:, 1:].astype(np.int32)
    a, b, c = (xyz[faces[:, k]] for k in range(3))
    if float(np.einsum("ij,ij->", a, np.cross(b, c))) < 0:
        faces = faces[:, ::-1]
    return xyz, faces


def _last_hits(surface: Surface[K], middle: Floats, directions: Floats) -> Floats:
    """Return where rays from the middle leave the surface for good, (n, 3) mm."""
    import pyvista as pv

    xyz = surface.points.mm(surface.frame)
    faces = np.column_stack([np.full(len(surface.faces), 3), surface.faces])
    mesh: Any = pv.PolyData(xyz, faces.ravel())
    reach = 1.1 * float(np.linalg.norm(xyz - middle, axis=1).max())
    out = np.empty_like(directions)
    for i, direction in enumerate(directions):
        # From outside inward: the first place met is the last one left. A ray exactly along an
        # edge may slip between its triangles, so it is tried again a micrometre beside.
        for aside in _ASIDE_MM:
            start = middle + reach * direction + aside
            hits, _ = mesh.ray_trace(start, middle + aside, first_point=True)
            if len(hits):
                break
        else:
            raise InputError(
                f"{surface.domain}: a ray from its middle never leaves it. Expected a closed "
                f"surface around its middle. It has a hole."
            )
        out[i] = hits
    return out
