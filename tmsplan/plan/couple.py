"""Coupling on an atlas: the chosen definition, and others beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..atlas.atlas import Atlas
from ..atlas.load import load_atlas
from ..base.errors import InputError
from ..coupling import registry
from ..coupling.coupling_map import CouplingMap
from ..coupling.local_coupling import local_coupling
from ..coupling.regions import Regions
from ..patient.patient import Patient
from ..space.side import Hemi
from ..surface.field import Field
from ..surface.pair import Pair
from .options import Options

__all__ = ["Coupled", "couple", "couple_for_plan", "regions_of"]

#: A definition of another family is always shown beside the chosen one: correlation in place
#: says nothing about histogram similarity, and the reverse (docs/methods/coupling.md).
_BESIDE = {
    "partial_spearman": ("kls",),
    "spearman": ("kls",),
    "kls": ("partial_spearman",),
    "jsse": ("partial_spearman",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Coupled:
    """The coupling that a plan rests on, and what other definitions say of the same data."""

    chosen: CouplingMap
    beside: tuple[CouplingMap, ...] = ()


def regions_of(atlas: Atlas) -> Regions:
    """Return an atlas' regions as a coupling method needs them."""
    return Regions(atlas.name, atlas.labels, {p.id: (p.hemi, p.name) for p in atlas.parcels})


def couple(
    patient: Patient,
    *,
    method: str = "map",
    settings: Mapping[str, object] | None = None,
    atlas: Atlas | str | None = None,
) -> CouplingMap:
    """Return the structure-function coupling of one patient.

    Parameters
    ----------
    patient : Patient
        Must hold what the method needs.
    method : str
        Name of a coupling method, see ``tmsplan list coupling``; ``"map"`` takes the map that
        the patient brings along.
    settings : mapping, optional
        Replaces some of the method's defaults.
    atlas : Atlas or str, optional
        For a method that works region by region.

    Returns
    -------
    CouplingMap
        On the patient's own mesh, by region, or both.

    Raises
    ------
    InputError
        If the method or a setting is unknown, an input is missing, or an atlas is needed.
    """
    if isinstance(atlas, str):
        atlas = load_atlas(atlas, patient)
    regions = None if atlas is None else regions_of(atlas)
    return registry.couple(patient, method=method, settings=settings, regions=regions)


def couple_for_plan(patient: Patient, atlas: Atlas, options: Options) -> Coupled:
    """Return the coupling that the options ask for, with other definitions beside it.

    A method that compares grey matter and activity region by region gets a local map too: it
    says nothing of the region's rank, only where in the region the point lies.

    Raises
    ------
    InputError
        As `couple`; or if other definitions are asked for and cannot stand beside the chosen
        one, because they are the same or it has no values per region.
    """
    _require_comparable(options)
    chosen = couple(patient, method=options.coupling, settings=options.settings, atlas=atlas)
    names = _BESIDE.get(chosen.method, ()) if options.beside is None else options.beside
    shared = _shared_settings(options.settings, names)
    beside = tuple(
        couple(patient, method=name, settings=settings, atlas=atlas)
        for name, settings in zip(names, shared, strict=True)
    )
    if chosen.per_region is not None and chosen.method in _BESIDE:
        local = local_coupling(patient, _complete(options))
        chosen = replace(chosen, local=_in_regions(local, atlas))
    return Coupled(chosen, beside)


def _in_regions(local: Pair[Field], atlas: Atlas) -> Pair[Field]:
    """Return the local map without what is no region: the medial wall is no cortex."""

    def masked(hemi: Hemi) -> Field:
        field, ids = local.side(hemi), atlas.labels.side(hemi).ids
        return replace(field, values=np.where(ids != 0, field.values, np.nan))

    return Pair(left=masked(Hemi.LEFT), right=masked(Hemi.RIGHT))


def _require_comparable(options: Options) -> None:
    """Refuse what could not be compared before anything is computed, not drop it afterwards."""
    if not options.beside:
        return
    known = registry.coupling_methods()
    if not known.get(options.coupling).per_region:
        raise InputError(
            f"coupling method '{options.coupling}' has no values region by region, so no other "
            f"definition can stand beside it; leave --beside out."
        )
    same = [id(known.get(name)) for name in (options.coupling, *options.beside)]
    if len(set(same)) < len(same):
        raise InputError(
            f"'{options.coupling}' with {', '.join(options.beside)} beside it names one coupling "
            f"method twice; expected different ones."
        )


def _complete(options: Options) -> dict[str, object]:
    defaults = registry.coupling_methods().get(options.coupling).defaults
    return {**defaults, **options.settings}


def _shared_settings(
    settings: Mapping[str, object], names: tuple[str, ...]
) -> list[dict[str, object]]:
    """Return for each other method the settings that it has too: same data, same activity."""
    known = registry.coupling_methods()
    return [{k: v for k, v in settings.items() if k in known.get(n).defaults} for n in names]
