"""The voxels of the activity map that lie in the patient's cortex, each with its region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..base.errors import InputError
from ..patient.patient import Cortex, Patient
from ..space.frame import Scanner
from ..space.grid import Grid, Volume
from ..space.points import Points
from ..space.side import Hemi
from ..surface.domain import require_same_domain
from .null import shift_of_volume
from .region_values import Functional, RegionValues, canonical_order
from .regions import Regions
from .resample import resampled, steps_mm, whole_grid

__all__ = ["cortical_voxels"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

#: Voxels looked at in one go: 200,000 rows of three numbers are 5 MB.
_BLOCK = 200_000
#: Cortex thinner than this has no depth: FreeSurfer lets white and pial meet at the medial wall.
_NO_CORTEX_MM = 1e-3
#: Where the line from white to pial lies nearly in the sheet, its length times this is taken for
#: the thickness: a folded mesh must not make cortex vanish.
_LEAN = 0.3
#: Decimals of a mm that are kept: a voxel equally near to two vertices takes the same one however
#: the file is stored.
_ROUND = 9


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Voxels of the ribbon: lattice index, region, side, depth."""

    ijk: Ints
    ids: Ints
    left: NDArray[np.bool_]
    depth: Floats


def cortical_voxels(
    patient: Patient,
    regions: Regions,
    activity: tuple[Volume[Scanner], Volume[Scanner] | None],
    structure: Volume[Scanner],
    *,
    within_mm: float,
    gm_min: float,
) -> RegionValues:
    """Return the voxels of the activity's own grid that lie in a region of the cortex.

    A voxel is of the cortex where its centre lies between white and pial surface or within
    half a voxel of them, as measured along the normal of the nearest mid-cortex vertex. It
    takes that vertex's region, so a voxel that is nearest to the left cortex can only get a
    left region. The lattice is continued beyond the image: cortex
    outside the field of view counts as places without data.

    Parameters
    ----------
    patient : Patient
    regions : Regions
        On the patient's mesh.
    activity : (Volume, Volume or None)
        Log mALFF, and mean BOLD; scanner RAS.
    structure : Volume
        Grey matter, 0 to 1, on any grid: see `resampled`.
    within_mm : float
        Farther from every mid-cortex vertex is no cortex.
    gm_min : float
        Voxels with less grey matter are no places at all.

    Returns
    -------
    RegionValues

    Raises
    ------
    DomainError
        If the regions are of another mesh.
    FrameError
        If a map is in another world.
    InputError
        If no voxel lies in any region.
    """
    values, bold = activity
    grid = values.grid
    found = _ribbon(patient, regions, grid, within_mm)
    gm = resampled(structure, grid, found.ijk)
    # NaN is kept: a voxel whose grey matter is unknown is a place without data.
    found, gm = _kept(found, gm, ~(gm < gm_min))
    if len(gm) == 0:
        raise InputError(
            f"{patient.id}: no voxel of the activity map lies in a region of '{regions.atlas}' "
            f"with grey matter of at least {gm_min:g}. Check that map, grey matter and surfaces "
            f"are of one patient."
        )
    position = grid.centres(found.ijk)
    order = canonical_order(found.ids, position.mm(grid.world), found.left)
    found, gm = _kept(found, gm, order)
    functional = Functional(
        activity=np.asarray(values.data, dtype=np.float64).ravel(),
        mean_bold=None if bold is None else whole_grid(bold, grid),
        at=_entries(found.ijk, grid.shape),
        shift=shift_of_volume(grid, found.ijk, found.left),
        how="shifted in space",
    )
    return RegionValues(
        owner=patient.id,
        space="volume",
        regions=regions,
        ids=found.ids,
        structure=gm,
        functional=functional,
        position=position.take(order),
        depth=found.depth,
        params=_record(structure, grid),
    )


def _record(structure: Volume[Scanner], grid: Grid[Scanner]) -> Mapping[str, object]:
    fine, coarse = steps_mm(structure.grid), steps_mm(grid)
    return {
        "voxel_mm": [round(float(s), 4) for s in coarse],
        "structure_voxel_mm": [round(float(s), 4) for s in fine],
        "structure_rule": "mean over the activity's voxel where it is coarser, else trilinear",
        "voxel_rule": "between white and pial, half a voxel of tolerance",
    }


