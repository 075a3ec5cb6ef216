"""A standard target of a template, placed on one patient's cortex."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..atlas.atlas import Atlas
from ..base.errors import InputError
from ..patient.patient import Patient
from ..space.frame import template_frame
from ..space.points import Points
from ..space.side import Hemi
from .read_standard import load_standard
from .route import route_between, to_mni305, warp_between
from .sphere_route import by_sphere
from .standard_target import StandardTarget
from .target import Target

__all__ = ["CorticalPlace", "cortical_target", "place_standard", "to_cortex"]


@dataclass(frozen=True, slots=True)
class CorticalPlace:
    """A vertex of the patient, and the words for how a template point came there."""

    vertex: int
    route: str


def place_standard(name: str, patient: Patient, atlas: Atlas | None = None) -> Target:
    """Place a template's point on the patient's cortex.

    Parameters
    ----------
    name : str
        One of `standard_names`, or an alias.
    patient : Patient
    atlas : Atlas, optional
        Tells which parcel the point falls into.

    Returns
    -------
    Target
        `provenance` holds source, status, route, and how far the point was snapped.

    Raises
    ------
    FrameError
        If the patient has no route from the template: the caller lists it as not placed.
    InputError
        If the target is no point of a template: a rule on the scalp needs the scalp.
    """
    standard = load_standard(name)
    if standard.mni is None:
        raise InputError(
            f"'{standard.name}' is no point of a template but a {standard.frame} target. Place it "
            f"with tmsplan.coil.standard_scalp.standard_target, which has the scalp."
        )
    place = to_cortex(
        standard.mni, standard.frame, standard.hemi, patient, assumed=standard.frame_assumed
    )
    return cortical_target(standard, place, patient, atlas)


def to_cortex(
    xyz: tuple[float, float, float],
    template: str,
    hemi: Hemi,
    patient: Patient,
    *,
    assumed: bool,
) -> CorticalPlace:
    """Move a template's cortical point to a vertex of the patient's mid-cortex.

    By the first of `tmsplan.target.route.ROUTES` that the patient has. Through space, the point
    is snapped to the nearest mid-cortex vertex of its side; by the sphere, it arrives on one.

    Parameters
    ----------
    xyz : three floats
        mm, RAS of the template.
    template : str
        BIDS name.
    hemi : Hemi
    patient : Patient
    assumed : bool
        Whether `template` is our assumption and not what the source says.

    Raises
    ------
    FrameError
        If the patient has no usable route.
    """
    point: Points[Any] = Points(xyz, template_frame(template))
    route = warp_between(template, patient, assumed=assumed)
    if route is None:
        place = _by_folds(point, template, hemi, patient, assumed=assumed)
        if place is not None:
            return place
        route = route_between(template, patient, assumed=assumed)
    gaps = patient.cortex.side(hemi).mid.points.distances(route.to_patient(point))
    vertex = int(np.argmin(gaps))
    words = f"{route.words}; snapped by {gaps[vertex]:.1f} mm to the {hemi} mid-cortex"
    return CorticalPlace(vertex, words)


def cortical_target(
    standard: StandardTarget, place: CorticalPlace, patient: Patient, atlas: Atlas | None
) -> Target:
    """Return a standard target at a vertex of the patient."""
    mid = patient.cortex.side(standard.hemi).mid
    return Target(
        id=standard.name,
        name=standard.shown,
        kind="standard",
        hemi=standard.hemi,
        parcel_id=_parcel(atlas, standard.hemi, place.vertex),
        vertex=place.vertex,
        point=mid.points.take(place.vertex),
        normal=mid.vertex_normals().take(place.vertex),
        spread_mm=None,
        z=None,
        why=standard.how,
        provenance=f"{standard.pedigree}; {place.route}",
    )


def _by_folds(
    point: Points[Any], template: str, hemi: Hemi, patient: Patient, *, assumed: bool
) -> CorticalPlace | None:
    steps = to_mni305(template, assumed=assumed)
    if steps is None:
        return None
    for step in steps:
        point = step @ point
    found = by_sphere(point, hemi, patient)
    if found is None:
        return None
    affine = "MNI152 to MNI305 by FreeSurfer's affine, then " if steps else ""
    words = (
        f"{affine}fsaverage's folds to the patient's by sphere.reg; the template's {hemi} "
        f"mid-cortex lies {found.gap_mm:.1f} mm from the point"
    )
    return CorticalPlace(found.vertex, words)


def _parcel(atlas: Atlas | None, hemi: Hemi, vertex: int) -> int | None:
    if atlas is None:
        return None
    return int(atlas.labels.side(hemi).ids[vertex]) or None
