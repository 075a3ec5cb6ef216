"""Landmarks of a patient who was not marked: from a template by way of the brain, then the skin.

A brain says within a centimetre where the ears and the back of the skull are, not better: heads
differ, and so do the people who mark them. What each is worth is stated with it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError, InputError
from ...base.param import Param
from ...patient.patient import Patient
from ...space.frame import Frame, MniNlin6Asym, Scanner
from ...space.points import Points
from ...space.transform import Affine
from ...target.head_axes import up_of
from ...target.template import to_patient
from ..scalp import Scalp
from ..scalp_cut import cut_of
from .landmarks import Landmarks, checked, given_landmarks
from .nasion import nasion_of_profile

__all__ = ["LOW_CONFIDENCE", "TEMPLATE_LANDMARKS", "found_landmarks", "landmarks_of"]

#: Mean of three template heads, MNI152, mm: fsaverage (MNE's fiducials, by FreeSurfer's affine),
#: Colin27 (MNE's colin27_1005) and the MNI head (SimNIBS's fiducials). They differ by up to
#: 20 mm among themselves: people do not mark one place.
TEMPLATE_LANDMARKS: Mapping[str, tuple[float, float, float]] = {
    "nasion": (0.1, 85.5, -39.1),
    "inion": (1.2, -116.9, -30.4),
    "lpa": (-82.2, -23.1, -45.1),
    "rpa": (83.3, -22.1, -45.6),
}
#: Within this nine of ten lie: three templates, each from the other two, and nine sessions of
#: four digitised people.
_CONFIDENCE = {
    "nasion": Param(10.0, "mm", 5, 30, "docs/decisions/0023"),
    "inion": Param(12.0, "mm", 5, 30, "docs/decisions/0023"),
    "lpa": Param(18.0, "mm", 5, 30, "docs/decisions/0023"),
    "rpa": Param(18.0, "mm", 5, 30, "docs/decisions/0023"),
}
#: A nasion seen as a hollow between brow and nose: 7 mm from the one marked on fsaverage.
_SEEN = Param(8.0, "mm", 2, 15, "docs/decisions/0023")
#: Where the skin was removed, its place is the template's alone.
_NO_SKIN = Param(25.0, "mm", 10, 50, "docs/decisions/0023")
#: Worse than this is called low: the tape of a person who looks at the patient is better.
LOW_CONFIDENCE = Param(15.0, "mm", 5, 30, "docs/decisions/0023")
#: A place of the template this far outside the scalp: there is no skin where it should be.
_OUTSIDE_MM = 10.0
#: A cut this near to a landmark counts.
_NEAR_CUT_MM = 8.0

#: Places all around the brain by which a route is made linear, MNI152, mm: on the convexity, at
#: the poles and under the cerebellum, each on both sides. A warp is defined there and not at
#: the ears.
_ROUND_BRAIN = (
    (10.0, -30.0, 72.0),
    (30.0, 60.0, 0.0),
    (40.0, 12.0, -30.0),
    (55.0, -40.0, 20.0),
    (20.0, -98.0, 0.0),
    (35.0, -65.0, -45.0),
    (40.0, 20.0, 50.0),
    (30.0, -70.0, 50.0),
)


def landmarks_of(scalp: Scalp, patient: Patient) -> Landmarks:
    """Return the patient's landmarks: those that were given, else found.

    Parameters
    ----------
    scalp : Scalp
        Of the patient.
    patient : Patient
        ``[landmarks]`` of ``patient.toml``, or a route from a template.

    Raises
    ------
    FrameError
        If none are given and the patient has no route from a template.
    InputError
        If they make no head.
    ChiralityError
        If left and right are exchanged.

    Decision: docs/decisions/0023.
    """
    if patient.landmarks:
        marks = given_landmarks(scalp, **patient.landmarks)
        _require_sides(marks, patient)
        return marks
    return found_landmarks(scalp, patient)


def found_landmarks(scalp: Scalp, patient: Patient) -> Landmarks:
    """Return the landmarks of a template head, moved to this one and to its scalp.

    The way from the template is made linear from places around the brain, because a warp says
    nothing outside of it. Each landmark then moves to the nearest skin. The nasion moves on to
    the hollow between brow and nose, if the midline profile shows one.

    Raises
    ------
    FrameError, InputError
        As `landmarks_of`.
    """
    scanner_from_mni, route = _linear_route(patient)
    mni = Frame(MniNlin6Asym, "template")
    names = list(TEMPLATE_LANDMARKS)
    expected = scanner_from_mni @ Points([TEMPLATE_LANDMARKS[n] for n in names], mni)
    contact = scalp.contact(expected)
    cut = _cut_near(scalp, patient, contact.points)
    placed = {n: contact.points.take(k) for k, n in enumerate(names)}
    sure = {n: _CONFIDENCE[n].value for n in names}
    how = f"found: mean of three template heads by {route}, moved to the skin"
    why = dict.fromkeys(names, how)
    for k, n in enumerate(names):
        if cut[k] or float(contact.signed_mm[k]) > _OUTSIDE_MM:
            sure[n] = _NO_SKIN.value
            what = "the image ends or was defaced there" if cut[k] else "no skin is near there"
            why[n] += f"; LOW CONFIDENCE: {what}"
    to_right = patient.midplane().to_right
    up = up_of(to_right, scalp.forward)
    seen = None if cut[0] else nasion_of_profile(scalp, placed["nasion"], up, to_right)
    if seen is not None:
        placed["nasion"], sure["nasion"] = seen, _SEEN.value
        why["nasion"] = "found: the hollow between brow and nose in the midline profile"
    elif "LOW" not in why["nasion"]:
        sure["nasion"] = max(sure["nasion"], LOW_CONFIDENCE.value)
        why["nasion"] += "; LOW CONFIDENCE: the profile shows no nose (face removed or cut off)"
    return checked(scalp, Landmarks(**placed, how="found", confidence_mm=sure, why=why))


def _cut_near(scalp: Scalp, patient: Patient, points: Points[Scanner]) -> NDArray[np.bool_]:
    """Return of each point whether the scalp around it is a cut and no skin."""
    from scipy.spatial import cKDTree

    frame = scalp.surface.frame
    if not patient.t1w.volume.data.any():  # a made-up head: its image shows nothing
        return np.ones(len(points), dtype=np.bool_)
    cut = cut_of(scalp.surface, patient.t1w.volume).values > 0
    if not cut.any():
        return np.zeros(len(points), dtype=np.bool_)
    tree = cKDTree(scalp.surface.points.mm(frame)[cut])
    return np.asarray(tree.query(points.mm(frame))[0] <= _NEAR_CUT_MM)


def _linear_route(patient: Patient) -> tuple[Affine[Scanner, MniNlin6Asym], str]:
    """Return the best linear map from MNI152 to the patient around the brain, and its words."""
    mni = np.array([(s * x, y, z) for x, y, z in _ROUND_BRAIN for s in (-1.0, 1.0)])
    try:
        places = [
            to_patient((p[0], p[1], p[2]), "MNI152NLin6Asym", patient, assumed=True) for p in mni
        ]
    except FrameError as err:
        raise FrameError(
            f"{patient.id}: nasion, inion and ears are not given, and without a route from a "
            f"template they cannot be found. Write [landmarks] in patient.toml: nasion, inion, "
            f"lpa and rpa, each [x, y, z] in mm of the T1's world (scanner RAS)."
        ) from err
    there = np.vstack([p.point.mm(patient.scanner) for p in places])
    solved, *_ = np.linalg.lstsq(np.column_stack([mni, np.ones(len(mni))]), there, rcond=None)
    matrix = np.eye(4)
    matrix[:3] = solved.T
    linear = Affine.claim(
        matrix,
        dst=patient.scanner,
        src=Frame(MniNlin6Asym, "template"),
        because=f"least squares around the brain of: {places[0].route}",
    )
    return linear, places[0].route


def _require_sides(marks: Landmarks, patient: Patient) -> None:
    """Refuse given landmarks that the patient's own midplane contradicts."""
    plane = patient.midplane()
    for name, sign in (("lpa", -1.0), ("rpa", 1.0)):
        right = float(plane.right_mm(marks.named()[name])[0])
        if right * sign < 20.0:  # an ear is 60 to 90 mm from the midplane
            raise InputError(
                f"{patient.id}: the given {name} lies {right:.1f} mm to the right of the plane "
                f"between the hemispheres. Expected about {sign * 75:.0f} mm. Check its frame and "
                f"side."
            )
