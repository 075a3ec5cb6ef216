"""A fitted model without its papers: what is expected, how wide it spreads, what is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .design import Design, Rows
from .local import Adjusted, Local
from .offsets import keep, pool
from .people import People
from .predictive import predictive_z
from .resample import draw_weights
from .sample import Newcomer, Sample
from .spread import Constant, Spread, fit_spread
from .statistics import Moments

__all__ = ["Fitted", "fit_moments", "fit_values"]

Floats = NDArray[np.float64]

#: Residuals this much smaller than the values are rounding: the feature follows from the
#: covariates alone.
_ROUNDING = 1e-10
#: The same where only sums are known: a difference of sums keeps half of the digits.
_ROUNDING_OF_SUMS = 1e-7


@dataclass(frozen=True, eq=False)
class Fitted:
    """All features on one design, with partially pooled offsets of sites.

    Parameters
    ----------
    features : tuple of str
    design : Design
        Of n controls, p orthonormal columns.
    projected : (p, f) float64
        B'Y, in the unit of the feature.
    ratio : (f,) float64
        Variance between sites over variance within; 0 without sites.
    sd : (f,) float64
        Residual standard deviation with n - k degrees of freedom.
    residuals : (n, f) float64 or None
        In units of `sd`; None if the model holds no individual.
    spread : Spread
        How residuals become standard residuals.
    local : Local or None
        What controls of a new site say about it.
    """

    features: tuple[str, ...]
    design: Design
    projected: Floats
    ratio: Floats
    sd: Floats
    residuals: Floats | None
    spread: Spread
    local: Local | None = None

    @property
    def df(self) -> float:
        """Degrees of freedom of the scale that z is measured with."""
        return self.design.df if self.local is None else self.local.df

    @cached_property
    def weight(self) -> Floats:
        """How much of each basis column is believed, (p, f)."""
        return keep(self.design, self.ratio)

    @cached_property
    def natural(self) -> Floats:
        """Coefficients of the fixed columns, then offsets of the sites, (k + s, f)."""
        return np.asarray(self.design.into @ (self.weight * self.projected))

    @property
    def coefficients(self) -> Floats:
        """Of the fixed columns, (k, f): in the unit of the feature, per year, for M minus F."""
        return self.natural[: self.design.k]

    @property
    def offsets(self) -> Floats:
        """Of the sites, (s, f), in the unit of the feature, drawn towards their mean."""
        return self.natural[self.design.k :]

    @cached_property
    def controls(self) -> tuple[Sample, Rows] | None:
        """The controls in units of `sd`, and their design rows; None if no individual is held."""
        if self.residuals is None or self.design.people is None:
            return None
        found = Sample(
            b=self.design.b,
            weight=self.weight,
            coefficients=self.weight * self.projected / self.sd,
            residuals=self.residuals,
            df=self.design.df,
        )
        return found, self.design.rows(self.design.people)

    @cached_property
    def sample(self) -> Sample | None:
        """Those whom a person is compared with, in standard residuals: local ones if any."""
        if self.local is not None:
            return self.local.sample
        if self.controls is None:
            return None
        found, rows = self.controls
        return replace(found, residuals=self.spread.standardise(found.residuals, rows))

    @cached_property
    def loo_z(self) -> Floats:
        """The z of each of them against the others, (n, f); no rows without individuals."""
        if self.local is not None:
            return self.local.leave_one_out_z()
        if self.controls is None:
            return np.zeros((0, len(self.features)))
        return self.spread.leave_one_out_z(*self.controls)

    @property
    def exact(self) -> bool:
        """Whether intervals follow from the noncentral t: no shape was estimated for them."""
        return self.spread.kind == "constant" if self.local is None else self.local.exact

    def newcomer(self, residual: Floats, person: People) -> Newcomer:
        """Return one person in the terms of `sample`, from standard residuals (f,)."""
        if self.local is not None:
            return self.local.newcomer(residual)
        return Newcomer(self.design.rows(person).b[0], residual)

    def redrawn_z(self, residual: Floats, person: People, draws: int, seed: int) -> Floats:
        """Return one person's z under redrawn controls, (draws, f); no rows without individuals.

        Parameters
        ----------
        residual : (f,) float64
            Standard, of `standard`.
        person : People
            Of one.
        draws, seed : int
            See `resample.draw_weights`.
        """
        if self.local is not None:
            local = self.local
            weights = draw_weights(local.sample, draws, seed)
            return np.concatenate([local.bootstrap_z(w, residual) for w in weights])
        if self.controls is None:
            return np.zeros((0, len(residual)))
        controls, rows = self.controls
        at = self.design.rows(person)
        own = Newcomer(at.b[0], self.spread.restore(residual[None], at)[0])
        weights = draw_weights(controls, draws, seed)
        drawn = [self.spread.bootstrap_z(w, controls, rows, own, at) for w in weights]
        return np.concatenate(drawn)

    def bend(self, standard: Floats, person: People) -> Floats:
        """Return standard residuals (m, f) of one person with the skewness of the values."""
        if self.local is not None:
            return self.local.bend(standard)
        if not self.spread.bends:
            return standard
        return self.spread.restore(standard, self.design.rows(person))

    def straighten(self, bent: Floats, person: People) -> Floats:
        """Return standard residuals (m, f) of one person: the inverse of `bend`."""
        if self.local is not None:
            return self.local.straighten(bent)
        if not self.spread.bends:
            return bent
        return self.spread.standardise(bent, self.design.rows(person))

    def expected(self, rows: Rows) -> Floats:
        """Return the expectation, (m, f), in the unit of the feature."""
        return np.asarray(np.hstack([rows.fixed, rows.site]) @ self.natural)

    def standard(self, values: Floats, people: People) -> Adjusted:
        """Return the standard residuals of people's values (m, f), with their leverage.

        People are known to be covered.
        """
        rows = self.design.rows(people)
        residual = self.spread.standardise((values - self.expected(rows)) / self.sd, rows)
        leverage = rows.b**2 @ self.weight
        if self.local is not None:
            return self.local.adjust(residual, leverage, self.design.df)
        return Adjusted(residual, leverage, self.design.df)

    def z(self, values: Floats, people: People) -> Floats:
        """Return the predictive z of people's values (m, f); NaN stays NaN."""
        found = self.standard(values, people)
        return predictive_z(found.residual / np.sqrt(1 + found.leverage), found.df)

    def quantile(self, z: Floats, people: People) -> Floats:
        """Return the values (m, f) at which people would have the given predictive t (m, f)."""
        rows = self.design.rows(people)
        leverage = rows.b**2 @ self.weight
        if self.local is not None:
            leverage = self.local.adjust(np.zeros_like(z), leverage, self.design.df).leverage
        standard = z * np.sqrt(1 + leverage)
        if self.local is not None:
            standard = self.local.restore(standard)
        return np.asarray(self.expected(rows) + self.sd * self.spread.restore(standard, rows))

    def taking(self, feature: str) -> Fitted:
        """Return the model of one feature, without individuals."""
        if feature not in self.features:
            raise InputError(f"the norms have no feature '{feature}'.")
        index = np.array([self.features.index(feature)])
        return Fitted(
            features=(feature,),
            design=self.design,
            projected=self.projected[:, index],
            ratio=self.ratio[index],
            sd=self.sd[index],
            residuals=None,
            spread=self.spread.taking(index),
            local=self.local.taking(index) if self.local else None,
        )


