"""What is known of people beside their features: age, sex, site and other covariates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["People"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Covariates of m people, in one order.

    Parameters
    ----------
    age : (m,) float64
        Years.
    male : (m,) float64
        1 for M, 0 for F.
    site : (m,) tuple of str
        Empty where no site is known.
    others : mapping of name to (m,) float64
        Further covariates, in the unit of the table.
    """

    age: Floats
    male: Floats
    site: tuple[str, ...] = ()
    others: Mapping[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.age)

    def taking(self, index: NDArray[np.intp]) -> People:
        """Return some of these people, in the order of `index`."""
        site = tuple(self.site[i] for i in index) if self.site else ()
        others = {name: values[index] for name, values in self.others.items()}
        return People(self.age[index], self.male[index], site, others)
