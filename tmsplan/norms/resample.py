"""What the reference says about its own members, and how it would differ if drawn again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .predictive import predictive_z

__all__ = ["Newcomer", "bootstrap_z", "leave_one_out_z", "rank_p"]

Floats = NDArray[np.float64]

#: Draws worked on at once: keeps the largest array near 256 x controls numbers.
_BLOCK = 256
#: A draw whose design has lost a direction (one sex only) cannot predict the person. The
#: smallest eigenvalue is 1 on average and 0 for such a draw.
_LOST = 1e-6
#: Draws tried per draw wanted; even one control of a sex among 20 is drawn in 64 % of draws.
_TRIES = 20
#: Statistics that agree to so many decimals are equal: rounding must not order people.
_DECIMALS = 9


@dataclass(frozen=True, slots=True, eq=False)
class Newcomer:
    """One person in the terms of the fitted model.

    Parameters
    ----------
    q : (k,) float64
        Design row in the basis of the controls' orthonormal columns.
    residual : (f,) float64
        Value minus expectation, in residual standard deviations; NaN where missing.
    """

    q: Floats
    residual: Floats

    @property
    def leverage(self) -> float:
        """|q|², that is x' (X'X)^-1 x."""
        return float(self.q @ self.q)


def leave_one_out_z(q: Floats, residuals: Floats) -> Floats:
    """Return the z of every control against the other controls.

    The residual of control i against a fit without it is e_i / (1 - h_i), and the standard
    deviation of that fit follows from SSE - e_i² / (1 - h_i): no refit is needed.

    Parameters
    ----------
    q : (n, k) float64
        Orthonormal columns of the design.
    residuals : (n, f) float64
        In any unit per column.

    Returns
    -------
    (n, f) float64
    """
    n, k = q.shape
    return predictive_z(_deleted_t(residuals, np.sum(q**2, axis=1), n - k), n - k - 1)


def _deleted_t(residuals: Floats, leverage: Floats, df: int) -> Floats:
    left = 1.0 - leverage[:, None]
    without = (np.sum(residuals**2, axis=0) - residuals**2 / left) / (df - 1)
    return np.asarray(residuals / np.sqrt(without * left))


def rank_p(q: Floats, residuals: Floats, newcomer: Newcomer) -> Floats:
    """Return the one-sided rank p of values this low: no shape of distribution is assumed.

    Each of the n controls and the person is held out in turn and compared with the other n,
    so that all n + 1 statistics are made alike; p = (1 + controls as low) / (n + 1). For
    people drawn alike p is valid exactly, whatever the distribution (full conformal
    prediction); with n controls it cannot be below 1 / (n + 1).

    Parameters
    ----------
    q : (n, k) float64
    residuals : (n, f) float64
        In residual standard deviations.
    newcomer : Newcomer

    Returns
    -------
    (f,) float64
        NaN where the person's value is missing.
    """
    n, k = q.shape
    share = (q @ newcomer.q) / (1 + newcomer.leverage)
    joint = residuals - share[:, None] * newcomer.residual
    own = newcomer.residual / (1 + newcomer.leverage)
    leverage = np.sum(q**2, axis=1) - share**2 * (1 + newcomer.leverage)
    t = _deleted_t(
        np.vstack([joint, own]),
        np.append(leverage, newcomer.leverage / (1 + newcomer.leverage)),
        n + 1 - k,
    )
    as_low = np.sum(np.round(t[:-1] - t[-1], _DECIMALS) <= 0, axis=0)
    return np.asarray(np.where(np.isnan(newcomer.residual), np.nan, (1 + as_low) / (n + 1)))


def bootstrap_z(q: Floats, residuals: Floats, newcomer: Newcomer, draws: int, seed: int) -> Floats:
    """Return the person's z under resampled controls (rows drawn with replacement).

    A draw is a vector of weights; the weighted fit needs one k by k inverse per draw, shared
    by all features. Draws in which a coefficient cannot be determined are drawn again.

    Parameters
    ----------
    q : (n, k) float64
    residuals : (n, f) float64
        In residual standard deviations.
    newcomer : Newcomer
    draws : int
    seed : int
        The same seed gives the same draws.

    Returns
    -------
    (draws, f) float64

    Raises
    ------
    InputError
        If nearly no draw determines the coefficients.
    """
    blocks = [_refit_z(w, q, residuals, newcomer) for w in _weights(q, draws, seed)]
    return np.vstack(blocks)


def _weights(q: Floats, draws: int, seed: int) -> Iterator[Floats]:
    n, k = q.shape
    rng = np.random.default_rng(seed)
    found = 0
    for _ in range(_TRIES * (1 + draws // _BLOCK)):
        w = rng.multinomial(n, np.full(n, 1 / n), size=_BLOCK).astype(float)
        good = (np.sum(w > 0, axis=1) > k) & (np.linalg.eigvalsh(_gram(w, q))[:, 0] > _LOST)
        w = w[good][: draws - found]
        found += len(w)
        yield w
        if found == draws:
            return
    raise InputError(
        f"only {found} of {draws} draws of the {n} controls determine the model; there are too "
        f"few controls of one sex or age to correct for it."
    )


def _gram(w: Floats, q: Floats) -> Floats:
    n, k = q.shape
    products = (q[:, :, None] * q[:, None, :]).reshape(n, k * k)
    return (w @ products).reshape(len(w), k, k)


def _refit_z(w: Floats, q: Floats, residuals: Floats, newcomer: Newcomer) -> Floats:
    n, k = q.shape
    inverse = np.linalg.inv(_gram(w, q))
    moments = np.stack([(w * q[:, j]) @ residuals for j in range(k)], axis=1)
    shift = inverse @ moments  # how the coefficients change, in the basis of q: (b, k, f)
    error = w @ residuals**2 - np.sum(shift * moments, axis=1)
    expected = np.einsum("k,bkf->bf", newcomer.q, shift)
    leverage = np.einsum("i,bij,j->b", newcomer.q, inverse, newcomer.q)
    scale = np.sqrt(np.maximum(error, 0) / (n - k) * (1 + leverage[:, None]))
    return predictive_z((newcomer.residual - expected) / scale, n - k)
