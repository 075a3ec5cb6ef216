"""Whether the norms keep their promises on the controls themselves, each against the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from .model import NormativeModel
from .resample import leave_one_out_z

__all__ = ["Calibration", "calibrate"]

Floats = NDArray[np.float64]

#: Central intervals whose coverage is reported, and centiles that are compared.
_INTERVALS = (0.50, 0.80, 0.95)
_CENTILES = np.array([0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975])


@dataclass(frozen=True, slots=True)
class Calibration:
    """Leave-one-out z of one feature over the controls.

    Parameters
    ----------
    feature : str
    mean, sd, skew, kurtosis : float
        0, 1, 0, 0 where residuals are Gaussian and the model is right.
    inside_50, inside_80, inside_95 : float
        Share of controls inside the central interval of that size.
    low_2_5, high_2_5 : float
        Share of controls below and above the limits of 2.5 %.
    mace : float
        Mean absolute difference of centile and share of controls below it, over 7 centiles.
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


def calibrate(model: NormativeModel) -> tuple[Calibration, ...]:
    """Return the calibration of every feature, in the order of the model.

    With n controls a share p is itself uncertain by sqrt(p (1 - p) / n): judge features
    together, not one by one. A skewed feature shows as unequal `low_2_5` and `high_2_5`; its
    z is then too extreme on one side, and the rank p is the number to read.
    """
    z = leave_one_out_z(model.design.q, model.residuals)
    below = np.mean(special.ndtr(z)[:, :, None] < _CENTILES, axis=0)
    inside = [np.mean(np.abs(z) < special.ndtri(0.5 + i / 2), axis=0) for i in _INTERVALS]
    columns = (
        z.mean(axis=0),
        z.std(axis=0, ddof=1),
        stats.skew(z),
        stats.kurtosis(z),
        *inside,
        below[:, 0],
        1 - below[:, -1],
        np.abs(below - _CENTILES).mean(axis=1),
    )
    rows = np.column_stack(columns).tolist()
    return tuple(Calibration(f, *row) for f, row in zip(model.features, rows, strict=True))
