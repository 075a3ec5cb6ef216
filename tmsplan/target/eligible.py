"""Which vertices of a parcel may be aimed at: one sieve after the other, each with its code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..base.params import Params
from ..patient.patient import Cortex, Patient
from ..space.side import Hemi
from ..surface.domain import require_same_domain
from ..surface.field import Labels
from ..surface.surface import Surface
from .exclusions import Limits, near_holes
from .flat_coil import casing_lift
from .scalp_depth import ScalpDepth, scalp_depth

__all__ = ["MEDIAL_NORMAL", "MEDIAL_WALL", "Sieved", "crown_mask", "sieve"]

Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

#: Cortex this near to the plane between the hemispheres that points across it is medial wall.
MEDIAL_WALL = Param(10.0, "mm", 0, 20, "docs/decisions/0026")
#: Component of the cortex' outward normal across that plane: more towards it than any other way.
MEDIAL_NORMAL = Param(0.7, "1", 0, 1, "docs/decisions/0026")


@dataclass(slots=True, eq=False)
class Sieved:
    """Vertices of one hemisphere and what each rule leaves of them.

    Parameters
    ----------
    vertices : (n,) intp
    left : (n,) bool
        After all rules so far.
    gates : dict of code to (n,) bool
        What was left after each rule, in the order in which they were asked.
    depth_mm : (n,) float64
        Distance to the scalp; NaN off the crown or without a scalp.
    """

    vertices: Indices
    left: Bools
    gates: dict[str, Bools] = field(default_factory=dict)
    depth_mm: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def keep(self, code: str, allowed: Bools) -> None:
        """Leave only what is allowed, and remember by which rule."""
        self.left = self.left & allowed
        self.gates[code] = self.left


def sieve(
    patient: Patient, labels: Labels, vertices: Indices, *, params: Params, limits: Limits
) -> Sieved:
    """Return which vertices may be aimed at, and what each rule leaves.

    Parameters
    ----------
    patient : Patient
    labels : Labels
        The atlas on the hemisphere that the vertices are of.
    vertices : (n,) intp
    params : Params
        `crown_sulc` and `reach` are used.
    limits : Limits

    Raises
    ------
    DomainError
        If labels, map or mask are not on the patient's mesh, or no-go regions not on its scalp.
    """
    hemi = labels.domain.hemi or Hemi.LEFT
    cortex = patient.cortex.side(hemi)
    found = Sieved(vertices, np.ones(len(vertices), dtype=np.bool_))
    found.depth_mm = np.full(len(vertices), np.nan)
    _by_map(found, cortex, labels, hemi, limits)
    crown = crown_mask(cortex, params)
    if crown is not None:
        found.keep("no-crown", crown[vertices])
    _by_scalp(found, patient, hemi, params, limits)
    return found


def crown_mask(cortex: Cortex, params: Params) -> Bools | None:
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


def _by_map(found: Sieved, cortex: Cortex, labels: Labels, hemi: Hemi, limits: Limits) -> None:
    """Sieve by the search mask and by what the map covers."""
    if limits.mask is not None:
        mask = limits.mask.side(hemi)
        require_same_domain(mask.domain, cortex.domain, "search within a mask")
        found.keep("outside-mask", np.asarray(mask.values[found.vertices] > 0))
    if limits.coverage is not None:
        field_ = limits.coverage.side(hemi)
        found.keep("no-coverage", np.isfinite(field_.values[found.vertices]))
        found.keep("near-a-hole", ~near_holes(cortex.mid, field_, labels)[found.vertices])


def _by_scalp(found: Sieved, patient: Patient, hemi: Hemi, params: Params, limits: Limits) -> None:
    """Sieve by the side of the head that a vertex lies on, and by the skin over it."""
    found_crown = found.left
    found.keep("medial-wall", ~_medial(patient, hemi)[found.vertices])
    depth = scalp_depth(patient, hemi, found.vertices[found_crown])
    if depth is None or patient.scalp is None:
        found.keep("no-scalp", np.zeros_like(found.left))
        return
    found.depth_mm[found_crown] = depth.mm
    for code, allowed in depth.rules(params.reach).items():
        found.keep(code, _spread_over(found_crown, allowed))
        if code == "under-the-head" and limits.no_go is not None:
            _by_no_go(found, found_crown, depth, patient.scalp, limits.no_go)
    too_far = np.zeros_like(found.left)
    asked = found.left[found_crown]
    lift = _lift(patient.scalp, depth.corner[asked])
    too_far[found.left] = depth.mm[asked] + lift > params.reach.value
    found.keep("scalp-too-far", ~too_far)


def _by_no_go(
    found: Sieved, crown: Bools, depth: ScalpDepth, scalp: Surface[Any], no_go: Labels
) -> None:
    require_same_domain(no_go.domain, scalp.domain, "keep coils off no-go scalp")
    over = no_go.ids[depth.corner]
    for number, code in no_go.names.items():
        found.keep(code, _spread_over(crown, over != number))


def _spread_over(rows: Bools, allowed: Bools) -> Bools:
    """Return a mask over all rows from one over some of them; the others stay as they are."""
    out = np.ones(len(rows), dtype=np.bool_)
    out[rows] = allowed
    return out


def _lift(scalp: Surface[Any], corner: Indices) -> NDArray[np.float64]:
    sites, back = np.unique(corner, return_inverse=True)
    return np.asarray(casing_lift(scalp, sites)[back])


def _medial(patient: Patient, hemi: Hemi) -> Bools:
    """Return which vertices of a hemisphere are on the wall that faces the other one."""
    mid, plane = patient.cortex.side(hemi).mid, patient.midplane()
    across = mid.vertex_normals().dot(plane.to_right) * (1.0 if hemi is Hemi.LEFT else -1.0)
    near = np.abs(plane.right_mm(mid.points)) < MEDIAL_WALL.value
    return np.asarray(near & (across > MEDIAL_NORMAL.value))
