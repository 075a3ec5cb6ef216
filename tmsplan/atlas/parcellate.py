"""Values per parcel: from a map on the cortex, from named regions, or from ids."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping

import numpy as np

from ..base.errors import InputError
from ..surface.field import Field
from ..surface.pair import Pair
from ..surface.parcel_stats import parcel_table
from ..surface.parcels import ParcelRow, ParcelTable, RegionKey
from .atlas import Atlas, Parcel

__all__ = ["parcellate_field", "parcels_by_id", "parcels_by_region"]


def parcellate_field(field: Pair[Field], atlas: Atlas) -> ParcelTable:
    """Return the mean of a map over each parcel, weighted by the area of its vertices.

    Weighted, because vertices are denser in some places than in others.

    Parameters
    ----------
    field : Pair of Field
        On the mesh of the atlas' labels. NaN is missing and is left out of the mean.
    atlas : Atlas
        As `load_atlas` puts it on a patient.

    Returns
    -------
    ParcelTable
        A row for every parcel; `n` vertices have a value, `coverage` is their share of the
        parcel's vertices. Without any the value is NaN.

    Raises
    ------
    DomainError
        If map and labels are on different meshes.
    InputError
        If the atlas was not loaded on a patient, so that it has no areas.
    """
    if atlas.areas is None:
        raise InputError(f"atlas {atlas.name} carries no areas; load it on a patient.")
    return parcel_table(
        field,
        atlas.labels,
        atlas=atlas.name,
        parcels=[(p.id, p.name, p.hemi, p.network) for p in atlas.parcels],
        weights=atlas.areas.map(lambda areas: areas.values),
    )


def parcels_by_id(values: Mapping[int, float], atlas: Atlas) -> ParcelTable:
    """Return a row for every parcel of the atlas from values by id.

    Parameters
    ----------
    values : mapping of parcel id to value
        A parcel that is left out, or whose value is NaN, becomes a row with NaN, ``n = 0`` and
        no coverage. `n` of the others is the number of the parcel's vertices.
    atlas : Atlas

    Raises
    ------
    InputError
        If an id is no parcel of the atlas, or a value is infinite.
    """
    known = {p.id for p in atlas.parcels}
    if strangers := sorted(set(values) - known):
        raise InputError(
            f"atlas {atlas.name} has no parcels with ids {strangers[:8]}. The values are of "
            f"another atlas; name the one that they were made with."
        )
    if infinite := sorted(i for i, v in values.items() if math.isinf(v)):
        raise InputError(f"the values of parcels {infinite[:8]} are infinite; leave them out.")
    sizes = _sizes(atlas)
    rows = tuple(_row(p, values.get(p.id, math.nan), sizes) for p in atlas.parcels)
    return ParcelTable(atlas.name, atlas.labels.left.domain.owner, rows)


def parcels_by_region(values: Mapping[RegionKey, float], atlas: Atlas) -> ParcelTable:
    """Return a row for every parcel of the atlas from values by hemisphere and name.

    Parameters
    ----------
    values : mapping of (Hemi, name) to value
        Names as the atlas writes them, without a hemisphere prefix. A region that is left out
        becomes a row with NaN.
    atlas : Atlas

    Raises
    ------
    InputError
        If a name is unknown to the atlas; names the nearest. Order and case are never guessed.
    """
    ids = {(p.hemi, p.name): p.id for p in atlas.parcels}
    for hemi, name in values:
        if (hemi, name) not in ids:
            names = [n for h, n in ids if h is hemi]
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"It has {', '.join(names[:6])}, ..."
            raise InputError(
                f"atlas {atlas.name} has no region called '{name}' on the {hemi}. {hint}"
            )
    return parcels_by_id({ids[key]: value for key, value in values.items()}, atlas)


def _sizes(atlas: Atlas) -> dict[int, int]:
    sizes: dict[int, int] = {}
    for _, labels in atlas.labels.sides():
        found, counts = np.unique(labels.ids, return_counts=True)
        sizes |= dict(zip(found.tolist(), counts.tolist(), strict=True))
    return sizes


def _row(parcel: Parcel, value: float, sizes: Mapping[int, int]) -> ParcelRow:
    missing = math.isnan(value)
    return ParcelRow(
        parcel_id=parcel.id,
        name=parcel.name,
        hemi=parcel.hemi,
        network=parcel.network,
        value=value,
        n=0 if missing else sizes.get(parcel.id, 0),
        coverage=0.0 if missing else 1.0,
    )
