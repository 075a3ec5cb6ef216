"""From a residual to a z, a centile and an interval, exactly for Gaussian residuals.

Notation: y is the person's value, m the value expected for comparable people in the sample
of controls, s the residual standard deviation with df degrees of freedom, h the leverage
x' (X'X)^-1 x of the person's covariates (1/n without covariates). M and S are what m and s
would be in the whole population.

*Predictive.* y - m has variance S² (1 + h) and s is independent of it, so
t = (y - m) / (s sqrt(1 + h)) of a healthy newcomer has Student's t distribution with df
degrees of freedom. z is the normal deviate of the same probability: it exceeds any limit
exactly as often as a standard normal variable does, whatever the number of controls.

*Effect.* How far is this person, taken as given, from the population, in its own standard
deviations: e = (y - M) / S? m is normal with mean M and variance S² h, therefore
(y - m) / (s sqrt(h)) = (e / sqrt(h) + N(0, 1)) / (s / S) has a noncentral t distribution
with df degrees of freedom and noncentrality e / sqrt(h). The interval of e holds every value
under which the observed ratio is not in a tail. Without covariates h = 1/n and df = n - 1,
which is the interval of Crawford and Garthwaite.

The two answer different questions. e does not shrink with few controls, z does: for a very
extreme value and few controls z lies nearer to 0 than the whole interval of e.

Source: Crawford and Garthwaite 2002, doi:10.1016/S0028-3932(01)00224-X; for regression,
Crawford, Garthwaite and Ryan 2011, doi:10.1016/j.cortex.2011.02.017.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

__all__ = ["effect_interval", "predictive_z"]

Floats = NDArray[np.float64]

#: Below this a probability is taken from its logarithm: float64 ends at about 1e-308.
_TINY = 1e-280
#: Probability left outside the quadrature over the chi distribution; beyond float64's digits.
_OUTSIDE = 1e-17
#: Nodes resolve a normal step where the statistic spans 250 of its widths (|z| up to about
#: 0.9 sqrt(n)); beyond, an end of the interval is off by less than 1 % of its length.
_NODES = 256
#: Steps at most (halving alone needs 54), and the last move that matters.
_STEPS = 60
_ENOUGH = 1e-12


def predictive_z(t: Floats, df: Floats | float) -> Floats:
    """Return the normal deviate with the probability of `t` under Student's t.

    Computed in the lower tail of -|t|, so that both tails keep all digits; where even that
    probability is below float64's range, through its logarithm.

    Parameters
    ----------
    t : array of float64
        NaN stays NaN.
    df : float or array of float64
        Degrees of freedom, at least 1, that broadcast with `t`. A varying spread or a
        transfer to a new site gives fractions.
    """
    low, each = np.broadcast_arrays(-np.abs(t), df)
    p = special.stdtr(each, low)
    tiny = p < _TINY
    z = np.asarray(special.ndtri(np.where(tiny, 0.5, p)))
    if np.any(tiny):
        z[tiny] = special.ndtri_exp(_log_tail(low[tiny], each[tiny]))
    return np.asarray(np.copysign(z, t))


def _log_tail(t: Floats, df: Floats) -> Floats:
    """Return log P(T < t) for far negative t, by the incomplete beta function's series."""
    a, b = df / 2.0, 0.5
    x = df / (df + t**2)
    series = np.log(special.hyp2f1(a + b, 1.0, a + 1.0, x))
    beta = a * np.log(x) + b * np.log1p(-x) - np.log(a) - special.betaln(a, b) + series
    return np.asarray(beta + np.log(0.5))


def effect_interval(
    standard_residual: Floats, leverage: Floats | float, df: float, interval: float
) -> tuple[Floats, Floats]:
    """Return the limits of e = (y - M) / S, see above.

    Parameters
    ----------
    standard_residual : (f,) float64
        (y - m) / s.
    leverage : float or (f,) float64
        h > 0.
    df : float
    interval : float
        Share of confidence, for example 0.95.

    Returns
    -------
    low, high : (f,) float64
    """
    root = np.sqrt(leverage)
    tail = (1 - interval) / 2
    low = _noncentrality(standard_residual / root, df, 1 - tail) * root
    high = _noncentrality(standard_residual / root, df, tail) * root
    return low, high


def _noncentrality(t: Floats, df: float, p: float) -> Floats:
    """Return d with P(T(df, d) <= t) = p.

    With W = chi(df) / sqrt(df), P = E[Phi(t W - d)], which falls in d. Newton's steps are
    taken on the probit of P, which is nearly a straight line in d, and halve the bracket
    where they would leave it. All features share the nodes of W; scipy's own inverse is not
    used because it does not end for large t.
    """
    w, weight = _chi_nodes(df)
    ends = np.stack([t * w[0], t * w[-1]])
    low, high = ends.min(axis=0) - 9.0, ends.max(axis=0) + 9.0  # Phi(-9) is below 1e-18
    wanted = special.ndtri(p)
    d = t - wanted * np.sqrt(1 + t**2 / (2 * df))
    for _ in range(_STEPS):
        u = t[:, None] * w - d[:, None]
        now, slope = special.ndtr(u) @ weight, np.exp(-(u**2) / 2) @ weight
        low, high = np.where(now > p, d, low), np.where(now > p, high, d)
        probit = special.ndtri(np.clip(now, _TINY, 1 - 1e-16))
        step = (probit - wanted) * np.exp(-(probit**2) / 2) / np.maximum(slope, _TINY)
        inside = (low <= d + step) & (d + step <= high)
        new = np.where(inside, d + step, (low + high) / 2)
        moved, d = np.abs(new - d), new
        if not np.any(moved > _ENOUGH * (1 + np.abs(d))):  # a missing value never moves
            break
    return np.asarray(d)


@cache
def _chi_nodes(df: float) -> tuple[Floats, Floats]:
    """Return nodes of chi(df) / sqrt(df) and their probabilities (Gauss-Legendre)."""
    low, high = (
        np.sqrt(2 * inverse(df / 2, _OUTSIDE))
        for inverse in (special.gammaincinv, special.gammainccinv)
    )
    x, weight = _legendre()
    chi = low + (high - low) * (x + 1) / 2
    mass = weight * stats.chi.pdf(chi, df)
    return chi / np.sqrt(df), mass / mass.sum()


@cache
def _legendre() -> tuple[Floats, Floats]:
    return np.polynomial.legendre.leggauss(_NODES)
