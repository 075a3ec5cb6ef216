"""Spread that differs with age and between sites, as a model of spread.

The log variance of every feature is linear in age, and has an offset for each site that the
design knows. Its fit, by residual likelihood, is in `spread_varying_fit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .design import Rows
from .predictive import predictive_z
from .sample import Newcomer, Sample
from .spread_varying_fit import Varying, fit_varying
from .spread_z import standard_of_z, t_of_z, z_of_standard

__all__ = ["VaryingSpread", "fit_spread", "load_spread"]

Floats = NDArray[np.float64]

_ARRAYS = {"coefficients", "log_variance", "mean_covariance", "variance_covariance"}
_HEADER = {"age_mean", "age_sd", "age_low", "age_high", "df"}


@dataclass(frozen=True, slots=True, eq=False)
class VaryingSpread:
    """Log variance on age and site, of f features.

    Parameters
    ----------
    fit : Varying
        Of the residuals on the design's orthonormal columns.
    age_mean, age_sd, age_low, age_high : float
        Years: how age enters the log variance. Outside the controls' range the spread of the
        nearest age holds: a log-linear variance grows without limit.
    df : int
        Degrees of freedom of the design, n - k.
    """

    fit: Varying
    age_mean: float
    age_sd: float
    age_low: float
    age_high: float
    df: int

    @property
    def kind(self) -> str:
        """Name in `SPREADS`."""
        return "varying"

    @property
    def bends(self) -> bool:
        """No: only the unit differs from person to person."""
        return False

    def standardise(self, residual: Floats, rows: Rows) -> Floats:
        """Return the standard residuals (m, f) of residuals (m, f) in units of `sd`.

        They have the z of the varying model, with its own leverage and effective degrees of
        freedom.
        """
        found = self.fit.predict(rows.b, self._columns(rows))
        z = predictive_z(found.t(residual), found.df)
        return standard_of_z(z, _leverage(rows), self.df)

    def restore(self, standard: Floats, rows: Rows) -> Floats:
        """Return the residuals (m, f), in units of `sd`, of standard residuals (m, f)."""
        found = self.fit.predict(rows.b, self._columns(rows))
        t = t_of_z(z_of_standard(standard, _leverage(rows), self.df), found.df)
        return np.asarray(found.mean + t * found.sd * np.sqrt(1 + found.leverage))

    def leave_one_out_z(self, controls: Sample, rows: Rows) -> Floats:
        """Return the z of every control against the others, (n, f).

        The log variances without a control follow from one scoring step, the mean without it
        from its leverage: no refit is needed.
        """
        v = self._columns(rows)
        found = self.fit.predict(rows.b, v)
        inside = found.leverage  # of a control: its share in its own expectation
        left = 1 - inside
        error = (controls.residuals - found.mean) / found.sd
        share = np.einsum("mi,fij,mj->mf", v, self.fit.variance_covariance, v)
        own = (error**2 - left) / 2
        # Without control i, v'g changes by -v'C v times its part of the score.
        less = np.clip(share * left / 2, 0.0, 0.9)
        sd = np.exp(-share * own / (1 - less) / 2)
        df = np.maximum(2 / share - 1, 1.0)
        return predictive_z(error / (sd * np.sqrt(left)), df)

    def bootstrap_z(
        self, weights: Floats, controls: Sample, rows: Rows, newcomer: Newcomer, at: Rows
    ) -> Floats:
        """Return one person's z under redrawn controls, (b, f).

        Mean and log variance of each draw follow from one step of the fit.
        """
        v, v0 = self._columns(rows), self._columns(at)
        found, own = self.fit.predict(rows.b, v), self.fit.predict(at.b, v0)
        error = (controls.residuals - found.mean) / found.sd
        score = error**2 - (1 - found.leverage)
        t = np.empty((len(weights), error.shape[1]))
        for f in range(error.shape[1]):
            mean = at.b[0] @ self.fit.mean_covariance[f] @ rows.b.T / found.sd[:, f]
            shift = weights @ (mean * error[:, f])
            change = v0[0] @ self.fit.variance_covariance[f] @ v.T / 2
            sd = own.sd[0, f] * np.exp(weights @ (change * score[:, f]) / 2)
            t[:, f] = (newcomer.residual[f] - own.mean[0, f] - shift) / sd
        return predictive_z(t / np.sqrt(1 + own.leverage[0]), own.df[0])

    def taking(self, features: NDArray[np.intp]) -> VaryingSpread:
        """Return the same for some features."""
        fit = Varying(
            self.fit.coefficients[:, features],
            self.fit.log_variance[:, features],
            self.fit.mean_covariance[features],
            self.fit.variance_covariance[features],
        )
        return VaryingSpread(fit, self.age_mean, self.age_sd, self.age_low, self.age_high, self.df)

    def header(self) -> dict[str, object]:
        """Return what is stored as JSON."""
        return {name: getattr(self, name) for name in sorted(_HEADER)}

    def arrays(self) -> dict[str, Floats]:
        """Return what is stored as arrays, by name."""
        return {name: getattr(self.fit, name) for name in sorted(_ARRAYS)}

    def _columns(self, rows: Rows) -> Floats:
        age = np.clip(rows.people.age, self.age_low, self.age_high)
        return _columns(rows, (age - self.age_mean) / self.age_sd)


def fit_spread(residuals: Floats, rows: Rows) -> VaryingSpread:
    """Fit log variances to the residuals of the controls.

    Parameters
    ----------
    residuals : (n, f) float64
        In units of the residual standard deviation of each feature.
    rows : Rows
        Design rows of the controls.

    Raises
    ------
    InputError
        If there are too few controls for so many sites, all have one age, or a feature's fit
        does not settle.
    """
    age = rows.people.age
    mean, sd = float(age.mean()), float(age.std(ddof=1))
    if sd == 0:
        raise InputError(
            f"all {len(age)} controls are {mean:g} years old: a spread cannot be seen to vary "
            f"with age. Use a constant spread."
        )
    fit = fit_varying(rows.b, _columns(rows, (age - mean) / sd), residuals)
    low, high = float(age.min()), float(age.max())
    return VaryingSpread(fit, mean, sd, low, high, len(age) - rows.fixed.shape[1])


def load_spread(header: Mapping[str, object], arrays: Mapping[str, Floats]) -> VaryingSpread:
    """Return a stored model of spread.

    Raises
    ------
    InputError
        If a part is missing, unknown or impossible.
    """
    if set(header) != _HEADER or set(arrays) != _ARRAYS:
        raise InputError("parts of the varying spread are missing or unknown.")
    numbers = {k: cast("float", header[k]) for k in _HEADER}
    if any(isinstance(x, bool) or not isinstance(x, int | float) for x in numbers.values()):
        raise InputError("the varying spread has a setting that is no number.")
    k, f = arrays["coefficients"].shape
    v = len(arrays["log_variance"])
    shapes = {
        "log_variance": (v, f), "mean_covariance": (f, k, k), "variance_covariance": (f, v, v)
    }  # fmt: skip
    wrong = [a for a, shape in shapes.items() if arrays[a].shape != shape]
    if wrong or numbers["age_sd"] <= 0 or numbers["df"] < 1 or int(numbers["df"]) != numbers["df"]:
        raise InputError(f"the varying spread is damaged ({', '.join(wrong) or 'its settings'}).")
    return VaryingSpread(
        fit=Varying(**arrays),
        age_mean=numbers["age_mean"],
        age_sd=numbers["age_sd"],
        age_low=numbers["age_low"],
        age_high=numbers["age_high"],
        df=int(numbers["df"]),
    )


def _columns(rows: Rows, age: Floats) -> Floats:
    """Return intercept, age, and a column for each site but the first, (m, v)."""
    return np.column_stack([np.ones(len(age)), age, rows.site[:, 1:]])


def _leverage(rows: Rows) -> Floats:
    return np.asarray(np.sum(rows.b**2, axis=1)[:, None])
