"""From a template to the patient, by the patient's own route; and whether that route holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.errors import FrameError
from ..base.params import Params
from ..patient.patient import Patient
from ..patient.siblings import SYMMETRIC, reads_sibling, sibling_of_mni152
from ..space.frame import (
    Frame,
    Mni305,
    Mni2009cAsym,
    MniNlin6Asym,
    Scanner,
    template_frame,
)
from ..space.points import Points
from ..space.side import Hemi
from ..space.transform import Affine
from ..space.tripwire import Tripwire, not_run, template_near_cortex

__all__ = [
    "PROBES",
    "TemplatePoint",
    "as_in_template",
    "mni305_from_mni152",
    "same_point_of_mni152",
    "target_in_template",
    "to_patient",
    "tripwire_template",
]

#: Templates in the order in which a patient's route is looked for.
_PREFERENCE = ("MNI152NLin2009cAsym", "MNI152NLin6Asym", "MNI152NLin2009aSym", "MNI305")

#: MNI152 from MNI305, FreeSurfer's registration of fsaverage to FSL's MNI152.
_MNI152_FROM_MNI305 = (
    (0.9975, -0.0073, 0.0176, -0.0429),
    (0.0146, 1.0009, -0.0024, 1.5496),
    (-0.0130, -0.0093, 0.9971, 1.1840),
    (0.0, 0.0, 0.0, 1.0),
)

#: Cortical points of the left hemisphere and, mirrored, of the right one; MNI152, mm. Spread
#: over the convexity, so that a pitch, a shift or an exchange of sides shows at one of them.
PROBES: tuple[tuple[str, Hemi, tuple[float, float, float]], ...] = tuple(
    (f"{hemi} {name}", hemi, (sign * x, y, z))
    for name, (x, y, z) in {
        "BA9": (36.0, 39.0, 43.0),
        "BA46": (44.0, 40.0, 29.0),
        "hand knob": (37.0, -21.0, 58.0),
        "angular gyrus": (47.0, -68.0, 36.0),
    }.items()
    for hemi, sign in ((Hemi.LEFT, -1.0), (Hemi.RIGHT, 1.0))
)


@dataclass(frozen=True, slots=True, eq=False)
class TemplatePoint:
    """A template point in the patient, and the words for how it came there."""

    point: Points[Scanner]
    route: str


def mni305_from_mni152() -> Affine[Mni305, MniNlin6Asym]:
    """Return the map from FSL's MNI152 to MNI305, the world of fsaverage.

    The inverse of the matrix that FreeSurfer documents (CoordinateSystems, use case 8);
    (10, -20, 35) of MNI305 is (10.695, -18.409, 36.137) of MNI152. Linear: individual
    cortex may be off by some millimetres against a nonlinear map (doi:10.1002/hbm.24213).
    """
    mni152_from_mni305 = Affine.claim(
        _MNI152_FROM_MNI305,
        dst=Frame(MniNlin6Asym, "template"),
        src=Frame(Mni305, "template"),
        because="FreeSurfer CoordinateSystems, use case 8: fsaverage to FSL's MNI152, linear",
    )
    return mni152_from_mni305.inverse()


def same_point_of_mni152() -> Affine[Mni2009cAsym, MniNlin6Asym]:
    """Return the identity between the two MNI152 templates, for points of neither for sure.

    Only for a point whose source says "MNI" and not which: reading it in one or the other
    MNI152 is then equally justified. Never used for a point with a stated template.
    """
    return Affine.claim(
        np.eye(4),
        dst=Frame(Mni2009cAsym, "template"),
        src=Frame(MniNlin6Asym, "template"),
        because="the source says MNI without a version; read as either MNI152",
    )


def to_patient(
    xyz: tuple[float, float, float], template: str, patient: Patient, *, assumed: bool
) -> TemplatePoint:
    """Move a template point to the patient's scanner frame.

    The patient's route to the same template is used. If there is none: a point whose MNI152
    version is only assumed may be read in the other MNI152, and a point of MNI152NLin6Asym
    may go through MNI305 by FreeSurfer's documented affine.

    Parameters
    ----------
    xyz : three floats
        mm.
    template : str
        BIDS name.
    patient : Patient
    assumed : bool
        Whether `template` is our assumption and not what the source says.

    Raises
    ------
    FrameError
        If the patient has no usable route.
    """
    source = template_frame(template)
    points: Points[Any] = Points(xyz, source)
    other = Frame(Mni2009cAsym, "template")
    mni305 = Frame(Mni305, "template")
    six = Frame(MniNlin6Asym, "template")
    if source in patient.tree:
        route = f"{template}, the patient's own transform"
    elif reads_sibling(patient, source):
        points = sibling_of_mni152(source) @ points
        route = f"{template} taken as {_name(SYMMETRIC)}; the two differ by up to about 2 mm"
    elif assumed and source == six and other in patient.tree:
        points = same_point_of_mni152() @ points
        route = f"read as {_name(other)}: the source does not say which MNI152"
    elif assumed and source == other and six in patient.tree:
        points = same_point_of_mni152().inverse() @ points
        route = f"read as {_name(six)}: the source does not say which MNI152"
    elif source == six and mni305 in patient.tree:
        points = mni305_from_mni152() @ points
        route = "MNI152 to MNI305 by FreeSurfer's affine, then talairach.xfm (linear)"
    else:
        raise FrameError(
            f"{patient.id}: no route from {template} to this patient, so its points cannot be "
            f"placed. Give [anatomy] from_mni and template in patient.toml, or a FreeSurfer "
            f"folder with mri/transforms/talairach.xfm."
        )
    return TemplatePoint(patient.tree.points(points, patient.scanner), route)


def _name(frame: Frame[Any]) -> str:
    return next(name for name in _PREFERENCE if template_frame(name) == frame)


def target_in_template(
    point: Points[Scanner], patient: Patient
) -> tuple[Points[Any], str] | tuple[None, None]:
    """Return a point of the patient in the template that the patient has a route to.

    Returns
    -------
    (Points, str) or (None, None)
        In mm of the template of that BIDS name; the versioned MNI152 before MNI305.
    """
    for name in _PREFERENCE:
        frame = template_frame(name)
        if frame in patient.tree:
            return patient.tree.points(point, frame), name
    return None, None


def as_in_template(points: Points[Scanner], patient: Patient) -> Points[Scanner] | None:
    """Return points with the numbers that they have in the patient's template, as if warped by 1.

    A wrong hypothesis for a tripwire (the warp was never applied), never a place.

    Returns
    -------
    Points or None
        None if the patient has no route to a template.
    """
    for name in _PREFERENCE:
        frame = template_frame(name)
        if frame in patient.tree:
            there = patient.tree.points(points, frame)
            return Points(there.mm(frame), patient.scanner)
    return None


def tripwire_template(patient: Patient, params: Params) -> Tripwire:
    """TP-F06: template points land near cortex of the named side.

    Eight points, four on each side, are taken to the patient by the route that standard
    targets use. Each must lie within `template_max` of a mid-cortex vertex of its own
    hemisphere and not nearer to the other one.

    Returns
    -------
    Tripwire
        Not run if the patient has no route.
    """
    if not any(template_frame(name) in patient.tree for name in _PREFERENCE):
        return not_run("TP-F06", f"{patient.id} has no route from a template")
    placed = [
        (name, hemi, to_patient(xyz, "MNI152NLin6Asym", patient, assumed=True))
        for name, hemi, xyz in PROBES
    ]
    limit, route = params.template_max, placed[0][2].route
    distances = [(name, hemi, _to_sides(patient, p.point)) for name, hemi, p in placed]
    crossed = [(n, h, d[h]) for n, h, d in distances if d[h.other] < d[h]]
    if crossed:
        name, hemi, mm = max(crossed, key=lambda c: c[2])
        why = f"{name} lies nearer to the {hemi.other} hemisphere than to the {hemi} one ({route})"
        return Tripwire("TP-F06", "fail", mm, limit.value, why)
    return template_near_cortex([(n, d[h]) for n, h, d in distances], limit, route)


def _to_sides(patient: Patient, point: Points[Scanner]) -> dict[Hemi, float]:
    return {
        hemi: float(cortex.mid.points.distances(point).min())
        for hemi, cortex in patient.cortex.sides()
    }
