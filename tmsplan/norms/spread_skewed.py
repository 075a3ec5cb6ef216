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
from .resample import leave_one_out_z
from .sample import Newcomer, Sample
from .spread_skewed_fit import (
    bootstrap_skewed_z,
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

    @property
    def bends(self) -> bool:
        """Yes: one tail is longer."""
        return True

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

    def leave_one_out_z(self, controls: Sample, rows: Rows) -> Floats:  # noqa: ARG002
        """Return the z of every control against the others, (n, f).

        Exactly as of a refit, but for the weights of sites, which stay those of all controls.
        """
        skewness = leave_one_out_skewness(controls.b, controls.residuals)
        return skewed_z(leave_one_out_z(controls), skewness)

    def bootstrap_z(
        self,
        weights: Floats,
        controls: Sample,
        rows: Rows,  # noqa: ARG002 - the protocol
        newcomer: Newcomer,
        at: Rows,  # noqa: ARG002 - the protocol
    ) -> Floats:
        """Return one person's z under redrawn controls, (b, f); each draw has its skewness."""
        return bootstrap_skewed_z(weights, controls, newcomer, self.skewness)

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
