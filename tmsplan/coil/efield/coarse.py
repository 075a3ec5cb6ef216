"""A closed surface with fewer triangles, still closed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...space.frame import Scanner
from ...space.points import Points
from ...surface import Domain, Surface

__all__ = ["coarse"]

Faces = NDArray[np.int64]

#: Flaps and holes that quadric decimation may leave per thousand triangles and still be mended:
#: on both hemispheres of a real head, 1 in 4,000.
_MENDED_PER_MILLE = 5.0


def coarse(surface: Surface[Scanner], triangles: int, what: str) -> Surface[Scanner]:
    """Return the surface with about that many triangles; itself if it has no more.

    VTK's quadric decimation keeps gyri and volume best, but leaves a few flaps (a triangle on
    one edge of others) and holes; flaps are cut off and holes filled.

    Parameters
    ----------
    surface : Surface
        Closed.
    triangles : int
    what : str
        Name for messages and for the domain of the result.

    Raises
    ------
    InputError
        If the surface is not closed, or decimation tears it.
    """
    import pyvista as pv

    if len(_loose(surface.faces.astype(np.int64))[1]):
        raise InputError(
            f"{surface.domain}: the {what} surface is not closed; a conductor has no open edge. "
            f"Pass the surface as the reconstruction wrote it."
        )
    if len(surface.faces) <= triangles:
        return surface
    mesh = pv.PolyData.from_regular_faces(surface.points.mm(surface.frame), surface.faces)
    fewer = mesh.decimate(1 - triangles / len(surface.faces))
    faces = _mended(np.asarray(fewer.regular_faces, dtype=np.int64), f"{surface.domain}: {what}")
    used, at = np.unique(faces, return_inverse=True)
    xyz = np.asarray(fewer.points, dtype=np.float64)[used]
    domain = Domain(f"{what}, coarse", len(xyz), surface.domain.hemi, surface.domain.owner)
    return Surface(Points(xyz, surface.frame), at.reshape(-1, 3).astype(np.int32), domain)


def _mended(faces: Faces, who: str) -> Faces:
    flap = _loose(faces)[0].all(axis=1)
    kept = faces[~flap]
    patches = _filled(_loose(kept)[1])
    mended = np.concatenate([kept, patches])
    repairs = int(flap.sum()) + len(patches)
    if len(_loose(mended)[1]) or repairs > _MENDED_PER_MILLE * len(faces) / 1000:
        raise InputError(
            f"{who}: decimation left {repairs} flaps and holes in {len(faces)} triangles. "
            f"Expected at most {_MENDED_PER_MILLE:g} per mille; the surface is probably torn or "
            f"crosses itself. Check it, or use the shell engine."
        )
    return mended


def _loose(faces: Faces) -> tuple[NDArray[np.bool_], Faces]:
    """Return which edges of each triangle lack their opposite, (m, 3), and those edges, (k, 2).

    The edges returned run as a triangle that would close them has to run.
    """
    edges = np.stack([faces, np.roll(faces, -1, axis=1)], axis=2)
    ends = np.sort(edges, axis=2)
    key = ends[..., 0] * (int(faces.max(initial=0)) + 1) + ends[..., 1]
    way = np.where(edges[..., 0] < edges[..., 1], 1, -1)
    unique, at = np.unique(key.ravel(), return_inverse=True)
    balance = np.bincount(at, way.ravel(), minlength=len(unique)).astype(np.int64)
    own = (balance[at].reshape(key.shape) * way) > 0
    first = np.zeros(len(unique), dtype=np.intp)
    rows = np.flatnonzero(own.ravel())
    first[at[rows]] = rows
    open_edges = edges.reshape(-1, 2)[first[balance != 0]][:, ::-1]
    return own, open_edges


def _filled(edges: Faces) -> Faces:
    """Return triangles that close loops of directed edges: a fan in each loop."""
    after = {int(a): int(b) for a, b in edges}
    patches = []
    while after:
        start, here = after.popitem()
        while here in after:
            then = after.pop(here)
            if then != start:
                patches.append((start, here, then))
            here = then
    return np.array(patches, dtype=np.int64).reshape(-1, 3)
