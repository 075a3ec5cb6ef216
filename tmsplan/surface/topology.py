"""Which triangles and vertices of a mesh hang together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from ..base.errors import DomainError, InputError
from ..space.frame import K
from .surface import Surface

__all__ = ["clusters", "components", "directed_edges", "edge_lengths", "smooth"]

Bools = NDArray[np.bool_]


def directed_edges(faces: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the (3 m, 2) edges of m triangles, each in its triangle's direction."""
    return np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def edge_lengths(xyz: NDArray[np.float64], faces: NDArray[np.int32]) -> sparse.csr_array[Any]:
    """Return the (n, n) symmetric matrix of edge lengths of (n, 3) vertices.

    An edge of length 0 is kept as the smallest number above 0: a sparse graph takes a stored
    0 for no edge, and would tear the mesh there.
    """
    a, b = np.sort(directed_edges(faces), axis=1).T
    # One entry per edge: a matrix of triplets would add up the lengths of its two triangles.
    key = np.unique(a.astype(np.int64) * len(xyz) + b)
    a, b = key // len(xyz), key % len(xyz)
    length = np.maximum(np.linalg.norm(xyz[a] - xyz[b], axis=1), np.finfo(np.float64).tiny)
    half = sparse.coo_array((length, (a, b)), shape=(len(xyz), len(xyz))).tocsr()
    return sparse.csr_array(half + half.T)


def components(surface: Surface[K]) -> NDArray[np.int32]:
    """Return the (n,) number, from 0, of the connected part that each vertex is in."""
    _, part = csgraph.connected_components(surface.adjacency(), directed=False)
    return np.asarray(part, dtype=np.int32)


def clusters(surface: Surface[K], mask: Bools) -> NDArray[np.int32]:
    """Return which connected patch of a mask each vertex belongs to.

    Two vertices are in one patch if a path of mesh edges inside the mask joins them.

    Parameters
    ----------
    surface : Surface
    mask : (n,) bool

    Returns
    -------
    (n,) int32
        0 outside the mask; patches count from 1, the one with most vertices first (of two
        equal ones, the one with the lowest vertex first).

    Raises
    ------
    DomainError
        If the mask does not have one value per vertex.
    InputError
        If it is not boolean.
    """
    if mask.shape != (len(surface),):
        raise DomainError(
            f"a mask of shape {mask.shape} does not fit {surface.domain}; give one value a vertex."
        )
    if mask.dtype != np.bool_:
        raise InputError(f"a mask must be boolean, not {mask.dtype}; write for example z > 2.")
    inside = np.flatnonzero(mask)
    out = np.zeros(len(surface), dtype=np.int32)
    if len(inside) == 0:
        return out
    graph = surface.adjacency()[inside][:, inside]
    count, part = csgraph.connected_components(graph, directed=False)
    # `part` is numbered by lowest vertex; a stable sort keeps that order among equals.
    order = np.argsort(-np.bincount(part, minlength=count), kind="stable")
    rank = np.empty(count, dtype=np.int32)
    rank[order] = np.arange(1, count + 1)
    out[inside] = rank[part]
    return out


def smooth(surface: Surface[K], values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Return values averaged with their mesh neighbours, `steps` times.

    Each step replaces a value by the mean of itself and its neighbours that have one. A
    missing value stays missing: smoothing must not invent data where the map has none.

    Parameters
    ----------
    surface : Surface
    values : (n,) float64
        NaN means missing.
    steps : int
        0 or more; the width grows with the root of the number and with the edge length.

    Raises
    ------
    DomainError
        If the values do not have one entry per vertex.
    InputError
        If `steps` is negative or a value is infinite.
    """
    if values.shape != (len(surface),):
        raise DomainError(
            f"values of shape {values.shape} do not fit {surface.domain}; give one a vertex."
        )
    if steps < 0:
        raise InputError(f"{steps} smoothing steps make no sense; give 0 or more.")
    if np.isinf(values).any():
        raise InputError("the values to smooth hold infinities; missing values must be NaN.")
    there = ~np.isnan(values)
    around = surface.adjacency() + sparse.eye_array(len(surface), format="csr")
    count = around @ there.astype(np.float64)
    out = np.where(there, values, 0.0)
    for _ in range(steps):
        out = np.where(there, np.divide(around @ out, count, where=there, out=out.copy()), 0.0)
    return np.where(there, out, np.nan)
