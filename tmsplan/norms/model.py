"""Normative model: what a feature is expected to be of a person like this, and its spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ..base.errors import InputError
from ..base.params import Params
from ..base.provenance import sha256_bytes
from ..base.table import Table, read_table
from .coverage import Coverage
from .design import Design
from .deviations import Deviation, Deviations, Tier
from .document import model_bytes
from .fitted import Fitted, fit_moments, fit_values
from .identity import Identity
from .people import People
from .person import Person
from .reference import read_reference
from .score import Scores, score
from .spread import default_spread, spread_for
from .statistics import Moments
from .terms import COVARIATES
from .tiers import require_enough, tier_of

__all__ = ["NormativeModel", "fit_norms", "fit_streamed"]

Floats = NDArray[np.float64]

_NONE: Mapping[str, float] = MappingProxyType({})

#: Said of a model that holds no single controls.
_SUMS_ONLY = (
    "The norms were fitted from sums and hold no single controls: rank p, the comparison with "
    "the controls' own most extreme regions and redrawn references are not available. Their "
    "spread is taken as constant and symmetric."
)
#: Said of a model of too few controls to estimate a skewness from.
_FEW = (
    "So few controls show no skewness; the spread is taken as constant and symmetric. Where "
    "values are skewed, twice as many healthy people are flagged as z promises. Read ranks only."
)


@dataclass(frozen=True, eq=False)
class NormativeModel:
    """A linear model of every feature on shared covariates, with its papers.

    Unless it was streamed it holds the controls' covariates and residuals (hence their
    values), without ids and in an order that says nothing: they are needed to compare each
    control with the others and to redraw the controls. Treat it as data of people.

    Parameters
    ----------
    fitted : Fitted
    coverage : Coverage
        Whom the controls can stand for.
    synthetic : bool
        Whether the controls are simulated.
    identity : Identity
        What was measured, how, and under which licence.
    """

    fitted: Fitted
    coverage: Coverage
    synthetic: bool
    identity: Identity = field(default_factory=Identity)

    @property
    def features(self) -> tuple[str, ...]:
        """Names, in the order of every array."""
        return self.fitted.features

    @property
    def design(self) -> Design:
        """Covariates of the controls."""
        return self.fitted.design

    @property
    def n(self) -> int:
        """How many controls a person is compared with: after a transfer, the local ones."""
        local = self.fitted.local
        return self.design.n if local is None else local.n

    @property
    def sites(self) -> tuple[str, ...]:
        """Scanners or centres of the controls; empty if the table did not say."""
        return self.coverage.sites

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
    def notes(self) -> tuple[str, ...]:
        """What must be said of every number."""
        local, kind = self.fitted.local, self.fitted.spread.kind
        sums = (_SUMS_ONLY,) if self.fitted.sample is None else ()
        few = (_FEW,) if kind == "constant" == default_spread(self.design.n) else ()
        return (*sums, *few, *((local.note,) if local else ()))

    @property
    def age_range(self) -> tuple[float, float]:
        """Youngest and oldest control, years."""
        return self.coverage.age

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the model's file, byte for byte."""
        return sha256_bytes(
            model_bytes(self.fitted, self.coverage, self.identity, synthetic=self.synthetic)
        )

    @property
    def id(self) -> str:
        """Short name made of the content: the first 12 digits of `sha256`."""
        return self.sha256[:12]

    def block(self) -> dict[str, object]:
        """Return the ``norms`` block of plan.json."""
        site = ("site",) if self.design.terms.sites else ()
        return {
            "id": self.id,
            "sha256": self.sha256,
            "n_reference": self.n,
            "n_source": self.design.n,
            "tier": self.tier,
            "age_range": list(self.age_range),
            "sites": list(self.sites),
            "transferred": self.fitted.local is not None,
            "covariates": [*self.design.columns[1:], *site],
            "spread": self.fitted.spread.kind,
            "identity": self.identity.document(),
            "notes": list(self.notes),
        }

    def deviations(  # noqa: PLR0913 - the person's data and the two refusals that can be lifted
        self,
        values: Mapping[str, float],
        *,
        age: float | None,
        sex: str | None,
        site: str | None = None,
        covariates: Mapping[str, float] = _NONE,
        exploratory: bool = False,
        allow_extrapolation: bool = False,
        redraw: bool = True,
        params: Params | None = None,
    ) -> Deviations:
        """Return how far one person is from comparable controls, feature by feature.

        z is *predictive*: of healthy newcomers, 2.5 % are below -1.96 whatever the number of
        controls. z_low and z_high bound the *effect*, the distance from the population's
        expectation in the population's standard deviations. With constant spread both are
        exact for Gaussian residuals of one site (``norms/predictive.py``, docs/decisions/0018);
        with another see ``norms/effect.py``. rank_p assumes no distribution.

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
        covariates : mapping of name to number
            Further covariates that the model corrects for, in the unit of its table.
        exploratory : bool
            Accept a model of fewer than `min_controls` people.
        allow_extrapolation : bool
            Accept an age or covariate outside the controls' range; every row is then flagged.
            A spline of age ends where the controls end and is refused all the same.
        redraw : bool
            Redraw the controls, as ranking needs it; else only where intervals need it.
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
        settings = params or Params()
        require_enough(self.n, settings, f"norms {self.id}", exploratory=exploratory)
        person = Person(age, sex, site, covariates)
        extrapolated = self.coverage.require(person, allow_extrapolation=allow_extrapolation)
        found = score(self.fitted, values, person.as_people(), params=settings, redraw=redraw)
        return Deviations(
            rows=self._rows(found, extrapolated=extrapolated),
            tier=self.tier,
            labels=self.labels,
            loo_z=self.fitted.loo_z,
            boot_z=found.boot_z,
            norms=self.block(),
            notes=self.notes,
        )

    def _rows(self, found: Scores, *, extrapolated: bool) -> tuple[Deviation, ...]:
        return tuple(
            Deviation(
                feature=name,
                value=value,
                z=z,
                z_low=low,
                z_high=high,
                centile=centile,
                rank_p=p,
                extrapolated=extrapolated,
                n_reference=self.n,
                icc=self.identity.icc_of(name),
            )
            for name, (value, z, low, high, centile, p) in zip(
                self.features, np.column_stack(found.numbers).tolist(), strict=True
            )
        )

    def centile_curve(
        self,
        feature: str,
        *,
        sex: str,
        ages: Sequence[float] | Floats,
        centiles: Sequence[float] = (0.05, 0.5, 0.95),
        site: str | None = None,
        covariates: Mapping[str, float] = _NONE,
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
        site : str, optional
            One of the controls'. Without it the curve is that of an average site.
        covariates : mapping of name to number
            Where a further covariate is not given, the controls' mean is taken.

        Returns
        -------
        (c, m) float64
            In the unit of the feature.

        Raises
        ------
        InputError
            If the feature is unknown, or sex, site, a covariate or an age are not covered.
        """
        one = self.fitted.taking(feature)
        years = np.asarray(ages, dtype=float)
        known = {o.name: o.mean for o in self.design.terms.others} | dict(covariates)
        covered = self.coverage if site is not None else self.coverage.anywhere()
        for age in (float(years.min()), float(years.max())):
            covered.require(Person(age, sex, site, known), allow_extrapolation=False)
        people = People(
            age=years,
            male=np.full(len(years), float(sex == "M")),
            site=() if site is None else (site,) * len(years),
            others={name: np.full(len(years), value) for name, value in known.items()},
        )
        t = special.stdtrit(one.df, np.asarray(centiles, dtype=float))
        return np.stack([one.quantile(np.full((len(years), 1), x), people)[:, 0] for x in t])

    def __str__(self) -> str:
        low, high = self.age_range
        label = "".join(f" {x}" for x in self.labels)
        return (
            f"norms {self.id}{label}: {len(self.features)} features of {self.n} controls "
            f"({self.tier}), {low:g} to {high:g} years, {'/'.join(self.coverage.sexes)}"
        )


