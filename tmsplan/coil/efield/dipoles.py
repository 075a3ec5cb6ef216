"""A coil as a sheet of magnetic dipoles: what other programs read, and a second route to E.

A loop of current is a disc of dipoles along its axis, one ampere strong. The discs of a wing lie
in one another, so an annulus between two turns carries the turns outside it.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .source import CoilSource, DipoleSource, Wing

__all__ = ["dipoles_of"]

Floats = NDArray[np.float64]

#: Farthest from one dipole to the next, m: small against the 15 mm from a coil to the brain.
SPACING_M = 2.5e-3


def dipoles_of(source: CoilSource, spacing_m: float = SPACING_M) -> DipoleSource:
    """Return the coil as magnetic dipoles, in coil axes.

    Parameters
    ----------
    source : CoilSource
    spacing_m : float
        Farthest from one dipole to the next. A field at distance d is right to about
        exp(-2 pi d / spacing).
    """
    sheets = [_sheet(wing, spacing_m) for wing in source.wings]
    return DipoleSource(
        f"{source.name}, as dipoles",
        np.vstack([position for position, _ in sheets]),
        np.vstack([moment for _, moment in sheets]),
    )


def _sheet(wing: Wing, spacing: float) -> tuple[Floats, Floats]:
    positions, moments = [], []
    for height in np.unique(wing.height_m):
        here = wing.height_m == height
        radii, shares = wing.radius_m[here], wing.share[here]
        edges = np.unique(np.r_[0.0, radii])
        for inner, outer in pairwise(edges):
            current = float(shares[radii >= outer].sum())
            for radius, area in _rings(float(inner), float(outer), spacing):
                xy = _circle(radius, spacing)
                flat = np.column_stack([xy, np.full(len(xy), height)])
                positions.append(flat @ wing.axes + wing.centre_m)
                moments.append(np.tile(current * area / len(xy) * wing.axes[2], (len(xy), 1)))
    return np.vstack(positions), np.vstack(moments)


def _rings(inner: float, outer: float, spacing: float) -> list[tuple[float, float]]:
    """Return (radius, area) of the Gauss-Legendre rings of an annulus, over the area."""
    nodes, weights = np.polynomial.legendre.leggauss(max(2, round((outer - inner) / spacing)))
    square = inner**2 + (outer**2 - inner**2) * (nodes + 1) / 2
    areas = np.pi * (outer**2 - inner**2) * weights / 2
    return [(float(r), float(a)) for r, a in zip(np.sqrt(square), areas, strict=True)]


def _circle(radius: float, spacing: float) -> Floats:
    count = max(6, int(np.ceil(2 * np.pi * radius / spacing)))
    turn = 2 * np.pi * (np.arange(count) + 0.5) / count
    return np.asarray(radius * np.column_stack([np.cos(turn), np.sin(turn)]))
