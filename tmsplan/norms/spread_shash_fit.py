"""Sinh-arcsinh residuals (SHASH): skewness and tails fitted, for 200 controls and more.

A standardised residual y is made normal by z = sinh(delta asinh(x) - epsilon), with
x = (y - location) / scale. Epsilon moves the longer tail, delta < 1 makes both tails heavier.
The four parameters of all features are found together by damped Newton steps on the
likelihood, with a weak prior on epsilon and log delta; first and second derivatives are
written out.

Source: Jones and Pewsey 2009, doi:10.1093/biomet/asp053, equations 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ..base.errors import InputError
from ..base.param import Param

__all__ = ["SHASH_CONTROLS", "Shash", "fit_shash", "shash_curvature", "shash_log_likelihood"]

Floats = NDArray[np.float64]

#: Fewest controls: two more shape parameters than a Gaussian are not known with fewer.
SHASH_CONTROLS = Param(200.0, "people", 200, 100_000, "docs/decisions/0019")
_LOG_2PI = float(np.log(2 * np.pi))
#: Newton's steps at most; 6 to 15 are usual. The gradient per control that counts as none.
_STEPS = 100
_GRADIENT = 1e-9
#: Where rounding ends the climb the gradient per control is below this; elsewhere it did not end.
_STUCK = 1e-5
#: Prior standard deviations of epsilon and log delta. They move usual estimates by less than a
#: tenth of their error; without them features that end sharply on one side have no maximum.
_PRIOR = np.array([np.inf, np.inf, 2.0, 1.0])
#: Beyond these the likelihood is that of another distribution, not of these residuals: tails
#: as of a Cauchy variable, or a density without any.
_LOG_DELTA = (-2.0, 2.0)
_HALVINGS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Shash:
    """Location and scale (in residual sd), skewness epsilon and tails delta of f features.

    Parameters
    ----------
    location, scale, epsilon, delta : (f,) float64
    """

    location: Floats
    scale: Floats
    epsilon: Floats
    delta: Floats

    def z(self, standard_residual: Floats) -> Floats:
        """Return the normal deviate Phi^-1(F(y)) of standardised residuals, (..., f)."""
        x = (standard_residual - self.location) / self.scale
        return np.asarray(np.sinh(self.delta * np.arcsinh(x) - self.epsilon))

    def quantile(self, z: Floats) -> Floats:
        """Return the standardised residual at a normal deviate: the inverse of `z`."""
        x = np.sinh((np.arcsinh(z) + self.epsilon) / self.delta)
        return np.asarray(self.location + self.scale * x)

    def centile(self, standard_residual: Floats) -> Floats:
        """Return the share of people expected below, 0 to 1."""
        return np.asarray(special.ndtr(self.z(standard_residual)))

    @property
    def parameters(self) -> Floats:
        """Location, log scale, epsilon and log delta, (f, 4)."""
        return np.stack(
            [self.location, np.log(self.scale), self.epsilon, np.log(self.delta)], axis=1
        )

    @classmethod
    def of(cls, parameters: Floats) -> Shash:
        """Return the distributions of given `parameters`, (f, 4)."""
        location, log_scale, epsilon, log_delta = parameters.T
        return cls(location, np.exp(log_scale), epsilon, np.exp(log_delta))


def shash_log_likelihood(shash: Shash, values: Floats, weights: Floats | None = None) -> Floats:
    """Return the log likelihood of each feature, (f,).

    Parameters
    ----------
    shash : Shash
    values : (n, f) float64
        Standardised residuals.
    weights : (n,) float64, optional
        How often each control counts; once unless given.
    """
    w = np.ones(len(values)) if weights is None else weights
    return _log_density(shash.parameters, values, w)


def fit_shash(
    values: Floats, *, weights: Floats | None = None, start: Shash | None = None
) -> Shash:
    """Fit a sinh-arcsinh distribution to every column by penalised maximum likelihood.

    Parameters
    ----------
    values : (n, f) float64
        Standardised residuals of n controls.
    weights : (n,) float64, optional
        How often each control counts (a bootstrap draw); once unless given.
    start : Shash, optional
        Where to begin; the normal distribution unless given.

    Raises
    ------
    InputError
        If there are fewer than 200 controls, or a feature has no maximum inside the family.
    """
    n, f = values.shape
    least = int(SHASH_CONTROLS.value)
    if n < least:
        raise InputError(
            f"{n} controls are too few for sinh-arcsinh residuals. Expected at least {least}: "
            f"skewness and tails of each feature are not known with fewer, and z would look "
            f"better than it is. Use --spread constant or skewed, or add controls."
        )
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    theta = np.zeros((f, 4)) if start is None else start.parameters.copy()
    if start is None:
        theta[:, 0] = w @ values / w.sum()
        theta[:, 1] = np.log(w @ (values - theta[:, 0]) ** 2 / w.sum()) / 2
    return Shash.of(_maximum(theta, values, w))


def _maximum(theta: Floats, values: Floats, w: Floats) -> Floats:
    """Climb every feature's likelihood; features that have arrived are left in peace."""
    now = _objective(theta, values, w)
    climbing = np.arange(len(theta))
    for _ in range(_STEPS):
        y = values[:, climbing]
        gradient, hessian = _derivatives(theta[climbing], y, w)
        moving = np.abs(gradient).max(axis=1) > _GRADIENT * w.sum()
        climbing, y = climbing[moving], y[:, moving]
        if not len(climbing):
            break
        step = _uphill(gradient[moving], hessian[moving])
        theta[climbing], now[climbing], stuck = _climb(theta[climbing], step, now[climbing], y, w)
        climbing = climbing[~stuck]
    _require_maximum(theta, values, w)
    return theta


