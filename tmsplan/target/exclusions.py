"""Why a parcel, or a place in it, is not aimed at: every code, and the limits of one plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from ..base.param import Param
from ..space.frame import K
from ..surface.domain import require_same_domain
from ..surface.field import Field, Labels
from ..surface.pair import Pair
from ..surface.surface import Surface

__all__ = ["HOLE_AREA", "HOLE_MARGIN", "NO_GO", "REASONS", "Limits", "near_holes"]

Bools = NDArray[np.bool_]

#: Codes of scalp that no coil is held at, from whatever it lies over.
NO_GO: Mapping[str, str] = MappingProxyType(
    {
        "over-eye": "the nearest skin is over an eye",
        "over-ear": "the nearest skin is an ear, or so near to one that a coil lies on it",
        "over-nose": "the nearest skin is the nose",
        "over-sinus": "the nearest skin is over the frontal sinus",
    }
)

#: Every code of a ranking's `reasons`, in the order in which they are looked for.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "not-a-candidate": "it is not in the declared set of candidates",
        "no-value": "the map has no value for it",
        "no-norm": "the norms do not know it",
        "low-coverage": "the map covers too little of it to be compared",
        "no-vertex": "it has no vertex on this mesh",
        "outside-mask": "it lies outside the search mask",
        "no-coverage": "the map has no value in it",
        "near-a-hole": "what the map covers of it is within 10 mm of a hole in the map",
        "no-crown": "it lies in sulci only",
        "medial-wall": "it lies on the wall between the hemispheres",
        "no-scalp": "the patient has no scalp surface",
        "too-deep": "all of it lies too deep under the scalp",
        "under-the-head": "the nearest skin is face, throat or neck",
        **NO_GO,
        "faces-away": "its crown within reach points away from the scalp",
        "scalp-too-far": "a flat coil is held off the scalp there, and so is out of reach",
        "out-of-reach": "a coil cannot reach it",
        "extrapolated": "the person is outside the reference's range",
        "partly-covered": "the map has holes in it",
        "tie": "it is tied with its neighbour in the list",
    }
)

#: Nothing is aimed at within this distance of a hole of the map: values there are averages over
#: what the hole left, and what it hides may be the lowest of all.
HOLE_MARGIN = Param(10.0, "mm", 0, 30, "docs/decisions/0026")

#: Missing cortex smaller than this is no hole but a few vertices that fell between voxels.
HOLE_AREA = Param(10.0, "mm²", 0, 200, "one face of a voxel of 3 mm")


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """What one plan forbids, beside depth and direction; nothing unless said.

    Parameters
    ----------
    coverage : Pair of Field, optional
        The map that is searched: cortex without a value is not aimed at, nor is what lies within
        10 mm of a hole.
    mask : Pair of Field, optional
        The search mask: above 0 inside.
    no_go : Labels, optional
        On the scalp: 0 where a coil may be held, else an id whose name is a code of `NO_GO`.
    """

    coverage: Pair[Field] | None = None
    mask: Pair[Field] | None = None
    no_go: Labels | None = None


def near_holes(surface: Surface[K], field: Field, labels: Labels) -> Bools:
    """Return which vertices lie in a hole of a map, or within 10 mm of one.

    A hole is connected cortex (labelled vertices: the wall between the hemispheres is no hole)
    of at least 10 mm² without a value. Distances are straight lines: what makes a hole, a mask
    or lost signal, is a thing of the volume and reaches across sulci.

    Parameters
    ----------
    surface : Surface
        Mid-cortex.
    field : Field
        The map; NaN is missing.
    labels : Labels
        The atlas; 0 is no cortex.

    Returns
    -------
    (n,) bool

    Raises
    ------
    DomainError
        If the three are not on one mesh.
    """
    from scipy.spatial import cKDTree

    require_same_domain(field.domain, surface.domain, "look for holes of a map")
    require_same_domain(labels.domain, surface.domain, "look for holes of a map")
    lost = np.flatnonzero(np.isnan(field.values) & (labels.ids != 0))
    out = np.zeros(len(surface), dtype=np.bool_)
    if not len(lost):
        return out
    count, part = connected_components(surface.adjacency()[lost][:, lost], directed=False)
    area = np.bincount(part, surface.vertex_areas()[lost], count)
    holes = lost[area[part] >= HOLE_AREA.value]
    if len(holes):
        xyz = surface.points.mm(surface.frame)
        gap, _ = cKDTree(xyz[holes]).query(xyz, distance_upper_bound=HOLE_MARGIN.value)
        out = np.isfinite(gap)
    return out
