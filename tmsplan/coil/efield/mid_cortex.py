"""Where on the cortex a field is evaluated: trusted vertices, and anchors that stand for them.

A head has 200,000 to 330,000 vertices 0.7 mm apart; the field of the charges, which have
triangles of 4 to 6 mm, is smooth at that scale. It is evaluated at anchors about 1.8 mm apart
and carried to the vertices between by a local linear fit; the coil's own field is taken exactly
at every vertex. On a real head this differs from evaluating every vertex by 0.05 % of the peak
(rms) and 0.6 % (largest). Opposite banks of a sulcus or
gyrus do not share anchors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...base.param import Param
from ...patient.patient import Cortex
from ...surface import Pair

__all__ = ["TRUSTED_FROM", "MidCortex", "Sheet", "anchored", "sheet_of"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Depth under the inner skull from which a field is trusted, in edges of its triangles.
TRUSTED_FROM = Param(0.2, "edges", 0.1, 1.0, "docs/decisions/0022")
#: Edge of the boxes that hold one anchor for each of six directions of the cortex.
_BOX_M = 1.8e-3
#: What turning the normal by one radian counts as, when neighbours are looked for.
_TURN_M = 2e-3
#: Anchors that a vertex takes part of, and the ridge (relative) that keeps their slope finite.
_ANCHORS, _RIDGE = 10, 1e-4
#: Up to this many vertices each is its own anchor.
_FEW = 25_000
_BLOCK = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Mid-cortex vertices of both hemispheres, left first, metres.

    Parameters
    ----------
    points_m, normals : (n, 3) float64
    areas_m2 : (n,) float64
    left : int
        How many of them are the left hemisphere's.
    """

    points_m: Floats
    normals: Floats
    areas_m2: Floats
    left: int


@dataclass(frozen=True, slots=True, eq=False)
class MidCortex:
    """A sheet with its trusted vertices and anchors.

    Parameters
    ----------
    sheet : Sheet
    depth_m : (n,) float64
        Below the inner skull; negative outside it.
    trusted : (n,) bool
    anchors : (a,) intp
        Vertices where the charges' field is evaluated; all of them trusted.
    spread : (n, a) sparse
        Carries values at the anchors to all vertices; rows of untrusted vertices are empty.
    """

    sheet: Sheet
    depth_m: Floats
    trusted: Bools
    anchors: NDArray[np.intp]
    spread: sparse.csr_array[Any]


def sheet_of(cortex: Pair[Cortex]) -> Sheet:
    """Return the mid-cortex of both hemispheres as plain arrays in metres."""
    mids = [c.mid for _, c in cortex.sides()]
    return Sheet(
        np.concatenate([m.points.mm(m.frame) for m in mids]) * 1e-3,
        np.concatenate([m.vertex_normals().components(m.frame) for m in mids]),
        np.concatenate([m.vertex_areas() for m in mids]) * 1e-6,
        len(mids[0]),
    )


def anchored(sheet: Sheet, depth_m: Floats, trusted: Bools) -> MidCortex:
    """Return the sheet with anchors among its trusted vertices."""
    rows = np.flatnonzero(trusted)
    n = len(trusted)
    if len(rows) <= _FEW:
        shape = (n, len(rows))
        one = sparse.coo_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=shape)
        return MidCortex(sheet, depth_m, trusted, rows, one.tocsr())
    anchors = rows[_one_per_box(sheet.points_m[rows], sheet.normals[rows])]
    weights, columns = _fits(sheet, rows, anchors)
    at = np.repeat(rows, columns.shape[1])
    spread = sparse.coo_array((weights.ravel(), (at, columns.ravel())), shape=(n, len(anchors)))
    return MidCortex(sheet, depth_m, trusted, anchors, spread.tocsr())


def _one_per_box(points_m: Floats, normals: Floats) -> NDArray[np.intp]:
    boxes = np.floor(points_m / _BOX_M).astype(np.int64)
    boxes -= boxes.min(axis=0)
    axis = np.abs(normals).argmax(axis=1)
    sign = np.take_along_axis(normals, axis[:, None], axis=1)[:, 0] > 0
    sizes = boxes.max(axis=0) + 1
    key = np.ravel_multi_index((*boxes.T, 2 * axis + sign), (*sizes, 6))
    # The one nearest to the middle of its box, so that anchors lie evenly.
    off = np.linalg.norm(points_m / _BOX_M - np.floor(points_m / _BOX_M) - 0.5, axis=1)
    order = np.lexsort((off, key))
    first = np.append(True, np.diff(key[order]) != 0)
    return np.asarray(np.sort(order[first]))


def _fits(
    sheet: Sheet, rows: NDArray[np.intp], anchors: NDArray[np.intp]
) -> tuple[Floats, NDArray[np.intp]]:
    """Return weights and anchor numbers, (rows, k), of a linear fit round each vertex."""
    from scipy.spatial import cKDTree

    place = np.hstack([sheet.points_m, sheet.normals * _TURN_M])
    tree: Any = cKDTree(place[anchors])
    far, near = tree.query(place[rows], k=_ANCHORS)
    weights = np.empty(far.shape)
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        offset = sheet.points_m[anchors[near[part]]] - sheet.points_m[rows[part], None]
        weights[part] = _linear_weights(offset, far[part])
    return weights, near


def _linear_weights(offset: Floats, far: Floats) -> Floats:
    """Return weights (n, k) that give a linear function its value in the middle."""
    scale = far[:, -1:] + 1e-9
    closeness = np.maximum(1 - (far / scale) ** 2, 1e-3) ** 2
    basis = np.concatenate([np.ones((*far.shape, 1)), offset / scale[..., None]], axis=2)
    weighted = basis * closeness[..., None]
    normal = np.einsum("nka,nkb->nab", weighted, basis)
    # Anchors lie on a sheet: across it there is no slope to be found, so it is held down.
    normal[:, [1, 2, 3], [1, 2, 3]] += _RIDGE * normal[:, [0], [0]]
    first = np.linalg.solve(normal, np.tile([[1.0], [0], [0], [0]], (len(far), 1, 1)))
    return np.asarray(np.einsum("nka,na->nk", weighted, first[..., 0]))
