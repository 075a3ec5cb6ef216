"""What the reference says about its own members, and how it would differ if drawn again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .predictive import predictive_z
from .sample import Newcomer, Sample

__all__ = ["Refit", "bootstrap_z", "draw_weights", "leave_one_out_z", "rank_p", "refit"]

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


def leave_one_out_z(sample: Sample) -> Floats:
    """Return the z of every control against the other controls.

    The residual of control i against a fit without it is e_i / (1 - h_i), and the standard
    deviation of that fit follows from SSE - e_i² / (1 - h_i): no refit is needed. The weights
    of the sites stay those of all controls.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    (n, f) float64
    """
    t = _deleted_t(sample.residuals, sample.leverage, sample.error, sample.df)
    return predictive_z(t, sample.df - 1)


def _deleted_t(residuals: Floats, leverage: Floats, error: Floats, df: int) -> Floats:
    left = 1.0 - leverage
    without = (error - residuals**2 / left) / (df - 1)
    return np.asarray(residuals / np.sqrt(without * left))


def rank_p(sample: Sample, newcomer: Newcomer) -> Floats:
    """Return the one-sided rank p of values this low: no shape of distribution is assumed.

    Each of the n controls and the person is held out in turn and compared with the other n,
    so that all n + 1 statistics are made alike; p = (1 + controls as low) / (n + 1). For
    people drawn alike p is valid exactly, whatever the distribution (full conformal
    prediction); with n controls it cannot be below 1 / (n + 1). Where sites have offsets
    their weights come from the controls alone, and the exactness is that of the weights.

    Parameters
    ----------
    sample : Sample
    newcomer : Newcomer

    Returns
    -------
    (f,) float64
        NaN where the person's value is missing.
    """
    n, own = len(sample.b), newcomer.leverage(sample.weight)
    share = (sample.b * newcomer.b) @ sample.weight / (1 + own)
    joint = sample.residuals - share * newcomer.residual
    alone = newcomer.residual / (1 + own)
    leverage = sample.leverage - share**2 * (1 + own)
    t = _deleted_t(
        np.vstack([joint, alone]),
        np.vstack([leverage, own / (1 + own)]),
        sample.error + newcomer.residual * alone,
        sample.df + 1,
    )
    as_low = np.sum(np.round(t[:-1] - t[-1], _DECIMALS) <= 0, axis=0)
    return np.asarray(np.where(np.isnan(newcomer.residual), np.nan, (1 + as_low) / (n + 1)))


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """The fit to each of b redrawn sets of controls, and what it says of one person.

    Parameters
    ----------
    shift : (b, p, f) float64
        How the coefficients of the orthonormal columns change.
    expected : (b, f) float64
        How the person's expectation changes.
    variance : (b, f) float64
        Of single values.
    leverage : (b, f) float64
        Of the person.
    t : (b, f) float64
        The person's predictive t.
    """

    shift: Floats
    expected: Floats
    variance: Floats
    leverage: Floats
    t: Floats


def draw_weights(sample: Sample, draws: int, seed: int) -> Iterator[Floats]:
    """Yield how often each control is drawn, (some draws, n), until there are enough draws.

    Draws in which a coefficient cannot be determined are drawn again.

    Parameters
    ----------
    sample : Sample
    draws : int
    seed : int
        The same seed gives the same draws.

    Raises
    ------
    InputError
        If nearly no draw determines the coefficients.
    """
    fixed = sample.b[:, : sample.k]
    n, k = fixed.shape
    rng = np.random.default_rng(seed)
    found = 0
    for _ in range(_TRIES * (1 + draws // _BLOCK)):
        w = rng.multinomial(n, np.full(n, 1 / n), size=_BLOCK).astype(float)
        lowest = np.linalg.eigvalsh(_gram(w, fixed))[:, 0]
        w = w[(np.sum(w > 0, axis=1) > k) & (lowest > _LOST)][: draws - found]
        found += len(w)
        yield w
        if found == draws:
            return
    raise InputError(
        f"only {found} of {draws} draws of the {n} controls determine the model; there are too "
        f"few controls of one sex or age to correct for it."
    )


def refit(weights: Floats, sample: Sample, newcomer: Newcomer) -> Refit:
    """Fit again to controls drawn with replacement: a draw is a row of weights.

    A weighted fit needs one small inverse per draw, shared by all features of one ratio of
    variances. With D = sqrt(w_site) the penalised normal equations become D G D + (1 - D²),
    which stays finite and invertible where a weight is 0, and where a site is not drawn.

    Parameters
    ----------
    weights : (b, n) float64
        Of `draw_weights`.
    sample : Sample
    newcomer : Newcomer
    """
    gram = _gram(weights, sample.b)
    moments = np.stack([(weights * column) @ sample.residuals for column in sample.b.T], 1)
    pulled = moments - (1 - sample.weight) / _or_one(sample.weight) * sample.coefficients
    shift = np.empty(pulled.shape)
    leverage = np.empty((len(weights), pulled.shape[2]))
    kinds, kind_of = np.unique(sample.weight, axis=1, return_inverse=True)
    for j, root in enumerate(np.sqrt(kinds.T)):
        own = np.flatnonzero(kind_of == j)
        inner = gram * np.outer(root, root) + np.diag(1 - root**2)
        inverse = np.linalg.inv(inner) * np.outer(root, root)
        shift[:, :, own] = inverse @ pulled[:, :, own]
        leverage[:, own] = np.einsum("i,bij,j->b", newcomer.b, inverse, newcomer.b)[:, None]
    error = weights @ sample.residuals**2 + sample.penalty
    variance = np.maximum(error - np.sum(shift * pulled, axis=1), 0) / sample.df
    expected = np.einsum("k,bkf->bf", newcomer.b, shift)
    t = (newcomer.residual - expected) / np.sqrt(variance * (1 + leverage))
    return Refit(shift, expected, variance, leverage, np.asarray(t))


def bootstrap_z(weights: Floats, sample: Sample, newcomer: Newcomer) -> Floats:
    """Return the person's z under redrawn controls, (b, f); arguments as of `refit`."""
    return predictive_z(refit(weights, sample, newcomer).t, sample.df)


def _gram(w: Floats, b: Floats) -> Floats:
    n, p = b.shape
    products = (b[:, :, None] * b[:, None, :]).reshape(n, p * p)
    return (w @ products).reshape(len(w), p, p)


def _or_one(weight: Floats) -> Floats:
    return np.where(weight > 0, weight, 1.0)
