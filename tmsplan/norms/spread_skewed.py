"""Residuals with one tail longer than the other, as a model of spread, from 20 controls on.

The t-predictive z is computed first, then corrected for the skewness of the feature by
`spread_skewed_fit`. Without skewness nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .design import Rows
from .predictive import predictive_z
from .spread_skewed_fit import (
    leave_one_out_skewness,
    newcomer_skewness,
    residual_skewness,
    skewed_quantile,
    skewed_z,
)
from .spread_z import standard_of_z, z_of_standard

__all__ = ["SkewedSpread", "fit_spread", "load_spread"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SkewedSpread:
    """Skewness of the residuals of f features.

    Parameters
    ----------
    skewness : (f,) float64
        Drawn towards 0 by its uncertainty.
    df : int
        Degrees of freedom of the design, n - k.
    """

    skewness: Floats
    df: int

    @property
    def kind(self) -> str:
        """Name in `SPREADS`."""
        return "skewed"

    def standardise(self, residual: Floats, rows: Rows) -> Floats:
        """Return the standard residuals (m, f) of residuals (m, f) in units of `sd`."""
        h = _leverage(rows)
        z = predictive_z(residual / np.sqrt(1 + h), self.df)
        return standard_of_z(skewed_z(z, newcomer_skewness(self.skewness, h)), h, self.df)

    def restore(self, standard: Floats, rows: Rows) -> Floats:
        """Return the residuals (m, f), in units of `sd`, of standard residuals (m, f)."""
        h = _leverage(rows)
        u = z_of_standard(standard, h, self.df)
        return standard_of_z(skewed_quantile(u, newcomer_skewness(self.skewness, h)), h, self.df)

    def leave_one_out_z(self, residuals: Floats, rows: Rows) -> Floats:
        """Return the z of every control against the others, (n, f), exactly as of a refit."""
        left = 1 - _leverage(rows)
        rest = np.sum(residuals**2, axis=0) - residuals**2 / left
        t = residuals / np.sqrt(rest / (self.df - 1) * left)
        return skewed_z(predictive_z(t, self.df - 1), leave_one_out_skewness(rows.b, residuals))

    def bootstrap_z(
        self, residuals: Floats, rows: Rows, person: tuple[Floats, Rows], weights: Floats
    ) -> Floats:
        """Return the person's z under weights of the controls (one row a draw), (b, f).

        Parameters
        ----------
        residuals : (n, f) float64
        rows : Rows
            Of the controls.
        person : (1, f) float64 and Rows
            Residual and design row.
        weights : (b, n) float64
            How often each control is drawn.
        """
        b, b0 = rows.b, person[1].b[0]
        z = np.empty((len(weights), residuals.shape[1]))
        for i, w in enumerate(weights):
            inverse = np.linalg.inv((b * w[:, None]).T @ b)
            change = inverse @ (b.T @ (w[:, None] * residuals))
            error = residuals - b @ change
            variance = w @ error**2 / self.df
            h = float(b0 @ inverse @ b0)
            t = (person[0][0] - b0 @ change) / np.sqrt(variance * (1 + h))
            # The draw's own skewness, drawn towards 0 as that of the controls was.
            skewness = self._ratio(residuals) * (w @ error**3) / variance**1.5
            z[i] = skewed_z(predictive_z(t, self.df), newcomer_skewness(skewness, np.array(h)))
        return z

    def _ratio(self, residuals: Floats) -> Floats:
        """Return the factor from a sum of cubes to the skewness, the same for every draw."""
        cubes = np.sum(residuals**3, axis=0)
        return np.asarray(self.skewness / np.where(cubes == 0, 1.0, cubes))

    def taking(self, features: NDArray[np.intp]) -> SkewedSpread:
        """Return the same for some features."""
        return SkewedSpread(self.skewness[features], self.df)

    def header(self) -> dict[str, object]:
        """Return what is stored as JSON."""
        return {"df": self.df}

    def arrays(self) -> dict[str, Floats]:
        """Return what is stored as arrays, by name."""
        return {"skewness": self.skewness}


def fit_spread(residuals: Floats, rows: Rows) -> SkewedSpread:
    """Estimate the skewness of the residuals of every feature.

    Parameters
    ----------
    residuals : (n, f) float64
        In units of the residual standard deviation of each feature.
    rows : Rows
        Design rows of the controls.
    """
    df = len(residuals) - rows.fixed.shape[1]
    return SkewedSpread(residual_skewness(rows.b, residuals), df)


def load_spread(header: Mapping[str, object], arrays: Mapping[str, Floats]) -> SkewedSpread:
    """Return a stored model of spread.

    Raises
    ------
    InputError
        If a part is missing, unknown or impossible.
    """
    df = header.get("df")
    if set(header) != {"df"} or set(arrays) != {"skewness"} or not isinstance(df, int) or df < 1:
        raise InputError("parts of the skewed spread are missing or unknown.")
    if arrays["skewness"].ndim != 1:
        raise InputError("the skewed spread is damaged: expected one skewness a feature.")
    return SkewedSpread(arrays["skewness"], df)


def _leverage(rows: Rows) -> Floats:
    return np.asarray(np.sum(rows.b**2, axis=1)[:, None])
