"""Norms for a site they were not fitted at, from controls of that site: who may, and how.

What is estimated, and how z follows, is in `transfer_site`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from ..base.errors import InputError
from ..base.params import Params
from ..base.table import Table, read_table
from .coverage import Coverage
from .model import NormativeModel
from .reference import Reference, read_reference
from .spread import Constant
from .transfer_site import LOCAL_CONTROLS, Cost, NewSite, load_local, new_site

__all__ = ["Cost", "NewSite", "load_local", "new_site", "transfer"]

Sexes = Literal["each", "pooled"]

#: Spreads that an offset can follow. Skewness is estimated anew from the local controls; the
#: four parameters of a sinh-arcsinh cannot be, and the old site's curve would bend the offset.
_MOVABLE = ("constant", "varying", "skewed")


def transfer(
    model: NormativeModel,
    table: Table | Path | str,
    *,
    sexes: Sexes = "each",
    params: Params | None = None,
) -> NormativeModel:
    """Return norms for a new site, from norms of others and controls of this one.

    Parameters
    ----------
    model : NormativeModel
        Not itself transferred; of constant, skewed or varying spread.
    table : Table or Path
        Local controls: the columns of the norms' table, one site, ages that the norms cover.
    sexes : str
        ``"each"``: at least 20 of each sex. ``"pooled"``: 20 in all, with the difference
        between the sexes taken from the norms; every output then says so.
    params : Params, optional
        `min_controls` raises the number needed where it is above 20.

    Returns
    -------
    NormativeModel
        For the new site only. ``model.fitted.local.cost`` and the model's notes say what the
        transfer cost.

    Raises
    ------
    InputError
        If the table is refused, its controls are too few, of several sites or of a site that
        the norms know, or the norms cannot be transferred.
    """
    _require_movable(model)
    table = table if isinstance(table, Table) else read_table(Path(table))
    others = [o.name for o in model.design.terms.others]
    local = read_reference(table, model.features, others)
    site = _site(table.name, local, model)
    _require_enough(table.name, local, sexes, params or Params())
    _require_within(table.name, local, model.coverage)
    old = model.fitted
    skewed = old.spread.kind == "skewed"
    straight = replace(old, spread=Constant()) if skewed else old
    new = new_site(site, local, straight, pooled=sexes == "pooled", skewed=skewed)
    # The other sites' controls are not people of this one: none is held out, drawn or stored.
    design = replace(model.design, people=None)
    fitted = replace(straight, design=design, residuals=None, local=new)
    return replace(model, fitted=fitted, coverage=replace(model.coverage, sites=(site,)))


def _require_movable(model: NormativeModel) -> None:
    if model.fitted.local is not None:
        raise InputError(
            f"norms {model.id} are already transferred to {model.fitted.local.site}; transfer "
            f"the norms that they came from."
        )
    kind = model.fitted.spread.kind
    if kind not in _MOVABLE:
        raise InputError(
            f"norms {model.id} have a {kind} spread, which cannot be transferred: the offset of "
            f"the new site would be bent by the curve of the old ones. Fit them with --spread "
            f"constant, skewed or varying."
        )


def _site(name: str, local: Reference, model: NormativeModel) -> str:
    sites = sorted(set(local.people.site))
    if len(sites) != 1:
        raise InputError(
            f"{name}: the local controls are of {len(sites)} sites ({', '.join(sites) or 'none'} "
            f"named). Expected a column 'site' with one site; transfer to one site at a time."
        )
    if sites[0] in model.sites:
        raise InputError(
            f"{name}: norms {model.id} were already measured at '{sites[0]}'; score its people "
            f"with them as they are. If the scanner was changed, give the site a new name."
        )
    return sites[0]


def _require_enough(name: str, local: Reference, sexes: Sexes, params: Params) -> None:
    least = int(max(LOCAL_CONTROLS.value, params.min_controls.value))
    men = int(local.people.male.sum())
    women = len(local.people) - men
    if sexes == "pooled":
        if women + men < least:
            raise InputError(
                f"{name}: {women + men} local controls. Expected at least {least}: with fewer, "
                f"the offset of the site is not known well enough to judge one person. Scan more "
                f"controls with the same sequence."
            )
        return
    if min(women, men) < least:
        raise InputError(
            f"{name}: {women} F and {men} M local controls. Expected at least {least} of each "
            f"sex: scanners change the sexes differently. Scan more controls with the same "
            f"sequence, or pass --sexes pooled to take the difference between the sexes from "
            f"the norms; every output then says so."
        )


def _require_within(name: str, local: Reference, covered: Coverage) -> None:
    low, high = covered.age
    age = local.people.age
    outside = int(((age < low) | (age > high)).sum())
    if outside:
        raise InputError(
            f"{name}: {outside} local controls are outside {low:g} to {high:g} years, the ages "
            f"of the norms. Leave them out: their offset would be one of extrapolation."
        )
    codes = {"F": 0.0, "M": 1.0}
    unknown = set(local.people.male.tolist()) - {codes[s] for s in covered.sexes}
    if unknown:
        raise InputError(
            f"{name}: there are local controls of a sex that the norms do not have; leave them "
            f"out, or transfer norms of both sexes."
        )
