"""How smooth a series is in space: FWHM from differences of neighbours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError

__all__ = ["fwhm_of"]

#: Volumes that are looked at, evenly taken.
_VOLUMES = 40


def fwhm_of(
    series: NDArray[np.floating[Any]], mask: NDArray[np.bool_], zooms: tuple[float, float, float]
) -> float:
    """Return the full width at half maximum of a series' spatial correlation, mm.

    In a Gaussian field neighbours at distance d correlate by exp(-2 ln 2 (d / FWHM)²), so the
    variance of their difference gives FWHM; the geometric mean over the axes is returned.

    Parameters
    ----------
    series : (n, t)
        Residuals, one row a voxel of `mask` in its C order; each row is brought to unit
        variance. Rows without variance or with NaN are left out.
    mask : (i, j, k) bool
    zooms : (float, float, float)
        Voxel size, mm.

    Returns
    -------
    float
        mm; 0 where neighbours do not correlate, NaN along with an axis without neighbours.

    Source: doi:10.1002/mrm.1910330508.
    """
    if int(mask.sum()) != len(series):
        raise InputError(
            f"smoothness: the mask has {int(mask.sum())} voxels, the series {len(series)} rows; "
            f"they must be one set."
        )
    t = series.shape[1]
    # A sample of volumes, each standardised by the spread over that sample.
    z = series[:, :: max(1, t // _VOLUMES)].astype(np.float32)
    z -= z.mean(axis=1, keepdims=True)
    length = np.linalg.norm(z, axis=1)
    alive = length > 0  # False for NaN
    z[alive] /= length[alive, None]
    number = np.full(mask.shape, -1, dtype=np.intp)
    number[mask] = np.where(alive, np.arange(len(series)), -1)
    widths = [_along(z, number, axis, zoom) for axis, zoom in enumerate(zooms)]
    if 0.0 in widths:  # the logarithm has no zero; NaN of another axis does not matter then
        return 0.0
    return float(np.exp(np.mean(np.log(widths))))


def _along(z: NDArray[np.float32], number: NDArray[np.intp], axis: int, zoom: float) -> float:
    last = number.shape[axis]
    one = number.take(range(last - 1), axis=axis).ravel()
    two = number.take(range(1, last), axis=axis).ravel()
    both = (one >= 0) & (two >= 0)
    if not both.any():
        return math.nan
    # Rows have length 1: half the squared length of a difference is 1 - r.
    r = float(np.einsum("it,it->i", z[one[both]], z[two[both]]).mean(dtype=np.float64))
    if r <= 0:
        return 0.0
    return zoom * math.sqrt(2.0 * math.log(2.0) / -math.log(min(r, 1 - 1e-12)))
