"""Which cortex a coil can reach: on a gyral crown, facing the scalp and not too deep under it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..base.params import Params
from ..patient.patient import Cortex, Patient
from ..space.side import Hemi
from ..surface.domain import require_same_domain
from ..surface.field import Labels
from ..surface.pair import Pair
from ..surface.proximity import closest_on_faces
from .head_axes import forward_of, up_of

__all__ = [
    "LEAST_FACING",
    "LOWEST_FACING",
    "REACH_AREA",
    "Reach",
    "ScalpDepth",
    "crown_mask",
    "reachable",
    "scalp_depth",
]

#: A parcel counts as reachable when this much of its crown does: a disc of 8 mm across, about
#: the error of holding a coil (navigation_error) on either side of the point.
REACH_AREA = Param(50.0, "mm²", 1, 2000, "area of a disc as wide as navigation is exact")


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
    """

    mm: NDArray[np.float64]
    open: NDArray[np.bool_]
    facing: NDArray[np.bool_]

    def within(self, reach: Param) -> NDArray[np.bool_]:
        """Return which vertices a coil can reach."""
        return self.gates(reach)["faces-away"]

    def gates(self, reach: Param) -> dict[str, NDArray[np.bool_]]:
        """Return which vertices are left after each rule, in turn, by its reason code."""
        near = self.mm <= reach.value
        above = near & self.open
        return {"too-deep": near, "under-the-head": above, "faces-away": above & self.facing}

    def of(self, mask: NDArray[np.bool_]) -> ScalpDepth:
        """Return the same of some of the vertices."""
        return ScalpDepth(self.mm[mask], self.open[mask], self.facing[mask])


@dataclass(frozen=True, slots=True)
class Reach:
    """Which parcels can be reached, why not, and how deep they lie.

    Parameters
    ----------
    reachable : mapping of parcel id to bool
    reasons : mapping of parcel id to code
        Only of parcels that cannot be reached: ``"no-scalp"``, ``"no-vertex"`` (the parcel has
        no vertex here), ``"no-crown"`` (it lies in sulci only), ``"too-deep"``,
        ``"under-the-head"`` (the nearest skin is face, throat or neck), ``"faces-away"`` (what
        is near enough points away from the scalp: walls and undersides of gyri).
    depth_mm : mapping of parcel id to mm
        Median distance of the parcel's crown to the scalp, weighted by area; NaN if unknown.
    """

    reachable: Mapping[int, bool]
    reasons: Mapping[int, str]
    depth_mm: Mapping[int, float]


def crown_mask(cortex: Cortex, params: Params) -> NDArray[np.bool_] | None:
    """Return which vertices lie on gyral crowns, or None if the patient has no ``sulc``.

    A vertex counts where its sulcal depth, centred on the hemisphere's mean and divided by its
    standard deviation (both weighted by area), is below `crown_sulc`. FreeSurfer's sulc is
    positive in sulci.
    """
    sulc = cortex.fields.get("sulc")
    if sulc is None:
        return None
    area = cortex.mid.vertex_areas()
    known = np.isfinite(sulc.values)
    mean = np.average(sulc.values[known], weights=area[known])
    spread = np.sqrt(np.average((sulc.values[known] - mean) ** 2, weights=area[known]))
    below = np.zeros(len(area), dtype=bool)
    below[known] = sulc.values[known] < mean + params.crown_sulc.value * spread
    return below


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
    )


def _outward(cortex: Cortex, patient: Patient) -> NDArray[np.float64]:
    """Return the normals of the mid-cortex averaged over each vertex and its neighbours."""
    mid = cortex.mid
    own = mid.vertex_normals().components(patient.scanner) * mid.vertex_areas()[:, None]
    return _unit(own + mid.adjacency() @ own)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def reachable(
    patient: Patient, labels: Pair[Labels], parcel_ids: Collection[int], params: Params
) -> Reach:
    """Return which parcels a coil can reach.

    A parcel is reachable if at least 50 mm² of its gyral crown (mid-cortex) faces scalp that a
    coil can be held at, and lies within `reach` of it. Every crown vertex of the parcels asked
    about is measured against the scalp's triangles; none is left out. Without ``sulc`` the
    whole parcel counts as crown.

    Parameters
    ----------
    patient : Patient
    labels : Pair of Labels
        On the patient's mesh.
    parcel_ids : collection of int
    params : Params
        `reach` and `crown_sulc` are used.

    Returns
    -------
    Reach
        One entry per id in each mapping (`reasons`: only of the unreachable).

    Raises
    ------
    DomainError
        If the labels are not on the patient's mesh.
    """
    found: dict[int, tuple[str | None, float]] = dict.fromkeys(parcel_ids, ("no-vertex", np.nan))
    for hemi, side in labels.sides():
        cortex = patient.cortex.side(hemi)
        require_same_domain(side.domain, cortex.domain, "measure the reach of parcels")
        found.update(_one_side(patient, hemi, side, found.keys(), params))
    return Reach(
        {k: reason is None for k, (reason, _) in found.items()},
        {k: reason for k, (reason, _) in found.items() if reason is not None},
        {k: depth for k, (_, depth) in found.items()},
    )


def _one_side(
    patient: Patient, hemi: Hemi, labels: Labels, wanted: Collection[int], params: Params
) -> dict[int, tuple[str | None, float]]:
    here = sorted(set(wanted) & set(np.unique(labels.ids).tolist()))
    cortex = patient.cortex.side(hemi)
    crown = crown_mask(cortex, params)
    asked = np.isin(labels.ids, here) & (True if crown is None else crown)
    vertices = np.flatnonzero(asked)
    depth = scalp_depth(patient, hemi, vertices)
    if depth is None:
        return dict.fromkeys(here, ("no-scalp", float("nan")))
    area = cortex.mid.vertex_areas()[vertices]
    ids = labels.ids[vertices]
    return {k: _judge(depth.of(ids == k), area[ids == k], params) for k in here}


def _judge(
    depth: ScalpDepth, area: NDArray[np.float64], params: Params
) -> tuple[str | None, float]:
    if len(area) == 0:
        return "no-crown", float("nan")
    median = _weighted_median(depth.mm, area)
    for code, left in depth.gates(params.reach).items():
        if area[left].sum() < REACH_AREA.value:
            return code, median
    return None, median


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(share, share[-1] / 2)])
