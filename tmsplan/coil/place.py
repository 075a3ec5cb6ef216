"""From a cortical target to a coil on the scalp: tilt, handle direction, standoff."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..base.errors import InputError
from ..base.params import Params
from ..space.frame import CoilSimnibs, Frame, Scanner
from ..space.midplane import Midplane
from ..space.points import Points, Vectors
from ..space.transform import Rigid
from ..target.target import Target
from .casing import Casing, Rest, rest_on, skin_samples
from .coils import coil_called
from .handle import MIDLINE, Handle, HeldAt, along_midline, held_along, held_at
from .pose import CoilPose
from .scalp import Scalp, ScalpPoint

__all__ = ["along_midline", "axis_miss_mm", "place_coil", "pose_at"]

#: Depth of the cortex under a site that has no target of its own, mm: it only weighs a tilt
#: against a lift, where the casing would cut into the head.
_USUAL_DEPTH = 15.0


def place_coil(  # noqa: PLR0913 - every decision about a pose is named by its caller
    target: Target,
    scalp: Scalp,
    *,
    midplane: Midplane[Scanner],
    coil: str,
    params: Params,
    handle: Handle = MIDLINE,
    contact: Points[Scanner] | None = None,
) -> CoilPose:
    """Place a coil over a cortical target.

    The coil centre stands off the scalp point closest to the target, along the mean outward
    normal n there. Its axes follow the SimNIBS convention: z = -n (into the head), y away from
    the handle, x = y cross z. Where the flat casing would then cut into the head (an ear, a
    brow, a bump), the coil is tilted and raised by the least that clears it (`rest_on`); the
    pose says by how much.

    The handle, in words: sit on the scalp under the coil and look forward along the line that
    runs parallel to the midline. That line is t = n cross right, the cut of the scalp with a
    plane parallel to the midplane; at the vertex it points to the nose, at the forehead down.
    Lateral, l, is the direction on the scalp at a right angle to it that leads away from the
    midline on the target's own side. The handle points backward and lateral::

        handle = -cos(a) t + sin(a) l        y = -handle = cos(a) t - sin(a) l

    with a = `handle_angle` (45 deg unless changed): on the left the handle goes back and left,
    on the right back and right, and a mirrored head gives the mirrored pose. Another `handle`
    asks for another angle or direction.

    Parameters
    ----------
    target : Target
        Point in scanner RAS, mm; its `hemi` decides which way is lateral.
    scalp : Scalp
        Of the same patient.
    midplane : Midplane
        Of the same patient.
    coil : str
        Name of a coil, see `coil_names`.
    params : Params
        `standoff`, `hair`, `handle_angle`, `normal_radius`, `tilt_max` are used.
    handle : Handle
        The midline convention unless given.
    contact : Points of Scanner, one row, or None
        For a target that *is* a place on the scalp, like Beam F3: the coil is held there, and
        not where the scalp is nearest to the cortex.

    Returns
    -------
    CoilPose
        Columns x, y, z and centre in mm, scanner RAS of the patient.

    Raises
    ------
    InputError
        For an unknown coil, or where the scalp has no direction along the midline, or the
        direction in `handle` does not lie along the scalp.
    FrameError
        If target, scalp and midplane are not of one patient.

    Source: doi:10.1186/s12984-015-0036-2 (45 deg to the midline); SimNIBS documentation (axes).
    Decision: docs/decisions/0024 (casing).
    """
    name = _flat_coil(coil, target)
    place = scalp.under(target.point if contact is None else contact, params.normal_radius)
    if contact is not None:
        place = replace(place, distance_mm=float(place.point.distances(target.point)[0]))
    held = held_at(
        handle,
        place.normal,
        midplane=midplane,
        forward=scalp.forward,
        hemi=target.hemi,
        convention_deg=params.handle_angle.value,
    )
    return _cleared(place, held, scalp, name, params)


def _flat_coil(coil: str, target: Target) -> str:
    """Return the coil's name; refuse one whose field is nil under its centre."""
    found = coil_called(coil)
    if found.kind == "circular":
        raise InputError(
            f"coil '{found.name}' is circular: its field is nil under its centre and largest "
            f"under the winding, so holding its centre over {target.name} would miss it. Choose "
            f"a figure-of-eight coil."
        )
    return found.name


