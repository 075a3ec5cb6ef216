"""From a template to the patient, by the patient's own route; and whether that route holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..base.params import Params
from ..patient.patient import Patient
from ..space.frame import Scanner, template_frame
from ..space.points import Points
from ..space.side import Hemi
from ..space.tripwire import Tripwire, not_run, template_near_cortex
from .route import mni305_from_mni152, route_between, same_point_of_mni152

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
    route = route_between(template, patient, assumed=assumed)
    return TemplatePoint(route.to_patient(Points(xyz, template_frame(template))), route.words)


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
