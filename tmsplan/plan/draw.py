"""What a plan leaves for the pictures and the page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..atlas.atlas import Atlas
from ..base.errors import InputError
from ..base.param import Param
from ..norms.deviations import Deviations
from ..patient.patient import Cortex, Patient
from ..space.frame import Frame, Scanner, Voxel
from ..space.grid import Grid, Volume
from ..space.points import Points
from ..space.side import Hemi
from ..space.transform import Affine
from ..surface.field import Field, Labels
from ..surface.pair import Pair
from ..surface.parcels import feature_name
from .scene import Scene, SceneCortex

__all__ = ["scene_of", "seen_t1"]

#: Voxels of the T1 that is looked at are not finer than about this; finer ones are averaged.
LOOK = Param(1.0, "mm", 0.5, 2.0, "docs/decisions/0028")
#: The crosshair and the coil's axis need a little air around the head, mm.
_AIR_MM = 6.0
#: Part of the head's voxels that may be white: fat and vessels would darken all the rest.
_WHITE_SHARE = 0.005


def scene_of(patient: Patient, atlas: Atlas, unusual: Deviations) -> Scene | None:
    """Return cortex, scalp, T1 and deviations as they are drawn; None without a scalp."""
    if patient.scalp is None:
        return None
    z = unusual.by_feature()
    by_id = {p.id: z[name].z for p in atlas.parcels if (name := feature_name(p.hemi, p.name)) in z}

    def half(hemi: Hemi) -> SceneCortex:
        cortex, labels = patient.cortex.side(hemi), atlas.labels.side(hemi)
        painted = _painted(labels, by_id)
        return SceneCortex(cortex.pial, _sulc(cortex), painted, labels, cortex.white)

    t1 = seen_t1(patient.t1w.volume, patient.scalp.points)
    both = Pair(half(Hemi.LEFT), half(Hemi.RIGHT))
    return Scene(patient.scanner, both, patient.scalp, t1)


def _sulc(cortex: Cortex) -> Field:
    found = cortex.fields.get("sulc")
    return found or Field(np.zeros(len(cortex.pial)), cortex.domain, "sulc", "mm")


def _painted(labels: Labels, values: dict[int, float]) -> Field:
    ids, where = np.unique(labels.ids, return_inverse=True)
    per_id = np.array([values.get(int(i), np.nan) for i in ids])
    return Field(per_id[where], labels.domain, "z", "1")


def seen_t1(t1: Volume[Scanner], scalp: Points[Scanner]) -> Volume[Scanner]:
    """Return the T1 cut to the head and small enough to travel, for eyes only.

    Whole blocks of voxels are averaged, so no grey value is interpolated, and a voxel of the
    result lies exactly where its block lies.

    Parameters
    ----------
    t1 : Volume of Scanner
    scalp : Points of Scanner
        What has to be inside.

    Returns
    -------
    Volume of Scanner
        uint8; 0 is black, 255 is where the brightest half percent of the head begins.

    Raises
    ------
    InputError
        If scalp and image do not overlap.
    """
    grid = t1.grid
    matrix = grid.world_from_voxel.matrix(grid.world, grid.voxel)
    zooms = np.linalg.norm(matrix[:3, :3], axis=0)
    low, high = _box(t1, scalp, zooms)
    step = np.maximum(np.rint(LOOK.value / zooms), 1).astype(int)
    small = _averaged(t1.data[tuple(slice(a, b) for a, b in zip(low, high, strict=True))], step)
    corner = low + (step - 1) / 2
    moved = matrix @ np.block([[np.diag(step.astype(float)), corner[:, None]], [0, 0, 0, 1]])
    affine = Affine.claim(
        moved,
        dst=grid.world,
        src=Frame(Voxel, f"{grid.world.owner}:scene-t1"),
        because="the planning T1's own affine, shifted to the corner of the cut block",
    )
    nx, ny, nz = small.shape
    return Volume(_grey(small), Grid((nx, ny, nz), affine))


def _box(
    t1: Volume[Scanner], scalp: Points[Scanner], zooms: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return first and last + 1 index of the head along each axis of the image."""
    ijk, air = t1.grid.indices(scalp), _AIR_MM / zooms
    low = np.clip(np.floor(ijk.min(axis=0) - air), 0, t1.grid.shape).astype(np.int64)
    high = np.clip(np.ceil(ijk.max(axis=0) + air) + 1, 0, t1.grid.shape).astype(np.int64)
    if (high - low < 2).any():
        raise InputError(
            f"{scalp.frame.owner}: the scalp lies outside the T1 ({t1}). Expected both of one "
            f"person in one frame; give the scalp that was made from this T1."
        )
    return low, high


def _averaged(data: NDArray[np.generic], step: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return means of whole blocks of voxels; the rest at the far end is left out."""
    if (step == 1).all():
        return np.nan_to_num(np.asarray(data, dtype=np.float32))
    counts = np.array(data.shape) // step
    whole = data[tuple(slice(0, n * s) for n, s in zip(counts, step, strict=True))]
    shape = [v for pair in zip(counts, step, strict=True) for v in pair]
    blocks = np.nan_to_num(np.asarray(whole, dtype=np.float32)).reshape(shape)
    return np.asarray(blocks.mean(axis=(1, 3, 5)), dtype=np.float32)


def _grey(data: NDArray[np.float32]) -> NDArray[np.uint8]:
    # Above the mean of everything is head; air would drag any percentile of the whole down.
    head = data[data > data.mean()]
    black = min(float(data.min()), 0.0) if head.size == 0 else float(np.quantile(data, 0.01))
    white = float(np.quantile(head, 1 - _WHITE_SHARE)) if head.size else black + 1
    scaled = (data - black) / max(white - black, 1e-6)
    return np.asarray(np.rint(np.clip(scaled, 0, 1) * 255), dtype=np.uint8)
