"""The controls as a fit has left them: what is needed to hold out, rank and redraw them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Newcomer", "Sample"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Controls under a partially pooled linear fit with fixed weights.

    The fit is least squares on the orthonormal columns b with a penalty (1 - w) / w on the
    squared coefficient of a column: none where w = 1, the column unused where w = 0.

    Parameters
    ----------
    b : (n, p) float64
        Orthonormal columns; the first k are fixed (w = 1).
    weight : (p, f) float64
        w, of `offsets.keep`.
    coefficients : (p, f) float64
        w b'y, in residual standard deviations.
    residuals : (n, f) float64
        In residual standard deviations.
    df : int
        n - k.
    """

    b: Floats
    weight: Floats
    coefficients: Floats
    residuals: Floats
    df: int

    @property
    def k(self) -> int:
        """How many columns are fixed."""
        return len(self.b) - self.df

    @property
    def leverage(self) -> Floats:
        """Share of each control's own value in its fitted value, (n, f)."""
        return np.asarray(self.b**2 @ self.weight)

    @property
    def penalty(self) -> Floats:
        """What the penalties add to the sum of squares, (f,)."""
        left = (1 - self.weight) / np.where(self.weight > 0, self.weight, 1.0)
        return np.asarray(np.sum(left * self.coefficients**2, axis=0))

    @property
    def error(self) -> Floats:
        """Penalised sum of squares, (f,): σ² chi²(df) where the weights are right."""
        return np.asarray(np.sum(self.residuals**2, axis=0) + self.penalty)


@dataclass(frozen=True, slots=True, eq=False)
class Newcomer:
    """One person in the terms of a sample.

    Parameters
    ----------
    b : (p,) float64
        Design row in the basis of the sample.
    residual : (f,) float64
        Value minus expectation, standardised; NaN where missing.
    """

    b: Floats
    residual: Floats

    def leverage(self, weight: Floats) -> Floats:
        """Return the variance of the expectation in residual variances, (f,)."""
        return np.asarray(self.b**2 @ weight)
