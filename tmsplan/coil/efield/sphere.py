"""The whole field inside a conducting sphere, closed form: the yardstick of every solver.

In a sphere the induced field has no radial component, whatever the conductivity and however it
is layered. The only field without a radial component whose curl is -dB/dt is minus the rate of
change of the vector potential in Poincaré's gauge::

    E(r) = dI/dt  r x  integral from 0 to 1 of  t B(t r) dt,      r from the sphere's centre

B is the coil's own field, in closed form; it is analytic along the ray, so Gauss-Legendre
nodes reach rounding error. For a magnetic dipole the integral is the closed form of Sarvas and
of Heller and van Hulsteyn, which `sphere_field_of_dipoles` evaluates: an independent route.

Source: doi:10.1016/S0006-3495(92)81587-4 (Heller and van Hulsteyn 1992);
doi:10.1088/0031-9155/32/1/004 (Sarvas 1987).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from .filament import MU0
from .source import DipoleSource, FieldSource

__all__ = ["A_PER_US", "sphere_field", "sphere_field_of_dipoles"]

Floats = NDArray[np.float64]

#: Rate of current that all fields are given for: 1 A per μs, in A/s.
A_PER_US = 1e6
#: Nodes along the ray. A singularity at g times the point's distance makes the error shrink as
#: (g + sqrt(g^2 - 1))^(-2 n): 1e-12 for a coil 12 % outside the point.
_NODES = 32
_BLOCK = 4096


def sphere_field(
    source: FieldSource,
    scanner_from_coil: Floats,
    centre_m: Floats,
    points_m: Floats,
    didt: float = A_PER_US,
) -> Floats:
    """Return the total electric field inside a conducting sphere.

    Parameters
    ----------
    source : FieldSource
    scanner_from_coil : (4, 4) float64
        Rigid, metres: columns x, y, z and centre of the coil in the head's frame.
    centre_m : (3,) float64
        Of the sphere, head's frame, metres. Its radius plays no part.
    points_m : (n, 3) float64
        Inside the sphere, head's frame, metres.
    didt : float
        A/s.

    Returns
    -------
    (n, 3) float64
        V/m, head's frame.

    Raises
    ------
    InputError
        If the coil is no farther from the centre than a point is: no sphere holds the points
        and leaves out the coil.
    """
    turn, origin = scanner_from_coil[:3, :3], scanner_from_coil[:3, 3]
    centre = (np.asarray(centre_m) - origin) @ turn
    rays = (np.atleast_2d(points_m) - origin) @ turn - centre
    _require_outside(source, centre, rays)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    along, weights = (nodes + 1) / 2, weights / 2
    out = np.empty_like(rays)
    for start in range(0, len(rays), _BLOCK):
        block = rays[start : start + _BLOCK]
        total = np.zeros_like(block)
        for t, weight in zip(along, weights, strict=True):
            total += weight * t * source.magnetic_field(centre + t * block)
        out[start : start + _BLOCK] = np.cross(block, total)
    return np.asarray(didt * out @ turn.T)


def sphere_field_of_dipoles(
    source: DipoleSource,
    scanner_from_coil: Floats,
    centre_m: Floats,
    points_m: Floats,
    didt: float = A_PER_US,
) -> Floats:
    """Return the same as `sphere_field` for magnetic dipoles, by reciprocity.

    The field along a unit vector q at r is minus dI/dt times the moment's share of the magnetic
    field that a current dipole q at r makes outside the sphere (Sarvas 1987, equation 25).

    Parameters, returns and errors as in `sphere_field`.
    """
    turn, origin = scanner_from_coil[:3, :3], scanner_from_coil[:3, 3]
    rays = np.atleast_2d(points_m) - np.asarray(centre_m)
    away = source.position_m @ turn.T + origin - np.asarray(centre_m)
    moment = source.moment_m2 @ turn.T
    _require_outside(source, (np.asarray(centre_m) - origin) @ turn, rays)
    out = np.empty_like(rays)
    for i, ray in enumerate(rays):
        out[i] = _reciprocal(ray, away, moment)
    return np.asarray(-didt * out)


def _reciprocal(ray: Floats, away: Floats, moment: Floats) -> Floats:
    """Return sum of m . B_q over the dipoles for q along x, y, z: Sarvas' equation 25."""
    gap = away - ray
    a, r = np.linalg.norm(gap, axis=1), np.linalg.norm(away, axis=1)
    dot = np.einsum("kc,kc->k", gap, away)
    f = a * (r * a + r**2 - away @ ray)
    along_away = a**2 / r + dot / a + 2 * a + 2 * r
    along_ray = a + 2 * r + dot / a
    grad = along_away[:, None] * away - along_ray[:, None] * ray
    # B_q = mu0 / (4 pi F^2) [F (q x r0) - (q x r0 . R) grad F], with q x r0 . v = q . r0 x v
    vector = f[:, None] * moment - np.einsum("kc,kc->k", moment, grad)[:, None] * away
    return np.asarray(MU0 / (4 * np.pi) * np.cross(ray, (vector / f[:, None] ** 2).sum(axis=0)))


def _require_outside(source: FieldSource, centre: Floats, rays: Floats) -> None:
    free = source.farthest_inside_m(centre)
    reach = float(np.linalg.norm(rays, axis=1).max(initial=0.0))
    if reach >= free:
        raise InputError(
            f"{source.name}: a point lies {reach * 1e3:.1f} mm from the sphere's centre and the "
            f"nearest current {free * 1e3:.1f} mm. Expected the coil outside every sphere that "
            f"holds the points. Move the coil out; check that both are in metres."
        )
