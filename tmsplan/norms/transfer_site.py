"""Norms for a site they were not fitted at: offset and scale from controls of that site.

Age, sex and further covariates keep the coefficients of the norms. What a new scanner or
sequence changes is an offset a and a scale b of the standard residuals r of each feature. With
n local controls a is their mean, b their standard deviation, and for a newcomer of that site

    t = (r - a) / (b sqrt(1 + 1/n + h / b²))

has Student's t distribution with n - 1 degrees of freedom, h being the leverage of the
person's covariates in the norms. (h counts the intercept, which a replaces, so z errs towards
0 by a hair.) The large reference makes the slopes sure; it says nothing about the spread here,
so a transfer costs what n - 1 degrees of freedom cost: `Cost` says how much.

The other half of what a model must do, leaving controls out and redrawing them, is done with
the local controls, `NewSite.sample`; the controls of the other sites stay behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ..base.errors import InputError
from ..base.param import Param
from .fitted import Fitted
from .local import Adjusted
from .predictive import effect_interval
from .reference import Reference
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

__all__ = ["LOCAL_CONTROLS", "Cost", "NewSite", "load_local", "new_site"]

Floats = NDArray[np.float64]

#: Local controls of each sex (or of both, pooled): with 10 the offset is off by .8 sd.
LOCAL_CONTROLS = Param(20.0, "people", 20, 1000, "docs/decisions/0019")
_EXAMPLE_Z = -2.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a transfer costs, against norms of as many controls as the old ones, made here.

    Parameters
    ----------
    wider : float
        Limits of normal (95 %) are this many times as wide, for an average feature.
    interval : (float, float)
        95 % interval of an effect of -2 standard deviations, after the transfer.
    native : (float, float)
        The same with norms made here.
    """

    wider: float
    interval: tuple[float, float]
    native: tuple[float, float]

    @classmethod
    def of(cls, local: int, reference: int, columns: int) -> Cost:
        """Return the cost with so many local controls, by Student's t and its noncentral form."""
        here = special.stdtrit(local - 1, 0.975) * np.sqrt(1 + 1 / local + columns / reference)
        df = reference - columns
        made = special.stdtrit(df, 0.975) * np.sqrt(1 + columns / reference)
        return cls(
            float(here / made),
            _example(1 / local + columns / reference, local - 1),
            _example(columns / reference, df),
        )

    def __str__(self) -> str:
        return (
            f"limits of normal are {100 * (self.wider - 1):.0f} % wider, and a value 2 standard "
            f"deviations low is known to be {self.interval[0]:.1f} to {self.interval[1]:.1f}, "
            f"instead of {self.native[0]:.1f} to {self.native[1]:.1f}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class NewSite:
    """What local controls say about their site: one offset and one scale a feature.

    Parameters
    ----------
    site : str
    pooled : bool
        Whether fewer of a sex were accepted than are needed.
    reference : int
        Controls of the norms that were transferred.
    columns : int
        Their coefficients.
    offset, scale : (f,) float64
        Of standard residuals.
    skewness : (f,) float64
        Of the local controls' residuals; 0 unless the norms allow for it.
    residuals : (n, f) float64
        Of the local controls, from the offset, in units of the scale.
    male : (n,) float64
        Their sex, 1 = M.
    """

    site: str
    pooled: bool
    reference: int
    columns: int
    offset: Floats
    scale: Floats
    skewness: Floats
    residuals: Floats
    male: Floats

    @property
    def n(self) -> int:
        """How many local controls."""
        return len(self.residuals)

    @property
    def df(self) -> float:
        """Degrees of freedom of the scale, n - 1."""
        return float(self.n - 1)

    @property
    def cost(self) -> Cost:
        """How much less is known than with norms made here."""
        return Cost.of(self.n, self.reference, self.columns)

    @property
    def note(self) -> str:
        """What the transfer cost, one sentence for page and sheet."""
        men = int(self.male.sum())
        sexes = " Sexes are pooled: how they differ at this site is assumed." * self.pooled
        return (
            f"Norms of {self.reference} controls of other sites, transferred to {self.site} with "
            f"{self.n} local controls ({self.n - men} F, {men} M): {self.cost}.{sexes}"
        )

    @property
    def sample(self) -> Sample:
        """The local controls, to be held out, ranked and redrawn."""
        return replace(self._plain, residuals=self.straighten(self.residuals))

    @property
    def _plain(self) -> Sample:
        n, f = self.residuals.shape
        b, nothing = np.full((n, 1), 1 / np.sqrt(n)), np.zeros((1, f))
        return Sample(b, np.ones((1, f)), nothing, self.residuals, n - 1)

    @property
    def exact(self) -> bool:
        """Whether intervals follow from the noncentral t: no skewness was estimated."""
        return not self.skewness.any()

    def leave_one_out_z(self) -> Floats:
        """Return the z of every local control against the others, (n, f)."""
        z = leave_one_out_z(self._plain)
        if self.exact:
            return z
        return skewed_z(z, leave_one_out_skewness(self._plain.b, self.residuals))

    def bootstrap_z(self, weights: Floats, residual: Floats) -> Floats:
        """Return one person's z under redrawn local controls, (b, f)."""
        own = self.newcomer(self.bend(residual))
        return bootstrap_skewed_z(weights, self._plain, own, self.skewness)

    def newcomer(self, residual: Floats) -> Newcomer:
        """Return a person in the terms of `sample`, from adjusted residuals (f,)."""
        return Newcomer(np.array([1 / np.sqrt(self.n)]), residual)

    def adjust(self, residual: Floats, leverage: Floats, df: float) -> Adjusted:  # noqa: ARG002
        """Return standard residuals (m, f) as seen from this site."""
        return Adjusted(
            self.straighten((residual - self.offset) / self.scale),
            np.asarray(1 / self.n + leverage / self.scale**2),
            self.df,
        )

    def restore(self, adjusted: Floats) -> Floats:
        """Return the standard residuals (m, f) of adjusted ones, for centile curves."""
        return np.asarray(self.offset + self.scale * self.bend(adjusted))

    def straighten(self, residual: Floats) -> Floats:
        """Return residuals without their skewness."""
        return self._through(skewed_z, residual)

    def bend(self, residual: Floats) -> Floats:
        """Return residuals with their skewness: the inverse of `straighten`."""
        return self._through(skewed_quantile, residual)

    def _through(self, change: Callable[[Floats, Floats], Floats], residual: Floats) -> Floats:
        """Change residuals by way of their z; without skewness they are left to the last digit."""
        if self.exact:
            return np.asarray(residual)
        own = np.array(1 / self.n)
        z = z_of_standard(residual, own, self.df)
        return standard_of_z(change(z, newcomer_skewness(self.skewness, own)), own, self.df)

    def taking(self, features: NDArray[np.intp]) -> NewSite:
        """Return the same for some features."""
        return replace(
            self,
            offset=self.offset[features],
            scale=self.scale[features],
            skewness=self.skewness[features],
            residuals=self.residuals[:, features],
        )

    def header(self) -> dict[str, object]:
        """Return what is stored as JSON."""
        return {name: getattr(self, name) for name in sorted(_HEADER)}

    def arrays(self) -> dict[str, Floats]:
        """Return what is stored as arrays, by name."""
        return {name: getattr(self, name) for name in sorted(_ARRAYS)}


_HEADER = {"site": str, "pooled": bool, "reference": int, "columns": int}
_ARRAYS = {"offset", "scale", "skewness", "residuals", "male"}


def load_local(header: Mapping[str, object], arrays: Mapping[str, Floats]) -> NewSite:
    """Return a stored adjustment.

    Raises
    ------
    InputError
        If a part is missing, unknown or impossible.
    """
    if set(header) != set(_HEADER) or set(arrays) != _ARRAYS:
        raise InputError("parts of the transfer to a new site are missing or unknown.")
    wrong = [k for k, kind in _HEADER.items() if type(header[k]) is not kind]
    if wrong:
        raise InputError(f"the transfer's '{wrong[0]}' is {header[wrong[0]]!r}.")
    new = NewSite(**header, **arrays)  # type: ignore[arg-type] # types are checked above
    f = new.offset.shape
    parts = (new.scale.shape, new.skewness.shape, new.residuals.shape)
    if parts != (f, f, (*new.male.shape, *f)) or new.male.ndim != 1:
        raise InputError("the transfer is damaged: its arrays do not fit each other.")
    if new.n < LOCAL_CONTROLS.low or not np.all(new.scale > 0):
        raise InputError("the transfer is damaged: a scale is not positive, or controls are lost.")
    if not np.all((new.male == 0) | (new.male == 1)):
        raise InputError("the transfer is damaged: a sex is neither F nor M.")
    return new


def new_site(
    site: str, local: Reference, fitted: Fitted, *, pooled: bool = False, skewed: bool = False
) -> NewSite:
    """Return offset and scale of a site from its controls, who are known to be covered.

    Parameters
    ----------
    site : str
    local : Reference
        Controls of that site, with the features of `fitted`.
    fitted : Fitted
        Of constant or varying spread, without a new site of its own.
    pooled : bool
        Whether fewer of a sex are accepted than are needed.
    skewed : bool
        Whether to allow for skewness, estimated from these controls.
    """
    residual = fitted.standard(local.values, local.people).residual
    offset, scale = residual.mean(axis=0), residual.std(axis=0, ddof=1)
    skewness, n = np.zeros(len(offset)), len(residual)
    if skewed:
        skewness = residual_skewness(np.full((n, 1), 1 / np.sqrt(n)), residual - offset)
    return NewSite(
        site=site,
        pooled=pooled,
        reference=fitted.design.n,
        columns=fitted.design.k,
        offset=offset,
        scale=scale,
        skewness=skewness,
        residuals=(residual - offset) / scale,
        male=local.people.male,
    )


def _example(leverage: float, df: int) -> tuple[float, float]:
    low, high = effect_interval(np.array([_EXAMPLE_Z]), leverage, df, 0.95)
    return float(low[0]), float(high[0])
