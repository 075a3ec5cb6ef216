"""ALFF and fALFF of many voxels at once.

Engines (their numbers are never comparable with one another; norms must be made with the same
one):

``dpabi``
    Linear detrend, zeros up to the next power of two, mean amplitude of the bins inside the
    band.
``fft``
    The same without zeros behind the series.
``sd``
    As C-PAC defines it: standard deviation of the band-passed series.
``xcpd``
    As xcp_d defines it: mean removed only, the upper bin left out, Lomb-Scargle where volumes
    are censored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft as sfft

from ...base.errors import InputError
from .band import Band, inside_bins, nearest_bins, require_band
from .lomb import lomb_amplitudes

__all__ = ["ENGINES", "alff", "falff"]

ENGINES = ("dpabi", "fft", "sd", "xcpd")
Series = NDArray[np.floating[Any]]
Floats = NDArray[np.float64]
#: Rows at a time: 256 x 1,024 float32 and their spectrum stay in the second-level cache.
BLOCK = 256


def alff(
    series: Series,
    tr_s: float,
    band: Band,
    *,
    engine: str = "dpabi",
    kept: NDArray[np.bool_] | None = None,
) -> Floats:
    """Return the amplitude of low-frequency fluctuations of each row.

    Parameters
    ----------
    series : (n, t) float32 or float64
        One row a voxel; computed in the precision given. A row that is constant or holds NaN
        gives NaN.
    tr_s : float
        Seconds between columns.
    band : Band
        Hz.
    engine : {"dpabi", "fft", "sd", "xcpd"}
    kept : (t,) bool or None
        Volumes that are not censored. Only ``xcpd`` can leave volumes out (Lomb-Scargle); the
        others would need the gaps filled, and filling a gap raises ALFF (by 27 % in a measured
        case).

    Returns
    -------
    (n,) float64
        In the unit of the series.

    Raises
    ------
    InputError
        For an unknown engine, a band that the series cannot show, or censored volumes with an
        engine that needs all of them.

    Source: doi:10.1016/j.braindev.2006.07.002.  Decision: docs/decisions/0013.
    """
    _require(series, tr_s, band, engine)
    if kept is not None and not kept.all():
        if engine != "xcpd":
            raise InputError(
                f"ALFF engine '{engine}' needs every volume; {int((~kept).sum())} are censored. "
                f"Filling gaps raises ALFF. Regress them out as spikes, or take engine 'xcpd'."
            )
        return _by_rows(series, lambda rows: lomb_amplitudes(rows, tr_s, band, kept))
    return _by_rows(series, _amplitude(engine, series.shape[1], tr_s, band))


def falff(series: Series, tr_s: float, band: Band, *, engine: str = "dpabi") -> Floats:
    """Return the share of the band in the amplitude of all frequencies, per row.

    For ``sd`` the share of the standard deviation. Meaningless for a series that was
    band-passed before: `tmsplan.coupling.activity.bandpassed` finds and refuses those.

    Raises
    ------
    InputError
        As `alff`; and for ``xcpd``, which defines no fALFF.

    Source: doi:10.1016/j.jneumeth.2008.04.012.
    """
    _require(series, tr_s, band, engine)
    if engine == "xcpd":
        raise InputError("engine 'xcpd' defines no fALFF; take engine 'dpabi', 'fft' or 'sd'.")
    n = series.shape[1]
    size = _fft_size(engine, n)
    bins = inside_bins(band, size, tr_s)

    def share(rows: Series) -> Floats:
        spectrum = _spectrum(detrended(rows), size)
        sizes = _power(spectrum) if engine == "sd" else np.abs(spectrum)
        part = sizes[:, bins].sum(axis=1, dtype=np.float64)
        whole = sizes[:, 1:].sum(axis=1, dtype=np.float64)
        with np.errstate(invalid="ignore"):  # a straight line has no fluctuation to share
            ratio: Floats = part / whole
        return np.sqrt(ratio) if engine == "sd" else ratio

    return _by_rows(series, share)


def detrended(rows: Series) -> Series:
    """Return rows less their straight line, in their own precision."""
    return _without(rows, degree=1)


def _without(rows: Series, *, degree: int) -> Series:
    """Return rows less their mean (degree 0) or line (degree 1)."""
    powers = np.vander(np.linspace(-1.0, 1.0, rows.shape[1]), degree + 1, increasing=True)
    basis = np.linalg.qr(powers)[0].astype(rows.dtype)
    # The first value goes first: the baseline may be 1,000 times the fluctuation, and float32
    # keeps 7 digits. The difference is exact, and a constant row becomes exactly 0.
    out = rows - rows[:, :1]
    out -= (out @ basis) @ basis.T
    return np.asarray(out)


def _amplitude(engine: str, n: int, tr_s: float, band: Band) -> Callable[[Series], Floats]:
    size = _fft_size(engine, n)
    if engine == "xcpd":
        bins = nearest_bins(band, np.fft.rfftfreq(n, tr_s))
        return lambda rows: _xcpd(rows, bins)
    bins = inside_bins(band, size, tr_s)
    if engine == "sd":
        return lambda rows: _sd(rows, bins)

    def mean_amplitude(rows: Series) -> Floats:
        spectrum = np.abs(_spectrum(detrended(rows), size)[:, bins])
        return np.asarray(spectrum.mean(axis=1, dtype=np.float64) * (2.0 / n))

    return mean_amplitude


def _sd(rows: Series, bins: slice) -> Floats:
    """Return the standard deviation of the band-passed rows, by Parseval's theorem."""
    n = rows.shape[1]
    power = _power(_spectrum(detrended(rows), n))[:, bins].sum(axis=1, dtype=np.float64)
    # Bin k stands for k and n - k, except that half the sampling rate stands for itself.
    return np.asarray(np.sqrt(2.0 * power / (n * (n - 1.0))))


def _xcpd(rows: Series, bins: slice) -> Floats:
    n = rows.shape[1]
    # sqrt of the one-sided power spectrum is sqrt(2) |X| / n; xcp_d doubles its mean.
    spectrum = np.abs(_spectrum(_without(rows, degree=0), n)[:, bins])
    return np.asarray(spectrum.mean(axis=1, dtype=np.float64) * (2.0 * math.sqrt(2.0) / n))


def _spectrum(rows: Series, size: int) -> NDArray[np.complexfloating[Any, Any]]:
    return np.asarray(sfft.rfft(rows, n=size, axis=1))


def _power(spectrum: NDArray[np.complexfloating[Any, Any]]) -> Series:
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


def _fft_size(engine: str, n: int) -> int:
    return 1 << math.ceil(math.log2(n)) if engine == "dpabi" else n


def _by_rows(series: Series, of: Callable[[Series], Floats]) -> Floats:
    out = np.full(len(series), math.nan)
    for where in _blocks(len(series)):
        rows = series[where]
        # One comparison finds both: NaN is not above anything.
        alive = rows.max(axis=1) > rows.min(axis=1)
        if alive.all():
            out[where] = of(rows)
        elif alive.any():
            out[where][alive] = of(rows[alive])
    return out


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, n, BLOCK))


def _require(series: Series, tr_s: float, band: Band, engine: str) -> None:
    if engine not in ENGINES:
        raise InputError(f"ALFF engine '{engine}' is unknown; write one of {', '.join(ENGINES)}.")
    if series.ndim != 2 or series.shape[1] < 8:
        raise InputError(
            f"a series of shape {series.shape} is no table of at least 8 volumes; expected "
            f"(voxels, volumes)."
        )
    require_band(band, tr_s)
