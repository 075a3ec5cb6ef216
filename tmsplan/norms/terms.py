"""Which covariates a model corrects for, and how each becomes columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .age_basis import AgeBasis
from .people import People

__all__ = ["COVARIATES", "Scaled", "Terms"]

Floats = NDArray[np.float64]

#: Corrected for unless said otherwise. A column of the table may be named beside them.
COVARIATES = ("age", "sex", "site")


@dataclass(frozen=True, slots=True)
class Scaled:
    """A further covariate, centred and scaled by the controls' mean and standard deviation."""

    name: str
    mean: float
    sd: float

    def rows(self, values: Floats) -> Floats:
        """Return the column, (m,) float64."""
        return np.asarray((values - self.mean) / self.sd)


@dataclass(frozen=True, slots=True)
class Terms:
    """The recipe of a design matrix: the same for controls and newcomers.

    Fixed columns are the intercept, age, sex (M = 1, F = 0) and further covariates. Sites are
    kept apart, because their offsets are partially pooled. A covariate that cannot matter is
    left out: sex where all controls have one, site where there is one or none.

    Parameters
    ----------
    covariates : tuple of str
        As asked for.
    age : AgeBasis or None
    sex : bool
    others : tuple of Scaled
    sites : tuple of str
        With an offset each, sorted; empty if there is none.
    """

    covariates: tuple[str, ...]
    age: AgeBasis | None
    sex: bool
    others: tuple[Scaled, ...]
    sites: tuple[str, ...]

    @classmethod
    def of(
        cls, people: People, covariates: Sequence[str] = COVARIATES, *, age: str = "linear"
    ) -> Terms:
        """Return the recipe for these controls.

        Raises
        ------
        InputError
            If a covariate is unknown, named twice, or does not vary.
        """
        wanted = _known(covariates, people)
        both = bool(np.any(people.male == 0) and np.any(people.male == 1))
        sites = tuple(sorted(set(people.site))) if "site" in wanted else ()
        return cls(
            covariates=wanted,
            age=AgeBasis.of(people.age, age) if "age" in wanted else None,
            sex="sex" in wanted and both,
            others=tuple(_scaled(c, people) for c in wanted if c not in COVARIATES),
            sites=sites if len(sites) > 1 else (),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the fixed columns, ``intercept`` first."""
        age = self.age.columns if self.age else ()
        return ("intercept", *age, *(("sex",) if self.sex else ()), *(o.name for o in self.others))

    def fixed(self, people: People) -> Floats:
        """Return the fixed columns of some people, (m, k) float64."""
        parts = [np.ones((len(people), 1))]
        if self.age:
            parts.append(self.age.rows(people.age))
        if self.sex:
            parts.append(people.male[:, None])
        parts += [o.rows(people.others[o.name])[:, None] for o in self.others]
        return np.hstack(parts)

    def site_rows(self, people: People) -> Floats:
        """Return the site of each person as a column of ones and zeros, (m, s) float64.

        A person of no known site has zeros alone, which stands for an average site.
        """
        if not self.sites or not people.site:
            return np.zeros((len(people), len(self.sites)))
        return np.asarray(np.array(people.site)[:, None] == np.array(self.sites), dtype=float)


def _known(covariates: Sequence[str], people: People) -> tuple[str, ...]:
    if len(set(covariates)) != len(covariates):
        raise InputError("a covariate is named twice; name each once.")
    for name in covariates:
        if name not in COVARIATES and name not in people.others:
            known = ", ".join((*COVARIATES, *people.others))
            raise InputError(f"'{name}' cannot be corrected for; covariates are {known}.")
    first = tuple(c for c in COVARIATES if c in covariates)
    return first + tuple(sorted(c for c in covariates if c not in COVARIATES))


def _scaled(name: str, people: People) -> Scaled:
    values = people.others[name]
    if np.ptp(values) == 0:
        raise InputError(
            f"the covariate '{name}' is {values[0]:g} in every control, so it does not vary and "
            f"cannot be corrected for; leave it out of the covariates."
        )
    return Scaled(name, float(values.mean()), float(values.std(ddof=1)))
