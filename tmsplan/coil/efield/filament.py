"""The vector potential and the field of circular filaments round one axis, closed form.

Lengths in metres, per ampere of current in each filament. In cylindrical coordinates about the
axis, with m = 4 a r / ((a + r)^2 + z^2) and complete elliptic integrals K, E of parameter m::

    A_phi = mu0 a / (pi q) [2 (K - E) / m - K],          q^2 = (a + r)^2 + z^2
    B_r   = mu0 z / (2 pi r q) [-K + (a^2 + r^2 + z^2) / ((a - r)^2 + z^2) E]
    B_z   = mu0   / (2 pi q)   [ K + (a^2 - r^2 - z^2) / ((a - r)^2 + z^2) E]

Source: J. D. Jackson, Classical Electrodynamics, section 5.5.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MU0", "potential_over_radius", "ring_field"]

Floats = NDArray[np.float64]

#: Vacuum permeability, T m / A (CODATA 2018; 4 pi 1e-7 to nine digits).
MU0 = 4e-7 * np.pi
#: Below this m the bracket of A_phi cancels; its series to m^3 is then exact to 1e-12.
_SERIES_BELOW = 1e-3
#: Nearer to the axis than this share of the radius, B_r is linear to 1e-10.
_AXIS = 1e-5


def potential_over_radius(rho: Floats, z: Floats, radius: float) -> Floats:
    """Return A_phi / rho of one filament, which is smooth on the axis too.

    Parameters
    ----------
    rho, z : (n,) float64
        Distance from the axis, and height over the filament's plane, m.
    radius : float
        Of the filament, m.

    Returns
    -------
    (n,) float64
        T per A (V s / m² per A).
    """
    from scipy.special import ellipe, ellipkm1

    q2 = (radius + rho) ** 2 + z**2
    m = 4 * radius * rho / q2
    kc2 = ((radius - rho) ** 2 + z**2) / q2
    safe = np.maximum(m, _SERIES_BELOW)
    k: Any = ellipkm1(kc2)
    # The bracket divided by m: with rho = m q^2 / (4 a) it is the smooth part of A_phi / rho.
    exact = (2 * (k - ellipe(m)) / safe - k) / safe
    series = np.pi / 16 * (1 + m * (3 / 4 + m * (75 / 128 + m * (245 / 512))))
    smooth = np.where(m < _SERIES_BELOW, series, exact)
    return np.asarray(MU0 * 4 * radius**2 / np.pi * smooth / (q2 * np.sqrt(q2)))


def ring_field(rho: Floats, z: Floats, radius: float) -> tuple[Floats, Floats]:
    """Return (B_r, B_z) of one filament in T per A; see `potential_over_radius`."""
    from scipy.special import ellipe, ellipkm1

    q2 = (radius + rho) ** 2 + z**2
    near2 = (radius - rho) ** 2 + z**2
    k: Any = ellipkm1(near2 / q2)
    e: Any = ellipe(4 * radius * rho / q2)
    scale = MU0 / (2 * np.pi * np.sqrt(q2))
    axial = scale * (k + (radius**2 - rho**2 - z**2) / near2 * e)
    on_axis = rho < _AXIS * radius
    away = np.where(on_axis, 1.0, rho)
    radial = scale * z / away * (-k + (radius**2 + rho**2 + z**2) / near2 * e)
    linear = 0.75 * MU0 * radius**2 * z * rho / (radius**2 + z**2) ** 2.5
    return np.where(on_axis, linear, radial), np.asarray(axial)
