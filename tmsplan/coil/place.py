"""From a cortical target to a coil on the scalp: tilt, handle direction, standoff."""

from __future__ import annotations

import numpy as np

from ..base.errors import InputError
from ..base.params import Params
from ..space.frame import CoilSimnibs, Frame, Scanner
from ..space.midplane import Midplane
from ..space.points import Points, Vectors
from ..space.side import Hemi
from ..space.transform import Rigid
from ..target.head_axes import up_of
from ..target.target import Target
from .coils import coil_called
from .pose import CoilPose
from .scalp import Scalp

__all__ = ["along_midline", "axis_miss_mm", "place_coil"]

#: Nearer than this to the far left or right of the head, the direction parallel to the midline
#: is blended into plain "forward": at the pole itself it does not exist. sin 30 deg.
_SIDE_CAP = 0.5
#: Below this length the blended direction is ill-defined: a change of the normal by 0.1 rad
#: would turn the handle by 30 deg or more.
_SHORTEST = 0.2


def place_coil(
    target: Target, scalp: Scalp, *, midplane: Midplane[Scanner], coil: str, params: Params
) -> CoilPose:
    """Place a coil over a cortical target.

    The coil centre stands off the scalp point closest to the target, along the mean outward
    normal n there. Its axes follow the SimNIBS convention: z = -n (into the head), y away from
    the handle, x = y cross z.

    The handle, in words: sit on the scalp under the coil and look forward along the line that
    runs parallel to the midline. That line is t = n cross right, the cut of the scalp with a
    plane parallel to the midplane; at the vertex it points to the nose, at the forehead down.
    Lateral, l, is the direction on the scalp at a right angle to it that leads away from the
    midline on the target's own side. The handle points backward and lateral::

        handle = -cos(a) t + sin(a) l        y = -handle = cos(a) t - sin(a) l

    with a = `handle_angle` (45 deg unless changed): on the left the handle goes back and left,
    on the right back and right, and a mirrored head gives the mirrored pose.

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
        `standoff`, `handle_angle`, `normal_radius` are used.

    Returns
    -------
    CoilPose
        Columns x, y, z and centre in mm, scanner RAS of the patient.

    Raises
    ------
    InputError
        For an unknown coil, or where the scalp has no direction along the midline.
    FrameError
        If target, scalp and midplane are not of one patient.

    Source: doi:10.1186/s12984-015-0036-2 (45 deg to the midline); SimNIBS documentation (axes).
    """
    name = coil_called(coil).name
    place = scalp.under(target.point, params.normal_radius)
    centre = place.point + place.normal * params.standoff.value
    ahead = along_midline(place.normal, midplane.to_right, scalp.forward)
    away = _away_from_handle(ahead, place.normal, target.hemi, params.handle_angle.value)
    return CoilPose(
        scanner_from_coil=_pose(centre, away, -place.normal, name),
        coil=name,
        scalp_point=place.point,
        scalp_normal=place.normal,
        standoff_mm=params.standoff.value,
        depth_mm=place.distance_mm,
        handle_deg=params.handle_angle.value,
    )


def along_midline(
    outward: Vectors[Scanner], to_right: Vectors[Scanner], forward: Vectors[Scanner]
) -> Vectors[Scanner]:
    """Return the direction on the scalp that runs forward, parallel to the midline.

    With a and u the forward and upward parts of the normal n, it is n cross right =
    u forward - a up: tangent to the scalp and parallel to the midplane. No field of tangents
    on a closed head is defined everywhere. This one fails at the far left and right, where the
    scalp itself is parallel to the midplane; there, within 30 deg, plain forward (projected on
    the scalp) takes over linearly. Below the equator the upward part would turn the direction
    backward and is dropped. What remains undefined lies under the head.

    Parameters
    ----------
    outward, to_right, forward : Vectors of Scanner, one row each
        Unit vectors: scalp normal, patient's right, front of the head.

    Raises
    ------
    InputError
        Under the head, where no such direction exists.
    """
    up = up_of(to_right, forward)
    u = max(0.0, float(outward.dot(up)[0]))
    a = float(outward.dot(forward)[0])
    blend = max(0.0, 1 - float(np.hypot(a, u)) / _SIDE_CAP)
    raw = forward * (u + blend) - up * a
    onto = raw - outward * float(raw.dot(outward)[0])
    if float(onto.lengths()[0]) < _SHORTEST:
        raise InputError(
            f"the scalp point under the target faces down (normal {outward}): no direction there "
            f"runs parallel to the midline, so the handle cannot be set. Choose a target higher "
            f"on the head."
        )
    return onto.units()


def _away_from_handle(
    ahead: Vectors[Scanner], outward: Vectors[Scanner], hemi: Hemi, angle_deg: float
) -> Vectors[Scanner]:
    rightward = ahead.cross(outward)
    lateral = rightward if hemi is Hemi.RIGHT else -rightward
    a = np.radians(angle_deg)
    return (ahead * float(np.cos(a)) - lateral * float(np.sin(a))).units()


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
