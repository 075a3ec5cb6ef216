"""How age enters a model: as a straight line, or as a smooth curve between quantiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError

__all__ = ["AGE_SHAPES", "AgeBasis"]

Floats = NDArray[np.float64]

AGE_SHAPES = ("linear", "spline")

#: Cubic pieces: the curve and its first two derivatives are continuous.
_DEGREE = 3
#: Inner knots allowed from so many controls: each knot needs people on both of its sides.
#: 5 is what PCNtoolkit takes for thousands; centiles need about 100 people (docs/decisions/0018).
_KNOTS = ((200, 5), (100, 4), (0, 3))


@dataclass(frozen=True, slots=True)
class AgeBasis:
    """Columns made of age.

    Parameters
    ----------
    shape : str
        ``"linear"`` or ``"spline"``.
    centre : float
        Years, subtracted where linear.
    low, high : float
        Years between which a spline is defined.
    knots : tuple of float
        Inner knots of the spline, years, strictly between `low` and `high`.
    """

    shape: str
    centre: float
    low: float
    high: float
    knots: tuple[float, ...] = ()

    @classmethod
    def of(cls, age: Floats, shape: str = "linear") -> AgeBasis:
        """Return the basis for controls of the given ages (years).

        The knots of a spline are quantiles of the controls' ages, 3 to 5 by their number.

        Raises
        ------
        InputError
            If the shape is unknown, or ages are too alike for a spline.
        """
        if shape not in AGE_SHAPES:
            raise InputError(f"age cannot be '{shape}'; choose {' or '.join(AGE_SHAPES)}.")
        low, high, centre = float(age.min()), float(age.max()), float(age.mean())
        if shape == "linear":
            return cls(shape, centre, low, high)
        count = next(k for least, k in _KNOTS if len(age) >= least)
        inner = np.unique(np.quantile(age, np.arange(1, count + 1) / (count + 1)))
        if len(inner) < count or inner[0] <= low or inner[-1] >= high:
            raise InputError(
                f"the controls' ages ({len(set(age.tolist()))} different) are too alike for a "
                f"spline of {count} knots; fit age as a straight line."
            )
        return cls(shape, centre, low, high, tuple(inner.tolist()))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, without the intercept."""
        if self.shape == "linear":
            return ("age",)
        return tuple(f"age_{j}" for j in range(1, len(self.knots) + _DEGREE + 1))

    def rows(self, age: Floats) -> Floats:
        """Return the columns for people of the given ages (years), (m, c) float64.

        The first of the B-splines is left out: all of them together are the intercept.

        Raises
        ------
        InputError
            If a spline is asked for an age outside its ends: it has no value there.
        """
        if self.shape == "linear":
            return np.asarray(age - self.centre)[:, None]
        if np.any((age < self.low) | (age > self.high)):
            raise InputError(
                f"an age is outside {self.low:g} to {self.high:g} years, where the curve of age "
                f"ends; it cannot be extrapolated. Use norms that cover the age."
            )
        from scipy.interpolate import BSpline

        ends = [self.low] * (_DEGREE + 1), [self.high] * (_DEGREE + 1)
        knots = np.array([*ends[0], *self.knots, *ends[1]])
        return np.asarray(BSpline.design_matrix(age, knots, _DEGREE).toarray()[:, 1:])
