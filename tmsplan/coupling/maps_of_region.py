"""Which maps of a patient are compared inside regions: on voxels, or on vertices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..base.errors import ChiralityError, InputError
from ..patient.patient import Patient
from ..space.grid import Volume
from .activity import activity_of
from .local_maps import fields_on_cortex, structure_on_cortex
from .region_limits import GM_MIN, STRUCTURES, WITHIN, limited, require_word
from .region_values import RegionValues
from .regions import Regions
from .vertices import cortical_vertices
from .voxels import cortical_voxels

__all__ = ["RegionMaps", "region_maps"]


@dataclass(frozen=True, slots=True, eq=False)
class RegionMaps:
    """The values to compare, and where they come from.

    Parameters
    ----------
    values : RegionValues
    params, qc : mapping
        For the record: settings of the activity and of the voxels; quality of the data.
    """

    values: RegionValues
    params: Mapping[str, object] = field(default_factory=dict)
    qc: Mapping[str, object] = field(default_factory=dict)


def region_maps(patient: Patient, regions: Regions, settings: Mapping[str, object]) -> RegionMaps:
    """Return structure and activity of a patient, place by place.

    Grey matter and activity in volumes are compared voxel by voxel, on the activity's own
    grid. If either lies on the cortex (thickness and volume do), both are compared vertex by
    vertex, and a volume is averaged between white and pial surface first.

    Parameters
    ----------
    patient : Patient
    regions : Regions
    settings : mapping
        `REGION_DEFAULTS` and the defaults of activity.

    Raises
    ------
    InputError
        If a map is missing, a setting is out of range, or a label is no region of the atlas.
    ChiralityError
        If a label is a region of the other side.
    """
    _require_own_sides(patient, regions)
    within = limited(settings, "within_mm", WITHIN)
    gm_min = limited(settings, "gm_min", GM_MIN)
    name = require_word(settings, "structure", STRUCTURES)
    gm = patient.maps.get("gm")
    if name == "gm" and gm is None:
        raise InputError(
            f"{patient.id}: there is no grey-matter map; give gm = FILE under [maps], or set "
            f"structure = thickness."
        )
    activity = activity_of(patient, settings)
    values, bold = activity.values, activity.mean_bold
    if name == "gm" and isinstance(gm, Volume) and isinstance(values, Volume):
        if bold is not None and not isinstance(bold, Volume):
            raise InputError(
                f"{patient.id}: mean BOLD lies on the cortex and ALFF in a volume; give both in "
                f"one form."
            )
        found = cortical_voxels(
            patient, regions, (values, bold), gm, within_mm=within, gm_min=gm_min
        )
    else:
        active = fields_on_cortex(patient, values, "alff")
        mean = None if bold is None else fields_on_cortex(patient, bold, "mean_bold")
        structure = structure_on_cortex(patient, name)
        found = cortical_vertices(patient, regions, (active, mean), structure)
    qc = {**activity.qc, **({"notes": activity.notes} if activity.notes else {})}
    return RegionMaps(found, {**activity.params, **found.params, "engine": activity.engine}, qc)


def _require_own_sides(patient: Patient, regions: Regions) -> None:
    """Refuse labels that are no region of the atlas, or a region of the other side."""
    for hemi, labels in regions.labels.sides():
        for i in (int(i) for i in np.unique(labels.ids) if i != 0):
            if i not in regions.keys:
                raise InputError(
                    f"{patient.id}: the {hemi} labels hold region {i}, which atlas "
                    f"'{regions.atlas}' does not have. Labels and table are of two atlases."
                )
            side, name = regions.keys[i]
            if side is not hemi:
                raise ChiralityError(
                    f"{patient.id}: the {hemi} labels hold region {i}, '{name}' of the {side} in "
                    f"atlas '{regions.atlas}'. The labels of the two sides are exchanged."
                )
