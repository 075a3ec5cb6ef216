"""The person to be compared with the controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .people import People

__all__ = ["Person"]


@dataclass(frozen=True, slots=True)
class Person:
    """What must be known of a person to look up the expectation.

    Parameters
    ----------
    age : float or None
        Years.
    sex : str or None
        ``"F"`` or ``"M"``.
    site : str or None
    covariates : mapping of name to number
        Further covariates, in the unit of the controls' table.
    """

    age: float | None
    sex: str | None
    site: str | None
    covariates: Mapping[str, float] = field(default_factory=dict)

    def as_people(self) -> People:
        """Return this person as people of one; who covers them has been checked before."""
        others = {name: np.array([value]) for name, value in self.covariates.items()}
        site = () if self.site is None else (self.site,)
        age = np.nan if self.age is None else self.age
        return People(np.array([age]), np.array([float(self.sex == "M")]), site, others)
