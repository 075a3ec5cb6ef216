"""The scalp: where a coil touches it, and which way is out.

The nearest *vertex* is too coarse: on a coarse scalp two targets a few millimetres apart would
share it. Points are taken on the triangles, and the normal is a mean over a neighbourhood as
large as the middle of a coil, so that one pimple of the mesh does not tilt it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from ..patient.patient import Patient
from ..space.frame import Scanner, require_same
from ..space.points import Points, Vectors
from ..surface.pair import Pair
from ..surface.proximity import Contact, closest_on_faces
from ..surface.surface import Surface
from ..target.head_axes import forward_of, up_of

__all__ = ["ENCLOSED_SHARE", "Scalp", "ScalpPoint", "check_encloses", "scalp_of"]

#: Share of sampled pial vertices that must lie inside the scalp.
ENCLOSED_SHARE = Param(
    0.995, "share", 0.9, 1.0, "one head: 1.000; 0.970 moved 20 mm aside, 0.869 read as LPS"
)
#: Distance from the pial surface of the crown to the scalp: skin, skull and fluid of an adult.
CROWN_NEAR = Param(3.0, "mm", 0, 10, "anatomy: scalp and skull are thicker than this")
CROWN_FAR = Param(40.0, "mm", 20, 80, "anatomy: 14-22 mm is usual at motor and prefrontal cortex")
#: Every how many pial vertices are tested: about 1 mm apart, so one in 40 still resolves a gyrus.
_STRIDE = 40

#: Three-point rule on a triangle, exact for linear and quadratic functions; barycentric rows.
_QUADRATURE = np.array([[4, 1, 1], [1, 4, 1], [1, 1, 4]]) / 6.0


@dataclass(frozen=True, slots=True, eq=False)
class ScalpPoint:
    """A place on the scalp.

    Parameters
    ----------
    point : Points of Scanner, one row
        On a triangle, mm.
    normal : Vectors of Scanner, one row
        Out of the head, averaged over the neighbourhood, unit length.
    distance_mm : float
        From the point that was asked about.
    """

    point: Points[Scanner]
    normal: Vectors[Scanner]
    distance_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Scalp:
    """The outer skin of one patient.

    Parameters
    ----------
    surface : Surface of Scanner
        Closed, triangles facing out, mm.
    forward : Vectors of Scanner, one row
        Unit direction to the front, along the long axis of the brain in its midplane.
    """

    surface: Surface[Scanner]
    forward: Vectors[Scanner]

    def contact(self, points: Points[Scanner]) -> Contact[Scanner]:
        """Return the closest points on the triangles; signed distances are positive outside."""
        return closest_on_faces(self.surface, points)

    def under(self, point: Points[Scanner], radius: Param) -> ScalpPoint:
        """Return the scalp point closest to `point`, with the mean outward normal there.

        The closest point is used and not the ray along a cortical normal: sulcal walls point
        sideways, and that ray meets the scalp tens of millimetres further away.

        Parameters
        ----------
        point : Points of Scanner, one row
        radius : Param
            Of the neighbourhood, mm.

        Raises
        ------
        InputError
            If no part of the scalp lies within `radius` of the contact.
        """
        contact = self.contact(point)
        normal = self.normal_at(contact.points, int(contact.faces[0]), radius)
        return ScalpPoint(contact.points, normal, float(contact.distance_mm[0]))

    def normal_at(self, point: Points[Scanner], face: int, radius: Param) -> Vectors[Scanner]:
        """Return the mean outward normal around a point of the surface.

        Face normals are averaged with weight area times (1 - (d / radius)²), d from `point`:
        the weight ends at 0 and so the normal moves smoothly with the point. Faces turned away
        from `face` (the back of an ear, the inner side of a double wall) do not count.

        Parameters
        ----------
        point : Points of Scanner, one row
        face : int
            A triangle that holds the point.
        radius : Param
            mm.
        """
        return self.normals_at(point, np.array([face]), radius)

    def normals_at(
        self, points: Points[Scanner], faces: NDArray[np.intp], radius: Param
    ) -> Vectors[Scanner]:
        """Return `normal_at` of many places.

        Parameters
        ----------
        points : Points of Scanner
            (n, 3) on the surface, mm.
        faces : (n,) intp
            A triangle that holds each point.
        radius : Param
            mm.
        """
        from scipy.spatial import cKDTree

        frame = self.surface.frame
        cross = self.surface.face_cross()  # outward, as long as twice the area
        nodes = np.einsum("qk,mkx->mqx", _QUADRATURE, self.surface.corners())
        at = points.mm(frame)
        middle = nodes.mean(axis=1)
        reach = radius.value + float(np.linalg.norm(nodes - middle[:, None], axis=2).max())
        boxed = ((middle >= at.min(axis=0) - reach) & (middle <= at.max(axis=0) + reach)).all(1)
        cross, nodes, facing = cross[boxed], nodes[boxed], cross[faces]
        near = cKDTree(middle[boxed]).query_ball_point(at, reach, return_sorted=True)
        total = np.zeros((len(at), 3))
        for i, rows in enumerate(near):
            square = ((nodes[rows] - at[i]) ** 2).sum(axis=2)
            weight = np.clip(1 - square / radius.value**2, 0, None).mean(axis=1)
            same_side = cross[rows] @ facing[i] > 0
            total[i] = (weight * same_side) @ cross[rows]
        bare = np.flatnonzero(np.linalg.norm(total, axis=1) == 0)
        if len(bare):
            raise InputError(
                f"{self.surface.domain}: no triangle lies within {radius.value:g} mm of the scalp "
                f"point {points.take(bare[:1])}. The scalp surface is too coarse there; pass a "
                f"finer one or raise normal_radius."
            )
        return Vectors(total, frame).units()

    def __str__(self) -> str:
        return f"scalp {self.surface}"


def scalp_of(patient: Patient) -> Scalp:
    """Return the patient's scalp.

    Raises
    ------
    InputError
        If the patient has none, or it does not enclose the cortex (`check_encloses`).
    """
    if patient.scalp is None:
        raise InputError(
            f"{patient.id}: no scalp surface, so no coil can be placed. Give [anatomy] scalp = "
            f"... in patient.toml, for example bem/outer_skin.surf, or make one with 'tmsplan "
            f"scalp'."
        )
    pial = Pair(patient.cortex.left.pial, patient.cortex.right.pial)
    scalp = Scalp(patient.scalp, forward_of(patient))
    check_encloses(scalp, pial, up_of(patient.midplane().to_right, scalp.forward))
    return scalp


def check_encloses(scalp: Scalp, pial: Pair[Surface[Scanner]], up: Vectors[Scanner]) -> None:
    """Refuse a scalp that does not enclose the cortex at a human distance.

    Parameters
    ----------
    scalp : Scalp
    pial : Pair of Surface
        Of the same patient.
    up : Vectors of Scanner, one row
        To the top of the head; the crown is the highest twentieth of the pial surface.

    Raises
    ------
    InputError
        If fewer than 99.5 % of the sampled pial vertices lie inside, or the crown of the
        brain lies closer than 3 mm to the scalp or farther than 40 mm from it.
    """
    frame = scalp.surface.frame
    require_same(frame, pial.left.frame, "compare scalp and pial surface")
    sample = np.vstack([s.points.mm(frame)[::_STRIDE] for _, s in pial.sides()])
    signed = scalp.contact(Points(sample, frame)).signed_mm
    inside = float((signed < 0).mean())
    depth = _crown_depth(sample @ up.components(frame)[0], -signed)
    problem = ""
    if np.isnan(signed).any():
        problem = "it is not closed, so it has no inside"
    elif inside < ENCLOSED_SHARE.value:
        problem = f"only {inside:.3f} of the pial vertices lie inside it"
    elif not CROWN_NEAR.value <= depth <= CROWN_FAR.value:
        problem = f"the crown of the brain lies {depth:.1f} mm under it"
    if problem:
        raise InputError(
            f"{scalp.surface.domain}: {problem}. Expected {ENCLOSED_SHARE.value:g} or more inside "
            f"and {CROWN_NEAR.value:g} to {CROWN_FAR.value:g} mm over the crown. It may belong to "
            f"another person or frame, or be the skull; pass the outer skin of this patient."
        )


def _crown_depth(height: NDArray[np.float64], depth: NDArray[np.float64]) -> float:
    crown = height >= np.quantile(height, 0.95)
    return float(np.median(depth[crown]))
