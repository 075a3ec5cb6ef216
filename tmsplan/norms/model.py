"""Normative model: what a feature is expected to be at a given age and sex, and its spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ..base.errors import InputError
from ..base.params import Params
from ..base.provenance import sha256_bytes
from ..base.strict_json import dump_bytes
from ..base.table import Table, read_table
from .design import COVARIATES, Design
from .deviations import Deviations, Tier
from .person import Person
from .reference import read_reference
from .score import score

__all__ = ["SCHEMA", "VERSION", "NormativeModel", "fit_norms", "tier_of"]

Floats = NDArray[np.float64]

SCHEMA = "tmsplan-norms"
VERSION = 1

#: Fewest controls from which a tier begins. Below 50 every output is labelled EXPLORATORY;
#: brainchart asks for 100 people of one protocol; centiles settle near 200 (eLife 108952).
_TIERS = ((200, "adequate"), (100, "usable"), (50, "limited"))
#: Residuals this much smaller than the values are rounding: the feature follows from age and
#: sex alone.
_ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class NormativeModel:
    """A linear model of every feature on age and sex, with Gaussian residuals.

    Holds the controls' ages, sexes and residuals (hence their values), without ids and in an
    order that says nothing: they are needed to compare each control with the others and to
    redraw the controls. Treat it as data of people.

    Parameters
    ----------
    features : tuple of str
    design : Design
        Of n controls, k columns.
    coefficients : (k, f) float64
        In the unit of the feature (per year, for M minus F).
    sd : (f,) float64
        Residual standard deviation with n - k degrees of freedom.
    residuals : (n, f) float64
        In units of `sd`.
    sites : tuple of str
        Scanners or centres of the controls; empty if the table did not say.
    synthetic : bool
        Whether the controls are simulated.
    """

    features: tuple[str, ...]
    design: Design
    coefficients: Floats
    sd: Floats
    residuals: Floats
    sites: tuple[str, ...]
    synthetic: bool

    @property
    def n(self) -> int:
        """How many controls."""
        return self.design.n

    @property
    def tier(self) -> Tier:
        """What so many controls allow: exploratory, limited, usable, adequate."""
        return tier_of(self.n)

    @property
    def labels(self) -> tuple[str, ...]:
        """What every output must carry, of ``SYNTHETIC`` and ``EXPLORATORY``."""
        labels = (("SYNTHETIC", self.synthetic), ("EXPLORATORY", self.tier == "exploratory"))
        return tuple(name for name, holds in labels if holds)

    @property
    def age_range(self) -> tuple[float, float]:
        """Youngest and oldest control, years."""
        return float(self.design.age.min()), float(self.design.age.max())

    @cached_property
    def document(self) -> Mapping[str, object]:
        """The content of the model's file."""
        body: dict[str, object] = {
            "features": list(self.features),
            "covariates": list(self.design.covariates),
            "age": self.design.age.tolist(),
            "sex": ["M" if m else "F" for m in self.design.male],
            "coefficients": self.coefficients.tolist(),
            "sd": self.sd.tolist(),
            "residuals": self.residuals.tolist(),
            "sites": list(self.sites),
            "synthetic": self.synthetic,
        }
        checksum = sha256_bytes(dump_bytes(body))
        return {"schema": SCHEMA, "version": VERSION, "body_sha256": checksum, "body": body}

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the model's file, byte for byte."""
        return sha256_bytes(dump_bytes(self.document))

    @property
    def id(self) -> str:
        """Short name made of the content: the first 12 digits of `sha256`."""
        return self.sha256[:12]

    def block(self) -> dict[str, object]:
        """Return the ``norms`` block of plan.json."""
        return {
            "id": self.id,
            "sha256": self.sha256,
            "n_reference": self.n,
            "tier": self.tier,
            "age_range": list(self.age_range),
            "sites": list(self.sites),
            "transferred": False,
            "covariates": list(self.design.columns[1:]),
        }

    def deviations(  # noqa: PLR0913 - the person's data and the two refusals that can be lifted
        self,
        values: Mapping[str, float],
        *,
        age: float | None,
        sex: str | None,
        site: str | None = None,
        exploratory: bool = False,
        allow_extrapolation: bool = False,
        params: Params | None = None,
    ) -> Deviations:
        """Return how far one person is from comparable controls, feature by feature.

        z is *predictive*: of healthy newcomers, 2.5 % are below -1.96 whatever the number of
        controls. z_low and z_high bound the *effect*, the distance from the population's
        expectation in the population's standard deviations. Both are exact for Gaussian
        residuals; ``norms/predictive.py`` derives them. rank_p assumes no distribution.

        Parameters
        ----------
        values : mapping of feature to value
            NaN means missing; features that the model does not know are left out.
        age : float or None
            Years.
        sex : str or None
            ``"F"`` or ``"M"``.
        site : str, optional
            Must be one of the controls' sites, where the model knows them.
        exploratory : bool
            Accept a model of fewer than `min_controls` people.
        allow_extrapolation : bool
            Accept an age outside the controls' range; every row is then flagged.
        params : Params, optional
            `interval`, `bootstraps` and `min_controls` are used.

        Returns
        -------
        Deviations
            One row per feature of the model; NaN where the person has no value.

        Raises
        ------
        InputError
            If the model does not cover the person, or no feature is shared.
        """
        person = Person(age, sex, site)
        settings = params or Params()
        _require_enough(self.n, settings, f"norms {self.id}", exploratory=exploratory)
        extrapolated = person.require_covered(
            self.design, self.sites, allow_extrapolation=allow_extrapolation
        )
        return score(self, values, person, extrapolated=extrapolated, params=settings)

    def centile_curve(
        self,
        feature: str,
        *,
        sex: str,
        ages: Sequence[float] | Floats,
        centiles: Sequence[float] = (0.05, 0.5, 0.95),
    ) -> Floats:
        """Return the values below which given shares of comparable newcomers lie.

        Parameters
        ----------
        feature : str
        sex : str
            ``"F"`` or ``"M"``, of the controls.
        ages : (m,) sequence of float
            Years, within the controls' range.
        centiles : (c,) sequence of float
            Between 0 and 1.

        Returns
        -------
        (c, m) float64
            In the unit of the feature.

        Raises
        ------
        InputError
            If the feature is unknown, or sex or an age are not covered.
        """
        if feature not in self.features:
            raise InputError(f"the norms have no feature '{feature}'.")
        years = np.asarray(ages, dtype=float)
        for age in (float(years.min()), float(years.max())):
            Person(age, sex, None).require_covered(self.design, (), allow_extrapolation=False)
        f = self.features.index(feature)
        x, q = self.design.rows(years, sex)
        spread = self.sd[f] * np.sqrt(1 + np.sum(q**2, axis=1))
        t = special.stdtrit(self.design.df, np.asarray(centiles, dtype=float))
        return np.asarray(x @ self.coefficients[:, f] + t[:, None] * spread)

    def __str__(self) -> str:
        low, high = self.age_range
        label = "".join(f" {x}" for x in self.labels)
        return (
            f"norms {self.id}{label}: {len(self.features)} features of {self.n} controls "
            f"({self.tier}), {low:g} to {high:g} years, {'/'.join(self.design.sexes)}"
        )


