"""How much of several maps' local variation is one common component, for all places at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .neighbourhood import Neighbourhood

__all__ = ["MISSING_MAX", "LocalComponent", "first_component", "standardised"]

Floats = NDArray[np.float64]

#: Published: more than 2 complete neighbours, at most 0.9 of the neighbourhood missing.
MIN_COMPLETE = 3
MISSING_MAX = 0.9
#: Local variance of all maps together, in squares of their spread over the whole volume, below
#: which nothing varies but rounding: outside the brain images fade out smoothly, and one of
#: them always looks like a perfect component.
FLAT = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class LocalComponent:
    """The first component of p maps around every place; NaN where there is none.

    Parameters
    ----------
    ratio : float64
        Largest eigenvalue of the local covariance over the sum of all: 1/p to 1.
    coupling : float64
        `ratio` stretched to 0 to 1, then logit; 0 means half way.
    n : float64
        Complete neighbours, the place itself included.
    """

    ratio: Floats
    coupling: Floats
    n: Floats


def standardised(values: Floats) -> Floats:
    """Return z-scores over all places that have a value, with n - 1 in the denominator.

    Raises
    ------
    InputError
        If fewer than two places have a value, or all values are equal.
    """
    known = values[np.isfinite(values)]
    spread = float(known.std(ddof=1)) if known.size > 1 else 0.0
    if spread == 0:
        raise InputError(f"a map of {known.size} equal values cannot be standardised.")
    return np.asarray((values - known.mean()) / spread)


def first_component(
    maps: Floats, around: Neighbourhood, *, missing_max: float = MISSING_MAX
) -> LocalComponent:
    """Return the share of the first principal component in every neighbourhood.

    Values are centred by the *unweighted* mean of the neighbourhood, then their covariance is
    weighted: so is the published definition.

    Parameters
    ----------
    maps : (p, ...) float64
        Two or more, standardised; a place where any is NaN is left out.
    around : Neighbourhood
    missing_max : float
        A larger share of missing neighbours gives NaN.

    Raises
    ------
    InputError
        If there are fewer than two maps.

    Source: Hu et al. 2022, doi:10.1002/hbm.25980.
    """
    p = len(maps)
    if p < 2:
        raise InputError(f"{p} map has no coupling; name two or more.")
    known = np.asarray(np.isfinite(maps).all(axis=0))
    filled = np.where(known, maps, 0.0)
    there = known.astype(np.float64)[None]
    counted = around.plain(np.concatenate([there, filled]))
    n = counted[0]
    fewest = (1 - missing_max) * around.capacity[1] - 1e-9  # of whole numbers: rounding only
    usable = known & (n >= MIN_COMPLETE - 0.5) & (n >= fewest)
    mean = counted[1:, usable] / n[usable]
    covariance = _covariance(filled, there, mean, around, usable)
    ratio = np.full(known.shape, np.nan)
    ratio[usable] = _first_share(covariance)
    return LocalComponent(ratio, _logit((ratio * p - 1.0) / (p - 1.0)), n)


def _logit(share: Floats) -> Floats:
    """Return the logit; NaN for 0 and 1, which have none, and for what rounding put beyond."""
    inner = (share > 0) & (share < 1)
    kept = np.where(inner, share, 0.5)
    return np.where(inner, np.log(kept / (1.0 - kept)), np.nan)


def _covariance(
    filled: Floats,
    there: Floats,
    mean: Floats,
    around: Neighbourhood,
    usable: NDArray[np.bool_],
) -> Floats:
    """Return the (places, p, p) means of ``w (a - mean a)(b - mean b)``."""
    p = len(filled)
    w = around.weighted(there)[0, usable]
    sums = around.weighted(filled)[:, usable]
    out = np.empty((len(w), p, p))
    for a in range(p):
        products = around.weighted(filled[a] * filled[a:])[:, usable]
        for b in range(a, p):
            crossed = mean[a] * sums[b] + mean[b] * sums[a] - mean[a] * mean[b] * w
            out[:, a, b] = out[:, b, a] = products[b - a] - crossed
    return np.asarray(out / w[:, None, None])


def _first_share(covariance: Floats) -> Floats:
    total = np.trace(covariance, axis1=1, axis2=2)
    largest = np.linalg.eigvalsh(covariance)[:, -1]
    varied = total > FLAT
    return np.where(varied, largest / np.where(varied, total, 1.0), np.nan)
