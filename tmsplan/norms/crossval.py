"""z of controls who were left out of the fit: in folds, or scored as newcomers.

Everything is fitted inside the folds, spread and offsets of sites included: leave-one-out by
formula (`calibrate`) keeps those, which is exact for constant spread and one site only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.table import Table
from .design import Design
from .fitted import Fitted, fit_values
from .model import NormativeModel
from .people import People
from .reference import Reference, read_reference
from .terms import COVARIATES

__all__ = ["LeftOut", "deal_folds", "held_out", "k_folds"]

Floats = NDArray[np.float64]
Index = NDArray[np.intp]

#: Fixed, so that a model card can be repeated. Any other seed would serve.
_SEED = 20_260_101


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """People who were not used to judge themselves.

    Parameters
    ----------
    how : str
        In words, for example ``"10 folds"``.
    features : tuple of str
    z : (m, f) float64
        Predictive z; people whom their fold's controls do not cover are not in it.
    site, sex : tuple of m str
        ``site`` is empty where the table has none.
    not_covered : int
        How many were left out of `z`: their age, sex, site or a covariate was outside what
        the others cover, so the norms would have refused them.
    """

    how: str
    features: tuple[str, ...]
    z: Floats
    site: tuple[str, ...]
    sex: tuple[str, ...]
    not_covered: int

    def groups(self) -> dict[str, Floats]:
        """Return z by site, or by sex where there is one site or none."""
        of = self.site if len(set(self.site)) > 1 else self.sex
        return {g: self.z[np.array(of) == g] for g in sorted(set(of))}


def k_folds(model: NormativeModel, table: Table, *, folds: int = 10, seed: int = _SEED) -> LeftOut:
    """Fit again without each of some folds of controls, and score that fold.

    Parameters
    ----------
    model : NormativeModel
        Says which features, covariates, shape of age and spread to fit.
    table : Table
        The controls that it was fitted to, or others of the same columns.
    folds : int
        2 or more; each holds its share of every site and sex.
    seed : int
        Who is in which fold.

    Raises
    ------
    InputError
        If the table is refused, or the folds are too many.
    """
    controls = _read(model, table)
    n = len(controls.people)
    if not 2 <= folds <= n // 2:
        raise InputError(
            f"{table.name}: {folds} folds of {n} controls. Expected 2 to {n // 2} folds."
        )
    fold_of = deal_folds(controls.people, folds, seed)
    parts = []
    for fold in range(folds):
        away = np.flatnonzero(fold_of == fold)
        rest = np.flatnonzero(fold_of != fold)
        parts.append(_score(_fit_as(model, controls, rest), controls, rest, away))
    return _gathered(f"{folds} folds", controls, parts)


def held_out(model: NormativeModel, table: Table) -> LeftOut:
    """Score healthy people whom the model has never seen.

    Parameters
    ----------
    model : NormativeModel
    table : Table
        None of them may be among the model's controls: it holds no ids and cannot tell.

    Raises
    ------
    InputError
        If the table is refused, or the model covers none of them.
    """
    people = _read(model, table)
    everyone = np.arange(len(people.people))
    inside = everyone[_covered_by_model(model, people.people)]
    z = model.fitted.z(people.values[inside], people.people.taking(inside))
    return _gathered("people who are not in the model", people, [(inside, z)])


def deal_folds(people: People, folds: int, seed: int = _SEED) -> Index:
    """Return the fold of each person, (n,): sites and sexes are dealt evenly.

    Parameters
    ----------
    people : People
    folds : int
    seed : int
    """
    order = np.random.default_rng(seed).permutation(len(people))
    site = np.array(people.site if people.site else [""] * len(people))
    kinds = np.lexsort((people.male[order], site[order]))
    fold = np.empty(len(people), dtype=np.intp)
    fold[order[kinds]] = np.arange(len(people)) % folds
    return fold


def _read(model: NormativeModel, table: Table) -> Reference:
    others = [c for c in model.design.covariates if c not in COVARIATES]
    return read_reference(table, model.features, others)


def _fit_as(model: NormativeModel, controls: Reference, index: Index) -> Fitted:
    age = model.design.terms.age
    design = Design.of(
        controls.people.taking(index),
        model.design.covariates,
        age=age.shape if age else "linear",
    )
    spread = model.fitted.spread.kind
    return fit_values(design, controls.features, controls.values[index], spread=spread)


def _score(fitted: Fitted, controls: Reference, rest: Index, away: Index) -> tuple[Index, Floats]:
    """Return who of the fold is covered by the rest, and their z."""
    people = controls.people.taking(away)
    inside = away[_covered(controls.people.taking(rest), people)]
    return inside, fitted.z(controls.values[inside], controls.people.taking(inside))


def _covered(controls: People, people: People) -> NDArray[np.bool_]:
    """Return whom the controls can stand for, as `Coverage` decides it one by one."""
    inside = (people.age >= controls.age.min()) & (people.age <= controls.age.max())
    inside &= np.isin(people.male, controls.male)
    if controls.site:
        inside &= np.isin(np.array(people.site), np.array(controls.site))
    for name, values in controls.others.items():
        own = people.others[name]
        inside &= (own >= values.min()) & (own <= values.max())
    return np.asarray(inside)


def _covered_by_model(model: NormativeModel, people: People) -> NDArray[np.bool_]:
    cover = model.coverage
    inside = (people.age >= cover.age[0]) & (people.age <= cover.age[1])
    inside &= np.isin(people.male, [float(s == "M") for s in cover.sexes])
    if cover.sites:
        known = np.array(people.site) if people.site else np.full(len(people), "")
        inside &= np.isin(known, np.array(cover.sites))
    for name, (low, high) in cover.others.items():
        inside &= (people.others[name] >= low) & (people.others[name] <= high)
    return inside


def _gathered(how: str, controls: Reference, parts: list[tuple[Index, Floats]]) -> LeftOut:
    inside = np.concatenate([index for index, _ in parts])
    if not len(inside):
        raise InputError(
            "none of these people is covered by the norms (age, sex, site or a covariate), so "
            "there is nothing to check them on."
        )
    people = controls.people.taking(inside)
    return LeftOut(
        how=how,
        features=controls.features,
        z=np.concatenate([z for _, z in parts]),
        site=people.site,
        sex=tuple("M" if m else "F" for m in people.male),
        not_covered=len(controls.people) - len(inside),
    )
