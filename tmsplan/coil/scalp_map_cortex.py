"""The cortex as a coil over the scalp meets it: how deep it lies, and its z by area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.points import Points
from ..surface.field import Field
from ..surface.pair import Pair
from ..surface.surface import Surface
from ..surface.triangle import nearest_on_triangles
from .scalp_map_kernel import REACH_MM, CoilKernel
from .scalp_map_sites import MapSites

__all__ = ["LEAST_KNOWN", "CortexSamples", "cortex_samples", "depth_mm"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Share of a coil's weight that must be on cortex with a z: the mean of less is of other cortex.
LEAST_KNOWN = Param(0.5, "share", 0.1, 1.0, "docs/decisions/0029")
#: Cortex within a box this wide is met alike by a coil a centimetre or more away.
_BOX_MM = 3.0
#: Sites at once: their pairs with the cortex stay in memory.
_BLOCK = 128


@dataclass(frozen=True, slots=True, eq=False)
class CortexSamples:
    """Patches of mid-cortex about 3 mm wide.

    Parameters
    ----------
    xyz_mm : (n, 3) float64
        Their middle, scanner axes.
    area : (n,) float64
        mm² in all.
    known : (n,) float64
        mm² that have a z.
    sum_z : (n,) float64
        Sum of area times z.
    """

    xyz_mm: Floats
    area: Floats
    known: Floats
    sum_z: Floats

    def mean_z(self, sites: MapSites, kernel: CoilKernel) -> Floats:
        """Return the mean z under the coil at each site, (s,); NaN where too little is known."""
        from scipy.spatial import cKDTree

        tree: Any = cKDTree(self.xyz_mm)
        out = np.full(len(sites), np.nan)
        for start in range(0, len(sites), _BLOCK):
            part = slice(start, start + _BLOCK)
            centres, normals = sites.centres_mm[part], sites.normals[part]
            near = tree.query_ball_point(centres, REACH_MM, return_sorted=True)
            site = np.repeat(np.arange(len(near)), [len(rows) for rows in near])
            at = np.concatenate([np.asarray(rows, dtype=np.intp) for rows in near])
            gap = self.xyz_mm[at] - centres[site]
            under = -np.einsum("ij,ij->i", gap, normals[site])
            aside = np.sqrt(np.maximum(np.einsum("ij,ij->i", gap, gap) - under**2, 0))
            weight = kernel.weights(aside, under)
            out[part] = self.weighted(site, at, weight, len(near))
        return out

    def weighted(
        self, site: NDArray[np.intp], at: NDArray[np.intp], weight: Floats, n: int
    ) -> Floats:
        """Return mean z of n sites from pairs of site and sample with a weight."""
        every, known, z = (
            np.bincount(site, weight * values[at], minlength=n)
            for values in (self.area, self.known, self.sum_z)
        )
        enough = (known > 0) & (known >= LEAST_KNOWN.value * every)
        return np.asarray(np.where(enough, z / np.where(known > 0, known, 1), np.nan))


def cortex_samples(
    patient: Patient, z: Pair[Field], *, box_mm: float = _BOX_MM, of: Pair[Bools] | None = None
) -> CortexSamples:
    """Return both hemispheres' mid-cortex in patches, with their area and z.

    Parameters
    ----------
    patient : Patient
    z : Pair of Field
    box_mm : float
        Width of a patch.
    of : Pair of (n,) bool, optional
        Which vertices count; all unless given.
    """
    parts = []
    for hemi, field in z.sides():
        kept = np.ones(len(field.values), dtype=np.bool_) if of is None else of.side(hemi)
        parts.append(_of_side(patient.cortex.side(hemi).mid, field, kept, box_mm))
    return CortexSamples(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _of_side(
    mid: Surface[Scanner], z: Field, kept: Bools, box_mm: float
) -> tuple[Floats, Floats, Floats, Floats]:
    xyz, area = mid.points.mm(mid.frame)[kept], mid.vertex_areas()[kept]
    values = z.values[kept]
    has = np.isfinite(values)
    boxes = np.floor(xyz / box_mm).astype(np.int64)
    boxes -= boxes.min(axis=0, initial=0)
    key = np.ravel_multi_index(tuple(boxes.T), tuple(boxes.max(axis=0, initial=0) + 1))
    _, box = np.unique(key, return_inverse=True)

    def summed(values: Floats) -> Floats:
        return np.asarray(np.bincount(box, values))

    total = summed(area)
    middle = np.stack([summed(area * column) for column in xyz.T], axis=1) / total[:, None]
    return middle, total, summed(area * has), summed(area * np.where(has, values, 0.0))


def depth_mm(patient: Patient, points: Points[Scanner], wanted: Bools) -> Floats:
    """Return the distance from places to the nearest mid-cortex, mm; NaN where not wanted.

    Measured to the triangles round the nearest vertex: the exact nearest triangle, unless a
    fold passes between; then it is a little more than that, never less.

    Parameters
    ----------
    patient : Patient
    points : Points of Scanner
        (n, 3) mm.
    wanted : (n,) bool
    """
    out = np.full(len(points), np.nan)
    xyz = points.mm(patient.scanner)[wanted]
    sides = [_to_surface(c.mid, xyz) for _, c in patient.cortex.sides()]
    out[wanted] = np.minimum(*sides)
    return out


def _to_surface(mid: Surface[Scanner], xyz: Floats) -> Floats:
    from scipy import sparse
    from scipy.spatial import cKDTree

    tree: Any = cKDTree(mid.points.mm(mid.frame))
    _, vertex = tree.query(xyz)
    m = len(mid.faces)
    ones = np.ones(3 * m, dtype=np.int8)
    of = sparse.coo_array((ones, (mid.faces.ravel(), np.repeat(np.arange(m), 3))),
                          shape=(len(mid), m)).tocsr()  # fmt: skip
    counts = np.diff(of.indptr)[vertex]
    place = np.repeat(np.arange(len(xyz)), counts)
    first = np.repeat(of.indptr[vertex], counts)
    step = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
    found = nearest_on_triangles(xyz[place], mid.corners()[of.indices[first + step]])
    gap = np.linalg.norm(found.xyz - xyz[place], axis=1)
    out = np.full(len(xyz), np.inf)
    np.minimum.at(out, place, gap)
    return out
