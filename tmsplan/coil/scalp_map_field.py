"""What a solved head changes in the map of z under the coil.

One field of the whole cortex takes a second; a map needs thousands. The change that the solved
field makes is small and smooth, so it is found at places about a centimetre apart, with patches
of cortex 6 mm wide, for two handles at a right angle, all at once; sphere's and solved weights
are compared on the same patches, so that what these are too coarse for drops out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..patient.patient import Patient
from ..space.frame import require_same
from ..surface.field import Field
from ..surface.pair import Pair
from .efield.charges import field_operator
from .efield.measures import HOTSPOT_POWER
from .efield.pial import PialHead
from .efield.shell import ShellHead
from .efield.source import CoilSource, primary_field
from .efield.table import TabulatedSource, tabulated
from .scalp_map_cortex import CortexSamples, cortex_samples
from .scalp_map_kernel import CoilKernel
from .scalp_map_sites import MapSites

__all__ = ["SolvedCoil", "change_by_field"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

#: Places at which the field is solved, and patches of cortex on which it is compared.
_PLACE_MM, _PATCH_MM = 12.0, 6.0
#: Cortex deeper than this under the nearest place has a weight below 1e-4.
_DEEPEST_MM = 45.0
#: Patches at once: their closed forms with every triangle stay small.
_PATCHES = 32
#: Right sides at once.
_COLUMNS = 256


class SolvedCoil(Protocol):
    """A solved head and the coil over it."""

    @property
    def model(self) -> ShellHead | PialHead:
        """The solved head."""

    @property
    def source(self) -> CoilSource:
        """The coil's windings."""


@dataclass(frozen=True, slots=True, eq=False)
class _Poses:
    """Scanner from coil, metres: two handles at each place, one after the other."""

    matrices: Floats

    @classmethod
    def over(cls, centres_mm: Floats, normals: Floats, forward: Floats) -> _Poses:
        z = -normals
        y = _across(normals, forward)
        both = np.stack([y, np.cross(z, y)], axis=1)  # (s, 2, 3)
        z = np.broadcast_to(z[:, None], both.shape)
        matrices = np.zeros((*both.shape[:2], 4, 4))
        matrices[..., :3, :3] = np.stack([np.cross(both, z), both, z], axis=-1)
        matrices[..., :3, 3] = 1e-3 * centres_mm[:, None]
        matrices[..., 3, 3] = 1
        return cls(matrices.reshape(-1, 4, 4))


def change_by_field(
    solved: SolvedCoil, patient: Patient, z: Pair[Field], sites: MapSites, kernel: CoilKernel
) -> tuple[Floats, str]:
    """Return by how much the solved field changes the mean z at each site, and words for it.

    Parameters
    ----------
    solved : SolvedCoil
        Of this patient.
    patient : Patient
    z : Pair of Field
    sites : MapSites
    kernel : CoilKernel
        The weights that were used without it.

    Returns
    -------
    (s,) float64
        0 where the solved head says nothing, as for cortex that it does not trust.
    str

    Raises
    ------
    FrameError
        If the solved head is another patient's.
    """
    model = solved.model
    require_same(model.frame, patient.scanner, "map a solved field to the scalp")
    if not isinstance(model, ShellHead):
        return np.zeros(len(sites)), (
            f"the solved model {model.engine} was not used: a map needs thousands of poses, and "
            f"only the model 'shell' solves them at once"
        )
    places = _places(sites)
    trusted = Pair(*np.split(model.mid.trusted, [model.mid.sheet.left]))
    patches = _near(cortex_samples(patient, z, box_mm=_PATCH_MM, of=trusted), places)
    poses = _Poses.over(places.centres_mm, places.normals, sites.forward)
    weights = _weights(model, tabulated(solved.source, "linear"), poses, patches)
    there = _mean_z(patches, weights)
    change = there - patches.mean_z(places, kernel)
    said = (
        f"changed to |E| of the model {model.engine} at {len(places)} places (by "
        f"{_typical(change):.2f} in z, median)"
    )
    return _carried(change, places, sites), said


