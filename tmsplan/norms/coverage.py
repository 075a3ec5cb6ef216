"""Whom the controls can stand for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..base.errors import AmbiguityError, InputError
from .people import People
from .person import Person
from .reference import require_age

__all__ = ["Coverage"]

_EXTRAPOLATE = "or pass --allow-extrapolation: every row is then flagged."


@dataclass(frozen=True, slots=True)
class Coverage:
    """The range of the controls in every covariate, whether corrected for or not.

    Parameters
    ----------
    n : int
        How many controls.
    age : (float, float)
        Youngest and oldest, years.
    sexes : tuple of str
        Of ``F`` and ``M``.
    sites : tuple of str
        Sorted; empty if the table did not say.
    others : mapping of name to (float, float)
        Of the further covariates that the model corrects for.
    """

    n: int
    age: tuple[float, float]
    sexes: tuple[str, ...]
    sites: tuple[str, ...]
    others: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, people: People) -> Coverage:
        """Return what these controls cover."""
        present = (("F", 0.0), ("M", 1.0))
        return cls(
            n=len(people),
            age=(float(people.age.min()), float(people.age.max())),
            sexes=tuple(s for s, code in present if np.any(people.male == code)),
            sites=tuple(sorted(set(people.site))),
            others={k: (float(v.min()), float(v.max())) for k, v in people.others.items()},
        )

    def anywhere(self) -> Coverage:
        """Return the same without sites: for what holds at an average one."""
        return Coverage(self.n, self.age, self.sexes, (), self.others)

    def require(self, person: Person, *, allow_extrapolation: bool) -> bool:
        """Refuse a person whom the controls cannot stand for.

        Returns
        -------
        bool
            Whether the age or a covariate is outside the controls' range (only if that is
            allowed).

        Raises
        ------
        InputError
            If age, sex or a covariate are missing or impossible, no control has this sex, the
            site is not one of the controls', or a number is outside their range.
        """
        self._require_sex(person.sex)
        self._require_site(person.site)
        if person.age is None:
            raise InputError("the person's age is missing; give it in years.")
        require_age(person.age, "the person")
        (low, high), outside = self.age, not self.age[0] <= person.age <= self.age[1]
        if outside and not allow_extrapolation:
            raise InputError(
                f"the person is {person.age:g} years old, the controls of the norms are {low:g} "
                f"to {high:g}. A deviation outside that age range is an extrapolation; use norms "
                f"that cover the age, {_EXTRAPOLATE}"
            )
        beyond = [self._outside(k, person, allow_extrapolation) for k in self.others]
        return outside or any(beyond)

    def _require_sex(self, sex: str | None) -> None:
        if sex not in {"F", "M"}:
            raise InputError(
                f"the person's sex is {sex!r}. Expected 'F' or 'M', as in the norms' table."
            )
        if sex not in self.sexes:
            raise InputError(
                f"the person's sex is {sex}, but all {self.n} controls of the norms are "
                f"{self.sexes[0]}; use norms with controls of both sexes."
            )

    def _require_site(self, site: str | None) -> None:
        if not self.sites or site in self.sites:
            return
        known = ", ".join(self.sites)
        if site is None:
            raise AmbiguityError(
                f"the norms were measured at {known}, the person's site is not given; pass it "
                f"in patient.toml (site = ...)."
            )
        raise InputError(
            f"site '{site}' is unseen: the norms were measured at {known}. Scanners differ by "
            f"more than people do; use norms of the person's own site, or transfer these with "
            f"local controls ('tmsplan norms transfer')."
        )

    def _outside(self, name: str, person: Person, allowed: bool) -> bool:
        value, (low, high) = person.covariates.get(name), self.others[name]
        if value is None or not math.isfinite(value):
            raise InputError(
                f"the person's '{name}' is missing, but the norms correct for it; give it, or "
                f"fit norms without that covariate."
            )
        outside = not low <= value <= high
        if outside and not allowed:
            raise InputError(
                f"the person's '{name}' is {value:g}, that of the controls {low:g} to {high:g}. "
                f"A deviation outside that range is an extrapolation; use norms that cover it, "
                f"{_EXTRAPOLATE}"
            )
        return outside
