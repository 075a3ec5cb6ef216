"""From fsaverage's cortex to the patient's, fold to fold, by the registered spheres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import MissingPartError
from ..base.param import Param
from ..patient.patient import Patient
from ..patient.template_sphere import template_sphere
from ..space.frame import Frame, Mni305, SphereReg
from ..space.points import Points
from ..space.side import Hemi
from ..surface.proximity import closest_on_faces, nearest_vertex
from ..surface.surface import Surface
from ..surface.triangle import nearest_on_triangles

__all__ = ["SPHERE_GAP", "OnSphere", "by_sphere", "template_mid"]

Floats = NDArray[np.float64]

#: The mesh whose cortex and sphere come with a dependency.
MESH = "fsaverage5"
#: Farther from the template's cortex than this, a point belongs to no place of it for sure: a
#: gyrus is about as wide.
SPHERE_GAP = Param(8.0, "mm", 1, 15, "docs/decisions/0025")
_RADIUS_MM = 100.0


@dataclass(frozen=True, slots=True)
class OnSphere:
    """Where a template point came to lie on the patient's mesh.

    Parameters
    ----------
    vertex : int
        Of the patient's hemisphere.
    gap_mm : float
        From the point to the template's mid-cortex: what the sphere cannot carry over.
    """

    vertex: int
    gap_mm: float


def by_sphere(point: Points[Mni305], hemi: Hemi, patient: Patient) -> OnSphere | None:
    """Return the patient's vertex at the same folds as a point near fsaverage's cortex.

    The nearest place on fsaverage5's mid-cortex triangles keeps its barycentric place on the
    sphere, and the patient's nearest vertex on ``sphere.reg`` is taken: finer than the nearest
    of fsaverage5's vertices, which lie about 4 mm apart.

    Parameters
    ----------
    point : Points of Mni305, one row
    hemi : Hemi
    patient : Patient

    Returns
    -------
    OnSphere or None
        None if the patient has no registered sphere, or the point lies farther than
        `SPHERE_GAP` from the template's cortex.

    Source: doi:10.1002/(SICI)1097-0193(1999)8:4<272::AID-HBM10>3.0.CO;2-4.
    """
    own = patient.cortex.side(hemi).sphere
    if own is None:
        return None
    mid = template_mid(hemi)
    contact = closest_on_faces(mid, point)
    gap = float(contact.distance_mm[0])
    if gap > SPHERE_GAP.value:
        return None
    corners = mid.faces[contact.faces]
    shares = nearest_on_triangles(
        contact.points.mm(mid.frame), mid.corners()[contact.faces]
    ).shares
    fixed = _template_sphere(hemi)
    there = np.einsum("nk,nkx->nx", shares, _ball(fixed)[corners])
    moving = own.with_points(Points(_ball(own), fixed.frame))
    return OnSphere(int(nearest_vertex(moving, Points(_scaled(there), fixed.frame))[0]), gap)


@cache
def template_mid(hemi: Hemi) -> Surface[Mni305]:
    """Return fsaverage5's mid-cortex in MNI305, from nilearn's wheel.

    Raises
    ------
    MissingPartError
        If nilearn's triangles are not those of the checked sphere.
    """
    from nilearn.datasets import load_fsaverage

    sphere = _template_sphere(hemi)
    parts: dict[str, Any] = load_fsaverage(MESH)
    white, pial = (parts[kind].parts[hemi.value] for kind in ("white_matter", "pial"))
    if not (_same(white.faces, sphere.faces) and _same(pial.faces, sphere.faces)):
        raise MissingPartError(
            f"nilearn's {MESH} has other triangles on its {hemi} cortex than on its sphere; "
            f"install the nilearn version of the lock file."
        )
    frame = Frame(Mni305, "template")
    xyz = (np.asarray(white.coordinates, dtype=np.float64) + pial.coordinates) / 2
    return Surface(Points(xyz, frame), sphere.faces, sphere.domain)


@cache
def _template_sphere(hemi: Hemi) -> Surface[SphereReg]:
    return template_sphere(MESH, hemi)


def _same(one: NDArray[Any], two: NDArray[Any]) -> bool:
    return bool(np.array_equal(one, two))


def _ball(surface: Surface[SphereReg]) -> Floats:
    return _scaled(surface.points.mm(surface.frame))


def _scaled(xyz: Floats) -> Floats:
    return np.asarray(xyz * (_RADIUS_MM / np.linalg.norm(xyz, axis=1, keepdims=True)))
