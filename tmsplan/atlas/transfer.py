"""How an atlas reaches a patient's mesh: as it is, through the sphere, or through a template."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.errors import (
    ChiralityError,
    DomainError,
    FrameError,
    InputError,
    MissingPartError,
)
from ..base.provenance import sha256_bytes
from ..patient.patient import Cortex, Patient
from ..patient.siblings import SYMMETRIC, reads_sibling, sibling_of_mni152
from ..patient.template_sphere import template_sphere
from ..space.frame import Scanner, template_frame
from ..space.points import Points
from ..space.side import Hemi
from ..surface.field import Labels
from ..surface.pair import Pair
from ..surface.proximity import nearest_by_sphere
from .declaration import AtlasInfo, LabelFile, SurfaceData, VolumeData
from .label_data import Ids, names_of, read_surface_ids, read_volume_ids
from .supply import has_file, missing_message, verified_file

__all__ = ["PlacedLabels", "place_labels", "place_own_labels"]

#: FreeSurfer's aparc ids that are no cortical parcel: unknown and corpus callosum.
_NO_CORTEX = (1000, 1004, 2000, 2004)

PlacedLabels = tuple[Pair[Labels], str, str]
"""Labels on the patient's mesh, the hash of the label data, and how they got there."""


def place_own_labels(info: AtlasInfo, patient: Patient) -> PlacedLabels:
    """Return the patient's own aparc labels after comparing ids and names with `info`.

    Raises
    ------
    InputError
        If the reconstruction has no aparc labels, or an id is unknown or carries another
        name than declared.
    """
    sides = {}
    for hemi, cortex in patient.cortex.sides():
        if cortex.aparc is None:
            raise InputError(
                f"{patient.id}: the {hemi} hemisphere has no aparc labels. Add label/"
                f"{hemi.freesurfer}.aparc.annot, or use the atlas 'desikan'."
            )
        sides[hemi] = _checked_own(info, patient, cortex.aparc, hemi)
    digest = sha256_bytes(b"".join(sides[h].ids.astype("<i4").tobytes() for h in Hemi))
    return Pair(sides[Hemi.LEFT], sides[Hemi.RIGHT]), digest, "the patient's own labels"


def _checked_own(info: AtlasInfo, patient: Patient, own: Labels, hemi: Hemi) -> Labels:
    declared = names_of(info, hemi)
    ids = np.where(np.isin(own.ids, _NO_CORTEX), 0, own.ids)
    for i in (int(i) for i in np.unique(ids) if i != 0):
        if own.names[i] != declared.get(i):
            raise InputError(
                f"{patient.id}: the {hemi} aparc label {i} is called '{own.names[i]}', but "
                f"FreeSurfer calls it '{declared.get(i, 'nothing')}'. The table is of another "
                f"atlas; pass the aparc annotation of recon-all."
            )
    return Labels(ids, own.domain, declared)


def place_labels(info: AtlasInfo, patient: Patient) -> PlacedLabels:
    """Put an atlas that lies in files on the patient's mesh.

    Surface labels are preferred: they follow the patient's folding. A route that lacks an
    input is passed over; if none is left, every reason is given.

    Raises
    ------
    MissingPartError
        If no declared file of the atlas was supplied.
    FrameError
        If there are files, but no route from them to this patient.
    InputError
        If a file is not the declared one.
    """
    surface, volume = info.surface, info.volume
    if surface is not None and _supplied(info, *(f for _, f in surface.files.sides())):
        if _has_spheres(surface, patient):
            return _by_surface(info, surface, patient)
    else:
        surface = None
    if volume is not None and _supplied(info, volume.file):
        template = template_frame(volume.template)
        if template in patient.tree or reads_sibling(patient, template):
            return _by_volume(info, volume, patient)
    else:
        volume = None
    if surface is None and volume is None:
        raise MissingPartError(" Or: ".join(missing_message(info, f) for f in info.files()))
    raise _no_route(info, surface, volume, patient)


def _supplied(info: AtlasInfo, *files: LabelFile) -> bool:
    return all(has_file(info, f) for f in files)


