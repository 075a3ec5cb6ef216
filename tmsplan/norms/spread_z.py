"""From a z to the standard residual that has it, and back.

A model of spread that knows the z of a person (its own degrees of freedom, its own shape of
distribution) hands on the standard residual to which the Gaussian machinery gives that z.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from .predictive import predictive_z

__all__ = ["standard_of_z", "t_of_z", "z_of_standard"]

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
