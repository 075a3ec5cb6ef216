"""The field of a uniformly charged triangle, in closed form.

Lengths in metres, fields per unit charge density: a density of 1 V/m (surface charge over the
permittivity) makes the field ``integral (r - r') / (4 pi |r - r'|^3) dS'``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["FOUR_PI", "solid_angles", "triangle_fields"]

Floats = NDArray[np.float64]

FOUR_PI = 4 * np.pi
#: Smallest length that a logarithm sees, m: a point that lies on an edge has an infinite field
#: there, of no use to anybody; a micrometre away it is finite.
_TINY_M = 1e-9


def triangle_fields(points_m: Floats, corners_m: Floats) -> Floats:
    """Return the field of one triangle at one point, pair by pair.

    The part along the normal is the solid angle of the triangle; the part in its plane is a
    sum over edges of the outward edge normal times ``ln((a + b + l) / (a + b - l))``, with a
    and b the distances to the edge's ends and l its length.

    Parameters
    ----------
    points_m : (n, 3) float64
        Metres.
    corners_m : (n, 3, 3) float64
        Corners of the triangle of each point, counter-clockwise seen from outside.

    Returns
    -------
    (n, 3) float64
        Field per unit charge density (both in V/m). On the triangle itself: the mean of both
        sides.

    Source: doi:10.1109/TAP.1984.1143304 (uniform charge on a polygon); solid angle
    doi:10.1109/TBME.1983.325207.
    """
    to = corners_m - points_m[:, None]
    far = np.sqrt(np.einsum("nkx,nkx->nk", to, to))
    edge = np.roll(corners_m, -1, axis=1) - corners_m
    length = np.sqrt(np.einsum("nkx,nkx->nk", edge, edge))
    normal = np.cross(edge[:, 0], edge[:, 1])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    both = far + np.roll(far, -1, axis=1)
    log = np.log((both + length) / np.maximum(both - length, _TINY_M))
    outward = np.cross(edge, normal[:, None]) / length[:, :, None]
    field = np.einsum("nk,nkx->nx", log, outward)
    field += _angle(to, far)[:, None] * normal
    return np.asarray(field / FOUR_PI)


def solid_angles(points_m: Floats, corners_m: Floats) -> Floats:
    """Return the signed solid angle under which a point sees a triangle, pair by pair.

    Positive in front of the triangle (where its normal points), sr.

    Parameters
    ----------
    points_m : (n, 3) float64
    corners_m : (n, 3, 3) float64
    """
    to = corners_m - points_m[:, None]
    return _angle(to, np.sqrt(np.einsum("nkx,nkx->nk", to, to)))


def _angle(to: Floats, far: Floats) -> Floats:
    a, b, c = to[:, 0], to[:, 1], to[:, 2]
    ra, rb, rc = far.T
    triple = np.einsum("nx,nx->n", a, np.cross(b, c))
    dots = [np.einsum("nx,nx->n", u, v) for u, v in ((a, b), (b, c), (c, a))]
    below = ra * rb * rc + dots[0] * rc + dots[1] * ra + dots[2] * rb
    # Seen from inside a closed outward surface the triple product is positive.
    return np.asarray(-2 * np.arctan2(triple, below))
