"""Scalp that no coil is held at: over eyes, nose, frontal sinus, ears; in the head's own axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.points import Points
from ..space.side import Hemi
from ..surface.field import Labels
from .exclusions import NO_GO
from .head_axes import forward_of, up_of

__all__ = ["LANDMARKS", "no_go_scalp"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Names of landmarks, as `Patient.landmarks` has them; the inion decides nothing here.
LANDMARKS = ("nasion", "inion", "lpa", "rpa")
_TRAGUS: Mapping[Hemi, str] = MappingProxyType({Hemi.LEFT: "lpa", Hemi.RIGHT: "rpa"})

#: Half the height of an ear: skin this near to a tragus is ear, or has one on it.
EAR = Param(30.0, "mm", 15, 60, "anatomy: an ear is about 60 mm high")
#: From the brow down to the cheek bone below the orbit, and from the midline to its outer rim.
EYE_HEIGHT = Param(45.0, "mm", 30, 60, "anatomy: an orbit is 35 mm high, 40 mm wide; 10 mm rim")
EYE_INNER = Param(15.0, "mm", 5, 25, "anatomy: half the distance of the inner corners of the eyes")
EYE_OUTER = Param(52.0, "mm", 40, 65, "anatomy: half the distance of the outer orbital rims")
NOSE_HEIGHT = Param(55.0, "mm", 40, 70, "anatomy: nasion to the base of the nose")
#: Above the nasion, and from the midline.
SINUS_HEIGHT = Param(30.0, "mm", 0, 60, "Gray 1918: a frontal sinus is 30 mm high")
SINUS_WIDTH = Param(25.0, "mm", 0, 50, "Gray 1918: a frontal sinus is 25 mm wide")

#: Nasion below the brow.
_NASION_MM = 10.0
#: Without a nasion: the brow is this much above the floor of the frontal lobe, whose front
#: 30 mm are looked at. On the ecog head the globes' centres, seen in the T1, are then 14 mm
#: below the brow.
_BROW_MM, _FRONT_MM = 5.0, 30.0
#: Without tragi: an ear canal is this much above the lowest cortex of the temporal lobe, within
#: this much of the middle of the brain from front to back.
_CANAL_MM, _BAND_MM, _MIDDLE_MM = -5.0, 10.0, 25.0
#: Of the way from the middle of the brain to the front skin: what is nearer is no face.
_FACE_SHARE = 0.5
#: A single vertex does not set a height.
_LOWEST = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Head:
    """Scalp and cortex along front, top and right, mm from the middle of the brain."""

    skin: Floats
    cortex: Floats
    marks: Mapping[str, Floats]


def no_go_scalp(
    patient: Patient, landmarks: Mapping[str, Points[Scanner]] | None = None
) -> Labels:
    """Return which scalp vertices no coil is held at, by what they lie over.

    Regions are boxes and balls along the head's own front, top and right (`forward_of`), so a
    head turned in the scanner keeps them: eyes and nose below the brow, the frontal sinus above
    the nasion, a ball round each tragus. Without landmarks the brow is put just above the floor
    of the frontal lobe, and a tragus at the outermost skin beside the floor of the temporal
    lobe; a landmark replaces its estimate. A scalp that ends above has no such region.

    Parameters
    ----------
    patient : Patient
        With a scalp.
    landmarks : mapping of name to Points, optional
        One row each: ``nasion``, ``lpa``, ``rpa`` (before the ears, at the tragi). Those of the
        patient unless given; an empty mapping for none.

    Returns
    -------
    Labels
        On the scalp; 0 where a coil may be held, else an id whose name is a code of `NO_GO`.

    Raises
    ------
    InputError
        If the patient has no scalp, a landmark's name is unknown, it is not one point, or a
        tragus is on the other side of the head.

    Decision: docs/decisions/0026.
    """
    if patient.scalp is None:
        raise InputError(f"{patient.id}: no-go scalp needs a scalp surface, and there is none.")
    head = _head(patient, patient.landmarks if landmarks is None else landmarks)
    found = {**_face(head), "over-ear": _ears(head)}
    ids = np.zeros(len(head.skin), dtype=np.int32)
    names = dict(enumerate(NO_GO, start=1))
    # The first of NO_GO is written last: an eye counts before the sinus above it.
    for k, code in reversed(names.items()):
        ids[found[code]] = k
    return Labels(ids, patient.scalp.domain, names)


def _head(patient: Patient, landmarks: Mapping[str, Points[Scanner]]) -> _Head:
    frame, plane = patient.scanner, patient.midplane()
    forward = forward_of(patient)
    axes = (forward, up_of(plane.to_right, forward), plane.to_right)
    turn = np.column_stack([v.components(frame)[0] for v in axes])
    cortex = patient.mid_points().mm(frame)
    middle = cortex.mean(axis=0)
    middle = middle - ((middle - plane.point.mm(frame)[0]) @ turn[:, 2]) * turn[:, 2]
    for name, point in landmarks.items():
        if name not in LANDMARKS or len(point) != 1:
            raise InputError(
                f"landmark '{name}' with {len(point)} points: expected one point each of "
                f"{', '.join(LANDMARKS)}."
            )
    marks = {k: ((p.mm(frame) - middle) @ turn)[0] for k, p in landmarks.items()}
    for hemi in Hemi:
        lateral = marks.get(_TRAGUS[hemi], np.zeros(3))[2]
        if lateral * (1 if hemi is Hemi.RIGHT else -1) < 0:
            raise InputError(
                f"the {hemi} tragus is {abs(lateral):.0f} mm to the {hemi.other} of the midplane "
                f"of {patient.id}; the two ears may be exchanged."
            )
    skin = (patient.scalp.points.mm(frame) - middle) @ turn if patient.scalp else np.empty((0, 3))
    return _Head(skin, (cortex - middle) @ turn, marks)


def _face(head: _Head) -> dict[str, Bools]:
    forward, up, right = head.skin.T
    brow = _brow(head)
    nasion = brow - _NASION_MM
    beside = np.abs(right)
    face = forward > _FACE_SHARE * forward.max()

    def between(low: float, high: float) -> Bools:
        return np.asarray(face & (up >= low) & (up < high))

    eye = between(brow - EYE_HEIGHT.value, brow)
    return {
        "over-eye": eye & (beside > EYE_INNER.value) & (beside < EYE_OUTER.value),
        "over-nose": between(nasion - NOSE_HEIGHT.value, nasion) & (beside <= EYE_INNER.value),
        "over-sinus": between(nasion, nasion + SINUS_HEIGHT.value) & (beside < SINUS_WIDTH.value),
    }


def _brow(head: _Head) -> float:
    if "nasion" in head.marks:
        return float(head.marks["nasion"][1]) + _NASION_MM
    forward, up, _ = head.cortex.T
    front = up[forward > np.percentile(forward, 100 - _LOWEST) - _FRONT_MM]
    return float(np.percentile(front, _LOWEST)) + _BROW_MM


def _ears(head: _Head) -> Bools:
    out = np.zeros(len(head.skin), dtype=np.bool_)
    for hemi in Hemi:
        tragus = head.marks.get(_TRAGUS[hemi], _outermost(head, hemi))
        if tragus is not None:
            out |= np.linalg.norm(head.skin - tragus, axis=1) < EAR.value
    return out


def _outermost(head: _Head, hemi: Hemi) -> Floats | None:
    """Return the outermost skin beside the floor of the temporal lobe, or None if cut off."""
    sign = 1.0 if hemi is Hemi.RIGHT else -1.0
    forward, up, right = head.cortex.T
    lobe = (np.abs(forward) < _MIDDLE_MM) & (sign * right > np.abs(right).max() / 2)
    if not lobe.any():
        return None
    canal = float(np.percentile(up[lobe], _LOWEST)) + _CANAL_MM
    near = (np.abs(head.skin[:, 1] - canal) < _BAND_MM) & (np.abs(head.skin[:, 0]) < _MIDDLE_MM)
    near &= sign * head.skin[:, 2] > 0
    if not near.any():
        return None
    return np.asarray(head.skin[near][np.argmax(sign * head.skin[near, 2])])
