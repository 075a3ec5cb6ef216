"""Keep one band of a series and nothing else: for ReHo, never before ALFF."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sfft

from .band import Band, inside_bins

__all__ = ["keep_band"]

_BLOCK = 1024


def keep_band(series: NDArray[np.floating[Any]], tr_s: float, band: Band) -> None:
    """Replace each row by its part inside the band, in place: the ideal filter, without delay.

    Parameters
    ----------
    series : (n, t) float
        Changed. Without line or drift, which a filter would smear over the run.
    tr_s : float
        Seconds.
    band : Band

    Raises
    ------
    InputError
        If no frequency of the series lies in the band.
    """
    t = series.shape[1]
    bins = inside_bins(band, t, tr_s)
    for start in range(0, len(series), _BLOCK):
        rows = series[start : start + _BLOCK]
        spectrum = sfft.rfft(rows, axis=1)
        spectrum[:, : bins.start] = 0
        spectrum[:, bins.stop :] = 0
        rows[:] = sfft.irfft(spectrum, n=t, axis=1)
