"""What it means that the most extreme of many regions was picked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from ..base.errors import InputError
from .deviations import Deviations

__all__ = [
    "Direction",
    "chance_top_z",
    "false_discovery_q",
    "max_null_p",
    "p_first_again",
    "p_top",
    "shrink",
]

Floats = NDArray[np.float64]
Direction = Literal["low", "high"]

#: z are compared to six decimals: linear algebra on more threads moves later ones.
_DECIMALS = 6


def false_discovery_q(p: Sequence[float] | Floats) -> Floats:
    """Return Benjamini and Hochberg's q of each p (doi:10.1111/j.2517-6161.1995.tb02031.x)."""
    return np.asarray(stats.false_discovery_control(np.asarray(p, dtype=float), method="bh"))


def max_null_p(
    deviations: Deviations, features: Sequence[str], *, direction: Direction = "low"
) -> float:
    """Return how often a control's most extreme feature is at least as extreme.

    Each control's z is against the other controls, over the same features, whatever their
    dependence: p = (b + 1) / (n + 1) with b such controls of n. Norms that hold no single
    controls can show nothing: p = 1.

    Parameters
    ----------
    deviations : Deviations
    features : sequence of str
        Those that compete; the person must have a value in each.
    direction : str
        ``"low"`` or ``"high"``.

    Raises
    ------
    InputError
        If a feature is unknown or missing in the person, or none is given.
    """
    columns, sign = _columns(deviations, features), _sign(direction)
    own = min(sign * deviations.rows[c].z for c in columns)
    controls = (sign * deviations.loo_z[:, columns]).min(axis=1)
    as_extreme = int(np.sum(np.round(controls, _DECIMALS) <= np.round(own, _DECIMALS)))
    return (as_extreme + 1) / (len(controls) + 1)


def chance_top_z(
    deviations: Deviations, features: Sequence[str], *, direction: Direction = "low"
) -> float:
    """Return the median of the controls' most extreme z: what chance alone gives.

    NaN where the norms hold no single controls.
    """
    columns, sign = _columns(deviations, features), _sign(direction)
    if not len(deviations.loo_z):
        return float("nan")
    return float(sign * np.median((sign * deviations.loo_z[:, columns]).min(axis=1)))


def p_top(
    deviations: Deviations, features: Sequence[str], *, direction: Direction = "low"
) -> dict[str, float]:
    """Return the share of resampled references under which each feature is the most extreme.

    Only the controls are redrawn. The person's own measurement error is not in it; see
    `p_first_again`. Empty where the norms hold no single controls to redraw.
    """
    columns = _columns(deviations, features)
    if not len(deviations.boot_z):
        return {}
    drawn = np.round(_sign(direction) * deviations.boot_z[:, columns], _DECIMALS)
    wins = np.bincount(drawn.argmin(axis=1), minlength=len(columns))
    return {f: float(w) / len(drawn) for f, w in zip(features, wins, strict=True)}


def shrink(z: float, icc: float) -> tuple[float, float]:
    """Return the expected true z and the half width of its 95 % interval.

    Of people measured with reliability `icc` whose observed z is standard normal, those
    observed at z have true deviations (in observed standard deviations) of mean icc z and
    standard deviation sqrt(icc (1 - icc)): Kelley's formula.

    Raises
    ------
    InputError
        If `icc` is not between 0 and 1.
    """
    if not 0 < icc <= 1:
        raise InputError(f"the reliability is {icc:g}. Expected more than 0 and at most 1.")
    return icc * z, 1.959964 * float(np.sqrt(icc * (1 - icc)))


def p_first_again(z: Sequence[float] | Floats, icc: float) -> float:
    """Return the chance that the lowest of these z is again the lowest on a second scan.

    A second scan given the first has mean icc z and variance 1 - icc² (bivariate normal);
    regions are taken as independent, so that one integral gives the chance.

    Parameters
    ----------
    z : (k,) sequence of float
        Of all features that compete, with the sign turned where high is abnormal.
    icc : float
        Above 0, at most 1.
    """
    mean = icc * np.sort(np.asarray(z, dtype=float))
    spread = np.sqrt(max(1 - icc**2, 1e-12))  # a reliability of 1 leaves no second opinion
    u, mass = _normal_nodes()
    others_above = special.ndtr((mean[1:, None] - mean[0]) / spread - u)
    return float(mass @ others_above.prod(axis=0))


@cache
def _normal_nodes() -> tuple[Floats, Floats]:
    """Return nodes of a standard normal variable and their probabilities (Gauss-Legendre)."""
    u, weight = np.polynomial.legendre.leggauss(201)
    mass = weight * np.exp(-((9 * u) ** 2) / 2)  # beyond 9 lies less than 1e-18
    return 9 * u, mass / mass.sum()


def _sign(direction: Direction) -> float:
    return 1.0 if direction == "low" else -1.0


def _columns(deviations: Deviations, features: Sequence[str]) -> list[int]:
    where = {r.feature: k for k, r in enumerate(deviations.rows)}
    lost = [f for f in features if f not in where or not np.isfinite(deviations.rows[where[f]].z)]
    if lost or not features:
        raise InputError(
            f"'{lost[0] if lost else 'no feature'}' cannot compete: it has no z in this person."
        )
    return [where[f] for f in features]
