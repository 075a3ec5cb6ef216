"""Whether norms keep their promises on people who were not used to judge themselves.

The figures are made of predictive z, of controls left out one by one (`calibrate`), in folds
or by site (`crossval`). Where the norms are right z is standard normal: the mean is 0, the
standard deviation 1, and 95 % of people lie in the central interval of 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from ..base.errors import InputError
from .model import NormativeModel

__all__ = ["Calibration", "Summary", "by_group", "calibrate", "calibration_of", "summarise"]

Floats = NDArray[np.float64]

#: Central intervals whose coverage is reported, and centiles that are compared.
_INTERVALS = (0.50, 0.80, 0.95)
_CENTILES = np.array([0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975])


@dataclass(frozen=True, slots=True)
class Calibration:
    """z of one feature over people who were left out.

    Parameters
    ----------
    feature : str
    mean, sd, skew, kurtosis : float
        0, 1, 0, 0 where residuals are Gaussian and the model is right.
    inside_50, inside_80, inside_95 : float
        Share of people inside the central interval of that size.
    low_2_5, high_2_5 : float
        Share of people below and above the limits of 2.5 %: false alarms.
    mace : float
        Mean absolute difference of centile and share of people below it, over 7 centiles.
    """

    feature: str
    mean: float
    sd: float
    skew: float
    kurtosis: float
    inside_50: float
    inside_80: float
    inside_95: float
    low_2_5: float
    high_2_5: float
    mace: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The calibration of many features of one group of people, averaged over features.

    Parameters
    ----------
    group : str
        For example ``"all"``, a site or a sex.
    people, features : int
    mean_abs : float
        Average of the features' absolute mean z.
    mean, sd, skew, kurtosis, ... : float
        Averages of the features' own; see `Calibration`. NaN where one person is too few.
    """

    group: str
    people: int
    features: int
    mean_abs: float
    mean: float
    sd: float
    skew: float
    kurtosis: float
    inside_50: float
    inside_80: float
    inside_95: float
    low_2_5: float
    high_2_5: float
    mace: float

    def as_dict(self) -> dict[str, object]:
        """Return it as plain data, None where there is no number, 4 decimals."""
        return {
            k: (round(v, 4) if np.isfinite(v) else None) if isinstance(v, float) else v
            for k, v in asdict(self).items()
        }


def calibrate(model: NormativeModel) -> tuple[Calibration, ...]:
    """Return the leave-one-out calibration of every feature, in the order of the model.

    With n controls a share p is itself uncertain by sqrt(p (1 - p) / n): judge features
    together, not one by one. A skewed feature shows as unequal `low_2_5` and `high_2_5`; its
    z is then too extreme on one side, and the rank p is the number to read.
    """
    return calibration_of(model.fitted.loo_z, model.features)


def calibration_of(z: Floats, features: Sequence[str]) -> tuple[Calibration, ...]:
    """Return the calibration of each feature from z of left-out people.

    Parameters
    ----------
    z : (n, f) float64
        No value missing.
    features : sequence of f str

    Raises
    ------
    InputError
        If fewer than two people are given, or a z is missing.
    """
    _require_known(z)
    if len(z) < 2:
        raise InputError(f"{len(z)} person left out. Expected at least two.")
    rows = np.column_stack([*_figures(z).values()]).tolist()
    return tuple(Calibration(f, *row) for f, row in zip(features, rows, strict=True))


def summarise(z: Floats, group: str = "all") -> Summary:
    """Return the average calibration of all features of some people.

    Parameters
    ----------
    z : (n, f) float64
        No value missing.
    group : str

    Raises
    ------
    InputError
        If nobody is given, or a z is missing.
    """
    _require_known(z)
    found = _figures(z)
    means = [float(np.mean(v)) for v in (np.abs(found["mean"]), *found.values())]
    return Summary(group, z.shape[0], z.shape[1], *means)


def by_group(z: Floats, groups: Sequence[str]) -> tuple[Summary, ...]:
    """Return the summary of each group of people, sorted by name.

    Parameters
    ----------
    z : (n, f) float64
    groups : sequence of n str
    """
    of = np.array(groups)
    return tuple(summarise(z[of == g], str(g)) for g in np.unique(of))


def _require_known(z: Floats) -> None:
    if z.ndim != 2 or not z.size:
        raise InputError("there is no z to check the norms on. Expected people by features.")
    if not np.isfinite(z).all():
        raise InputError("a z of a left-out person is missing; leave that person out.")


def _figures(z: Floats) -> dict[str, Floats]:
    """Return the figures of `Calibration` for every feature, NaN where n is too small."""
    below = np.mean(special.ndtr(z)[:, :, None] < _CENTILES, axis=0)
    inside = [np.mean(np.abs(z) < special.ndtri(0.5 + i / 2), axis=0) for i in _INTERVALS]
    unknown = np.full(z.shape[1], np.nan)
    several = len(z) > 1
    return {
        "mean": z.mean(axis=0),
        "sd": z.std(axis=0, ddof=1) if several else unknown,
        "skew": stats.skew(z) if several else unknown,
        "kurtosis": stats.kurtosis(z) if several else unknown,
        "inside_50": inside[0],
        "inside_80": inside[1],
        "inside_95": inside[2],
        "low_2_5": below[:, 0],
        "high_2_5": 1 - below[:, -1],
        "mace": np.abs(below - _CENTILES).mean(axis=1),
    }
