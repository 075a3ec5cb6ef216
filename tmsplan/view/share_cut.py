"""A scene without a face: no T1, and the scalp cut off above eyes, nose and ears."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from ..coil.head import Landmarks
from ..plan.plan import Plan
from ..plan.scene import Scene, SceneCortex
from ..space import Frame, Points, Scanner, Vectors
from ..surface import Domain, Field, Labels, Surface
from .camera import head_of

__all__ = ["FacePlane", "face_plane", "faceless"]

#: A brow ridge ends about 15 mm above the nasion; the rest is margin.
ABOVE_NASION = Param(30.0, "mm", 20, 80, "docs/decisions/0032")
#: An ear ends 30 to 35 mm above the tragus.
ABOVE_EAR = Param(40.0, "mm", 30, 80, "docs/decisions/0032")
#: Share of the height of the cortex, from below: without landmarks the cut is here. In MNI space
#: that is 15 mm above the anterior commissure, 50 mm above a nasion, 20 mm above an ear.
HALF = Param(0.5, "share", 0.4, 0.8, "docs/decisions/0032")
#: Landmarks may be wrong: they never put the cut lower than this share.
LOWEST = Param(0.3, "share", 0.2, 0.5, "docs/decisions/0032")
#: The mesh is cut this much higher: a page refines a coarse one, and its rim sinks by 0.8 mm.
_RIM_MM = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class FacePlane:
    """What lies below it is left out.

    Parameters
    ----------
    point : Points of Scanner, one row
    up : Vectors of Scanner, one row
        Unit length, to the top of the head.
    because : str
    """

    point: Points[Scanner]
    up: Vectors[Scanner]
    because: str

    def above_mm(self, points: Points[Scanner]) -> NDArray[np.float64]:
        """Return the (n,) heights above the plane, mm."""
        return (points - self.point).dot(self.up)


def face_plane(plan: Plan) -> FacePlane:
    """Return the plane above which nothing of a face is left.

    With landmarks it lies `ABOVE_NASION` over the nasion and `ABOVE_EAR` over both ears, and
    higher by as much as each may be wrong. Without, it halves the cortex.

    Raises
    ------
    InputError
        If the plan has no scene.
    """
    scene = plan.scene
    if scene is None:
        raise InputError("the plan has no scene, so there is no scalp to cut.")
    cortex = np.vstack([p.pial.points.mm(scene.frame) for _, p in scene.cortex.sides()])
    pial = Points(cortex, scene.frame)
    if plan.head is None:
        left, right = (p.pial.points for _, p in scene.cortex.sides())
        up = head_of(left, right, scene.scalp.points).up
        return _at(_share(pial, up, HALF), up, pial, "at half the height of the cortex")
    up = plan.head.landmarks.up
    height = max(_over_landmarks(plan.head.landmarks, up), _share(pial, up, LOWEST))
    return _at(height, up, pial, "above brow and ears, by the landmarks")


def _heights(points: Points[Scanner], up: Vectors[Scanner]) -> NDArray[np.float64]:
    return np.asarray(points.mm(points.frame) @ up.components(points.frame)[0])


def _share(pial: Points[Scanner], up: Vectors[Scanner], share: Param) -> float:
    low, high = np.percentile(_heights(pial, up), [1, 99])
    return float(low + share.value * (high - low))


def _over_landmarks(marks: Landmarks, up: Vectors[Scanner]) -> float:
    over = {"nasion": ABOVE_NASION, "lpa": ABOVE_EAR, "rpa": ABOVE_EAR}
    named = marks.named()
    return max(
        float(_heights(named[name], up)[0]) + margin.value + _doubt(marks.confidence_mm[name])
        for name, margin in over.items()
    )


def _doubt(mm: float) -> float:
    return 0.0 if math.isnan(mm) else mm


def _at(height: float, up: Vectors[Scanner], pial: Points[Scanner], because: str) -> FacePlane:
    middle = pial.centroid()
    lift = height - float(_heights(middle, up)[0])
    return FacePlane(middle + up * lift, up, because)


def faceless(scene: Scene, plane: FacePlane, frame: Frame[Scanner]) -> Scene:
    """Return the scene without T1, its scalp cut off at a plane, owned by another name.

    Parameters
    ----------
    scene : Scene
    plane : FacePlane
        Of the same head.
    frame : Frame of Scanner
        Same coordinates; its owner stands for the patient.
    """
    cortex = scene.cortex.map(lambda part: _renamed(part, frame))
    return Scene(frame, cortex, _cut(scene.scalp, plane, frame))


def _cut(scalp: Surface[Scanner], plane: FacePlane, frame: Frame[Scanner]) -> Surface[Scanner]:
    from trimesh import Trimesh
    from trimesh.intersections import slice_faces_plane

    own = scalp.frame
    xyz, faces, _ = slice_faces_plane(
        scalp.points.mm(own),
        scalp.faces,
        plane_normal=plane.up.components(own)[0],
        plane_origin=(plane.point + plane.up * _RIM_MM).mm(own)[0],
    )
    if len(faces) == 0:
        raise InputError(
            f"{scalp.domain}: nothing of the scalp lies above the brow. Expected the crown of a "
            f"head; the landmarks of the plan may be wrong."
        )
    # Merged: the slice gives each cut triangle corners of its own, and a mesh in pieces cannot be
    # refined.
    whole = Trimesh(xyz, faces, process=True, validate=True)
    domain = Domain("scalp", len(whole.vertices), scalp.domain.hemi, frame.owner)
    points = Points(np.asarray(whole.vertices), frame)
    return Surface(points, np.asarray(whole.faces, dtype=np.int32), domain)


def _renamed(part: SceneCortex, frame: Frame[Scanner]) -> SceneCortex:
    own, old = part.pial.frame, part.pial.domain
    domain = Domain(old.mesh, old.density, old.hemi, frame.owner)
    pial = Surface(Points(part.pial.points.mm(own), frame), part.pial.faces, domain)
    white = part.white and pial.with_points(Points(part.white.points.mm(own), frame))
    return SceneCortex(
        pial=pial,
        sulc=Field(part.sulc.values, domain, part.sulc.name, part.sulc.unit),
        z=Field(part.z.values, domain, part.z.name, part.z.unit),
        labels=Labels(part.labels.ids, domain, part.labels.names),
        white=white,
    )
