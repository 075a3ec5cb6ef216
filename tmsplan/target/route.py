"""The one way through space between a template and a patient, and the order of preference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.errors import FrameError
from ..patient.patient import Patient
from ..patient.siblings import SYMMETRIC, reads_sibling, sibling_of_mni152
from ..space.frame import (
    TEMPLATES,
    Frame,
    Mni305,
    Mni2009cAsym,
    MniNlin6Asym,
    Scanner,
    template_frame,
)
from ..space.points import Points
from ..space.transform import Affine

__all__ = [
    "ROUTES",
    "Route",
    "mni305_from_mni152",
    "route_between",
    "same_point_of_mni152",
    "to_mni305",
    "warp_between",
]

#: How a template's point reaches a patient, best first, each with why it stands where it does.
ROUTES: tuple[tuple[str, str], ...] = (
    ("own warp", "nonlinear, and made for this patient and exactly this template"),
    ("sibling", "nonlinear, for a cortex that came by the same warp; templates 2 mm apart"),
    ("other MNI152", "nonlinear; only for a source that does not say which MNI152 it means"),
    ("sphere", "aligns this patient's folds; only near the template's cortex (decision 0025)"),
    ("affine", "twelve numbers for a whole head: size and tilt, but no folds"),
)

#: MNI152 from MNI305, FreeSurfer's registration of fsaverage to FSL's MNI152.
_MNI152_FROM_MNI305 = (
    (0.9975, -0.0073, 0.0176, -0.0429),
    (0.0146, 1.0009, -0.0024, 1.5496),
    (-0.0130, -0.0093, 0.9971, 1.1840),
    (0.0, 0.0, 0.0, 1.0),
)
_SIX = Frame(MniNlin6Asym, "template")
_NINE = Frame(Mni2009cAsym, "template")
_MNI305 = Frame(Mni305, "template")


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A way between a template and a patient, through the patient's tree.

    Parameters
    ----------
    name : str
        One of `ROUTES`.
    words : str
        For provenance.
    steps : tuple of Affine
        Applied in turn to the template's points, before the tree takes over.
    patient : Patient
    """

    name: str
    words: str
    steps: tuple[Affine[Any, Any], ...]
    patient: Patient

    def to_patient(self, points: Points[Any]) -> Points[Scanner]:
        """Return points of the template in the patient's scanner frame, mm."""
        for step in self.steps:
            points = step @ points
        return self.patient.tree.points(points, self.patient.scanner)

    def to_template(self, points: Points[Scanner], template: str) -> Points[Any]:
        """Return points of the patient in the template, mm."""
        start: Frame[Any] = self.steps[-1].dst if self.steps else template_frame(template)
        there: Points[Any] = self.patient.tree.points(points, start)
        for step in reversed(self.steps):
            there = step.inverse() @ there
        return there


def mni305_from_mni152() -> Affine[Mni305, MniNlin6Asym]:
    """Return the map from FSL's MNI152 to MNI305, the world of fsaverage.

    The inverse of the matrix that FreeSurfer documents (CoordinateSystems, use case 8);
    (10, -20, 35) of MNI305 is (10.695, -18.409, 36.137) of MNI152. Linear: individual
    cortex may be off by some millimetres against a nonlinear map (doi:10.1002/hbm.24213).
    """
    mni152_from_mni305 = Affine.claim(
        _MNI152_FROM_MNI305,
        dst=_SIX,
        src=_MNI305,
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
        dst=_NINE,
        src=_SIX,
        because="the source says MNI without a version; read as either MNI152",
    )


def to_mni305(template: str, *, assumed: bool) -> tuple[Affine[Any, Any], ...] | None:
    """Return the steps from a template to MNI305; None where nothing published relates them.

    FreeSurfer's affine is of FSL's MNI152. A point whose version is only assumed may be read
    there; one that is surely of another MNI152 may not.
    """
    source = template_frame(template)
    if source == _MNI305:
        return ()
    if source == _SIX:
        return (mni305_from_mni152(),)
    if source == _NINE and assumed:
        return (same_point_of_mni152().inverse(), mni305_from_mni152())
    return None


def route_between(template: str, patient: Patient, *, assumed: bool) -> Route:
    """Return the way between a template and a patient through space (not by the sphere).

    Parameters
    ----------
    template : str
        BIDS name.
    patient : Patient
    assumed : bool
        Whether `template` is our assumption and not what the source says.

    Raises
    ------
    FrameError
        If there is none.
    """
    warp = warp_between(template, patient, assumed=assumed)
    if warp is not None:
        return warp
    linear = to_mni305(template, assumed=assumed)
    if linear is not None and _MNI305 in patient.tree:
        words = "MNI152 to MNI305 by FreeSurfer's affine, then talairach.xfm (linear)"
        return Route("affine", words, linear, patient)
    raise FrameError(
        f"{patient.id}: no route from {template} to this patient, so its points cannot be "
        f"placed. Give [anatomy] from_mni and template in patient.toml, or a FreeSurfer "
        f"folder with mri/transforms/talairach.xfm."
    )


def warp_between(template: str, patient: Patient, *, assumed: bool) -> Route | None:
    """Return the way by the patient's own transform of a template; None without one.

    Parameters as for `route_between`. Such a way goes before the sphere.
    """
    source, tree = template_frame(template), patient.tree
    either: dict[Frame[Any], Frame[Any]] = {_SIX: _NINE, _NINE: _SIX}
    other = either.get(source)
    if source in tree:
        return Route("own warp", f"{template}, the patient's own transform", (), patient)
    if reads_sibling(patient, source):
        words = f"{template} taken as {_name(SYMMETRIC)}; the two differ by up to about 2 mm"
        return Route("sibling", words, (sibling_of_mni152(source),), patient)
    if assumed and other is not None and other in tree:
        words = f"read as {_name(other)}: the source does not say which MNI152"
        same = same_point_of_mni152()
        steps: tuple[Affine[Any, Any]] = (same if same.src == source else same.inverse(),)
        return Route("other MNI152", words, steps, patient)
    return None


def _name(frame: Frame[Any]) -> str:
    return next(name for name in TEMPLATES if template_frame(name) == frame)