def fit_values(
    design: Design, features: tuple[str, ...], values: Floats, *, spread: str = "constant"
) -> Fitted:
    """Fit all features together, keeping the controls' residuals.

    Parameters
    ----------
    design : Design
    features : tuple of str
    values : (n, f) float64
    spread : str
        In `spread.SPREADS`.

    Raises
    ------
    InputError
        If a feature follows from the covariates alone, or `spread` cannot be fitted.
    """
    _require_df(design)
    centre = values.mean(axis=0)
    # In place: with thousands of features every copy costs more than the fit.
    residuals = values - centre
    projected = design.b.T @ residuals
    residuals -= design.b @ projected
    error = _squares(residuals)
    ratio = pool(design, projected, error)
    left = (1 - keep(design, ratio)[design.k :]) * projected[design.k :]
    sd = np.sqrt((error + np.sum(left * projected[design.k :], axis=0)) / design.df)
    size = np.abs(centre) + np.sqrt(error + np.sum(projected**2, axis=0))
    _require_left(design, features, sd, size * _ROUNDING)
    residuals += design.b[:, design.k :] @ left
    residuals /= sd
    projected = projected + design.b.sum(axis=0)[:, None] * centre
    return Fitted(
        features=features,
        design=design,
        projected=_read_only(projected),
        ratio=_read_only(ratio),
        sd=_read_only(sd),
        residuals=_read_only(residuals),
        spread=_spread(spread, design, residuals),
    )


def _spread(kind: str, design: Design, residuals: Floats) -> Spread:
    if kind == "constant":
        return Constant()
    if design.people is None:
        raise InputError("the design holds no controls, so no model of spread can be fitted.")
    return fit_spread(kind, residuals, design.rows(design.people))


def fit_moments(moments: Moments, features: tuple[str, ...]) -> Fitted:
    """Fit all features from their sums; the model then holds no individual.

    z, intervals and centiles are those of `fit_values`. What needs the single controls
    (leave-one-out, ranks, redrawn references, other models of spread) is not available.

    Parameters
    ----------
    moments : Moments
        Of everyone in the design.
    features : tuple of str

    Raises
    ------
    InputError
        If the names do not fit, people are missing, or a feature follows from the covariates
        alone.
    """
    _require_df(moments.design)
    moments.add_all(())
    if len(features) != len(moments.centre) or len(set(features)) != len(features):
        raise InputError(
            f"{len(set(features))} different names for {len(moments.centre)} features; each "
            f"needs its own."
        )
    design = moments.design
    ratio = pool(design, moments.cross, moments.error())
    weight = keep(design, ratio)
    left = moments.error() + np.sum((1 - weight) * moments.cross**2, axis=0)
    sd = np.sqrt(left / design.df)
    _require_left(design, features, sd, np.sqrt(moments.squares) * _ROUNDING_OF_SUMS)
    alone = Design(design.terms, design.into, design.site_size, design.n, None)
    return Fitted(
        features=features,
        design=alone,
        projected=_read_only(moments.projected()),
        ratio=_read_only(ratio),
        sd=_read_only(sd),
        residuals=None,
        spread=Constant(),
    )


def _squares(array: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->j", array, array))


def _require_df(design: Design) -> None:
    if design.df < 3:
        raise InputError(
            f"{design.n} controls are too few for {design.k} coefficients; at least "
            f"{design.k + 3} are needed even to explore."
        )


def _require_left(design: Design, features: tuple[str, ...], sd: Floats, least: Floats) -> None:
    flat = sd <= least
    if flat.any():
        raise InputError(
            f"the feature '{features[int(np.flatnonzero(flat)[0])]}' follows exactly from "
            f"{', '.join(design.covariates) or 'nothing'}; leave the column out: no deviation "
            f"can be measured in it."
        )


def _read_only(array: Floats) -> Floats:
    array.setflags(write=False)
    return array
