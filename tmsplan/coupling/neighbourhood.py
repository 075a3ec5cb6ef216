"""Gaussian neighbourhoods: which places around a place count, and how much.

The numbers of a neighbourhood come from sums over it. So a neighbourhood is two operators on
stacks of maps, and whatever uses it does not know whether it lies in a volume or on a cortex.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..base.errors import InputError
from ..space.grid import Grid

__all__ = ["FWHM_PER_SIGMA", "LEAST_WEIGHT", "Neighbourhood", "VolumeWindow", "spacing_mm"]

Floats = NDArray[np.float64]

#: As both published implementations write it; 2 sqrt(2 ln 2) = 2.3548200450 moves results by
#: 2e-9, and is what nobody's numbers were made with.
FWHM_PER_SIGMA = 2.35482
#: Weights along an axis are cut where they fall below this share of the centre's, as in the
#: published volume version (PennBBL imco, ``thresh = 0.005``).
LEAST_WEIGHT = 0.005
_AXES = (1, 2, 3)


class Neighbourhood(Protocol):
    """Sums of maps over the neighbourhood of every place, the place itself included."""

    @property
    def capacity(self) -> tuple[Floats, Floats]:
        """Weight and number of neighbours where nothing is missing, per place or for all."""
        ...

    def weighted(self, maps: Floats) -> Floats:
        """Return the (c, ...) sums of weight times value of (c, ...) maps without NaN."""
        ...

    def plain(self, maps: Floats) -> Floats:
        """Return the (c, ...) sums of values, every neighbour counted once."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class VolumeWindow:
    """A box of voxels with Gaussian weights; the sums are separable, so three passes do.

    Parameters
    ----------
    taps : three (2 r + 1,) float64
        Weights along each array axis; 1 at the centre.
    """

    taps: tuple[Floats, Floats, Floats]

    @classmethod
    def gaussian(
        cls,
        step_mm: tuple[float, float, float],
        fwhm_mm: float,
        *,
        radius: int | None = None,
    ) -> VolumeWindow:
        """Return the window of a Gaussian of `fwhm_mm` on voxels of `step_mm`.

        Parameters
        ----------
        step_mm : three float
            Voxel size along each array axis. The axes must be at right angles.
        fwhm_mm : float
            Full width at half maximum.
        radius : int or None
            Voxels on each side of the centre; None goes to where the weight along the axis
            falls below `LEAST_WEIGHT`, and one voxel at least.

        Raises
        ------
        InputError
            If the width is not positive, or so large that the window is wider than 63 voxels.
        """
        if not (math.isfinite(fwhm_mm) and fwhm_mm > 0):
            raise InputError(f"fwhm_mm is {fwhm_mm}; it must be above 0, for example 4.0.")
        sigma = fwhm_mm / FWHM_PER_SIGMA
        reach = sigma * math.sqrt(-2.0 * math.log(LEAST_WEIGHT))
        x, y, z = (_taps(step, sigma, reach, radius) for step in step_mm)
        return cls((x, y, z))

    @property
    def radius(self) -> tuple[int, int, int]:
        """Voxels on each side of the centre, along each array axis."""
        x, y, z = (len(t) // 2 for t in self.taps)
        return x, y, z

    @property
    def capacity(self) -> tuple[Floats, Floats]:
        """Weight and number of voxels of the window, also of those outside the array."""
        weight = np.prod([t.sum() for t in self.taps])
        return np.asarray(weight), np.asarray(np.prod([len(t) for t in self.taps], dtype=float))

    def weighted(self, maps: Floats) -> Floats:
        """Return the (c, i, j, k) sums of weight times value; nothing lies outside the array."""
        return _separable(maps, self.taps)

    def plain(self, maps: Floats) -> Floats:
        """Return the (c, i, j, k) sums over the box, every voxel counted once."""
        x, y, z = (np.ones(len(t)) for t in self.taps)
        return _separable(maps, (x, y, z))


def spacing_mm(grid: Grid[Any]) -> tuple[float, float, float]:
    """Return the voxel size along each array axis."""
    matrix = grid.world_from_voxel.matrix(grid.world, grid.voxel)
    x, y, z = np.linalg.norm(matrix[:3, :3], axis=0).tolist()
    return float(x), float(y), float(z)


def _taps(step: float, sigma: float, reach: float, radius: int | None) -> Floats:
    r = max(1, int(reach / step)) if radius is None else radius
    if not 1 <= r <= 31:
        raise InputError(
            f"a neighbourhood of {r} voxels on each side is out of range; 1 to 31 are possible. "
            f"Choose fwhm_mm to fit the voxels of {step:g} mm."
        )
    distance = np.arange(-r, r + 1) * step
    return np.asarray(np.exp(-(distance**2) / (2.0 * sigma**2)))


def _separable(maps: Floats, taps: tuple[Floats, Floats, Floats]) -> Floats:
    out = maps
    for axis, weights in zip(_AXES, taps, strict=True):
        out = ndimage.correlate1d(out, weights, axis=axis, mode="constant", cval=0.0)
    return np.asarray(out, dtype=np.float64)
