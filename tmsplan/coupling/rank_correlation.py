"""Rank correlation inside regions, plain and with other quantities taken out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .region_sample import RegionSample

__all__ = ["fisher_z", "partial_spearman", "spearman"]

Floats = NDArray[np.float64]

#: Eigenvalues of a correlation matrix below this share of the largest are rounding: that
#: covariate is flat or a copy of others and takes nothing out.
_RANK_TOL = 1e-10
#: A residual with less than this share of its variance left is what rounding leaves of zero.
_FLAT = 1e-12


def spearman(sample: RegionSample) -> Floats:
    """Return Spearman's rho of structure and activity in each region.

    Returns
    -------
    (r,) float64
        NaN where a map is flat or the region empty.

    Source: doi:10.2307/1412159.
    """
    return _correlated(sample, np.empty((0, len(sample.structure))))


def partial_spearman(sample: RegionSample, *, position: bool = True) -> Floats:
    """Return the rank correlation that is left when covariates and position are taken out.

    Structure, activity and covariates are ranked inside the region. The position is not: a
    plane in mm is taken out of the ranks, so the value does not depend on how the head lay in
    the scanner. Then the residuals are correlated.

    Parameters
    ----------
    sample : RegionSample
    position : bool
        Whether x, y and z are taken out beside ``sample.covariates``.

    Returns
    -------
    (r,) float64
        NaN where a residual is flat or the region empty.

    Source: doi:10.1007/BF02293602.  Decision: docs/decisions/0014.
    """
    rows = [sample.ranks(c) for c in sample.covariates]
    rows += list(sample.position.T) if position else []
    return _correlated(sample, np.array(rows).reshape(len(rows), len(sample.group)))


def fisher_z(rho: Floats) -> Floats:
    """Return atanh of rho; NaN at 1 and -1, which have none."""
    return np.arctanh(np.where(np.abs(rho) >= 1, np.nan, rho))


def _correlated(sample: RegionSample, nuisance: Floats) -> Floats:
    """Return the correlation of ranks after the rows of `nuisance` are taken out."""
    pair = [sample.ranks(v) for v in (sample.structure, sample.activity)]
    # One moment matrix per region holds all that is needed: (r, 2 + k, 2 + k).
    z = _standard(np.vstack([*pair, nuisance]), sample)
    moments = np.empty((sample.regions, len(z), len(z)))
    for i in range(len(z)):
        for j in range(i + 1):
            moments[:, i, j] = moments[:, j, i] = sample.sums(z[i] * z[j])
    left = moments[:, :2, :2]
    if len(nuisance):
        cross = moments[:, :2, 2:]
        inverse = np.linalg.pinv(moments[:, 2:, 2:], rcond=_RANK_TOL, hermitian=True)
        left = left - cross @ inverse @ cross.transpose(0, 2, 1)
    a, b = left[:, 0, 0], left[:, 1, 1]
    defined = (a > _FLAT) & (b > _FLAT)
    rho = np.full(len(a), np.nan)
    np.divide(left[:, 0, 1], np.sqrt(np.where(defined, a * b, 1.0)), out=rho, where=defined)
    # Rounding may leave 1.0000000000000002.
    return np.asarray(np.clip(rho, -1.0, 1.0))


def _standard(rows: Floats, sample: RegionSample) -> Floats:
    """Return each row with mean 0 and sum of squares 1 inside each region; 0 where flat."""
    counts = np.maximum(sample.counts, 1)
    group = sample.group
    out = np.empty_like(rows)
    for k, row in enumerate(rows):
        centred = row - (sample.sums(row) / counts)[group]
        # Twice: a coordinate of 100 mm leaves rounding of its own size in the first mean.
        centred -= (sample.sums(centred) / counts)[group]
        size = np.sqrt(sample.sums(centred * centred))
        spread = np.sqrt(sample.sums(row * row))
        flat = size <= _FLAT * np.maximum(spread, 1.0)
        out[k] = np.where(flat[group], 0.0, centred / np.where(flat, 1.0, size)[group])
    return out
