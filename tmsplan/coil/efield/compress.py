"""Fewer points for the same sum over a smooth field.

A response is a sum of fixed vectors times A at some 31,000 points. Far from the coil, A hardly
varies over a centimetre: the points of a box are replaced by 4 x 4 x 4 Chebyshev nodes of the
box, with the vectors shared out by Lagrange polynomials. A box qualifies if it is small beside
its distance to the nearest place where a coil can be.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["compressed"]

Floats = NDArray[np.float64]

#: Nodes along an axis, and the least distance to the coil in half edges of the box. The error is
#: about 2 (4 + sqrt(15))^-4 = 5e-4 of the box' own share.
_NODES, _DISTANCE = 4, 4.0


def compressed(points_m: Floats, vectors: Floats, zone_m: Floats) -> tuple[Floats, Floats]:
    """Return points and vectors that give the same sums, up to 1e-3, with any far coil.

    Parameters
    ----------
    points_m : (n, 3) float64
    vectors : (k, n, 3) float64
    zone_m : (z, 3) float64
        Places that the coil's windings come near to; the field's sources lie no nearer.

    Returns
    -------
    points_m : (m, 3) float64
    vectors : (k, m, 3) float64
    """
    from scipy.spatial import cKDTree

    zone = cKDTree(zone_m)
    low, high = points_m.min(axis=0), points_m.max(axis=0)
    half = float((high - low).max()) / 2
    work = [((low + high) / 2, half, np.arange(len(points_m)))]
    places, weights = [], []
    while work:
        centre, half, rows = work.pop()
        if len(rows) <= _NODES**3:
            places.append(points_m[rows])
            weights.append(vectors[:, rows])
        elif float(zone.query(centre)[0]) >= _DISTANCE * half:
            nodes, shares = _box(points_m[rows], centre, half)
            places.append(nodes)
            weights.append(np.einsum("nm,knx->kmx", shares, vectors[:, rows]))
        else:
            work.extend(_children(points_m, centre, half, rows))
    return np.concatenate(places), np.concatenate(weights, axis=1)


def _children(
    points_m: Floats, centre: Floats, half: float, rows: NDArray[np.intp]
) -> list[tuple[Floats, float, NDArray[np.intp]]]:
    above = points_m[rows] > centre
    number = above @ np.array([4, 2, 1])
    found = []
    for child in np.unique(number):
        step = np.array([1 if child & bit else -1 for bit in (4, 2, 1)]) * half / 2
        found.append((centre + step, half / 2, rows[number == child]))
    return found


def _box(points_m: Floats, centre: Floats, half: float) -> tuple[Floats, Floats]:
    """Return the nodes of a box, (m, 3), and the share of each point in each, (n, m)."""
    nodes = np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    x = (points_m - centre) / half
    factor = np.ones((3, len(x), _NODES))
    for i in range(_NODES):
        for j in range(_NODES):
            if i != j:
                factor[:, :, i] *= (x.T - nodes[j]) / (nodes[i] - nodes[j])
    shares = np.einsum("na,nb,nc->nabc", *factor).reshape(len(x), -1)
    grid = np.stack(np.meshgrid(nodes, nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 3)
    return centre + half * grid, shares
