"""The vertices of the patient's cortex, each with its region: where maps lie on surfaces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..patient.patient import Patient
from ..space.points import Points
from ..space.side import Hemi
from ..surface.domain import require_same_domain
from ..surface.field import Field
from ..surface.pair import Pair
from .null import spin_of_surface
from .region_values import Functional, RegionValues, canonical_order
from .regions import Regions

__all__ = ["cortical_vertices"]

Ints = NDArray[np.intp]


def cortical_vertices(
    patient: Patient,
    regions: Regions,
    activity: tuple[Pair[Field], Pair[Field] | None],
    structure: Pair[Field],
) -> RegionValues:
    """Return the vertices that lie in a region.

    Parameters
    ----------
    patient : Patient
    regions : Regions
    activity : (Pair of Field, Pair of Field or None)
        Log mALFF, and mean BOLD, on the patient's mesh.
    structure : Pair of Field
        Grey matter, thickness or volume, on the patient's mesh.

    Returns
    -------
    RegionValues
        Its null spins the activity about the registered sphere; without one there is no null.

    Raises
    ------
    DomainError
        If a map or the regions are on another mesh.
    InputError
        If no vertex lies in any region.
    """
    values, bold = activity
    for what in (regions.labels, values, bold, structure):
        _require_mesh(patient, what)
    labels = np.concatenate([one.ids for _, one in regions.labels.sides()]).astype(np.intp)
    if not labels.any():
        raise InputError(f"{patient.id}: no vertex lies in a region of '{regions.atlas}'.")
    n = len(regions.labels.left.ids)
    sides = regions.labels.map(lambda one: np.flatnonzero(one.ids).astype(np.intp))
    at = np.flatnonzero(labels)
    position = patient.mid_points()
    order = canonical_order(labels[at], position.mm(patient.scanner)[at], at < n)
    spin = spin_of_surface(patient.cortex, sides, order)
    at = at[order]
    functional = Functional(
        activity=_both(values),
        mean_bold=None if bold is None else _both(bold),
        at=at,
        shift=spin or (lambda _: at),
        how="spun about the sphere" if spin else "",
    )
    return RegionValues(
        owner=patient.id,
        space="surface",
        regions=regions,
        ids=labels[at],
        structure=_both(structure)[at],
        functional=functional,
        position=Points(position.mm(patient.scanner)[at], patient.scanner),
        depth=np.full(len(at), np.nan),
        params={"mesh": values.left.domain.mesh},
    )


def _both(fields: Pair[Field]) -> NDArray[np.float64]:
    return np.concatenate([fields.side(h).values for h in Hemi])


def _require_mesh(patient: Patient, what: object) -> None:
    if not isinstance(what, Pair):
        return
    for hemi, cortex in patient.cortex.sides():
        domain = what.side(hemi).domain
        require_same_domain(domain, cortex.domain, "compare maps inside a region")
