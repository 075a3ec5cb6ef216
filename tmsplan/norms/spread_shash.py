"""Sinh-arcsinh residuals as a model of spread, for 200 controls and more.

Residuals are divided by sqrt(1 - h), which makes them alike; the distribution is fitted to
these by `spread_shash_fit`. Of a newcomer, residual / sqrt(1 + h) is looked up in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .design import Rows
from .resample import refit
from .sample import Newcomer, Sample
from .spread_shash_fit import Shash, fit_shash, shash_curvature
from .spread_z import standard_of_z, z_of_standard

__all__ = ["ShashSpread", "fit_spread", "load_spread"]

Floats = NDArray[np.float64]

_ARRAYS = {"location", "scale", "epsilon", "delta"}


@dataclass(frozen=True, slots=True, eq=False)
class ShashSpread:
    """A sinh-arcsinh distribution for each of f features.

    Parameters
    ----------
    shash : Shash
        Of residuals divided by their own standard deviation.
    df : int
        Degrees of freedom of the design, n - k.
    """

    shash: Shash
    df: int

    @property
    def kind(self) -> str:
        """Name in `SPREADS`."""
        return "shash"

    @property
    def bends(self) -> bool:
        """Yes: both tails have their own length."""
        return True

    def standardise(self, residual: Floats, rows: Rows) -> Floats:
        """Return the standard residuals (m, f) of residuals (m, f) in units of `sd`."""
        h = _leverage(rows)
        return standard_of_z(self.shash.z(residual / np.sqrt(1 + h)), h, self.df)

    def restore(self, standard: Floats, rows: Rows) -> Floats:
        """Return the residuals (m, f), in units of `sd`, of standard residuals (m, f)."""
        h = _leverage(rows)
        found = self.shash.quantile(z_of_standard(standard, h, self.df))
        return np.asarray(found * np.sqrt(1 + h))

    def leave_one_out_z(self, controls: Sample, rows: Rows) -> Floats:
        """Return the z of every control against the others, (n, f).

        The parameters without a control follow from one Newton step: no refit is needed.
        """
        u = controls.residuals / np.sqrt(1 - _leverage(rows))
        gradient, hessian, total = shash_curvature(self.shash, u)
        without = total - hessian  # (n, f, 4, 4), negative definite
        step = np.linalg.solve(without, gradient[..., None])[..., 0]
        return _moved_z(self.shash, u, np.asarray(step, dtype=float))

    def bootstrap_z(
        self, weights: Floats, controls: Sample, rows: Rows, newcomer: Newcomer, at: Rows
    ) -> Floats:
        """Return one person's z under redrawn controls, (b, f).

        The parameters of each draw follow from one Newton step, and so does the mean of the
        expectation, which is in the location; its slopes are those of the weighted fit.
        """
        u = controls.residuals / np.sqrt(1 - _leverage(rows))
        gradient, _, total = shash_curvature(self.shash, u)
        n, f = u.shape
        score = ((weights - 1) @ gradient.reshape(n, -1)).reshape(-1, f, 4)
        # The curvature is that of all controls: a single draw may leave a ridge without one.
        step = -np.einsum("fij,wfj->wfi", np.linalg.inv(total), score)
        mean = weights @ controls.b / weights.sum(axis=1, keepdims=True)
        shift = np.einsum(
            "wp,wpf->wf", newcomer.b - mean, refit(weights, controls, newcomer).shift
        )
        own = (newcomer.residual - shift) / np.sqrt(1 + _leverage(at))
        return _moved_z(self.shash, np.asarray(own, dtype=float), np.asarray(step, dtype=float))

    def taking(self, features: NDArray[np.intp]) -> ShashSpread:
        """Return the same for some features."""
        return ShashSpread(Shash.of(self.shash.parameters[features]), self.df)

    def header(self) -> dict[str, object]:
        """Return what is stored as JSON."""
        return {"df": self.df}

    def arrays(self) -> dict[str, Floats]:
        """Return what is stored as arrays, by name."""
        return {name: getattr(self.shash, name) for name in sorted(_ARRAYS)}


def fit_spread(residuals: Floats, rows: Rows) -> ShashSpread:
    """Fit a sinh-arcsinh distribution to the residuals of every feature.

    Parameters
    ----------
    residuals : (n, f) float64
        In units of the residual standard deviation of each feature.
    rows : Rows
        Design rows of the controls.

    Raises
    ------
    InputError
        If there are fewer than 200 controls, or a feature has no best distribution.
    """
    shash = fit_shash(residuals / np.sqrt(1 - _leverage(rows)))
    return ShashSpread(shash, len(residuals) - rows.fixed.shape[1])


def load_spread(header: Mapping[str, object], arrays: Mapping[str, Floats]) -> ShashSpread:
    """Return a stored model of spread.

    Raises
    ------
    InputError
        If a part is missing, unknown or impossible.
    """
    df = header.get("df")
    if set(header) != {"df"} or set(arrays) != _ARRAYS or not isinstance(df, int) or df < 1:
        raise InputError("parts of the sinh-arcsinh spread are missing or unknown.")
    if len({a.shape for a in arrays.values()}) != 1:
        raise InputError("the sinh-arcsinh spread is damaged: its arrays differ in length.")
    if np.any(arrays["scale"] <= 0) or np.any(arrays["delta"] <= 0):
        raise InputError("the sinh-arcsinh spread is damaged: a scale or tail is not positive.")
    return ShashSpread(Shash(**arrays), df)


def _moved_z(shash: Shash, u: Floats, step: Floats) -> Floats:
    """Return z of u (m, f) under parameters moved by `step` (m, f, 4), cut to 1 at most."""
    step = step / np.maximum(np.abs(step).max(axis=-1, keepdims=True), 1.0)
    location, log_scale, epsilon, log_delta = np.moveaxis(shash.parameters + step, -1, 0)
    return Shash(location, np.exp(log_scale), epsilon, np.exp(log_delta)).z(u)


def _leverage(rows: Rows) -> Floats:
    return np.asarray(np.sum(rows.b**2, axis=1)[:, None])