def _typical(change: Floats) -> float:
    known = np.abs(change[np.isfinite(change)])
    return float(np.median(known)) if len(known) else 0.0


def _across(normals: Floats, forward: Floats) -> Floats:
    """Return forward laid along the scalp; at the very front and back, the way aside of it."""
    along = forward - normals * (normals @ forward)[:, None]
    short = np.linalg.norm(along, axis=1) < 0.1
    # Which way aside is free: both handles of a place are used, and y counts as -y.
    along[short] = np.eye(3)[int(np.argmin(np.abs(forward)))]
    along -= normals * np.einsum("ij,ij->i", along, normals)[:, None]
    return np.asarray(along / np.linalg.norm(along, axis=1, keepdims=True))


def _places(sites: MapSites) -> MapSites:
    boxes = np.floor(sites.points_mm / _PLACE_MM).astype(np.int64)
    boxes -= boxes.min(axis=0)
    key = np.ravel_multi_index(tuple(boxes.T), tuple(boxes.max(axis=0) + 1))
    kept = np.sort(np.unique(key, return_index=True)[1])
    return sites.take(kept)


def _near(patches: CortexSamples, places: MapSites) -> CortexSamples:
    from scipy.spatial import cKDTree

    tree: Any = cKDTree(places.points_mm)
    gap, _ = tree.query(patches.xyz_mm)
    kept = gap < _DEEPEST_MM
    return CortexSamples(*(a[kept] for a in (patches.xyz_mm, patches.area, patches.known,
                                             patches.sum_z)))  # fmt: skip


def _weights(
    model: ShellHead, source: TabulatedSource, poses: _Poses, patches: CortexSamples
) -> Singles:
    """Return mean |E|^8 over the two handles, (patches, places), of any scale per place."""
    layer, points = model.layer, patches.xyz_mm * 1e-3
    n = len(poses.matrices)
    density = np.empty((len(layer), n), dtype=np.float32)
    primary = np.empty((n, len(points), 3), dtype=np.float32)
    for start in range(0, n, _COLUMNS):
        part = slice(start, start + _COLUMNS)
        right = [_driven(source, m, model) for m in poses.matrices[part]]
        density[:, part] = model.solver.solve(np.stack(right, axis=1))
    for k, matrix in enumerate(poses.matrices):
        primary[k] = primary_field(source, matrix, points)
    strength = np.empty((len(points), n), dtype=np.float32)
    for start in range(0, len(points), _PATCHES):
        rows = slice(start, start + _PATCHES)
        charges = _matrix(points[rows], model) @ density
        field = charges.reshape(-1, 3, n).transpose(2, 0, 1) + primary[:, rows]
        strength[rows] = np.linalg.norm(field, axis=2).T
    strength /= strength.max(axis=0)
    weight = strength**HOTSPOT_POWER.value
    return np.asarray(weight[:, 0::2] + weight[:, 1::2])


def _driven(source: TabulatedSource, pose_m: Floats, model: ShellHead) -> Floats:
    layer = model.layer
    primary = primary_field(source, pose_m, layer.centres_m)
    return np.asarray(layer.contrast * np.einsum("nx,nx->n", primary, layer.normals))


def _matrix(points_m: Floats, model: ShellHead) -> Singles:
    """Return the field of the charges at some points, (3 points, triangles)."""
    p = len(points_m)
    unit = np.eye(3 * p).reshape(p, 3, 3 * p)
    return field_operator(points_m, model.layer).transpose(unit).T.astype(np.float32)


def _mean_z(patches: CortexSamples, weights: Singles) -> Floats:
    at, site = (k.ravel() for k in np.indices(weights.shape))
    return patches.weighted(site, at, weights.ravel().astype(np.float64), weights.shape[1])


def _carried(change: Floats, places: MapSites, sites: MapSites) -> Floats:
    """Return values of the places at all sites; 0 where no place near has one."""
    return np.nan_to_num(places.at(sites.points_mm, change))
