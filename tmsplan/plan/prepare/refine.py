"""A warped cortex moved, gently, to the patient's own boundaries of white and grey matter.

The template brings topology, labels and a place within a few millimetres; the patient's tissue
says where white matter ends. Vertices move along their normals only, by a smooth displacement,
so parcels keep their extent and the mesh its faces. It stays a template's cortex: a sulcus that
the template does not have is not made.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...base.param import Param
from ...surface.pair import Pair
from .anatomy import Anatomy
from .picture import Picture
from .template import Sheet

__all__ = ["TRAVEL", "refined_cortex"]

Floats = NDArray[np.float64]

#: Most that a vertex of the white surface may leave the place that the warp gave it.
TRAVEL = Param(4.0, "mm", 0.0, 6.0, "docs/decisions/0017")
#: Least cortical thickness; cortex is 1 to 4.5 mm thick.
THINNEST = Param(1.0, "mm", 0.5, 2.0, "doi:10.1073/pnas.200033797")
THICKEST = Param(4.5, "mm", 3.0, 6.0, "doi:10.1073/pnas.200033797")
_ROUNDS = 15
#: A round moves at most this far, so that normals can follow.
_STEP_MM = 0.5
#: How far along its normal a vertex looks for the boundary, and how finely.
_LOOK = np.arange(-3.0, 3.01, 0.5)
#: Averages with the neighbours a round: displacement stays smooth over about a centimetre.
_AVERAGES = 3


def refined_cortex(sheets: Pair[Sheet], anatomy: Anatomy) -> Pair[Sheet]:
    """Return the warped cortex with white and pial surfaces on the patient's own boundaries.

    Parameters
    ----------
    sheets : Pair of Sheet
        Warped, in the world of the T1.
    anatomy : Anatomy
        Its tissue probabilities are half at the boundaries.
    """
    brain = anatomy.gm.with_data(anatomy.gm.data + anatomy.wm.data)
    return sheets.map(lambda sheet: _refined(sheet, anatomy.wm, brain))


def _refined(sheet: Sheet, white_matter: Picture, brain: Picture) -> Sheet:
    mean = _neighbour_mean(sheet)
    moved = np.zeros_like(sheet.white)
    for _ in range(_ROUNDS):
        at = sheet.white + moved
        normal = _normals(at, sheet.faces)
        step = np.clip(_to_boundary(white_matter, at, normal), -_STEP_MM, _STEP_MM)
        moved = moved + step[:, None] * normal
        for _ in range(_AVERAGES):
            moved = mean @ moved
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        moved = moved * np.minimum(1, TRAVEL.value / np.maximum(length, 1e-9))
    white = sheet.white + moved
    return replace(sheet, white=white, pial=_pial(sheet, white, brain, mean))


def _to_boundary(inside: Picture, at: Floats, normal: Floats) -> Floats:
    """Return how far along its normal the nearest fall through one half lies, mm.

    Where none is in reach: one step out of white matter that has no end, in where there is none.
    """
    profile = np.stack([inside.at(at + d * normal) for d in _LOOK], axis=1) - 0.5
    first, second = profile[:, :-1], profile[:, 1:]
    falls = (first > 0) & (second <= 0)
    share = first / np.where(falls, first - second, 1)
    place = _LOOK[:-1] + share * (_LOOK[1] - _LOOK[0])
    place = np.where(falls, place, np.inf)
    best = place[np.arange(len(at)), np.abs(place).argmin(axis=1)]
    fallback = np.sign(profile[:, len(_LOOK) // 2]) * _STEP_MM / 2
    return np.asarray(np.where(np.isfinite(best), best, fallback))


def _pial(sheet: Sheet, white: Floats, brain: Picture, mean: sparse.csr_array) -> Floats:
    """Return the pial surface: along the template's own way out, to where grey matter ends."""
    way = sheet.pial - sheet.white
    thick = np.linalg.norm(way, axis=1)
    normal = _normals(white, sheet.faces)
    unit = np.where(thick[:, None] > 0.1, way / np.maximum(thick, 0.1)[:, None], normal)
    depths = np.arange(THINNEST.value, THICKEST.value + 0.01, 0.25)
    profile = np.stack([brain.at(white + d * unit) for d in depths], axis=1) > 0.5
    # The first place that is no tissue; a deep sulcus without fluid ends at the thickest.
    ends = np.where(profile.all(axis=1), thick, depths[(~profile).argmax(axis=1)])
    # The other bank of a closed sulcus, or the other side, is never reached from here.
    ends = np.clip(ends, THINNEST.value, np.clip(thick + 1, THINNEST.value, THICKEST.value))
    wall = sheet.parcels <= 0
    ends[wall] = thick[wall]
    for _ in range(2):
        ends = np.where(wall, ends, mean @ ends)
    return np.asarray(white + ends[:, None] * unit)


def _neighbour_mean(sheet: Sheet) -> sparse.csr_array:
    """Return the matrix that averages a vertex with its neighbours."""
    n, f = len(sheet.white), sheet.faces
    rows = np.concatenate([f[:, 0], f[:, 1], f[:, 2], f[:, 1], f[:, 2], f[:, 0], np.arange(n)])
    cols = np.concatenate([f[:, 1], f[:, 2], f[:, 0], f[:, 0], f[:, 1], f[:, 2], np.arange(n)])
    near = sparse.csr_array((np.ones(len(rows)), (rows, cols)), shape=(n, n))
    near.data[:] = 1.0  # an edge of two triangles counts once
    return sparse.csr_array(sparse.diags_array(1 / near.sum(axis=1)) @ near)


def _normals(xyz: Floats, faces: NDArray[np.int32]) -> Floats:
    a, b, c = (xyz[faces[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    out = np.stack(
        [np.bincount(faces.ravel(), np.repeat(face[:, k], 3), len(xyz)) for k in range(3)], axis=1
    )
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12))