def pose_at(
    point: Points[Scanner],
    away: Vectors[Scanner],
    scalp: Scalp,
    *,
    midplane: Midplane[Scanner],
    coil: str,
    params: Params,
) -> CoilPose:
    """Hold a coil at a place of the scalp, its y along a direction.

    Parameters
    ----------
    point : Points of Scanner, one row
        On or near the scalp; the closest place on it is the contact. `depth_mm` is NaN.
    away : Vectors of Scanner, one row
        The coil's y, away from the handle; projected on the scalp, its sign kept.
    scalp, midplane, coil, params
        As in `place_coil`.

    Raises
    ------
    InputError
        As `place_coil`.
    """
    name = coil_called(coil).name
    contact = scalp.contact(point)
    normal = scalp.normal_at(contact.points, int(contact.faces[0]), params.normal_radius)
    held = held_along(
        away,
        normal,
        midplane=midplane,
        forward=scalp.forward,
        hemi=midplane.side(contact.points)[0],
    )
    return _cleared(ScalpPoint(contact.points, normal, float("nan")), held, scalp, name, params)


def _cleared(place: ScalpPoint, held: HeldAt, scalp: Scalp, coil: str, params: Params) -> CoilPose:
    """Return the pose after its casing has been moved clear of the head."""
    off = params.standoff.value + params.hair.value
    depth = _USUAL_DEPTH if np.isnan(place.distance_mm) else place.distance_mm
    flat = _pose(place.point + place.normal * off, held.away, -place.normal, coil)
    casing = Casing.of(coil_called(coil))
    skin = flat.inverse() @ skin_samples(scalp.surface, flat @ _origin(flat.src), casing)
    rest = rest_on(
        skin.mm(flat.src),
        casing,
        gap_mm=params.hair.value,
        lever_mm=off + depth,
        tilt_max_deg=params.tilt_max.value,
    )
    return CoilPose(
        scanner_from_coil=_rested(flat, rest),
        coil=coil,
        scalp_point=place.point,
        scalp_normal=place.normal,
        standoff_mm=params.standoff.value,
        depth_mm=place.distance_mm,
        handle_deg=held.handle_deg,
        tilt_deg=rest.tilt_deg,
        lift_mm=rest.lift_mm,
        hair_mm=params.hair.value,
        clearance_mm=rest.clearance_mm,
        handle=held.because,
    )


def _rested(flat: Rigid[Scanner, CoilSimnibs], rest: Rest) -> Rigid[Scanner, CoilSimnibs]:
    if rest.tilt_deg == 0 and rest.lift_mm == 0:
        return flat
    change = np.eye(4)
    change[:3, :3] = rest.turn
    change[:3, 3] = -rest.lift_mm * rest.turn[:, 2]
    return Rigid.claim(
        flat.matrix(flat.dst, flat.src) @ change,
        dst=flat.dst,
        src=flat.src,
        because=(
            f"placed by tmsplan: tilted by {rest.tilt_deg:.1f} deg and raised by "
            f"{rest.lift_mm:.1f} mm, so that the casing clears the head"
        ),
    )


def _origin(frame: Frame[CoilSimnibs]) -> Points[CoilSimnibs]:
    return Points([0, 0, 0], frame)


def _pose(
    centre: Points[Scanner], away: Vectors[Scanner], into_head: Vectors[Scanner], coil: str
) -> Rigid[Scanner, CoilSimnibs]:
    frame = centre.frame
    x = away.cross(into_head).units()
    columns = [v.components(frame)[0] for v in (x, away, into_head)]
    matrix = np.eye(4)
    matrix[:3] = np.column_stack([*columns, centre.mm(frame)[0]])
    return Rigid.claim(
        matrix,
        dst=frame,
        src=Frame(CoilSimnibs, coil),
        because="placed by tmsplan: z against the mean scalp normal, y away from the handle",
    )


def axis_miss_mm(pose: CoilPose, target: Target) -> float:
    """Return how far the coil's z axis passes from the target, in mm.

    The mean normal differs from the line scalp point - target where the scalp is not round.
    """
    frame = target.point.frame
    z = pose.scanner_from_coil @ Vectors([0, 0, 1], pose.scanner_from_coil.src)
    to_target = target.point - pose.centre
    return float(np.linalg.norm(np.cross(z.components(frame), to_target.components(frame))))
