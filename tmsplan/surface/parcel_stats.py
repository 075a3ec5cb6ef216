"""One value per parcel from one value per vertex, joined by id."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..base.errors import DomainError, InputError
from ..space.side import Hemi
from .domain import require_same_domain
from .field import Field, Labels
from .pair import Pair
from .parcels import ParcelRow, ParcelTable

__all__ = ["ParcelSpec", "parcel_table"]

#: Id (unique over both hemispheres), name, hemisphere, functional network.
ParcelSpec = tuple[int, str, Hemi, str | None]
Floats = NDArray[np.float64]


def parcel_table(
    field: Pair[Field],
    labels: Pair[Labels],
    *,
    atlas: str,
    parcels: Sequence[ParcelSpec],
    weights: Pair[Floats] | None = None,
) -> ParcelTable:
    """Return the mean of a field in each parcel.

    Parameters
    ----------
    field : Pair of Field
        NaN means missing and is left out; `coverage` says how much was.
    labels : Pair of Labels
        On the same meshes. Vertices whose id is not in `parcels`, such as those of the medial
        wall, are left out.
    atlas : str
        Its name.
    parcels : sequence of (id, name, hemi, network)
        The rows, in this order. A parcel that is absent from its mesh has n = 0, coverage 0
        and value NaN.
    weights : Pair of (n,) float64, or None
        Weight of each vertex, usually its area: ``surfaces.map(Surface.vertex_areas)``. None
        counts vertices alike, although they are denser in some places than in others.

    Returns
    -------
    ParcelTable

    Raises
    ------
    DomainError
        If field, labels and weights are not on one mesh, or the hemispheres are of two people.
    InputError
        If ids are not unique or not above 0, a parcel lies on the other hemisphere than it
        declares, or weights are negative or not finite.
    """
    _require_ids(parcels)
    left, right = field.left.domain, field.right.domain
    if left.owner != right.owner:
        raise DomainError(
            f"cannot average over parcels: the left hemisphere is of {left.owner}, the right of "
            f"{right.owner}. Pass two hemispheres of one person."
        )
    rows: dict[int, ParcelRow] = {}
    for hemi, values in field.sides():
        ids = labels.side(hemi)
        require_same_domain(values.domain, ids.domain, f"average {values.name} over parcels")
        _require_side(ids, hemi, parcels)
        weight = _weights(weights, hemi, values)
        rows |= _side_rows(values.values, ids.ids, weight, [p for p in parcels if p[2] is hemi])
    return ParcelTable(atlas, left.owner, tuple(rows[p[0]] for p in parcels))


def _side_rows(
    values: Floats, ids: NDArray[np.int32], weight: Floats, parcels: Sequence[ParcelSpec]
) -> dict[int, ParcelRow]:
    wanted = np.sort(np.array([p[0] for p in parcels], dtype=np.int64))
    if len(wanted) == 0:
        return {}
    # Sparse ids become places in the sorted list of ids; the last place takes all others.
    place = np.searchsorted(wanted, ids)
    place[place == len(wanted)] = 0
    place = np.where(wanted[place] == ids, place, len(wanted))
    there = ~np.isnan(values)
    size = len(wanted) + 1
    total = np.bincount(place, minlength=size)
    n = np.bincount(place[there], minlength=size)
    mass = np.bincount(place[there], weight[there], minlength=size)
    summed = np.bincount(place[there], (weight * values)[there], minlength=size)
    at = {int(i): k for k, i in enumerate(wanted)}
    rows: dict[int, ParcelRow] = {}
    for parcel_id, name, hemi, network in parcels:
        k = at[parcel_id]
        value = float(summed[k] / mass[k]) if mass[k] > 0 else float("nan")
        share = float(n[k] / total[k]) if total[k] else 0.0
        rows[parcel_id] = ParcelRow(parcel_id, name, hemi, network, value, int(n[k]), share)
    return rows


def _require_ids(parcels: Sequence[ParcelSpec]) -> None:
    ids = [p[0] for p in parcels]
    if len(set(ids)) != len(ids):
        twice = next(i for i in ids if ids.count(i) > 1)
        raise InputError(f"parcel id {twice} is declared twice; ids must be unique.")
    if ids and min(ids) <= 0:
        raise InputError(f"parcel id {min(ids)} is not above 0, which means no parcel.")


def _require_side(labels: Labels, hemi: Hemi, parcels: Sequence[ParcelSpec]) -> None:
    here = {int(i) for i in np.unique(labels.ids)}
    for parcel_id, name, declared, _ in parcels:
        if declared is not hemi and parcel_id in here:
            raise InputError(
                f"parcel {parcel_id} ('{name}') is declared {declared}, but vertices of the "
                f"{hemi} mesh carry it. Label files may be exchanged, or ids of the two "
                f"hemispheres may overlap; make them unique."
            )


def _weights(weights: Pair[Floats] | None, hemi: Hemi, field: Field) -> Floats:
    if weights is None:
        return np.ones(len(field.values))
    own = weights.side(hemi)
    if own.shape != field.values.shape:
        raise DomainError(
            f"{own.shape} {hemi} weights do not fit {field.domain}; give one per vertex."
        )
    if not np.isfinite(own).all() or (own < 0).any():
        raise InputError(f"the {hemi} weights must be finite and not negative.")
    return own