def _ribbon(patient: Patient, regions: Regions, grid: Grid[Scanner], within: float) -> _Found:
    sheet = _Sheet.of(patient, regions)
    low, high = _lattice(patient.mid_points(), grid, within)
    half = float(np.prod(steps_mm(grid)) ** (1 / 3)) / 2
    size = high - low
    parts = []
    for start in range(0, int(np.prod(size)), _BLOCK):
        flat = np.arange(start, min(start + _BLOCK, int(np.prod(size))))
        ijk = np.stack(np.unravel_index(flat, tuple(size)), axis=1) + low
        mm = np.round(grid.centres(ijk).mm(grid.world), _ROUND)
        parts.append(sheet.find(ijk, mm, within, half))
    return _Found(
        np.concatenate([p.ijk for p in parts]),
        np.concatenate([p.ids for p in parts]),
        np.concatenate([p.left for p in parts]),
        np.concatenate([p.depth for p in parts]),
    )


def _lattice(mid: Points[Scanner], grid: Grid[Scanner], within: float) -> tuple[Ints, Ints]:
    """Return the first and one past the last index of the box around the cortex."""
    at = grid.indices(mid)
    margin = np.ceil(within / steps_mm(grid)) + 1
    low, high = np.floor(at.min(axis=0) - margin), np.ceil(at.max(axis=0) + margin)
    return low.astype(np.intp), high.astype(np.intp) + 1


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """The cortex as arrays of the scanner world, left vertices first."""

    mid: Floats
    normals: Floats
    thickness: Floats
    ids: Ints
    left: NDArray[np.bool_]
    tree: cKDTree

    @classmethod
    def of(cls, patient: Patient, regions: Regions) -> _Sheet:
        parts = []
        for hemi, cortex in patient.cortex.sides():
            labels = regions.labels.side(hemi)
            require_same_domain(labels.domain, cortex.domain, "find the voxels of a region")
            normals, thickness = _across(cortex, patient)
            ids = np.where(thickness > _NO_CORTEX_MM, labels.ids, 0).astype(np.intp)
            parts.append((normals, thickness, ids, np.full(len(ids), hemi is Hemi.LEFT)))
        normals, thickness, ids, left = (np.concatenate(p) for p in zip(*parts, strict=True))
        mid = patient.mid_points().mm(patient.scanner)
        return cls(mid, normals, thickness, ids, left, cKDTree(mid))

    def find(self, ijk: Ints, mm: Floats, within: float, half: float) -> _Found:
        """Return those of the voxels that lie in the ribbon of a region."""
        far, vertex = self.tree.query(mm, distance_upper_bound=within)
        near = np.flatnonzero(np.isfinite(far))
        at = np.asarray(vertex)[near]
        along = np.einsum("ni,ni->n", mm[near] - self.mid[at], self.normals[at])
        thickness = self.thickness[at]
        keep = (np.abs(along) <= thickness / 2 + half) & (self.ids[at] != 0)
        depth = along / np.maximum(thickness, _NO_CORTEX_MM) + 0.5
        at = at[keep]
        return _Found(ijk[near[keep]], self.ids[at], self.left[at], depth[keep])


def _across(cortex: Cortex, patient: Patient) -> tuple[Floats, Floats]:
    """Return normals of the middle of the cortex, and its thickness along them in mm.

    Along the normal, not the line from white to pial: that line may lean, and a voxel beside
    its vertex would then seem deeper than it is.
    """
    frame = patient.scanner
    across = cortex.pial.points.mm(frame) - cortex.white.points.mm(frame)
    normals = cortex.mid.vertex_normals().components(frame)
    length = np.linalg.norm(across, axis=1)
    return normals, np.maximum(np.einsum("ni,ni->n", across, normals), _LEAN * length)


def _kept(found: _Found, gm: Floats, keep: NDArray[np.bool_] | Ints) -> tuple[_Found, Floats]:
    kept = _Found(found.ijk[keep], found.ids[keep], found.left[keep], found.depth[keep])
    return kept, gm[keep]


def _entries(ijk: Ints, shape: tuple[int, int, int]) -> Ints:
    inside = np.asarray(((ijk >= 0) & (ijk < np.array(shape))).all(axis=1))
    flat = np.ravel_multi_index(tuple(np.where(inside[:, None], ijk, 0).T), shape)
    return np.where(inside, flat, -1)
