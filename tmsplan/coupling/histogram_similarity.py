"""How alike the histograms of structure and activity are in each region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .histogram import Histograms, smoothed
from .region_limits import require_word
from .region_sample import RegionSample, Statistic

__all__ = ["HISTOGRAM_DEFAULTS", "POINTS", "paired_histograms", "similarity_statistic"]

Floats = NDArray[np.float64]

POINTS = 256
_GRIDS = ("own", "common")
_AMPLITUDES = ("linear", "log")

#: Settings of both histogram methods, beside those of every method that works inside regions.
HISTOGRAM_DEFAULTS: Mapping[str, object] = MappingProxyType(
    {
        "grid": "own",  # each map on its own range, or both as z on a common one
        "amplitude": "linear",  # histogram of relative ALFF itself, or of its logarithm
        "points": POINTS,
        "subsample": 0,  # compare so many drawn voxels in every region; 0: all
        "subsample_seed": 1,
    }
)


def paired_histograms(
    sample: RegionSample, *, points: int = POINTS, grid: str = "own", amplitude: str = "linear"
) -> tuple[Floats, Floats]:
    """Return the histograms of structure and activity of each region.

    Parameters
    ----------
    sample : RegionSample
    points : int
    grid : str
        ``"own"``: each map on a grid over its own range, compared point by point, so any
        affine change of either map leaves the result as it is. ``"common"``: both as z
        (after trimming) on one grid over both ranges.
    amplitude : str
        ``"linear"`` takes exp(activity), ``"log"`` the activity itself.

    Returns
    -------
    (r, points), (r, points) float64
    """
    activity = np.exp(sample.activity) if amplitude == "linear" else sample.activity
    x, y = (Histograms.of(v, sample.group, sample.regions) for v in (sample.structure, activity))
    if grid == "common":
        x, y = x.standardised(), y.standardised()
        low, high = np.minimum(x.low, y.low), np.maximum(x.high, y.high)
        x, y = x.on(low, high), y.on(low, high)
    return smoothed(x, points), smoothed(y, points)


def similarity_statistic(
    measure: Callable[[Floats, Floats], Floats], settings: Mapping[str, object]
) -> Statistic:
    """Return the statistic that the settings ask for.

    Raises
    ------
    InputError
        If a setting is out of range.
    """
    grid = require_word(settings, "grid", _GRIDS)
    amplitude = require_word(settings, "amplitude", _AMPLITUDES)
    points = _whole(settings, "points", (16, 4096))
    size = _whole(settings, "subsample", (0, 1_000_000))
    seed = _whole(settings, "subsample_seed", (0, 2**31))

    def statistic(sample: RegionSample) -> Floats:
        if size:
            sample = drawn(sample, size, seed)
        p, q = paired_histograms(sample, points=points, grid=grid, amplitude=amplitude)
        return measure(p, q)

    return statistic


def drawn(sample: RegionSample, size: int, seed: int) -> RegionSample:
    """Return the sample with `size` places drawn in each region; regions with fewer are empty.

    The draw depends on the number of places and the seed alone, and places come in a canonical
    order, so it is the same however the files are stored.
    """
    keep = np.zeros(len(sample.group), dtype=np.bool_)
    for start, count in zip(sample.bounds[:-1], sample.counts, strict=True):
        if count >= size:
            chosen = np.random.default_rng(seed).permutation(count)[:size]
            keep[start + chosen] = True
    return sample.only(keep)


def _whole(settings: Mapping[str, object], name: str, limits: tuple[int, int]) -> int:
    value, (low, high) = settings[name], limits
    if not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{name} is {value!r}; it must be a whole number, {low} to {high}.")
    return value
