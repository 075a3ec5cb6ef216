"""A frequency band, and which bins of a spectrum lie inside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from .limits import BAND_HIGH, BAND_LOW

__all__ = ["Band", "inside_bins", "nearest_bins", "require_band"]

#: 0.01 Hz x 2.5 s x 400 volumes is 10 bins, not 10.000000000000002.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Band:
    """From one frequency to another, both included, in Hz."""

    low: float = BAND_LOW.value
    high: float = BAND_HIGH.value

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high < math.inf:
            raise InputError(
                f"the band is {self.low:g} to {self.high:g} Hz; expected two frequencies in Hz, "
                f"the lower one first, for example 0.01 and 0.08."
            )

    def __str__(self) -> str:
        return f"{self.low:g}-{self.high:g} Hz"


def require_band(band: Band, tr_s: float) -> None:
    """Refuse a band beyond the fastest wave that the series can hold.

    Raises
    ------
    InputError
        If the band ends above half the sampling rate: what would be read there is an alias.
    """
    if band.high > 0.5 / tr_s * (1 + _ROUNDING):
        raise InputError(
            f"the band {band} ends above {0.5 / tr_s:.4g} Hz, the fastest wave that a repetition "
            f"time of {tr_s:g} s can show. Choose a lower band, or check the repetition time."
        )


def inside_bins(band: Band, n: int, tr_s: float) -> slice:
    """Return the bins of an `n`-point spectrum whose frequency lies inside the band.

    Bin k is k / (n TR) Hz; bin 0, the mean, is never in a band.

    Raises
    ------
    InputError
        If no bin lies inside.
    """
    require_band(band, tr_s)
    low = max(1, math.ceil(band.low * n * tr_s - _ROUNDING))
    high = min(n // 2, math.floor(band.high * n * tr_s + _ROUNDING))
    if high < low:
        raise InputError(
            f"no frequency of this series lies inside {band}: its bins are {1 / (n * tr_s):.4g} "
            f"Hz apart. Choose a wider band or a longer series."
        )
    return slice(low, high + 1)


def nearest_bins(band: Band, frequencies: NDArray[np.floating[Any]]) -> slice:
    """Return the bins from the one nearest to the low edge up to, without, that of the high.

    This is the rule of xcp_d; its upper bin is not in the band.
    """
    low, high = (int(np.argmin(np.abs(frequencies - edge))) for edge in (band.low, band.high))
    if high <= low:
        raise InputError(
            f"no frequency of this series lies inside {band}. Choose a wider band or a longer "
            f"series."
        )
    return slice(low, high)