def fit_norms(  # noqa: PLR0913 - every decision of a model is named by its caller
    table: Table | Path | str,
    *,
    features: Sequence[str] | None = None,
    covariates: Sequence[str] = COVARIATES,
    age: str = "linear",
    spread: str | None = None,
    harmonise: str | None = None,
    identity: Identity | None = None,
    synthetic: bool = False,
    exploratory: bool = False,
    params: Params | None = None,
) -> NormativeModel:
    """Fit norms to a table of controls.

    Every feature is regressed on the same covariates by least squares, all together; sites
    have offsets that are partially pooled, feature by feature.

    Parameters
    ----------
    table : Table or Path
        Columns ``id, age, sex``, perhaps ``site``, and one per feature; see `read_reference`.
    features : sequence of str, optional
        All other columns that are no covariate unless given.
    covariates : sequence of str
        Of ``age``, ``sex``, ``site``, and further columns of numbers; empty for none.
    age : str
        ``"linear"``, or ``"spline"`` for a smooth curve.
    spread : str
        ``"constant"``, ``"skewed"``, ``"varying"`` or ``"shash"``; see ``norms/spread.py``.
        Unless given, skewed from 20 controls on, else constant (the notes say so).
    harmonise : str, optional
        ``"location-scale"``: sites differ in offset and spread, as in ComBat (``"varying"``).
    identity : Identity, optional
        What was measured, how, and under which licence.
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
    require_enough(len(table), params or Params(), table.name, exploratory=exploratory)
    others = [c for c in covariates if c not in COVARIATES]
    reference = read_reference(table, features, others)
    design = Design.of(reference.people, covariates, age=age)
    try:
        spread = spread_for(design, spread, harmonise)
        fitted = fit_values(design, reference.features, reference.values, spread=spread)
    except InputError as err:
        raise InputError(f"{table.name}: {err}") from err
    coverage = Coverage.of(reference.people)
    return NormativeModel(fitted, coverage, synthetic, identity or Identity())


def fit_streamed(
    moments: Moments,
    features: Sequence[str],
    *,
    identity: Identity | None = None,
    synthetic: bool = False,
    exploratory: bool = False,
    params: Params | None = None,
) -> NormativeModel:
    """Return the norms of controls whose values were read once, in pieces.

    Parameters
    ----------
    moments : Moments
        Of every control: ``Moments(Design.of(people)).add_all(pieces)``.
    features : sequence of str
    identity, synthetic, exploratory, params
        As in `fit_norms`.

    Returns
    -------
    NormativeModel
        z and intervals are those of `fit_norms`; it holds no single controls.

    Raises
    ------
    InputError
        As `fit_moments`, and if there are too few controls.
    """
    settings = params or Params()
    require_enough(moments.design.n, settings, "the streamed table", exploratory=exploratory)
    fitted, people = fit_moments(moments, tuple(features)), moments.design.people
    if people is None:
        raise InputError("the design holds no controls.")
    return NormativeModel(fitted, Coverage.of(people), synthetic, identity or Identity())
