"""How charged triangles act on each other and on points.

Between triangles that are near, in closed form, averaged over the smaller of the two; otherwise
as three point charges. One point charge would not do: where the closed form ends it leaves a
quadrupole on all sides, which a second boundary inside the first makes an error of 3 %.

A charge's flux through its own closed boundary is half of it (Gauss): what the sum over the
other triangles lacks of that is given to the triangle itself. So no charge is made or lost by
the discretisation, whatever the mesh. Where a boundary crosses itself the law does not hold: a
triangle inside another fold sends once more its charge through that fold. It is told by that
lack and left as the flat triangle it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...base.errors import InputError
from .layer import Layer
from .potentials import FOUR_PI, solid_angles, triangle_fields

__all__ = ["FieldOperator", "NearField", "field_operator", "near_interaction", "system_matrix"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Indices = NDArray[np.intp]
Sparse = sparse.csr_array[Any]

#: Closer than this many sizes of the charged triangle, its field at a point is taken in closed
#: form. Beyond, a point charge in its centre is wrong by less than 2 %, with changing sign.
_NEAR_SIZES = 4.0
#: The same between two triangles, in sums of their sizes; and where they touch or nearly do.
_NEAR_SUMS, _TOUCHING_SUMS = 2.0, 0.6
#: Pairs of the closed form at once: about 60 MB.
_PAIRS = 100_000
#: Entries of a dense block at once: 2 MB in single precision stay in the processor's cache.
_ENTRIES = 500_000
#: Square of the distance below which a point charge no longer grows, m²: single precision has
#: to hold it until the closed form replaces it.
_SOFT_M2 = 1e-6
#: Mean normal field of a flat triangle on itself, per density, beyond which Gauss's law does not
#: hold for it. On surfaces that do not cross themselves at most 0.07 was seen; crossing asks -1.
_CROSSED = 0.15
#: Largest share of such triangles. A real pia of 12,790 triangles has 4 %.
_CROSSED_SHARE = 0.10
#: Three points inside a triangle, exact for linear and quadratic fields; barycentric rows.
_INNER = np.array([[4, 1, 1], [1, 4, 1], [1, 1, 4]]) / 6.0
#: The same in each quarter of the triangle.
_FINER = np.concatenate(
    [
        _INNER @ (np.array(quarter) / 2.0)
        for quarter in (
            [[2, 0, 0], [1, 1, 0], [1, 0, 1]],
            [[1, 1, 0], [0, 2, 0], [0, 1, 1]],
            [[1, 0, 1], [0, 1, 1], [0, 0, 2]],
            [[1, 1, 0], [0, 1, 1], [1, 0, 1]],
        )
    ]
)


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
            sums = (_inverse_cube(moved.points[rows], moved.charges) @ weights).astype(np.float64)
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
            cube = _inverse_cube(moved.points[rows], moved.charges).T.astype(np.float64)
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
    rows, columns, gaps = _near_triangles(layer)
    flux = np.empty(len(rows))
    touching = gaps < _TOUCHING_SUMS
    flux[touching] = _mean_flux(layer, rows[touching], columns[touching])
    flux[~touching] = _flux(layer, rows[~touching], columns[~touching])
    n = len(layer)
    return NearField(sparse.coo_array((flux, (rows, columns)), shape=(n, n)).tocsr())


def _near_triangles(layer: Layer) -> tuple[Indices, Indices, Floats]:
    """Return pairs of near triangles, both ways, and their distance in sums of their sizes.

    By both sizes: a large triangle near a small one sees its field vary as the other way round.
    """
    from scipy.spatial import cKDTree

    tree: Any = cKDTree(layer.centres_m)
    # Within the reach of the larger one: each pair is found from there.
    found = tree.query_ball_point(layer.centres_m, 2 * _NEAR_SUMS * layer.sizes_m)
    first = np.repeat(np.arange(len(layer)), [len(f) for f in found])
    second = np.concatenate([np.asarray(f, dtype=np.intp) for f in found])
    smaller = layer.sizes_m[second] < layer.sizes_m[first]
    equal = (layer.sizes_m[second] == layer.sizes_m[first]) & (second < first)
    once = smaller | equal
    first, second = first[once], second[once]
    away = np.linalg.norm(layer.centres_m[first] - layer.centres_m[second], axis=1)
    gaps = away / (layer.sizes_m[first] + layer.sizes_m[second])
    near = gaps < _NEAR_SUMS
    first, second, gaps = first[near], second[near], gaps[near]
    return np.append(first, second), np.append(second, first), np.append(gaps, gaps)


def _flux(layer: Layer, at: Indices, of: Indices) -> Floats:
    """Return the normal field in the centre of triangles `at` per unit density of `of`."""
    flux = np.empty(len(at))
    for part in _parts(len(at)):
        i, j = at[part], of[part]
        field = triangle_fields(layer.centres_m[i], layer.corners_m[j])
        flux[part] = np.einsum("nx,nx->n", field, layer.normals[i])
    return flux


def _mean_flux(layer: Layer, at: Indices, of: Indices) -> Floats:
    """Return the normal field at triangles `at` per unit density of triangles `of`, mean.

    Sampled on the smaller of the two, where the closed form of the larger one varies least. A
    large receiver is sampled from the charge: what crosses it is the angle it fills.
    """
    flux = np.zeros(len(at))
    for part in _parts(len(at)):
        i, j = at[part], of[part]
        ratio = layer.areas_m2[j] / layer.areas_m2[i]
        # Equal ones, as symmetric meshes have: the receiver, whatever their last digits.
        small = ratio > 1 - 1e-6
        found = np.zeros(len(i))
        for weights in _FINER:
            points = np.einsum("k,nkx->nx", weights, layer.corners_m[np.where(small, i, j)])
            field = triangle_fields(points[small], layer.corners_m[j[small]])
            found[small] += np.einsum("nx,nx->n", field, layer.normals[i[small]])
            angle = solid_angles(points[~small], layer.corners_m[i[~small]])
            found[~small] -= angle / FOUR_PI * ratio[~small]
        flux[part] = found / len(_FINER)
    return flux


def system_matrix(layer: Layer, near: NearField) -> Singles:
    """Return the (n, n) matrix of ``density / 2 - contrast * (normal field)``.

    The density that a primary field E makes solves ``matrix @ density = contrast * (n . E)``.
    An insulating boundary leaves its total charge open; it is set to 0 by a term of rank one.

    Parameters
    ----------
    layer : Layer
    near : NearField
        Of the same layer.

    Raises
    ------
    InputError
        If more than 10 % of the triangles of a boundary lie inside another fold of it.
    """
    n = len(layer)
    matrix = np.empty((n, n), dtype=np.float32)
    charges = _three_charges(layer)
    outflow = np.zeros(n)
    areas = layer.areas_m2.astype(np.float32)
    for rows in _blocks(n, n):
        matrix[rows] = _block(layer, near, charges, rows)
        for part in np.unique(layer.part[rows]):
            inside = rows[layer.part[rows] == part]
            flux = areas[inside] @ matrix[inside[0] : inside[-1] + 1]
            outflow += np.where(layer.part == part, flux, 0)
    itself = _on_itself(layer, 0.5 - outflow / layer.areas_m2)
    for rows in _blocks(n, n):
        span = slice(rows[0], rows[-1] + 1)
        matrix[span] *= -layer.contrast[rows, None].astype(np.float32)
        matrix[rows, rows] = 0.5 - layer.contrast[rows] * itself[rows]
        for part in np.unique(layer.part[rows][layer.contrast[rows] == 1]):
            own = layer.part == part
            share = np.where(own, layer.areas_m2, 0) / layer.areas_m2[own].sum()
            matrix[span] += np.where(own[rows], 1, 0)[:, None] * share.astype(np.float32)
    return matrix


def _on_itself(layer: Layer, lack: Floats) -> Floats:
    """Return what Gauss's law gives each triangle, 0 where its boundary crosses itself."""
    crossed = np.abs(lack) > _CROSSED
    for part in np.unique(layer.part):
        share = float(crossed[layer.part == part].mean())
        if share > _CROSSED_SHARE:
            raise InputError(
                f"boundary {part} of the field model: {100 * share:.0f} % of its triangles lie "
                f"inside another fold of it or face the wrong way. Expected at most "
                f"{100 * _CROSSED_SHARE:.0f} %: a closed surface, seen counter-clockwise from "
                f"outside. Look at the pial surface and the inner skull, or use the shell engine."
            )
    return np.where(crossed, 0.0, lack)


