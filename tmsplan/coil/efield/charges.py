"""How charged triangles act on each other and on points.

Between triangles that are near, in closed form, averaged over three points of the receiving
triangle; otherwise as point charges. A charge's flux through its own closed boundary is half
of it (Gauss): what the sum over the other triangles lacks of that is given to the triangle
itself. So no charge is made or lost by the discretisation, whatever the mesh.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .layer import Layer
from .potentials import FOUR_PI, solid_angles, triangle_fields

__all__ = ["FieldOperator", "NearField", "field_operator", "near_interaction", "system_matrix"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Indices = NDArray[np.intp]
Sparse = sparse.csr_array[Any]

#: Closer than this many sizes of the charged triangle, its field is taken in closed form. At
#: this distance a point charge in its centre is wrong by less than 2 %, with changing sign.
_NEAR_SIZES = 4.0
#: Pairs of the closed form at once: about 60 MB.
_PAIRS = 100_000
#: Entries of a dense block at once: 2 MB in single precision stay in the processor's cache.
_ENTRIES = 500_000
#: Square of the distance below which a point charge no longer grows, m²: single precision has
#: to hold it until the closed form replaces it.
_SOFT_M2 = 1e-6
#: Largest mean normal field of a triangle on itself, per density, that Gauss may ask for.
_ITSELF = 0.2
#: Three points inside a triangle, exact for linear and quadratic fields; barycentric rows.
_INNER = np.array([[4, 1, 1], [1, 4, 1], [1, 1, 4]]) / 6.0


@dataclass(frozen=True, slots=True, eq=False)
class NearField:
    """What the closed form adds to the point charges, per pair of triangles.

    Parameters
    ----------
    flux : (n, n) sparse
        Mean normal field at row's triangle per unit density of the column's; diagonal left out.
    """

    flux: Sparse

    @classmethod
    def of(cls, data: NDArray[Any], columns: NDArray[Any], starts: NDArray[Any]) -> NearField:
        """Return it from the three arrays of its compressed rows."""
        n = len(starts) - 1
        return cls(sparse.csr_array((data, columns, starts), shape=(n, n)))


@dataclass(frozen=True, slots=True, eq=False)
class FieldOperator:
    """The field of a layer's charges at fixed points.

    Parameters
    ----------
    points_m : (p, 3) float64
    layer : Layer
    near : three (p, n) sparse
        What the closed form differs from point charges, x, y and z.
    """

    points_m: Floats
    layer: Layer
    near: tuple[Sparse, Sparse, Sparse]

    def apply(self, density: Floats) -> Floats:
        """Return the field, (p, 3) V/m, of a density, (n,) V/m."""
        charge = density * self.layer.areas_m2
        moved = _moved(self.points_m, self.layer)
        weights = np.column_stack([charge, charge[:, None] * moved.charges]).astype(np.float32)
        out = np.stack([k @ density for k in self.near], axis=1)
        for rows in _blocks(len(out), len(density)):
            sums = (_inverse_cube(moved, rows) @ weights).astype(np.float64)
            out[rows] += (moved.points[rows] * sums[:, :1] - sums[:, 1:]) / FOUR_PI
        return out

    def transpose(self, vectors: Floats) -> Floats:
        """Return per triangle the sum over points of ``vector . field``, (n, k) per density.

        Parameters
        ----------
        vectors : (p, 3, k) float64
        """
        moved = _moved(self.points_m, self.layer)
        across = np.einsum("px,pxk->pk", moved.points, vectors)
        out = np.zeros((len(self.layer), vectors.shape[2]))
        for rows in _blocks(len(moved.points), len(self.layer)):
            cube = _inverse_cube(moved, rows).T.astype(np.float64)
            out += cube @ across[rows]
            for axis in range(3):
                out -= moved.charges[:, axis, None] * (cube @ vectors[rows, axis])
        out *= self.layer.areas_m2[:, None] / FOUR_PI
        for axis, near in enumerate(self.near):
            out += near.T @ vectors[:, axis]
        return np.asarray(out)


def field_operator(points_m: Floats, layer: Layer) -> FieldOperator:
    """Return the field of a layer's charges at points, near ones in closed form."""
    moved = _moved(points_m, layer)
    p, n = len(points_m), len(layer)
    rows, columns = _near_pairs(points_m, layer)
    values = np.empty((len(rows), 3))
    for part in _parts(len(rows)):
        i, j = rows[part], columns[part]
        values[part] = triangle_fields(points_m[i], layer.corners_m[j])
        away = moved.points[i] - moved.charges[j]
        square = np.maximum(np.einsum("nx,nx->n", away, away), _SOFT_M2)
        values[part] -= away * (layer.areas_m2[j] / FOUR_PI / square**1.5)[:, None]
    x, y, z = (sparse.coo_array((v, (rows, columns)), shape=(p, n)).tocsr() for v in values.T)
    return FieldOperator(points_m, layer, (x, y, z))


def near_interaction(layer: Layer) -> NearField:
    """Return the closed-form interactions of near triangles: the slow part of a set-up."""
    rows, columns = _near_pairs(layer.centres_m, layer)
    other = rows != columns
    rows, columns = rows[other], columns[other]
    flux = np.empty(len(rows))
    # Sampled on the smaller of the two, where the closed form of the larger one varies least. A
    # large receiver is sampled from the charge: what crosses it is the angle it fills.
    small = layer.areas_m2[rows] <= layer.areas_m2[columns]
    flux[small] = _mean_normal_field(layer, rows[small], columns[small])
    flux[~small] = _mean_angle(layer, rows[~small], columns[~small])
    n = len(layer)
    return NearField(sparse.coo_array((flux, (rows, columns)), shape=(n, n)).tocsr())


