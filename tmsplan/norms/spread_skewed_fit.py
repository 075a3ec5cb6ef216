"""Residuals with a tail longer on one side: the skewness of each feature, allowed for in z.

With left-skewed residuals an exact t-predictive z still flags up to twice as many healthy
people as it promises, however many controls there are. The remedy is that of flood statistics,
where samples are as small: the third cumulant is estimated without bias, drawn towards 0 by
what a prior and the sample are worth, and taken out by the cube of Wilson and Hilferty,

    y = (2 / g) [(1 + g u / 6 - g² / 36)³ - 1],

which turns a standard normal u into a variable y of mean 0, variance 1 and skewness g (very
nearly a gamma). The cube grows everywhere, so that every y has one u and every centile one
value. For g = 0 nothing changes: z stays the t-predictive one. A gamma ends on its short side,
where the cube has no slope left; values beyond are rarer than it says, not impossible. From
where z would be stretched more than `STEEPEST` times it is stretched by that.

For residuals e = M ε of a least-squares fit (M = I - QQ'), sum(e³) has the expectation
κ₃ sum(M³), entry by entry: hence the estimate. Of a newcomer's error y₀ - m₀ = ε₀ - a'ε the
third cumulant is κ₃ (1 - sum(a³)) and the variance S² (1 + h).

Source: Wilson and Hilferty 1931, doi:10.1073/pnas.17.12.684; weighting of a sample's skewness
by its error, Griffis and Stedinger 2007, doi:10.1061/(ASCE)1084-0699(2007)12:3(283). Figures
and choice of the prior: docs/decisions/0019.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from .predictive import predictive_z
from .resample import refit
from .sample import Newcomer, Sample

__all__ = [
    "SKEWNESS_PRIOR",
    "STEEPEST",
    "bootstrap_skewed_z",
    "leave_one_out_skewness",
    "newcomer_skewness",
    "residual_skewness",
    "skewed_quantile",
    "skewed_z",
]

Floats = NDArray[np.float64]

#: Standard deviation of the skewness over features, before these controls were seen.
SKEWNESS_PRIOR = Param(1.5, "1", 0.1, 5.0, "docs/decisions/0019")

#: On the short side no step of z becomes a step of more than this.
STEEPEST = Param(2.0, "1", 1.0, 10.0, "docs/decisions/0019")
_LEAST_ROOT = STEEPEST.value**-0.5


def residual_skewness(q: Floats, residuals: Floats, *, prior: float | None = None) -> Floats:
    """Return the skewness of each feature, drawn towards 0 by its uncertainty.

    Parameters
    ----------
    q : (n, k) float64
        Orthonormal columns of the design.
    residuals : (n, f) float64
        In any unit per column.
    prior : float, optional
        Standard deviation of the prior; `SKEWNESS_PRIOR` unless given.

    Returns
    -------
    (f,) float64
        Of single values, not of means.
    """
    n, k = q.shape
    sd = np.sqrt(np.sum(residuals**2, axis=0) / (n - k))
    cubes = _cubes(q)
    return _shrunk(np.sum(residuals**3, axis=0) / (cubes * sd**3), cubes, prior)


def newcomer_skewness(skewness: Floats, leverage: Floats) -> Floats:
    """Return the skewness of a newcomer's predictive error.

    Parameters
    ----------
    skewness : float64 array
        From `residual_skewness`.
    leverage : float64 array
        h; the variance of the error is 1 + h, its third cumulant nearly that of one value.
    """
    return np.asarray(skewness / (1 + leverage) ** 1.5)


def skewed_z(z: Floats, skewness: Floats) -> Floats:
    """Return the normal deviate of a predictive z whose distribution has this skewness.

    Parameters
    ----------
    z, skewness : arrays of float64 that broadcast
        NaN stays NaN. The order of values is kept.
    """
    least = _LEAST_ROOT**3
    inside = np.where(1 + skewness * z / 2 < least, 2 * (least - 1) / _or_one(skewness), z)
    root = np.cbrt(1 + skewness * inside / 2)
    # (6 / g) (root - 1) with the g divided out: nothing is lost where it is small or 0.
    u = 3 * inside / (root**2 + root + 1) + skewness / 6
    return np.asarray(u + STEEPEST.value * (z - inside))


def skewed_quantile(u: Floats, skewness: Floats) -> Floats:
    """Return the predictive z at a normal deviate: the inverse of `skewed_z`."""
    end = 6 * (_LEAST_ROOT - 1) / _or_one(skewness) + skewness / 6
    inside = np.where(1 + skewness * (u / 6 - skewness / 36) < _LEAST_ROOT, end, u)
    step = inside / 6 - skewness / 36
    c = skewness * step  # (2 / g) [(1 + c)³ - 1], the g again divided out
    return np.asarray(2 * step * (3 + 3 * c + c**2) + (u - inside) / STEEPEST.value)


def _or_one(skewness: Floats) -> Floats:
    return np.where(skewness == 0, 1.0, skewness)


def leave_one_out_skewness(q: Floats, residuals: Floats, *, prior: float | None = None) -> Floats:
    """Return, for every control, the skewness of its predictive error from the others alone.

    Every sum over the other controls follows from sums over all: no refit is needed.

    Parameters
    ----------
    q : (n, k) float64
    residuals : (n, f) float64
    prior : float, optional

    Returns
    -------
    (n, f) float64
        Equal to `residual_skewness` and `newcomer_skewness` of a fit without that control.
    """
    n, k = q.shape
    h = np.sum(q**2, axis=1)
    left = 1 - h
    step = residuals / left[:, None]  # error of the prediction from the others
    pairs = _pairs(q)
    # Residual j without control i is e_j + h_ji step_i; its cube, summed over all j.
    cubed = (
        np.sum(residuals**3, axis=0)
        + 3 * step * (q @ (q.T @ residuals**2))
        + 3 * step**2 * (pairs @ (pairs.T @ residuals))
        + step**3 * _row_cubes(q)[:, None]
    )
    cubed -= step**3  # j = i: e_i + h_ii step_i = step_i
    variance = (np.sum(residuals**2, axis=0) - residuals**2 / left[:, None]) / (n - k - 1)
    cubes = _deleted_cubes(q)[:, None]
    skewness = _shrunk(cubed / (cubes * variance**1.5), cubes, prior)
    return newcomer_skewness(skewness, (h / left)[:, None])


def bootstrap_skewed_z(
    weights: Floats, controls: Sample, newcomer: Newcomer, skewness: Floats
) -> Floats:
    """Return one person's z under redrawn controls, (b, f).

    Each draw's third moment is that of its own residuals, to the first order of how its
    coefficients changed, and is drawn towards 0 by as much as that of the controls was.

    Parameters
    ----------
    weights : (b, n) float64
        How often each control is drawn.
    controls : Sample
    newcomer : Newcomer
    skewness : (f,) float64
        Of the controls.
    """
    found, e = refit(weights, controls, newcomer), controls.residuals
    squares = np.stack([(weights * column) @ e**2 for column in controls.b.T], 1)
    cubes = weights @ e**3 - 3 * np.sum(found.shift * squares, axis=1)
    all_cubes = np.sum(e**3, axis=0)
    own = skewness / np.where(all_cubes == 0, 1.0, all_cubes) * cubes / found.variance**1.5
    return skewed_z(predictive_z(found.t, controls.df), newcomer_skewness(own, found.leverage))


def _shrunk(raw: Floats, cubes: Floats | float, prior: float | None) -> Floats:
    # Under Gaussian residuals the estimate has the variance 6 / sum(M³) (6 / n for large n).
    weight = (SKEWNESS_PRIOR.value if prior is None else prior) ** 2
    return np.asarray(raw * weight / (weight + 6 / np.asarray(cubes)))


def _pairs(q: Floats) -> Floats:
    """Return (n, k²) products, so that h_ij² is row i times row j."""
    return np.asarray((q[:, :, None] * q[:, None, :]).reshape(len(q), -1))


def _row_cubes(q: Floats) -> Floats:
    """Return the sum over j of h_ij³, (n,)."""
    pairs = _pairs(q)
    return np.asarray(np.sum(pairs @ (pairs.T @ q) * q, axis=1))


def _cubes(q: Floats) -> float:
    """Return the sum of all entries of M³, without the n by n matrix."""
    h = np.sum(q**2, axis=1)
    return float(np.sum(1 - 3 * h + 3 * h**2) - np.sum(_row_cubes(q)))


def _deleted_cubes(q: Floats) -> Floats:
    """Return the sum of all cubed entries of the M of the others, for each control, (n,).

    That M is M_jl - M_ji M_il / M_ii, so its cubes are a sum of four products of M's entries.
    """
    h = np.sum(q**2, axis=1)
    left, once = 1 - h, 1 - 2 * h
    pairs = _pairs(q)
    across = pairs.T @ q
    # sum_jl M_jl² M_ji M_il
    column = pairs - q @ across.T
    b = once**2 + pairs @ (pairs.T @ once) + np.sum(column**2, axis=1)
    # sum_jl M_jl M_ji² M_il²
    squares = left**4 - h**4 + np.sum(pairs @ (pairs.T @ pairs) * pairs, axis=1)
    c = squares - np.sum((q * once[:, None] + pairs @ across) ** 2, axis=1)
    d = left**3 + h**3 - np.sum(pairs @ across * q, axis=1)
    return np.asarray(_cubes(q) - 3 * b / left + 3 * c / left**2 - d**2 / left**3)
