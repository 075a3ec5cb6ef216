"""Two maps at the same places, sorted by region, and arithmetic on all regions at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["RegionSample", "Statistic", "group_ranks"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class RegionSample:
    """Structure and activity of r regions, one after the other, without any missing value.

    Parameters
    ----------
    structure, activity : (n,) float64
    position : (n, 3) float64
        mm, scanner RAS; only differences inside a region matter.
    covariates : (k, n) float64
        What a partial correlation takes out beside the position; k may be 0.
    group : (n,) intp
        Which region each place belongs to, 0 to r - 1, sorted.
    regions : int
        r; a region may be empty.
    """

    structure: Floats
    activity: Floats
    position: Floats
    covariates: Floats
    group: Ints
    regions: int

    @cached_property
    def bounds(self) -> Ints:
        """Where each region begins and the last one ends, (r + 1,)."""
        return np.asarray(np.searchsorted(self.group, np.arange(self.regions + 1)), dtype=np.intp)

    @cached_property
    def counts(self) -> Ints:
        """Places in each region, (r,)."""
        return np.diff(self.bounds)

    def sums(self, row: Floats) -> Floats:
        """Return the (r,) sums of an (n,) row over each region."""
        return np.asarray(np.bincount(self.group, row, minlength=self.regions))

    def ranks(self, row: Floats) -> Floats:
        """Return the (n,) ranks of a row inside each region."""
        return group_ranks(row, self.group, self.bounds)

    def only(self, keep: NDArray[np.bool_]) -> RegionSample:
        """Return the sample at some of the places."""
        return RegionSample(
            self.structure[keep],
            self.activity[keep],
            self.position[keep],
            self.covariates[:, keep],
            self.group[keep],
            self.regions,
        )


#: From a sample to one number per region, NaN where it is not defined.
Statistic = Callable[[RegionSample], Floats]


def group_ranks(values: Floats, group: Ints, bounds: Ints) -> Floats:
    """Return ranks from 1 inside each group, ties averaged: `rankdata` of all groups at once.

    Parameters
    ----------
    values : (n,) float64
        Without NaN.
    group : (n,) intp
        Sorted.
    bounds : (r + 1,) intp
        Where each group begins and the last one ends.

    Returns
    -------
    (n,) float64
    """
    n = len(values)
    if n == 0:
        return np.empty(0)
    order = np.lexsort((values, group))
    v, g = values[order], group[order]
    new = np.r_[True, (v[1:] != v[:-1]) | (g[1:] != g[:-1])]
    start = np.flatnonzero(new)
    end = np.r_[start[1:], n]
    # Places start..end-1 of the sorted row share the mean of their ranks.
    run = np.cumsum(new) - 1
    ranks = np.empty(n)
    ranks[order] = (start[run] + end[run] + 1) / 2 - bounds[g]
    return ranks
