"""A weighted straight line in the neighbourhood of every place, for all places at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .neighbourhood import Neighbourhood

__all__ = ["MIN_NEIGHBOURS", "MIN_SHARE", "LocalFit", "local_fit"]

Floats = NDArray[np.float64]

#: A line through fewer points fits noise. The published code takes 3; a plane of neighbours
#: around a vertex is 6 and the vertex itself. Our choice.
MIN_NEIGHBOURS = 5
#: Least share of a neighbourhood's weight that has both maps: cortex is a sheet, so most of a
#: box around it is empty. 0.1 is the published ``prop_miss = 0.9`` (pIMCo), by weight.
MIN_SHARE = 0.1
#: Spread within a neighbourhood, relative to that of the whole map, below which a map is flat
#: there: sums of float64 leave about 1e-13.
_FLAT = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class LocalFit:
    """The line ``y = intercept + slope x`` around every place; NaN where there is none.

    Parameters
    ----------
    slope : float64
        Change of y per unit of x.
    intercept : float64
    r2 : float64
        Explained share of the weighted sum of squares, 0 to 1.
    correlation : float64
        Weighted Pearson correlation, -1 to 1: the root of `r2` with the slope's sign.
    n : float64
        Neighbours with both maps, the place itself included.
    """

    slope: Floats
    intercept: Floats
    r2: Floats
    correlation: Floats
    n: Floats


def local_fit(
    x: Floats,
    y: Floats,
    around: Neighbourhood,
    *,
    min_neighbours: int = MIN_NEIGHBOURS,
    min_share: float = MIN_SHARE,
) -> LocalFit:
    """Regress y on x by weighted least squares in the neighbourhood of every place.

    With ``b = sum w (x - mx)(y - my) / sum w (x - mx)^2`` and weighted means mx, my, the fit of
    a whole map is six weighted sums. R² is ``wMSS / (wMSS + wRSS)``.

    Parameters
    ----------
    x, y : float64 of one shape
        Structure and activity; a place where either is NaN counts as missing in both.
    around : Neighbourhood
    min_neighbours : int
        Fewer neighbours with both maps give NaN.
    min_share : float
        So does a smaller share of the neighbourhood's weight.

    Returns
    -------
    LocalFit
        Of the shape of the maps; NaN also where either map is missing at the place itself or
        does not vary around it.

    Source: Vandekar et al. 2016, doi:10.1016/j.neuroimage.2016.03.002.
    """
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        nothing = np.full(x.shape, np.nan)
        return LocalFit(nothing, nothing, nothing, nothing, np.zeros(x.shape))
    # Raw moments cancel badly when the mean is large: both maps are centred first.
    a, mean_x = _centred(x, known)
    b, mean_y = _centred(y, known)
    there = known.astype(np.float64)
    w, wx, wy, wxx, wxy, wyy = around.weighted(np.stack([there, a, b, a * a, a * b, b * b]))
    n = around.plain(there[None])[0]
    usable = known & (n >= min_neighbours - 0.5) & (w >= min_share * around.capacity[0])
    w = np.where(usable, w, 1.0)
    sxx, sxy, syy = wxx - wx * wx / w, wxy - wx * wy / w, wyy - wy * wy / w
    usable &= (sxx > _FLAT * _spread(a, known) * w) & (syy > _FLAT * _spread(b, known) * w)
    sxx, syy = np.where(usable, sxx, 1.0), np.where(usable, syy, 1.0)
    slope = sxy / sxx
    correlation = np.clip(sxy / np.sqrt(sxx * syy), -1.0, 1.0)
    intercept = mean_y + wy / w - slope * (mean_x + wx / w)
    slope, intercept, correlation = (
        np.where(usable, values, np.nan) for values in (slope, intercept, correlation)
    )
    return LocalFit(slope, intercept, correlation**2, correlation, n)


def _centred(values: Floats, known: NDArray[np.bool_]) -> tuple[Floats, float]:
    mean = float(values[known].mean())
    return np.where(known, values - mean, 0.0), mean


def _spread(centred: Floats, known: NDArray[np.bool_]) -> float:
    return float((centred[known] ** 2).mean())
