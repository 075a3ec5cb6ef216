"""Does a pose do what it says? Measured from pose and scalp, never from how it was made."""

from __future__ import annotations

import numpy as np

from ..base.params import Params
from ..space.frame import Scanner
from ..space.points import Points, Vectors
from ..space.tripwire import Tripwire, pose_on_scalp
from ..target.target import Target
from .casing import Casing
from .coils import coil_called
from .pose import CoilPose
from .scalp import Scalp

__all__ = ["tripwire_pose"]


def tripwire_pose(pose: CoilPose, target: Target, scalp: Scalp, params: Params) -> Tripwire:
    """TP-F04: z points into the head, the coil stands off the scalp, the target is in reach.

    Nothing that `place_coil` computed is believed except the pose matrix itself, and the
    standoff and hair that were asked for: contact, inward normal, standoff and depth are
    measured again, from the coil centre, with another formula for the normal. A coil may stand
    off further only where its casing rests on the head; no part of the casing may be nearer
    than the hair.

    Parameters
    ----------
    pose : CoilPose
    target : Target
    scalp : Scalp
        Of the same patient.
    params : Params
        `standoff`, `hair`, `normal_radius`, `tilt_max`, `contact_tolerance`, `reach`.

    Returns
    -------
    Tripwire
    """
    coil = pose.scanner_from_coil
    face = Casing.of(coil_called(pose.coil)).face(coil.src)
    centre_and_face = Points(np.vstack([np.zeros(3), face.mm(coil.src)]), coil.src)
    contact = scalp.contact(coil @ centre_and_face)
    centre_mm, face_mm = float(contact.signed_mm[0]), float(contact.signed_mm[1:].min())
    below = contact.points.take(0)
    into_head = coil @ Vectors([0, 0, 1], coil.src)
    return pose_on_scalp(
        target.name,
        into_head=into_head,
        inward_normal=_inward(scalp, below, params),
        standoff_error_mm=min(centre_mm - params.standoff.value, face_mm) - params.hair.value,
        depth_mm=float(below.distances(target.point)[0]),
        limits=(params.tilt_max, params.contact_tolerance, params.reach),
    )


def _inward(scalp: Scalp, at: Points[Scanner], params: Params) -> Vectors[Scanner]:
    # Vertex normals of the patch, weighted by area: not the face quadrature of Scalp.normal_at.
    surface = scalp.surface
    near = surface.points.distances(at) <= params.normal_radius.value
    if not near.any():
        near[int(np.argmin(surface.points.distances(at)))] = True
    normals = surface.vertex_normals().components(surface.frame)[near]
    return -Vectors(surface.vertex_areas()[near] @ normals, surface.frame).units()
