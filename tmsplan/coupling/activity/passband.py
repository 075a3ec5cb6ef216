"""Was this series band-passed before it came here? Its own spectrum says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sfft

from ...base.errors import InputError
from .alff import detrended
from .band import Band
from .limits import PASSED

__all__ = ["PassBand", "passband_of", "require_for_alff", "require_for_falff"]

#: Voxels whose spectra are averaged.
_SAMPLE = 2000
#: Width of one step of the averaged spectrum, Hz.
_STEP = 0.01
#: Where the peak is looked for, Hz: drift below it would hide everything.
_SLOW = (0.01, 0.1)
#: Of the peak: less than this is next to nothing (-30 dB).
_NOTHING = 1e-3


@dataclass(frozen=True, slots=True)
class PassBand:
    """What the mean spectrum of a series shows.

    Parameters
    ----------
    filtered : bool
        Whether the fastest quarter of the frequencies holds less than any scanner's noise.
    floor : float
        Power density of that quarter relative to the peak between 0.01 and 0.1 Hz.
    high : float
        Hz: above it there is no power to speak of; half the sampling rate if not filtered.
    """

    filtered: bool
    floor: float
    high: float

    @property
    def evidence(self) -> str:
        """What was measured, for messages."""
        return (
            f"the fastest quarter of its frequencies holds {self.floor:.1e} of the power density "
            f"of its peak (limit {PASSED.value:g}; noise of a scanner holds more), and there is "
            f"next to nothing above {self.high:.2f} Hz"
        )


def passband_of(series: NDArray[np.floating[Any]], tr_s: float) -> PassBand:
    """Return what the spectrum of up to 2,000 rows, evenly taken, says about a filter.

    A repetition time of 5 s or more shows nothing above 0.1 Hz; such a series counts as not
    filtered.
    """
    half = 0.5 / tr_s
    rows = series[:: max(1, len(series) // _SAMPLE)]
    rows = rows[rows.max(axis=1) > rows.min(axis=1)]
    if half <= _SLOW[1] or not len(rows):
        return PassBand(filtered=False, floor=1.0, high=half)
    power = np.abs(sfft.rfft(detrended(rows.astype(np.float64)), axis=1)) ** 2
    # Every voxel counts alike, whatever its amplitude.
    power /= np.maximum(power.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    frequencies = np.fft.rfftfreq(rows.shape[1], tr_s)
    step = (frequencies / _STEP).astype(int)
    count = np.maximum(np.bincount(step), 1)
    density = np.bincount(step, weights=power.mean(axis=0)) / count
    at = np.arange(len(density)) * _STEP
    peak = density[(at >= _SLOW[0] - 1e-9) & (at < _SLOW[1])].max()
    floor = float(power.mean(axis=0)[frequencies >= 0.75 * half].mean() / peak)
    if floor >= PASSED.value:
        return PassBand(filtered=False, floor=floor, high=half)
    return PassBand(True, floor, float(at[density > _NOTHING * peak].max() + _STEP))


def require_for_falff(found: PassBand) -> None:
    """Refuse fALFF of a band-passed series.

    Raises
    ------
    InputError
        With what was measured: the frequencies that fALFF is a share of have been taken away,
        so it would be near 1 everywhere.
    """
    if found.filtered:
        raise InputError(
            f"fALFF of this series means nothing: it was band-passed before ({found.evidence}). "
            f"Expected a series with all its frequencies. Take ALFF, or the unfiltered series."
        )


def require_for_alff(found: PassBand, band: Band, *, confounds: str) -> tuple[str, ...]:
    """Return what must be said about ALFF of this series; refuse where it would be wrong.

    Raises
    ------
    InputError
        If the filter ended below the wanted band, or confounds that were not filtered alike
        would be regressed out of a filtered series, which puts noise back into it.
    """
    if not found.filtered:
        return ()
    if found.high < band.high:
        raise InputError(
            f"ALFF of {band} cannot be had from this series: it was band-passed to less "
            f"({found.evidence}). Choose a band inside it, or take the unfiltered series."
        )
    if confounds != "none":
        raise InputError(
            f"confounds '{confounds}' cannot be regressed out of a series that was band-passed "
            f"before ({found.evidence}): they were not filtered with it and would put noise back "
            f"(doi:10.1016/j.neuroimage.2013.05.116). Set confounds = none, or take the "
            f"unfiltered series."
        )
    note = (
        f"The series was band-passed before: {found.evidence}. ALFF is not comparable with that "
        f"of unfiltered series; fALFF is void."
    )
    return (note,)