def _require_maximum(theta: Floats, values: Floats, w: Floats) -> None:
    slope = np.abs(_derivatives(theta, values, w)[0]).max(axis=1) / w.sum()
    lost = np.flatnonzero(~(slope < _STUCK))
    if len(lost):
        raise InputError(
            f"{len(lost)} of {len(theta)} features have no best sinh-arcsinh distribution (the "
            f"first is number {int(lost[0]) + 1}). Their values probably end sharply on one "
            f"side, are of two groups, or are rounded; use --spread skewed, or leave them out."
        )


def _uphill(gradient: Floats, hessian: Floats) -> Floats:
    """Return Newton's steps, with curvatures of the wrong sign turned: they never go down."""
    values, vectors = np.linalg.eigh(-hessian)
    curvature = np.maximum(np.abs(values), 1e-6 * np.abs(values).max(axis=1, keepdims=True))
    turned = np.einsum("fij,fi->fj", vectors, gradient) / curvature
    step = np.einsum("fij,fj->fi", vectors, turned)
    # Far from the maximum a parabola says little: no parameter moves by more than 1.
    return np.asarray(step / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1.0))


def _climb(
    theta: Floats, step: Floats, now: Floats, values: Floats, w: Floats
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Take as much of each step as does not lower the likelihood; say which took none."""
    length = np.ones(len(theta))
    best, found = theta.copy(), now.copy()
    waiting = np.arange(len(theta))
    for _ in range(_HALVINGS):
        trial = theta[waiting] + length[waiting, None] * step[waiting]
        trial[:, 3] = np.clip(trial[:, 3], *_LOG_DELTA)
        new = _objective(trial, values[:, waiting], w)
        better = new > now[waiting]
        best[waiting[better]], found[waiting[better]] = trial[better], new[better]
        waiting = waiting[~better]
        if not len(waiting):
            break
        length[waiting] /= 2
    stuck = np.zeros(len(theta), dtype=bool)
    stuck[waiting] = True  # no better point within rounding: this is the maximum
    return best, found, stuck


def _objective(theta: Floats, values: Floats, w: Floats) -> Floats:
    against = np.sum((theta / _PRIOR) ** 2, axis=1) / 2
    return np.asarray(_log_density(theta, values, w) - against)


def _log_density(theta: Floats, values: Floats, w: Floats) -> Floats:
    """Return the weighted sum of log densities, (f,); -inf where float64 ends."""
    location, log_scale, epsilon, log_delta = theta.T
    with np.errstate(over="ignore", invalid="ignore"):
        x = (values - location) * np.exp(-log_scale)
        u = np.exp(log_delta) * np.arcsinh(x) - epsilon
        each = log_delta - log_scale + _log_cosh(u) - np.log1p(x**2) / 2 - np.sinh(u) ** 2 / 2
        total = w @ each - w.sum() * _LOG_2PI / 2
    return np.asarray(np.where(np.isfinite(total), total, -np.inf))


def _log_cosh(u: Floats) -> Floats:
    return np.asarray(np.logaddexp(u, -u) - np.log(2))


def shash_curvature(shash: Shash, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each control's part of the likelihood's gradient and Hessian.

    Parameters
    ----------
    shash : Shash
    values : (n, f) float64

    Returns
    -------
    gradient : (n, f, 4) float64
        In location, log scale, epsilon and log delta.
    hessian : (n, f, 4, 4) float64
    total : (f, 4, 4) float64
        Of all controls and the prior: negative definite at the maximum.
    """
    gradient, hessian = _parts(shash.parameters, values)
    full = np.empty((*values.shape, 4, 4))
    for (i, j), entry in hessian.items():
        full[..., i, j] = full[..., j, i] = entry
    return np.stack(gradient, axis=-1), full, full.sum(axis=0) - np.diag(_PRIOR**-2)


def _derivatives(theta: Floats, values: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Return gradient (f, 4) and Hessian (f, 4, 4) of the objective."""
    gradient, hessian = _parts(theta, values)
    full = np.empty((len(theta), 4, 4))
    for (i, j), entry in hessian.items():
        full[:, i, j] = full[:, j, i] = w @ entry
    full -= np.diag(_PRIOR**-2)
    return np.stack([w @ g for g in gradient], axis=1) - theta / _PRIOR**2, full


def _parts(
    theta: Floats, values: Floats
) -> tuple[tuple[Floats, ...], dict[tuple[int, int], Floats]]:
    """Return the derivatives in location, log scale, epsilon and log delta, (n, f) each.

    With u = delta asinh(x) - epsilon the log density is log cosh u - sinh² u / 2 + log delta
    - log scale - log(1 + x²) / 2; its first and second derivative in u are a and b below.
    """
    location, log_scale, epsilon, log_delta = theta.T
    inverse, delta = np.exp(-log_scale), np.exp(log_delta)
    x = (values - location) * inverse
    r2 = 1 + x**2
    arc, root = np.arcsinh(x) * delta, np.sqrt(r2)
    u = arc - epsilon
    a = np.tanh(u) - np.sinh(u) * np.cosh(u)
    b = np.cosh(u) ** -2.0 - np.cosh(2 * u)
    ux = delta / root
    lx = a * ux - x / r2
    lxx = b * ux**2 - a * delta * x / root**3 - (1 - x**2) / r2**2
    lxe, lxd = -b * ux, b * arc * ux + a * ux
    hessian = {
        (0, 0): lxx * inverse**2,
        (0, 1): (lx + x * lxx) * inverse,
        (0, 2): -lxe * inverse,
        (0, 3): -lxd * inverse,
        (1, 1): x * lx + x**2 * lxx,
        (1, 2): -x * lxe,
        (1, 3): -x * lxd,
        (2, 2): b,
        (2, 3): -b * arc,
        (3, 3): a * arc + b * arc**2,
    }
    return (-lx * inverse, -x * lx - 1, -a, 1 + a * arc), hessian
