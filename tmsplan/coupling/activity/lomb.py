"""Lomb-Scargle amplitudes of many series that share their gaps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .band import Band, nearest_bins

__all__ = ["lomb_amplitudes"]

Series = NDArray[np.floating[Any]]
Floats = NDArray[np.float64]


def lomb_amplitudes(rows: Series, tr_s: float, band: Band, kept: NDArray[np.bool_]) -> Floats:
    """Return xcp_d's ALFF of rows with censored volumes, without filling the gaps.

    All rows have the same times, so the periodogram is two matrix products: the rows on the
    cosines and on the sines of the band, each turned so that the two are orthogonal over the
    kept times.

    Parameters
    ----------
    rows : (n, t)
        None constant over the kept volumes.
    tr_s : float
        Seconds.
    band : Band
    kept : (t,) bool

    Returns
    -------
    (n,) float64
        2 x mean over the band of the root of the normalised power, times the standard deviation
        of the kept volumes. (xcp_d takes that of the whole row, whose gaps it has filled.)

    Source: doi:10.1007/BF00648343 (Lomb), doi:10.1086/160554 (Scargle).
    """
    n = rows.shape[1]
    frequencies = np.linspace(0.0, 0.5 / tr_s, n // 2 + 1)[1:]
    omega = 2 * np.pi * frequencies[nearest_bins(band, frequencies)]
    cosines, sines = _waves(np.asarray(np.flatnonzero(kept) * tr_s), np.asarray(omega))
    values = rows[:, kept].astype(np.float64)
    values -= values.mean(axis=1, keepdims=True)
    total = (values**2).sum(axis=1)
    power = (values @ cosines) ** 2 + (values @ sines) ** 2
    with np.errstate(invalid="ignore"):  # constant over the kept volumes: 0 / 0 is missing
        roots = np.sqrt(power / total[:, None])
    spread = np.sqrt(total / int(kept.sum()))
    return np.where(total > 0, 2.0 * roots.mean(axis=1) * spread, math.nan)


def _waves(times: Floats, omega: Floats) -> tuple[Floats, Floats]:
    """Return unit cosines and sines (times x frequencies) that are orthogonal to each other."""
    double = 2.0 * np.outer(times, omega)
    tau = np.arctan2(np.sin(double).sum(axis=0), np.cos(double).sum(axis=0)) / (2.0 * omega)
    phase = (times[:, None] - tau) * omega
    cosines, sines = np.cos(phase), np.sin(phase)
    return (
        cosines / np.linalg.norm(cosines, axis=0),
        sines / np.linalg.norm(sines, axis=0),
    )