def _mean_normal_field(layer: Layer, at: Indices, of: Indices) -> Floats:
    """Return the field of triangles `of` along the normal of triangles `at`, mean over these."""
    flux = np.zeros(len(at))
    for part in _parts(len(at)):
        i, corners = at[part], layer.corners_m[of[part]]
        for weights in _INNER:
            points = np.einsum("k,nkx->nx", weights, layer.corners_m[i])
            field = triangle_fields(points, corners)
            flux[part] += np.einsum("nx,nx->n", field, layer.normals[i]) / len(_INNER)
    return flux


def _mean_angle(layer: Layer, at: Indices, of: Indices) -> Floats:
    """Return the same from the angle that `at` fills, seen from `of`: exact in the other one."""
    angle = np.zeros(len(at))
    for part in _parts(len(at)):
        i, j = at[part], of[part]
        for weights in _INNER:
            points = np.einsum("k,nkx->nx", weights, layer.corners_m[j])
            angle[part] -= solid_angles(points, layer.corners_m[i]) / len(_INNER)
    return np.asarray(angle / FOUR_PI * layer.areas_m2[of] / layer.areas_m2[at])


def system_matrix(layer: Layer, near: NearField) -> Singles:
    """Return the (n, n) matrix of ``density / 2 - contrast * (normal field)``.

    The density that a primary field E makes solves ``matrix @ density = contrast * (n . E)``.
    An insulating boundary leaves its total charge open; it is set to 0 by a term of rank one.

    Parameters
    ----------
    layer : Layer
    near : NearField
        Of the same layer.
    """
    n = len(layer)
    matrix = np.empty((n, n), dtype=np.float32)
    moved = _moved(layer.centres_m, layer)
    outflow = np.zeros(n)
    for rows in _blocks(n, n):
        matrix[rows] = _block(layer, near, moved, rows)
        for part in np.unique(layer.part[rows]):
            inside = rows[layer.part[rows] == part]
            own = layer.part == part
            flux = layer.areas_m2[inside] @ matrix[inside[0] : inside[-1] + 1]
            outflow += np.where(own, flux, 0)
    # A flat triangle sends nothing through itself; more than this is the far field's rounding on
    # a sliver, which must not be handed to it.
    itself = np.clip(0.5 - outflow / layer.areas_m2, -_ITSELF, _ITSELF)
    for rows in _blocks(n, n):
        span = slice(rows[0], rows[-1] + 1)
        matrix[span] *= -layer.contrast[rows, None].astype(np.float32)
        matrix[rows, rows] = 0.5 - layer.contrast[rows] * itself[rows]
        for part in np.unique(layer.part[rows][layer.contrast[rows] == 1]):
            own = layer.part == part
            share = np.where(own, layer.areas_m2, 0) / layer.areas_m2[own].sum()
            matrix[span] += np.where(own[rows], 1, 0)[:, None] * share.astype(np.float32)
    return matrix


def _block(layer: Layer, near: NearField, moved: _Moved, rows: NDArray[np.intp]) -> Singles:
    normals = layer.normals[rows]
    cube = _inverse_cube(moved, rows)
    along = np.einsum("nx,nx->n", moved.points[rows], normals)
    across = normals.astype(np.float32) @ moved.charges.T.astype(np.float32)
    np.subtract(along[:, None].astype(np.float32), across, out=across)
    across *= cube
    across *= (layer.areas_m2 / FOUR_PI).astype(np.float32)
    entries = near.flux[rows[0] : rows[-1] + 1].tocoo()
    across[entries.row, entries.col] = entries.data
    across[np.arange(len(rows)), rows] = 0
    return np.asarray(across)


@dataclass(frozen=True, slots=True, eq=False)
class _Moved:
    """Points and charges round a common origin: single precision needs small numbers."""

    points: Floats
    charges: Floats


def _moved(points_m: Floats, layer: Layer) -> _Moved:
    origin = layer.centres_m.mean(axis=0)
    return _Moved(points_m - origin, layer.centres_m - origin)


def _inverse_cube(moved: _Moved, rows: NDArray[np.intp]) -> Singles:
    """Return 1 / distance³ (1/m³) of each point of `rows` to each charge."""
    points = moved.points[rows]
    p = np.column_stack([points, np.ones(len(points)), np.einsum("nx,nx->n", points, points)])
    c = moved.charges
    q = np.column_stack([-2 * c, np.einsum("nx,nx->n", c, c), np.ones(len(c))])
    square = p.astype(np.float32) @ q.astype(np.float32).T
    np.maximum(square, np.float32(_SOFT_M2), out=square)
    root = np.sqrt(square)
    root *= square
    return np.asarray(np.reciprocal(root, out=root))


def _near_pairs(points_m: Floats, layer: Layer) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    from scipy.spatial import cKDTree

    found = cKDTree(points_m).query_ball_point(
        layer.centres_m, _NEAR_SIZES * layer.sizes_m, return_sorted=True
    )
    counts = np.fromiter((len(f) for f in found), dtype=np.intp, count=len(found))
    rows = np.concatenate([np.asarray(f, dtype=np.intp) for f in found])
    return rows, np.repeat(np.arange(len(found)), counts)


def _blocks(rows: int, columns: int) -> Iterator[NDArray[np.intp]]:
    step = max(1, _ENTRIES // columns)
    for start in range(0, rows, step):
        yield np.arange(start, min(rows, start + step))


def _parts(n: int) -> Iterator[slice]:
    for start in range(0, n, _PAIRS):
        yield slice(start, min(n, start + _PAIRS))
