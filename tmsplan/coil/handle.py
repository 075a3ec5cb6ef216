"""Which way the handle points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..base.errors import InputError
from ..space.frame import Scanner
from ..space.midplane import Midplane
from ..space.points import Vectors
from ..space.side import Hemi
from ..target.head_axes import up_of

__all__ = ["MIDLINE", "Handle", "HeldAt", "along_midline", "held_along", "held_at"]

#: Nearer than this to the far left or right of the head, the direction parallel to the midline
#: is blended into plain "forward": at the pole itself it does not exist. sin 30 deg.
_SIDE_CAP = 0.5
#: Below this length the blended direction is ill-defined: a change of the normal by 0.1 rad
#: would turn the handle by 30 deg or more.
_SHORTEST = 0.2
#: A direction given for the coil's y must lie along the scalp to within 60 deg (cosine).
_ALONG_SCALP = 0.5


@dataclass(frozen=True, slots=True)
class Handle:
    """How the direction of the handle is chosen.

    Parameters
    ----------
    mode : str
        ``"midline"``: the angle of `params.handle_angle` to the midline. ``"custom"``: another
        angle. ``"sulcus"`` and ``"field"``: along a given direction.
    angle_deg : float or None
        Of ``"custom"``: between handle and midline, backward and lateral.
    away : Vectors of Scanner, one row, or None
        Of ``"sulcus"`` and ``"field"``: the axis that the coil's y is laid along. Its sign is
        free: of y and -y, the one nearer to the midline convention is taken.
    because : str
        Where the direction comes from; printed.
    """

    mode: Literal["midline", "custom", "sulcus", "field"] = "midline"
    angle_deg: float | None = None
    away: Vectors[Scanner] | None = None
    because: str = "45 deg to the midline, backward and lateral"

    @classmethod
    def midline(cls) -> Handle:
        """Return the convention: `params.handle_angle` to the midline."""
        return MIDLINE

    @classmethod
    def custom(cls, angle_deg: float) -> Handle:
        """Return a handle at another angle to the midline, deg, backward and lateral.

        Raises
        ------
        InputError
            If the angle is not within -180 to 180 deg.
        """
        if not -180 <= angle_deg <= 180:
            raise InputError(
                f"handle angle {angle_deg:g} deg: give -180 to 180 deg from the midline, positive "
                f"to the side of the target."
            )
        return cls("custom", angle_deg, None, f"{angle_deg:g} deg to the midline, as asked for")

    @classmethod
    def along(
        cls, away: Vectors[Scanner], *, mode: Literal["sulcus", "field"], because: str
    ) -> Handle:
        """Return a handle whose axis lies along a direction, for example the field-optimal one."""
        return cls(mode, None, away.units(), because)


#: The convention, and the default everywhere.
MIDLINE = Handle()


@dataclass(frozen=True, slots=True, eq=False)
class HeldAt:
    """A handle on one place of the scalp.

    Parameters
    ----------
    away : Vectors of Scanner, one row
        The coil's y: away from the handle, tangent to the scalp.
    handle_deg : float
        Angle between handle and midline, backward and lateral, -180 to 180.
    because : str
    """

    away: Vectors[Scanner]
    handle_deg: float
    because: str


def held_at(
    handle: Handle,
    outward: Vectors[Scanner],
    *,
    midplane: Midplane[Scanner],
    forward: Vectors[Scanner],
    hemi: Hemi,
    convention_deg: float,
) -> HeldAt:
    """Return where the handle points at a place of the scalp.

    Parameters
    ----------
    handle : Handle
    outward : Vectors of Scanner, one row
        Normal of the scalp, unit length.
    midplane : Midplane
    forward : Vectors of Scanner, one row
        To the front of the head.
    hemi : Hemi
        The side that is lateral.
    convention_deg : float
        `params.handle_angle`.

    Raises
    ------
    InputError
        Where the scalp has no direction along the midline, or a given direction points into
        the head instead of along the scalp.
    """
    axes = _axes(outward, midplane, forward, hemi)
    degrees = convention_deg if handle.angle_deg is None else handle.angle_deg
    convention = _turned(axes, degrees)
    if handle.away is None:
        because = handle.because
        if handle.mode == "midline":
            because = f"{degrees:g} deg to the midline, backward and lateral"
        return HeldAt(convention, degrees, because)
    onto = _laid_along(handle.away, outward, handle.because)
    away = onto * float(np.copysign(1.0, onto.dot(convention)[0]))
    sign = "y and -y give the same |E| of a biphasic pulse: the one nearer to the convention"
    return HeldAt(away, _angle_of(away, axes), f"{handle.because}; {sign}")


def held_along(
    away: Vectors[Scanner],
    outward: Vectors[Scanner],
    *,
    midplane: Midplane[Scanner],
    forward: Vectors[Scanner],
    hemi: Hemi,
) -> HeldAt:
    """Return a handle opposite to a given direction, its sign kept.

    Raises
    ------
    InputError
        As `held_at`.
    """
    onto = _laid_along(away, outward, "as given")
    return HeldAt(onto, _angle_of(onto, _axes(outward, midplane, forward, hemi)), "as given")


def _laid_along(
    away: Vectors[Scanner], outward: Vectors[Scanner], because: str
) -> Vectors[Scanner]:
    """Return a direction projected on the scalp, unit length."""
    onto = away.units() - outward * float(away.units().dot(outward)[0])
    if float(onto.lengths()[0]) < _ALONG_SCALP:
        raise InputError(
            f"the direction given for the handle ({because}) points into the head at this place: "
            f"{away} against the scalp's normal {outward}. Give a direction along the scalp."
        )
    return onto.units()


def _axes(
    outward: Vectors[Scanner], midplane: Midplane[Scanner], forward: Vectors[Scanner], hemi: Hemi
) -> tuple[Vectors[Scanner], Vectors[Scanner]]:
    """Return forward along the midline, and lateral, on the scalp."""
    ahead = along_midline(outward, midplane.to_right, forward)
    rightward = ahead.cross(outward)
    return ahead, rightward if hemi is Hemi.RIGHT else -rightward


def _turned(axes: tuple[Vectors[Scanner], Vectors[Scanner]], degrees: float) -> Vectors[Scanner]:
    ahead, lateral = axes
    a = np.radians(degrees)
    return (ahead * float(np.cos(a)) - lateral * float(np.sin(a))).units()


def _angle_of(away: Vectors[Scanner], axes: tuple[Vectors[Scanner], Vectors[Scanner]]) -> float:
    ahead, lateral = axes
    return float(np.degrees(np.arctan2(-away.dot(lateral)[0], away.dot(ahead)[0])))


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
    outward : Vectors of Scanner
        (n, 3) scalp normals, unit length.
    to_right, forward : Vectors of Scanner, one row each
        Unit vectors: patient's right, front of the head.

    Returns
    -------
    Vectors of Scanner
        (n, 3) unit length.

    Raises
    ------
    InputError
        Under the head, where no such direction exists.
    """
    frame = outward.frame
    n, front = outward.components(frame), forward.components(frame)[0]
    up = up_of(to_right, forward).components(frame)[0]
    u, a = np.maximum(n @ up, 0.0), n @ front
    blend = np.maximum(0.0, 1 - np.hypot(a, u) / _SIDE_CAP)
    raw = np.outer(u + blend, front) - np.outer(a, up)
    onto = raw - n * np.einsum("ij,ij->i", raw, n)[:, None]
    lost = np.flatnonzero(np.linalg.norm(onto, axis=1) < _SHORTEST)
    if len(lost):
        raise InputError(
            f"the scalp point under the target faces down (normal {outward.take(lost[:1])}): no "
            f"direction there runs parallel to the midline, so the handle cannot be set. Choose "
            f"a target higher on the head."
        )
    return Vectors(onto, frame).units()