def fit_norms(
    table: Table | Path | str,
    *,
    features: Sequence[str] | None = None,
    covariates: Sequence[str] = COVARIATES,
    synthetic: bool = False,
    exploratory: bool = False,
    params: Params | None = None,
) -> NormativeModel:
    """Fit norms to a table of controls.

    Every feature is regressed on the same covariates by least squares (one QR for all).

    Parameters
    ----------
    table : Table or Path
        Columns ``id, age, sex``, perhaps ``site``, and one per feature; see `read_reference`.
    features : sequence of str, optional
        All other columns unless given.
    covariates : sequence of str
        Of ``age`` and ``sex``; empty for none.
    synthetic : bool
        Declare the controls simulated: the model is refused for real patients.
    exploratory : bool
        Accept fewer than `min_controls` people.
    params : Params, optional
        `min_controls` is used.

    Returns
    -------
    NormativeModel
        Does not depend on the order of the rows.

    Raises
    ------
    InputError
        If the table is refused, there are too few controls, or a feature follows from the
        covariates alone.
    """
    table = table if isinstance(table, Table) else read_table(Path(table))
    _require_enough(len(table), params or Params(), table.name, exploratory=exploratory)
    reference = read_reference(table, features)
    design = Design.of(reference.age, reference.male, covariates)
    if design.df < 3:
        raise InputError(
            f"{table.name}: {design.n} controls are too few for {len(design.columns)} "
            f"coefficients; at least {len(design.columns) + 3} are needed even to explore."
        )
    fitted = design.q.T @ reference.values
    residuals = reference.values - design.q @ fitted
    sd = np.sqrt(np.sum(residuals**2, axis=0) / design.df)
    flat = sd <= _ROUNDING * np.abs(reference.values).max(axis=0)
    if flat.any():
        name = reference.features[int(np.flatnonzero(flat)[0])]
        raise InputError(
            f"{table.name}: the feature '{name}' follows exactly from {', '.join(covariates)}; "
            f"leave the column out: no deviation can be measured in it."
        )
    coefficients = np.asarray(np.linalg.solve(design.r, fitted), dtype=float)
    return NormativeModel(
        features=reference.features,
        design=design,
        coefficients=_read_only(coefficients),
        sd=_read_only(sd),
        residuals=_read_only(residuals / sd),
        sites=reference.sites,
        synthetic=synthetic,
    )


def tier_of(n: int) -> Tier:
    """Return the tier of so many controls."""
    return next((name for least, name in _TIERS if n >= least), "exploratory")


def _require_enough(n: int, params: Params, who: str, *, exploratory: bool) -> None:
    least = int(params.min_controls.value)
    if n < least and not exploratory:
        raise InputError(
            f"{who}: {n} controls. Expected at least {least}: with fewer, z says little about "
            f"one person. Add controls, or pass --exploratory; every output is then labelled "
            f"EXPLORATORY."
        )


def _read_only(array: Floats) -> Floats:
    array.setflags(write=False)
    return array
