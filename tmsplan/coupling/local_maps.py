"""A patient's maps on the cortex, whatever they came as."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ..base.errors import InputError
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.grid import Volume
from ..space.side import Hemi
from ..surface.domain import require_same_domain
from ..surface.field import Field
from ..surface.pair import Pair
from .project import project

__all__ = ["fields_on_cortex", "structure_on_cortex"]


def fields_on_cortex(
    patient: Patient, given: Volume[Scanner] | Pair[Field] | Mapping[int, float], name: str
) -> Pair[Field]:
    """Return a map on the patient's mesh: as it is, or through the sampling operator.

    Raises
    ------
    InputError
        If the map has one value per parcel.
    DomainError, FrameError
        If it is on another mesh or in another frame.
    """
    if isinstance(given, Volume):
        return project(patient, given, name=name, unit="1")
    if isinstance(given, Pair):
        for hemi, cortex in patient.cortex.sides():
            require_same_domain(given.side(hemi).domain, cortex.domain, f"take the {name} map")
        return given
    raise InputError(
        f"{patient.id}: the {name} map has one value per parcel; expected one per voxel or "
        f"vertex. A neighbourhood needs the map itself."
    )


def structure_on_cortex(patient: Patient, structure: str) -> Pair[Field]:
    """Return grey matter, thickness (mm) or volume (mm³) at every vertex; NaN on no cortex.

    Raises
    ------
    InputError
        If the patient has none; says what to give instead.
    """
    if structure == "gm":
        given = patient.maps.get("gm")
        if given is None:
            raise InputError(
                f"{patient.id}: there is no grey-matter map; give gm = FILE under [maps], or set "
                f"structure = thickness."
            )
        return fields_on_cortex(patient, given, "gm")
    sides = {}
    for hemi, cortex in patient.cortex.sides():
        if structure not in cortex.fields:
            raise InputError(
                f"{patient.id}: the {hemi} hemisphere has no {structure}; give the FreeSurfer "
                f"folder with surf/{hemi.freesurfer}.{structure}, or set structure = gm."
            )
        one = cortex.fields[structure]
        # FreeSurfer writes 0 on the medial wall, where there is no cortex to be thick.
        known = np.where(one.values == 0, math.nan, one.values)
        sides[hemi] = Field(known, one.domain, one.name, one.unit)
    return Pair(sides[Hemi.LEFT], sides[Hemi.RIGHT])
