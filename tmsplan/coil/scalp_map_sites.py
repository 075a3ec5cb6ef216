"""Where on the scalp a coil could be held, and the places at which it is really tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.params import Params
from ..patient.patient import Patient
from ..space.points import Points
from ..target.exclusions import NO_GO
from ..target.flat_coil import casing_lift
from ..target.head_axes import up_of
from ..target.no_go import no_go_scalp
from ..target.scalp_depth import LOWEST_FACING
from .scalp import Scalp

__all__ = ["HeldPlaces", "MapSites", "held_places", "map_sites"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

#: Up to this many vertices each is a site; of a finer scalp one a box of `_BOX_MM`.
_FEW = 6000
#: What lies under a coil changes over a centimetre: sites this far apart miss nothing of it.
_BOX_MM = 4.0
#: Sites that a vertex takes part of.
_NEAREST = 6


@dataclass(frozen=True, slots=True, eq=False)
class HeldPlaces:
    """Which vertices of a scalp a coil could be held at.

    Parameters
    ----------
    ids : (n,) int32
        0, or one more than the place of the reason in `NO_GO`; after these, under the head.
    names : tuple of str
        The reasons, by ``id - 1``.
    """

    ids: NDArray[np.int32]
    names: tuple[str, ...]

    @property
    def open(self) -> Bools:
        """Where a coil could be held."""
        return np.asarray(self.ids == 0)

    def over(self, *names: str) -> Indices:
        """Return the vertices that one of these reasons closes."""
        wanted = [1 + self.names.index(name) for name in names]
        return np.flatnonzero(np.isin(self.ids, wanted))


@dataclass(frozen=True, slots=True, eq=False)
class MapSites:
    """Places at which the coil is tried; values there are carried to the vertices between.

    Parameters
    ----------
    points_mm, normals : (s, 3) float64
        On the scalp, scanner axes; mean outward unit normals.
    centres_mm : (s, 3) float64
        Of the coil's face: off the scalp by standoff, hair and lift.
    lift_mm : (s,) float64
        What the flat casing is held off by the head around it.
    forward : (3,) float64
        To the front of the head.
    """

    points_mm: Floats
    normals: Floats
    centres_mm: Floats
    lift_mm: Floats
    forward: Floats

    def __len__(self) -> int:
        return len(self.points_mm)

    def at(self, places_mm: Floats, values: Floats) -> Floats:
        """Return values of the sites, (s,), at places near them, (n,).

        A mean over the nearest six, with shares that fall to 0 at the farthest and to one at a
        site itself. NaN where most of it is of sites without a value.
        """
        from scipy.spatial import cKDTree

        k = min(_NEAREST, len(self))
        tree: Any = cKDTree(self.points_mm)
        gap, near = tree.query(places_mm, k=[*range(1, k + 1)])
        found = values[near]
        share = np.where(np.isnan(found), 0.0, _shares(gap))
        total = share.sum(axis=1)
        mean = (share * np.nan_to_num(found)).sum(axis=1) / np.where(total > 0, total, 1)
        return np.asarray(np.where(total >= 0.5, mean, np.nan))

    def take(self, rows: Indices) -> MapSites:
        """Return some of the sites."""
        return MapSites(
            self.points_mm[rows], self.normals[rows], self.centres_mm[rows], self.lift_mm[rows],
            self.forward,
        )  # fmt: skip


def held_places(patient: Patient, scalp: Scalp) -> HeldPlaces:
    """Return where a coil could be held: not over eye, ear, nose or sinus, not under the head.

    Raises
    ------
    InputError
        If the patient has no scalp.
    """
    labels = no_go_scalp(patient)
    names = (*NO_GO, "under-the-head")
    ids = np.zeros(len(labels.ids), dtype=np.int32)
    for old, name in labels.names.items():
        ids[labels.ids == old] = 1 + names.index(name)
    surface = scalp.surface
    up = up_of(patient.midplane().to_right, scalp.forward).components(surface.frame)[0]
    own = surface.vertex_normals().components(surface.frame)
    around = own + surface.adjacency() @ own
    facing = around @ up / np.maximum(np.linalg.norm(around, axis=1), 1e-12)
    ids[(ids == 0) & (facing < LOWEST_FACING.value)] = len(names)
    return HeldPlaces(ids, names)


def map_sites(scalp: Scalp, held: Bools, params: Params) -> MapSites:
    """Return the places at which the coil is tried.

    Parameters
    ----------
    scalp : Scalp
    held : (n,) bool
        Where a coil could be held.
    params : Params
        `standoff`, `hair` and `normal_radius` are used.
    """
    surface = scalp.surface
    xyz = surface.points.mm(surface.frame)
    rows = np.flatnonzero(held)
    chosen = rows if len(rows) <= _FEW else rows[_one_per_box(xyz[rows])]
    faces = _a_face(surface.faces, len(xyz))[chosen]
    at = Points(xyz[chosen], surface.frame)
    normals = scalp.normals_at(at, faces, params.normal_radius).components(surface.frame)
    lift = casing_lift(surface, chosen)
    off = params.standoff.value + params.hair.value + lift
    return MapSites(
        points_mm=xyz[chosen],
        normals=normals,
        centres_mm=xyz[chosen] + normals * off[:, None],
        lift_mm=lift,
        forward=scalp.forward.components(surface.frame)[0],
    )


def _shares(gap: Floats) -> Floats:
    """Return weights that fall to 0 at the farthest site and to one at a site's own vertex."""
    limit = 1.001 * gap[:, -1:] + 1e-9
    raw = ((limit - gap) / (limit * np.maximum(gap, 1e-6))) ** 2
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def _one_per_box(xyz: Floats) -> Indices:
    boxes = np.floor(xyz / _BOX_MM).astype(np.int64)
    boxes -= boxes.min(axis=0)
    key = np.ravel_multi_index(tuple(boxes.T), tuple(boxes.max(axis=0) + 1))
    return np.asarray(np.sort(np.unique(key, return_index=True)[1]))


def _a_face(faces: NDArray[np.int32], n: int) -> Indices:
    """Return for each vertex the first triangle that has it."""
    out = np.zeros(n, dtype=np.intp)
    rows = np.arange(len(faces))[::-1]
    for corner in faces[::-1].T:
        out[corner] = rows
    return out
