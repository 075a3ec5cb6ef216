"""The interval of a person's effect where more than mean and scale were estimated.

With constant spread the noncentral t gives it exactly (`predictive.effect_interval`). Another
spread adds a shape that is estimated too. Then each limit is the farther one of two: that of
the noncentral t, bent as the values are, which would be right if the shape were known; and
that which redrawn controls give around the estimate. Percentiles of the draws themselves are
not used: a redrawn skewness is nearer to 0 than its original, so that they lie to one side.
How often it covers the true effect: docs/methods/norms_spread.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from .fitted import Fitted
from .local import Adjusted
from .people import People
from .predictive import effect_interval
from .spread_z import standard_of_z

__all__ = ["interval_of"]

Floats = NDArray[np.float64]

#: Probabilities of -1 and 1 standard normal deviates. The far draws of few controls reach
#: anywhere, these do not.
_ONE_SD = special.ndtr([-1.0, 1.0])


def interval_of(
    fitted: Fitted, found: Adjusted, person: People, drawn: Floats, interval: float
) -> tuple[Floats, Floats]:
    """Return the limits of one person's effect, in standard deviations of the population.

    Parameters
    ----------
    fitted : Fitted
    found : Adjusted
        The person's standard residuals, of `fitted`.
    person : People
        Of one.
    drawn : (b, f) float64
        The person's z under redrawn controls; not used where spread is constant.
    interval : float
        Share of confidence, for example 0.95.

    Returns
    -------
    low, high : (f,) float64
    """
    residual, leverage = found.residual[0], found.leverage[0]
    plain = fitted.bend(residual[None], person)[0]
    low, high = effect_interval(plain, leverage, found.df, interval)
    if fitted.exact:
        return low, high
    low, high = fitted.straighten(np.stack([low, high]), person)
    # The draws show the uncertainty that a predictive z allows for: it is undone first.
    near, far = np.quantile(standard_of_z(drawn, leverage, found.df), _ONE_SD, axis=0)
    half = special.stdtrit(found.df, (1 + interval) / 2) * (far - near) / 2
    return np.minimum(low, residual - half), np.maximum(high, residual + half)