def _three_charges(layer: Layer) -> list[Floats]:
    """Return where a third of each triangle's charge sits, three times (n, 3) m."""
    origin = layer.centres_m.mean(axis=0)
    return [np.einsum("k,nkx->nx", weights, layer.corners_m) - origin for weights in _INNER]


def _block(layer: Layer, near: NearField, charges: list[Floats], rows: Indices) -> Singles:
    normals = layer.normals[rows]
    points = layer.centres_m[rows] - layer.centres_m.mean(axis=0)
    along = np.einsum("nx,nx->n", points, normals)[:, None].astype(np.float32)
    block = np.zeros((len(rows), len(layer)), dtype=np.float32)
    for third in charges:
        across = along - normals.astype(np.float32) @ third.T.astype(np.float32)
        across *= _inverse_cube(points, third)
        block += across
    block *= (layer.areas_m2 / FOUR_PI / len(charges)).astype(np.float32)
    entries = near.flux[rows[0] : rows[-1] + 1].tocoo()
    block[entries.row, entries.col] = entries.data
    block[np.arange(len(rows)), rows] = 0
    return block


@dataclass(frozen=True, slots=True, eq=False)
class _Moved:
    """Points and charges round a common origin: single precision needs small numbers."""

    points: Floats
    charges: Floats


def _moved(points_m: Floats, layer: Layer) -> _Moved:
    origin = layer.centres_m.mean(axis=0)
    return _Moved(points_m - origin, layer.centres_m - origin)


def _inverse_cube(points: Floats, charges: Floats) -> Singles:
    """Return 1 / distance³ (1/m³) of each point to each charge."""
    p = np.column_stack([points, np.ones(len(points)), np.einsum("nx,nx->n", points, points)])
    c = charges
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
