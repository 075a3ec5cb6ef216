"""Whether several definitions of coupling say the same of one patient's regions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import rankdata, spearmanr

from ..base.errors import InputError
from .coupling_map import CouplingMap
from .regions import Regions

__all__ = ["Agreement", "agreement"]

#: A rank correlation of fewer regions says nothing about agreement.
FEWEST_REGIONS = 4


@dataclass(frozen=True, slots=True)
class Agreement:
    """How definitions rank the regions of one patient, and how alike the rankings are.

    Parameters
    ----------
    methods : tuple of str
        In the order given.
    rho : mapping of (method, method) to float
        Spearman's rho over the regions that both have; both orders of each pair. NaN with
        fewer than four regions, or where one definition is flat. Positive: they agree on what
        is more coupled, whichever way their numbers run.
    shared : mapping of (method, method) to int
        Regions that rho rests on.
    ranks : mapping of method to mapping of id to float
        1 is the least coupled region; ties share their mean rank. Only regions with a value.
    """

    methods: tuple[str, ...]
    rho: Mapping[tuple[str, str], float]
    shared: Mapping[tuple[str, str], int]
    ranks: Mapping[str, Mapping[int, float]]

    def rank(self, method: str, region: int) -> tuple[float, int] | None:
        """Return a region's rank and of how many, or None where it has no value."""
        table = self.ranks[method]
        return (table[region], len(table)) if region in table else None

    def line(self, method: str, other: str, region: int) -> str:
        """Return the sentence to print beside a region ranked by `method`."""
        found, rho = self.rank(other, region), self.rho[method, other]
        said = "cannot be computed" if math.isnan(rho) else f"{rho:+.2f}"
        if found is None:
            return f"The {other} definition has no value for this region (agreement: {said})."
        place, regions = found
        return (
            f"The {other} definition ranks this region {place:g} of {regions} (agreement: {said})."
        )


def agreement(maps: Sequence[CouplingMap], regions: Regions | None = None) -> Agreement:
    """Return how definitions of coupling rank the regions of one patient.

    Parameters
    ----------
    maps : sequence of CouplingMap
        Two or more, of one patient on one atlas, each of another method. Values are joined by
        id, never by position.
    regions : Regions, optional
        Needed where a map has its values by hemisphere and name.

    Returns
    -------
    Agreement

    Raises
    ------
    InputError
        If there are fewer than two maps, two of one method, a map without values per region,
        or a map that does not say which way its numbers run.
    """
    names = tuple(m.method for m in maps)
    if len(names) < 2 or len(set(names)) < len(names):
        raise InputError(
            f"agreement needs two or more maps of different methods; got {', '.join(names)}."
        )
    values = {m.method: _more_coupled(m, regions) for m in maps}
    rho, shared = {}, {}
    for a, b in combinations(names, 2):
        both = sorted(set(values[a]) & set(values[b]))
        rho[a, b] = rho[b, a] = _rho([values[a][i] for i in both], [values[b][i] for i in both])
        shared[a, b] = shared[b, a] = len(both)
    return Agreement(names, rho, shared, {m: _ranks(v) for m, v in values.items()})


def _more_coupled(one: CouplingMap, regions: Regions | None) -> dict[int, float]:
    """Return the values that are there, by id, turned so that higher is more coupled."""
    sign = {"more": 1.0, "less": -1.0}.get(one.higher_means.split(" ", 1)[0])
    if sign is None:
        raise InputError(
            f"the coupling '{one.method}' says that higher means '{one.higher_means}'; expected "
            f"a text that begins with 'more' or 'less'."
        )
    return {i: sign * v for i, v in _by_id(one, regions).items() if not math.isnan(v)}


def _by_id(one: CouplingMap, regions: Regions | None) -> Mapping[int, float]:
    if one.per_region is not None:
        return {i: r.value for i, r in one.per_region.items()}
    if one.by_id is not None:
        return one.by_id
    if one.by_region is not None and regions is not None:
        ids = {key: i for i, key in regions.keys.items()}
        return {ids[key]: v for key, v in one.by_region.items() if key in ids}
    raise InputError(
        f"the coupling '{one.method}' has no values per region to compare; average it over the "
        f"regions of an atlas first."
    )


def _rho(a: list[float], b: list[float]) -> float:
    if len(a) < FEWEST_REGIONS or np.ptp(a) == 0 or np.ptp(b) == 0:
        return math.nan
    return float(spearmanr(a, b).statistic)


def _ranks(values: Mapping[int, float]) -> dict[int, float]:
    ids = sorted(values)
    ranks = rankdata([values[i] for i in ids])
    return dict(zip(ids, ranks.tolist(), strict=True))
