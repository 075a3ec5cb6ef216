"""Spread that changes with age or differs between sites: log-linear variance, by REML.

The variance of feature f in person i is exp(v_i' g_f), with v_i some columns of the design
(intercept, age, site). Mean and variance are fitted in turn: weighted least squares for the
coefficients, Fisher scoring for g from the residual likelihood, whose equations are

    sum_i v_i (e_i² / s_i² - (1 - h_i)) = 0,

h_i being the leverage in the weighted fit. The 1 - h_i is what the coefficients have used up:
with one column v = 1 the equation is s² = SSE / (n - k), unbiased, and every number of the
constant spread comes out again.

The error of log s² at a person's covariates v has variance v' C v (C: the inverse of the
information), and the log of a mean of d squares has variance 2 / d nearly. The person's
predictive t therefore has d = 2 / (v' C v) degrees of freedom: n - k for constant spread, fewer
where few controls speak for this person's spread.

Source: Harvey 1976, doi:10.2307/1913974; REML, Smyth 2002, doi:10.1198/106186002871.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param

__all__ = ["VARYING_CONTROLS", "VARYING_PER_COLUMN", "Varying", "VaryingPrediction", "fit_varying"]

Floats = NDArray[np.float64]

#: Fewest controls for any spread that varies, and for each column of its log variance beyond
#: the intercept.
VARYING_CONTROLS = Param(50.0, "people", 50, 1000, "docs/decisions/0019")
VARYING_PER_COLUMN = Param(25.0, "people", 10, 1000, "docs/decisions/0019")
#: Steps at most (5 to 12 are usual), and the last move of log variance that matters.
_STEPS = 100
_ENOUGH = 1e-9
#: A step moves no log variance by more than this: farther, the quadratic says little.
_STRIDE = 1.0
#: Features worked on at once: keeps the largest array near 256 x n x k numbers.
_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class VaryingPrediction:
    """What a varying model expects of people with given covariates.

    Parameters
    ----------
    mean : (m, f) float64
    sd : (m, f) float64
        Of single values.
    leverage : (m, f) float64
        Variance of `mean` in units of `sd`².
    df : (m, f) float64
        Effective degrees of freedom of `sd`.
    """

    mean: Floats
    sd: Floats
    leverage: Floats
    df: Floats

    def t(self, values: Floats) -> Floats:
        """Return the predictive t of values, (m, f), with `df` degrees of freedom."""
        return np.asarray((values - self.mean) / (self.sd * np.sqrt(1 + self.leverage)))


@dataclass(frozen=True, slots=True, eq=False)
class Varying:
    """Coefficients of mean and log variance, with their uncertainty.

    Parameters
    ----------
    coefficients : (k, f) float64
        Of the mean, in the basis of the columns that were given.
    log_variance : (v, f) float64
        g.
    mean_covariance : (f, k, k) float64
        Of the coefficients.
    variance_covariance : (f, v, v) float64
        C, of g.
    """

    coefficients: Floats
    log_variance: Floats
    mean_covariance: Floats
    variance_covariance: Floats

    def predict(self, mean_rows: Floats, variance_rows: Floats) -> VaryingPrediction:
        """Return the expectation for people with these design rows, (m, k) and (m, v)."""
        variance = np.exp(variance_rows @ self.log_variance)
        error = np.einsum("mi,fij,mj->mf", mean_rows, self.mean_covariance, mean_rows)
        spread = np.einsum("mi,fij,mj->mf", variance_rows, self.variance_covariance, variance_rows)
        return VaryingPrediction(
            mean_rows @ self.coefficients, np.sqrt(variance), error / variance, 2 / spread
        )


def fit_varying(mean_columns: Floats, variance_columns: Floats, values: Floats) -> Varying:
    """Fit mean and log variance of every feature by residual maximum likelihood.

    Parameters
    ----------
    mean_columns : (n, k) float64
        Design of the mean; orthonormal columns keep the numbers well conditioned.
    variance_columns : (n, v) float64
        Design of the log variance; the first column is the intercept.
    values : (n, f) float64

    Raises
    ------
    InputError
        If there are too few controls, a column repeats others, or a feature's fit does not
        settle.
    """
    _require_known(variance_columns)
    blocks = [
        _fit(mean_columns, variance_columns, values[:, start : start + _BLOCK], start)
        for start in range(0, values.shape[1], _BLOCK)
    ]
    return Varying(
        np.hstack([b.coefficients for b in blocks]),
        np.hstack([b.log_variance for b in blocks]),
        np.concatenate([b.mean_covariance for b in blocks]),
        np.concatenate([b.variance_covariance for b in blocks]),
    )


def _require_known(columns: Floats) -> None:
    n, v = columns.shape
    needed = int(max(VARYING_CONTROLS.value, VARYING_PER_COLUMN.value * (v - 1)))
    if v > 1 and n < needed:
        raise InputError(
            f"{n} controls are too few for a spread that varies with {v - 1} columns. Expected "
            f"at least {needed}: {VARYING_PER_COLUMN.value:g} for each, and "
            f"{VARYING_CONTROLS.value:g} in all; use a constant spread, or add controls."
        )
    if np.linalg.matrix_rank(columns) < v:
        raise InputError(
            "a column of the spread repeats the others, or does not vary among the controls; "
            "leave it out."
        )


def _fit(x: Floats, v: Floats, values: Floats, first: int) -> Varying:
    """Score until no log variance moves; features that have settled are left in peace."""
    gamma = np.zeros((v.shape[1], values.shape[1]))
    gamma[0] = np.log(np.var(values, axis=0)) / v[0, 0]
    moving = np.arange(values.shape[1])
    pace, before = np.ones(len(moving)), np.zeros_like(gamma)
    for _ in range(_STEPS):
        mean = _weighted_fit(x, values[:, moving], np.exp(-v @ gamma[:, moving]))
        step, _ = _scoring_step(v, x, mean)
        # A step back over the one before it swings about the solution: take less of it.
        swings = np.sum(step * before, axis=0) < 0
        pace = np.where(swings, pace / 2, np.minimum(pace * 1.5, 1.0))
        gamma[:, moving] += step * pace
        left = np.abs(v @ step).max(axis=0) > _ENOUGH
        moving, pace, before = moving[left], pace[left], step[:, left]
        if not len(moving):
            mean = _weighted_fit(x, values, np.exp(-v @ gamma))
            _, covariance = _scoring_step(v, x, mean)
            return Varying(mean.coefficients, gamma, mean.covariance, covariance)
    raise InputError(
        f"the spread of {len(moving)} features does not settle (the first is number "
        f"{first + int(moving[0]) + 1}): some covariate leaves a person or a group with no "
        f"spread at all. Use a constant spread, or leave the feature out."
    )


@dataclass(frozen=True, slots=True, eq=False)
class _WeightedFit:
    coefficients: Floats
    covariance: Floats
    standardised: Floats
    leverage: Floats
    precision: Floats


def _weighted_fit(x: Floats, values: Floats, precision: Floats) -> _WeightedFit:
    """Least squares of every feature with its own weights, (n, f)."""
    n, k = x.shape
    products = (x[:, :, None] * x[:, None, :]).reshape(n, k * k)
    covariance = np.asarray(np.linalg.inv((precision.T @ products).reshape(-1, k, k)), dtype=float)
    moments = (x.T @ (precision * values)).T
    coefficients = np.einsum("fij,fj->if", covariance, moments)
    leverage = (products @ covariance.reshape(-1, k * k).T) * precision
    residuals = values - x @ coefficients
    return _WeightedFit(
        coefficients, covariance, residuals * np.sqrt(precision), leverage, precision
    )


def _scoring_step(v: Floats, x: Floats, fit: _WeightedFit) -> tuple[Floats, Floats]:
    """Return the Fisher step of g, (v, f), and the inverse information, (f, v, v).

    The information is V' (M o M) V / 2, entry by entry, with M = I - H of the weighted fit.
    With A_a = X' W diag(v_a) X, the part V' (H o H) V is trace(A_a C A_b C): no matrix of
    controls by controls is needed.
    """
    n, width = v.shape
    products = (v[:, :, None] * v[:, None, :]).reshape(n, width * width)
    plain = ((1 - 2 * fit.leverage).T @ products).reshape(-1, width, width)
    k = x.shape[1]
    triples = (v[:, :, None, None] * x[:, None, :, None] * x[:, None, None, :]).reshape(n, -1)
    inner = (fit.precision.T @ triples).reshape(-1, width, k, k) @ fit.covariance[:, None]
    twice = np.einsum("faij,fbji->fab", inner, inner, optimize=True)
    covariance = np.linalg.inv((plain + twice) / 2)
    score = v.T @ (fit.standardised**2 - (1 - fit.leverage)) / 2
    step = np.einsum("fij,jf->if", covariance, score)
    stride = np.abs(v @ step).max(axis=0)
    return step * np.minimum(1.0, _STRIDE / np.maximum(stride, 1e-300)), covariance
