"""The seam for models of spread: how a residual becomes a standard residual, and back.

A model of spread is fitted to the controls' residuals (in units of the feature's residual
standard deviation `sd`) and knows two maps, each other's inverse and increasing in the value:

``standardise(residual, rows)``
    What the residual would be if the feature had constant Gaussian spread of 1. Everything
    that follows (predictive z, intervals, leave-one-out, ranks, bootstrap) takes it from
    there, with the leverage of the person and the degrees of freedom of the design.
``restore(standard, rows)``
    The way back, for centile curves.

Over the controls the sum of squares of the standard residuals is near the degrees of freedom,
as it is for constant spread. `rows` are the design rows of the people (`design.Rows`): their
covariates, fixed columns and sites. A model of spread is stored as a header (JSON) and named
arrays, and must be read back from them alone.

To add one: a module here with ``fit_spread(residuals, rows) -> Spread`` and
``load_spread(header, arrays) -> Spread``, and a line in `_HOMES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from .design import Design, Rows
from .resample import bootstrap_z, leave_one_out_z
from .sample import Newcomer, Sample

__all__ = [
    "SPREADS",
    "Constant",
    "Spread",
    "default_spread",
    "fit_spread",
    "load_spread",
    "spread_for",
]

Floats = NDArray[np.float64]


class Spread(Protocol):
    """How wide, and how skewed, residuals are; f features, always in the model's order."""

    @property
    def kind(self) -> str:
        """Name in `SPREADS`."""

    @property
    def bends(self) -> bool:
        """Whether equal steps of a value are unequal steps of its standard residual."""

    def standardise(self, residual: Floats, rows: Rows) -> Floats:
        """Return the standard residuals (m, f) of residuals (m, f) in units of `sd`."""

    def restore(self, standard: Floats, rows: Rows) -> Floats:
        """Return the residuals (m, f), in units of `sd`, of standard residuals (m, f)."""

    def leave_one_out_z(self, controls: Sample, rows: Rows) -> Floats:
        """Return the z of every control against the others, (n, f).

        A shape that was fitted with the control makes its value look usual: it is fitted
        without it, as far as a formula can.

        Parameters
        ----------
        controls : Sample
            In units of `sd`, before they are standardised.
        rows : Rows
            Of the controls.
        """

    def bootstrap_z(
        self, weights: Floats, controls: Sample, rows: Rows, newcomer: Newcomer, at: Rows
    ) -> Floats:
        """Return one person's z under redrawn controls, (b, f).

        Parameters
        ----------
        weights : (b, n) float64
            How often each control is drawn; of `resample.draw_weights`.
        controls : Sample
        rows : Rows
            As in `leave_one_out_z`.
        newcomer : Newcomer
            The person, in the terms of `controls`.
        at : Rows
            Of the person.
        """

    def taking(self, features: NDArray[np.intp]) -> Spread:
        """Return the same for some features."""

    def header(self) -> dict[str, object]:
        """Return what is stored as JSON."""

    def arrays(self) -> dict[str, Floats]:
        """Return what is stored as arrays, by name; first or last axis may be features."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Gaussian residuals of one standard deviation a feature."""

    @property
    def kind(self) -> str:
        """Name in `SPREADS`."""
        return "constant"

    @property
    def bends(self) -> bool:
        """No: a standard residual is the residual."""
        return False

    def standardise(self, residual: Floats, rows: Rows) -> Floats:  # noqa: ARG002 - the protocol
        """Return the residuals unchanged."""
        return residual

    def restore(self, standard: Floats, rows: Rows) -> Floats:  # noqa: ARG002 - the protocol
        """Return the standard residuals unchanged."""
        return standard

    def leave_one_out_z(self, controls: Sample, rows: Rows) -> Floats:  # noqa: ARG002
        """Return the z of every control against the others, (n, f), exactly as of a refit."""
        return leave_one_out_z(controls)

    def bootstrap_z(
        self,
        weights: Floats,
        controls: Sample,
        rows: Rows,  # noqa: ARG002 - the protocol
        newcomer: Newcomer,
        at: Rows,  # noqa: ARG002 - the protocol
    ) -> Floats:
        """Return one person's z under redrawn controls, (b, f)."""
        return bootstrap_z(weights, controls, newcomer)

    def taking(self, features: NDArray[np.intp]) -> Constant:  # noqa: ARG002 - the protocol
        """Return this."""
        return self

    def header(self) -> dict[str, object]:
        """Return nothing: there is no setting."""
        return {}

    def arrays(self) -> dict[str, Floats]:
        """Return nothing: `sd` belongs to the model."""
        return {}


