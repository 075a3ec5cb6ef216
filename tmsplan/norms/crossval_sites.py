"""What norms say at a scanner that they were not made with, after a transfer to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.table import Table
from .crossval import LeftOut, held_out
from .model import NormativeModel, fit_norms
from .transfer import transfer

__all__ = ["sites_out"]

#: Fixed, so that a figure can be repeated. Any other seed would serve.
_SEED = 20_260_101
#: Fewer people left to score say nothing about a site.
_LEAST_SCORED = 5


def sites_out(
    model: NormativeModel,
    table: Table,
    *,
    local: int = 20,
    repeats: int = 10,
    seed: int = _SEED,
) -> LeftOut:
    """Leave each site out, transfer to it with a few of its controls, score the others.

    The model is fitted again to the other sites. Local controls are drawn without regard to
    sex (transferred with the sexes pooled), as a site that begins would have them.

    Parameters
    ----------
    model : NormativeModel
        Says which features, covariates, shape of age and spread to fit.
    table : Table
        The controls that it was fitted to, with a column ``site``.
    local : int
        Local controls, at least 20.
    repeats : int
        Draws of local controls per site: z of one person differ with who they are.
    seed : int

    Returns
    -------
    LeftOut
        One row a person and draw. Sites with too few controls, and people outside the ages of
        the others, are counted in `not_covered`.

    Raises
    ------
    InputError
        If the table is refused, or no site has enough controls.
    """
    sites = np.array(table.texts("site"))
    rng = np.random.default_rng(seed)
    found, lost = [], 0
    for site in np.unique(sites):
        own = _covered(table, sites, str(site))
        lost += int(np.sum(sites == site)) - len(own)
        if len(own) < local + _LEAST_SCORED:
            lost += len(own)
            continue
        others = _refit(model, _rows(table, np.flatnonzero(sites != site)))
        for _ in range(repeats):
            order = rng.permutation(own)
            there = transfer(others, _rows(table, order[:local]), sexes="pooled")
            found.append(held_out(there, _rows(table, order[local:])))
    if not found:
        raise InputError(
            f"{table.name}: no site has {local + _LEAST_SCORED} controls; {local} are needed for "
            f"the transfer and {_LEAST_SCORED} to be scored."
        )
    return LeftOut(
        how=f"left-out site, {local} local controls, {repeats} draws a site",
        features=found[0].features,
        z=np.concatenate([f.z for f in found]),
        site=tuple(s for f in found for s in f.site),
        sex=tuple(s for f in found for s in f.sex),
        not_covered=lost,
    )


def _covered(table: Table, sites: NDArray[np.str_], site: str) -> NDArray[np.intp]:
    """Return the rows of a site whose age and sex the other sites cover."""
    age, sex = np.array(table.numbers("age")), np.array(table.texts("sex"))
    rest = sites != site
    if not rest.any():
        raise InputError(f"{table.name}: all controls are of {site}; leave out needs two sites.")
    inside = (age >= age[rest].min()) & (age <= age[rest].max()) & np.isin(sex, sex[rest])
    return np.flatnonzero(~rest & inside)


def _rows(table: Table, index: NDArray[np.intp]) -> Table:
    return replace(table, rows=tuple(table.rows[i] for i in index))


def _refit(model: NormativeModel, table: Table) -> NormativeModel:
    age = model.design.terms.age
    return fit_norms(
        table,
        features=model.features,
        covariates=model.design.covariates,
        age=age.shape if age else "linear",
        spread=model.fitted.spread.kind,
        exploratory=True,
    )
