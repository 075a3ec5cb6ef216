"""How deep cortex lies under the scalp, and whether a coil could be held at the skin above it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..patient.patient import Cortex, Patient
from ..space.frame import Scanner
from ..space.side import Hemi
from ..surface.proximity import Contact, closest_on_faces
from ..surface.surface import Surface
from .head_axes import forward_of, up_of

__all__ = ["LEAST_FACING", "LOWEST_FACING", "ScalpDepth", "scalp_depth"]

#: A coil is not held where the skin faces down more steeply than this (component of the outward
#: normal along the top of the head): face, throat, neck, or the floor where the image was cut.
LOWEST_FACING = Param(-0.5, "1", -1, 0, "anatomy: 30 deg below the horizontal")

#: A vertex whose cortex points further than this from its nearest scalp (cosine of the angle;
#: 60 deg) is a sulcal wall or the underside of a gyrus. `sulc` alone does not tell: on a real
#: head it calls crown what faces down, 20 mm from the skin.
LEAST_FACING = Param(0.5, "1", 0, 1, "docs/decisions/0006")


@dataclass(frozen=True, slots=True, eq=False)
class ScalpDepth:
    """How deep vertices lie, and whether a coil could be held at the scalp above them.

    Parameters
    ----------
    mm : (n,) float64
        Distance to the nearest triangle of the scalp.
    open : (n,) bool
        False where that triangle is on the underside of the head.
    facing : (n,) bool
        False where the cortex does not face that triangle (`LEAST_FACING`).
    corner : (n,) intp
        The vertex of the scalp nearest to that place: a corner of the triangle.
    """

    mm: NDArray[np.float64]
    open: NDArray[np.bool_]
    facing: NDArray[np.bool_]
    corner: NDArray[np.intp]

    def within(self, reach: Param) -> NDArray[np.bool_]:
        """Return which vertices a coil can reach."""
        return np.asarray((self.mm <= reach.value) & self.open & self.facing)

    def rules(self, reach: Param) -> dict[str, NDArray[np.bool_]]:
        """Return which vertices each rule allows, by the reason code of the others."""
        return {
            "too-deep": self.mm <= reach.value,
            "under-the-head": self.open,
            "faces-away": self.facing,
        }


def scalp_depth(patient: Patient, hemi: Hemi, vertices: NDArray[np.intp]) -> ScalpDepth | None:
    """Return how mid-cortex vertices lie under the scalp, or None without a scalp.

    A vertex faces the scalp if the outward normal of the cortex, averaged over the vertex and
    its neighbours, is within 60 deg of the way to the nearest place on the scalp.

    Parameters
    ----------
    patient : Patient
    hemi : Hemi
    vertices : (n,) int
        Indices on that hemisphere's mesh.

    Returns
    -------
    ScalpDepth or None
    """
    if patient.scalp is None:
        return None
    cortex = patient.cortex.side(hemi)
    at = cortex.mid.points.take(vertices)
    contact = closest_on_faces(patient.scalp, at)
    up = up_of(patient.midplane().to_right, forward_of(patient)).components(patient.scanner)[0]
    normals = patient.scalp.face_cross()[contact.faces]
    upward = normals @ up / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)
    way = contact.points.mm(patient.scanner) - at.mm(patient.scanner)
    toward = _unit(way) * _outward(cortex, patient)[vertices]
    return ScalpDepth(
        np.asarray(contact.distance_mm),
        upward >= LOWEST_FACING.value,
        toward.sum(axis=1) > LEAST_FACING.value,
        _corner(patient.scalp, contact),
    )


def _corner(scalp: Surface[Scanner], contact: Contact[Scanner]) -> NDArray[np.intp]:
    corners = scalp.faces[contact.faces].astype(np.intp)
    places = contact.points.mm(scalp.frame)[:, None]
    gap = np.linalg.norm(scalp.corners()[contact.faces] - places, axis=2)
    return np.asarray(np.take_along_axis(corners, gap.argmin(axis=1)[:, None], axis=1)[:, 0])


def _outward(cortex: Cortex, patient: Patient) -> NDArray[np.float64]:
    """Return the normals of the mid-cortex averaged over each vertex and its neighbours."""
    mid = cortex.mid
    own = mid.vertex_normals().components(patient.scanner) * mid.vertex_areas()[:, None]
    return _unit(own + mid.adjacency() @ own)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