class _Home(Protocol):
    def fit_spread(self, residuals: Floats, rows: Rows) -> Spread: ...

    def load_spread(
        self, header: Mapping[str, object], arrays: Mapping[str, Floats]
    ) -> Spread: ...


#: Modules of this room; imported only when used.
_HOMES = {
    "skewed": "spread_skewed",
    "varying": "spread_varying",
    "shash": "spread_shash",
}
SPREADS = ("constant", *_HOMES)

#: From so many controls skewness is estimated unless another spread is named.
SKEWED_CONTROLS = Param(20.0, "people", 20, 1000, "docs/decisions/0019")


def default_spread(n: int) -> str:
    """Return the spread for n controls: ``skewed``, or ``constant`` below `SKEWED_CONTROLS`.

    With fewer, three controls decide a third moment; nothing but ranks is to be read then.
    """
    return "skewed" if n >= SKEWED_CONTROLS.value else "constant"


def spread_for(design: Design, spread: str | None, harmonise: str | None) -> str:
    """Return the spread that was asked for, or that follows from what was.

    Parameters
    ----------
    design : Design
    spread : str or None
        In `SPREADS`; None for the default.
    harmonise : str or None
        ``"location-scale"`` or None.

    Raises
    ------
    InputError
        If sites are to be harmonised where there are none, or by a spread that cannot.
    """
    if harmonise is None:
        _require_controls(design.n, spread)
        return spread or default_spread(design.n)
    if harmonise != "location-scale":
        raise InputError(f"'{harmonise}' is no harmonisation; choose location-scale, or none.")
    if not design.terms.sites:
        raise InputError(
            "there are no sites to harmonise. Expected a column 'site' with at least two, and "
            "'site' among the covariates."
        )
    if spread not in (None, "varying"):
        raise InputError(
            f"location-scale harmonisation lets the spread differ between sites; a {spread} "
            f"spread cannot. Leave --spread out, or choose varying."
        )
    return "varying"


def _require_controls(n: int, spread: str | None) -> None:
    if spread == "skewed" and n < SKEWED_CONTROLS.value:
        raise InputError(
            f"{n} controls are too few for a skewed spread. Expected at least "
            f"{SKEWED_CONTROLS.value:g}; leave --spread out, and it is constant."
        )


def fit_spread(kind: str, residuals: Floats, rows: Rows) -> Spread:
    """Fit a model of spread to the residuals of the controls.

    Parameters
    ----------
    kind : str
        In `SPREADS`.
    residuals : (n, f) float64
        In units of the residual standard deviation of each feature.
    rows : Rows
        Design rows of the controls.

    Raises
    ------
    InputError
        If the kind is unknown, or the controls are too few for it.
    """
    return Constant() if kind == "constant" else _home(kind).fit_spread(residuals, rows)


def load_spread(kind: str, header: Mapping[str, object], arrays: Mapping[str, Floats]) -> Spread:
    """Return a stored model of spread; refuse one that is incomplete.

    Raises
    ------
    InputError
        If the kind is unknown or a part is missing or impossible.
    """
    if kind == "constant":
        if header or arrays:
            raise InputError("a constant spread has no settings, but some are stored.")
        return Constant()
    return _home(kind).load_spread(header, arrays)


def _home(kind: str) -> _Home:
    if kind not in _HOMES:
        raise InputError(f"'{kind}' is no model of spread; choose {', '.join(SPREADS)}.")
    return cast("_Home", import_module(f".{_HOMES[kind]}", __package__))
