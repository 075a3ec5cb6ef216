"""The scalp under a coil: how far, and which way is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.param import Param
from ...base.params import Params
from ...space.frame import Scanner
from ...space.points import Points
from ...surface.proximity import closest_on_faces
from ...surface.surface import Surface
from ..guards import INSIDE_MAX, OUTSIDE_MAX

__all__ = ["ALONG_MIN", "SITS_TILT", "Ground", "Seat"]

Floats = NDArray[np.float64]

_SOURCE = "docs/navigators/check-pose.md"
#: Beyond this, z no longer points into the head by any tilt that a person would hold.
ALONG_MIN = Param(60.0, "deg", 40, 80, _SOURCE)
#: A reading explains a pose only if the coil then lies about flat.
SITS_TILT = Param(45.0, "deg", 20, 60, _SOURCE)


@dataclass(frozen=True, slots=True, eq=False)
class Seat:
    """How n poses sit on a scalp.

    Parameters
    ----------
    gap_mm : (n,) float64
        From the scalp to the coil centre, negative inside the head.
    tilt_deg : (n,) float64
        Between z and the inward normal: 0 flat on the head, 180 turned away.
    """

    gap_mm: Floats
    tilt_deg: Floats

    def within(self) -> NDArray[np.bool_]:
        """Return the (n,) mask of centres at a distance that a coil can have."""
        return np.asarray((self.gap_mm >= -INSIDE_MAX.value) & (self.gap_mm <= OUTSIDE_MAX.value))

    def sits(self, tilt: Param = SITS_TILT) -> NDArray[np.bool_]:
        """Return the (n,) mask of poses that could be meant."""
        return self.within() & (self.tilt_deg <= tilt.value)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A scalp that answers the same question for many readings of the same poses."""

    scalp: Surface[Scanner]
    params: Params

    def seat(self, matrices: Floats) -> Seat:
        """Return how (n, 4, 4) poses in SimNIBS' axes and the scalp's world sit on it."""
        return self.seats([matrices])[0]

    def seats(self, readings: Sequence[Floats]) -> list[Seat]:
        """Return the seat of each of several readings; every place is measured once."""
        centres = np.concatenate([m[:, :3, 3] for m in readings])
        places, back = np.unique(centres, axis=0, return_inverse=True)
        gap, inward = self._measure(places)
        split = np.cumsum([len(m) for m in readings])[:-1]
        rows = np.split(np.ravel(back), split)
        return [_seat(m, gap[k], inward[k]) for m, k in zip(readings, rows, strict=True)]

    def _measure(self, centres: Floats) -> tuple[Floats, Floats]:
        from scipy.spatial import cKDTree

        surface = self.scalp
        points = Points(centres, surface.frame)
        contact = closest_on_faces(surface, points)
        at = contact.points.mm(surface.frame)
        faces = surface.face_cross()[contact.faces]
        normals = surface.vertex_normals().components(surface.frame)
        weighted = normals * surface.vertex_areas()[:, None]
        tree = cKDTree(surface.points.mm(surface.frame))
        near = tree.query_ball_point(at, self.params.normal_radius.value)
        outward = np.array(
            # Vertices of an opposite wall, such as the back of an ear, do not count.
            [
                _mean(weighted[ids][weighted[ids] @ face > 0], face)
                for ids, face in zip(near, faces, strict=True)
            ]
        )
        side = ((centres - at) * outward).sum(axis=1)
        open_gap = np.where(side < 0, -contact.distance_mm, contact.distance_mm)
        signed = contact.signed_mm
        return np.where(np.isnan(signed), open_gap, signed), -outward


def _seat(matrices: Floats, gap: Floats, inward: Floats) -> Seat:
    z = matrices[:, :3, 2]
    # A sheared matrix has axes of another length; only their direction counts here.
    length = np.linalg.norm(z, axis=1)
    cosine = (z * inward).sum(axis=1) / np.where(length > 0, length, 1.0)
    return Seat(gap, np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _mean(weighted: Floats, face: Floats) -> Floats:
    total = weighted.sum(axis=0) if len(weighted) else face
    return np.asarray(total / np.linalg.norm(total))
