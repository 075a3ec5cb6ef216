"""Sums over a coil's vector potential for all turns of the coil at once, from linear tables.

A pose search asks for A fifty million times, always a centimetre or more from the windings.
There a table of A_phi / rho with steps of 0.5 mm, read linearly, is right to 2e-4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from .source import CoilSource, Wing
from .table import TabulatedSource, tabulated

__all__ = ["NEAREST_M", "REACH_M", "TurningCoil", "swept_m", "turning_coil", "windings_of"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

#: Step and reach of the table along rho and along the wing's axis.
_STEP_M, REACH_M = 0.5e-3, 0.36
#: Nearer to a winding than this the linear table is not used.
NEAREST_M = 5e-3
#: How finely the bodies that turning windings sweep are sampled.
_ROUND, _BIN_M = 24, 4e-3
#: Heights of the table lie this far from round numbers, at which filaments are drawn; and the
#: radius that stands for the axis, where A_phi / rho has its limit.
_SHIFT_M, _AXIS_M = 0.37 * _STEP_M, 1e-4
#: Points times turns at once: their temporaries stay in the processor's cache.
_BLOCK = 25_000


@dataclass(frozen=True, slots=True, eq=False)
class _LinearWing:
    """A wing's table, (rho, height) and, in the last axis, the four corners of a cell."""

    wing: Wing
    cells: Singles

    def moments(self, points: Singles, weights: Singles, turns: Floats) -> Floats:
        """Return sums of weight times A along u and v, (k, 2, a); points are (3, n)."""
        axes, n = self.wing.axes, points.shape[1]
        to_local = np.einsum("axy,uy->uax", turns, axes).reshape(-1, 3).astype(np.float32)
        shift = np.repeat(axes @ self.wing.centre_m, len(turns)).astype(np.float32)
        u, v, w = (to_local @ points - shift[:, None]).reshape(3, -1)
        over = self._read(np.sqrt(u * u + v * v), w)
        v *= -over
        u *= over
        sums = np.stack([v, u]).reshape(-1, n) @ weights.T
        return sums.reshape(2, len(turns), -1).transpose(2, 0, 1).astype(np.float64)

    def _read(self, rho: Singles, w: Singles) -> Singles:
        rho *= np.float32(1 / _STEP_M)
        w = (w + np.float32(REACH_M - _SHIFT_M)) * np.float32(1 / _STEP_M)
        row, column = rho.astype(np.int32), w.astype(np.int32)
        rho -= row
        w -= column
        row *= self.cells.shape[1]
        row += column
        corner = self.cells.reshape(-1, 4).take(row, axis=0).T
        low = corner[0] + w * (corner[1] - corner[0])
        high = corner[2] + w * (corner[3] - corner[2])
        return np.asarray(low + rho * (high - low))


@dataclass(frozen=True, slots=True, eq=False)
class TurningCoil:
    """A coil that is turned about its z axis over a fixed set of weighted points.

    Parameters
    ----------
    turns : (a, 3, 3) float64
        Rotations in coil axes.
    """

    turns: Floats
    _wings: tuple[_LinearWing, ...]

    def sums(self, points_m: Floats, vectors: Floats, axes: Floats, centre_m: Floats) -> Floats:
        """Return the sum over points of ``vector . A`` for every turn, (k, a) per A.

        Parameters
        ----------
        points_m : (n, 3) float64
            Scanner axes.
        vectors : (k, n, 3) float64
            Scanner axes.
        axes : (3, 3) float64
            Columns x, y, z of the coil before turning.
        centre_m : (3,) float64
        """
        local = ((points_m - centre_m) @ axes).T.astype(np.float32)
        k, n = vectors.shape[:2]
        weights = (vectors @ axes).transpose(0, 2, 1).reshape(-1, n).astype(np.float32)
        step = max(1, _BLOCK // n)
        total = np.zeros((k, len(self.turns)))
        for start in range(0, len(self.turns), step):
            part = slice(start, start + step)
            turns = self.turns[part]
            for made in self._wings:
                moments = made.moments(local, weights, turns).reshape(k, 3, 2, -1)
                directions = np.einsum("axy,uy->xua", turns, made.wing.axes[:2])
                total[:, part] += np.einsum("kxua,xua->ka", moments, directions)
        return total


def turning_coil(source: CoilSource, turns: Floats) -> TurningCoil:
    """Return the coil with its tables: under a second to make."""
    made: dict[bytes, Singles] = {}
    wings = []
    for wing in source.wings:
        key = b"".join(a.tobytes() for a in (wing.radius_m, wing.height_m, wing.share))
        if key not in made:
            made[key] = _table(wing)
        wings.append(_LinearWing(wing, made[key]))
    return TurningCoil(turns, tuple(wings))


def swept_m(source: CoilSource) -> Floats:
    """Return points, (n, 3) in coil axes, on the bodies that the turning windings sweep."""
    angle = 2 * np.pi * np.arange(_ROUND) / _ROUND
    rings = []
    for w in source.wings:
        round_m = np.cos(angle)[:, None] * w.axes[0] + np.sin(angle)[:, None] * w.axes[1]
        for radius, height in set(zip(w.radius_m, w.height_m, strict=True)):
            rings.append(w.centre_m + height * w.axes[2] + radius * round_m)
    points = np.concatenate(rings)
    flat = np.stack([np.hypot(points[:, 0], points[:, 1]), points[:, 2]], axis=1)
    rho, z = np.unique(np.round(flat / _BIN_M), axis=0).T * _BIN_M
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    across = rho[:, None, None] * circle
    up = np.broadcast_to(z[:, None, None], (*across.shape[:2], 1))
    return np.concatenate([across, up], axis=2).reshape(-1, 3)


def windings_of(source: object) -> CoilSource:
    """Return the filaments of a coil, tabulated or not.

    Raises
    ------
    InputError
        If the source is no coil of filaments.
    """
    found = source.source if isinstance(source, TabulatedSource) else source
    if not isinstance(found, CoilSource):
        raise InputError(
            f"a pose search needs a coil of windings; got {type(found).__name__}. Pass "
            f"coil_source(name)."
        )
    return found


def _table(wing: Wing) -> Singles:
    """Return A_phi / rho over rho (from 0) and height (from -REACH_M)."""
    alone = CoilSource("wing", (Wing(np.zeros(3), np.eye(3), wing.radius_m, wing.height_m,
                                     wing.share),))  # fmt: skip
    rho = np.maximum(_STEP_M * np.arange(round(REACH_M / _STEP_M) + 2), _AXIS_M)
    # Shifted, so that no node lies on a filament, where the potential is infinite.
    w = _STEP_M * np.arange(round(2 * REACH_M / _STEP_M) + 2) - REACH_M + _SHIFT_M
    grid = np.stack([*np.broadcast_arrays(rho[:, None], 0.0, w[None, :])], axis=-1)
    potential = tabulated(alone).vector_potential(grid.reshape(-1, 3))[:, 1]
    values = (potential.reshape(grid.shape[:2]) / rho[:, None]).astype(np.float32)
    cells = [values[:-1, :-1], values[:-1, 1:], values[1:, :-1], values[1:, 1:]]
    return np.ascontiguousarray(np.stack(cells, axis=-1))