def _has_spheres(data: SurfaceData, patient: Patient) -> bool:
    return all(
        c.domain.mesh == data.mesh or c.sphere is not None for _, c in patient.cortex.sides()
    )


def _no_route(
    info: AtlasInfo, surface: SurfaceData | None, volume: VolumeData | None, patient: Patient
) -> FrameError:
    ways = []
    if surface is not None:
        ways.append(
            f"it lies on {surface.mesh} and needs lh.sphere.reg and rh.sphere.reg of the patient"
        )
    if volume is not None:
        ways.append(
            f"it lies in {volume.template} and needs the transform from there, from_mni (frames "
            f"of this patient: {', '.join(map(str, patient.tree))})"
        )
    return FrameError(
        f"{patient.id}: no route leads from atlas {info.name} to this patient: "
        f"{'; '.join(ways)}. Supply it, or choose another atlas, for example 'aparc'."
    )


def _by_surface(info: AtlasInfo, data: SurfaceData, patient: Patient) -> PlacedLabels:
    labels, how = {}, set()
    for hemi, cortex in patient.cortex.sides():
        path = verified_file(info, data.files.side(hemi))
        ids = read_surface_ids(info, data, hemi, path)
        placed, way = _on_mesh(data, hemi, cortex, ids)
        labels[hemi] = Labels(placed, cortex.domain, names_of(info, hemi))
        how.add(way)
    digest = sha256_bytes("".join(f.sha256 for _, f in data.files.sides()).encode())
    return Pair(labels[Hemi.LEFT], labels[Hemi.RIGHT]), digest, "; ".join(sorted(how))


def _on_mesh(data: SurfaceData, hemi: Hemi, cortex: Cortex, ids: Ids) -> tuple[Ids, str]:
    if cortex.domain.mesh == data.mesh:
        if cortex.domain.density != data.density:
            raise DomainError(f"{cortex.domain} is no {data.mesh}: that has {data.density}.")
        return ids, f"the patient's mesh is {data.mesh}: labels as they are"
    if cortex.sphere is None:
        raise FrameError(f"{cortex.domain} has no sphere.reg.")
    nearest = nearest_by_sphere(cortex.sphere, template_sphere(data.mesh, hemi))
    return ids[nearest], f"nearest {data.mesh} vertex on sphere.reg"


def _route(
    template: str, patient: Patient
) -> tuple[Callable[[Points[Scanner]], Points[Any]], str]:
    """Return the map from the patient to a template, and what must be said of it."""
    frame, tree = template_frame(template), patient.tree
    if frame in tree:
        return lambda points: tree.points(points, frame), ""
    back = sibling_of_mni152(frame).inverse()
    said = f"; {template} taken as 2009aSym (docs/decisions/0017)"
    return lambda points: back @ tree.points(points, SYMMETRIC), said


def _by_volume(info: AtlasInfo, data: VolumeData, patient: Patient) -> PlacedLabels:
    volume = read_volume_ids(info, data, verified_file(info, data.file))
    to_template, said = _route(data.template, patient)
    labels, lost = {}, {}
    for hemi, cortex in patient.cortex.sides():
        there = to_template(cortex.mid.points)
        ids = volume.at_nearest(there, outside=0).astype(np.int32)
        names = names_of(info, hemi)
        own = np.isin(ids, list(names))
        lost[hemi] = int((~own & (ids != 0)).sum())
        if lost[hemi] > own.sum():
            raise ChiralityError(
                f"{patient.id}: {lost[hemi]} {hemi} vertices fall into parcels of the other "
                f"side of {info.name} and only {own.sum()} into their own. The transform from "
                f"{data.template} or the hemispheres are exchanged."
            )
        labels[hemi] = Labels(np.where(own, ids, 0), cortex.domain, names)
    how = (
        f"nearest voxel of {data.template} at mid-cortex; vertices that fell into the other "
        f"side's parcels are left out: {lost[Hemi.LEFT]} left, {lost[Hemi.RIGHT]} right{said}"
    )
    return Pair(labels[Hemi.LEFT], labels[Hemi.RIGHT]), data.file.sha256, how
