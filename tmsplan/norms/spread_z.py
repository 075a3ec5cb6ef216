"""From a z to the standard residual that has it, and back.

A model of spread that knows the z of a person (its own degrees of freedom, its own shape of
distribution) hands on the standard residual to which the Gaussian machinery gives that z.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from .predictive import predictive_z

__all__ = ["redrawn_interval", "standard_of_z", "t_of_z", "z_of_standard"]

Floats = NDArray[np.float64]

#: Beyond this normal deviate a probability is not a float64 any more; no person is there.
_END = 37.0


def t_of_z(z: Floats, df: Floats | float) -> Floats:
    """Return Student's t with the probability of the normal deviate `z`.

    Computed in the lower tail of -|z|, so that both tails keep all digits.
    """
    low = special.stdtrit(df, special.ndtr(-np.minimum(np.abs(z), _END)))
    return np.asarray(np.copysign(low, z))


def standard_of_z(z: Floats, leverage: Floats, df: float) -> Floats:
    """Return the standard residual whose predictive z is `z`: sqrt(1 + h) times its t."""
    return np.asarray(np.sqrt(1 + leverage) * t_of_z(z, df))


def z_of_standard(standard: Floats, leverage: Floats, df: float) -> Floats:
    """Return the predictive z of a standard residual: the inverse of `standard_of_z`."""
    return predictive_z(standard / np.sqrt(1 + leverage), df)


def redrawn_interval(
    drawn: Floats, leverage: Floats, df: float, interval: float
) -> tuple[Floats, Floats]:
    """Return the limits of the effect from a person's z under redrawn controls (b, f).

    A predictive z allows for the uncertainty of the controls, which the draws show themselves:
    it is undone before their quantiles are taken.

    Parameters
    ----------
    drawn : (b, f) float64
        z under each redrawn set of controls.
    leverage : (f,) float64
        Of the person.
    df : float
    interval : float
        Share of draws inside, for example 0.95.

    Returns
    -------
    low, high : (f,) float64
    """
    tail = (1 - interval) / 2
    low, high = np.quantile(standard_of_z(drawn, leverage, df), [tail, 1 - tail], axis=0)
    return low, high
