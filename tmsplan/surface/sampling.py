"""From a volume to the cortex, as one sparse operator that is built once and used often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..base.errors import FrameError, InputError
from ..space.frame import K, require_same
from ..space.grid import Grid, Volume
from .domain import Domain
from .field import Field
from .sample_locations import (
    SampleKind,
    Samples,
    blocks,
    default_samples,
    locations,
    require_sheet,
)
from .surface import Surface
from .touched import TouchedVoxels

__all__ = ["Sampler", "build_sampler"]

Floats = NDArray[np.float64]

#: Two headers of one grid may differ by float32 rounding; a voxel that is moved further than
#: this is another grid. mm, at the worst corner.
GRID_MM = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Sampler(Generic[K]):
    """A sparse operator from one grid to one mesh.

    Reuse it for every map on the grid: applying it costs about a hundredth of building it.

    Parameters
    ----------
    grid : Grid
        The voxels that it reads.
    domain : Domain
        The mesh that it writes.
    kind : str
        ``"depth"``, ``"line"`` or ``"ball"``.
    weights : (n, touched) CSR
        Share of each touched voxel in each vertex; rows sum to 1, or are empty where every
        sample lies outside the grid. Weights are below 0 only in the outermost half voxel,
        where the interpolation extrapolates (as nilearn does).
    voxels : TouchedVoxels
        Those that any vertex reads, in the order of the columns of `weights`.
    inside : (n,) float64
        Share of each vertex's samples that lie inside the grid, 0 to 1.
    """

    grid: Grid[K]
    domain: Domain
    kind: SampleKind
    weights: sparse.csr_array[Any]
    voxels: TouchedVoxels
    inside: Floats

    def apply(
        self, volume: Volume[K], *, name: str, unit: str, covered: Volume[K] | None = None
    ) -> Field:
        """Return a volume's values on the cortex.

        Samples outside the grid are left out of a vertex's mean. A vertex is NaN if none of
        its samples is inside, or if any voxel that it reads is NaN: a mean over the voxels
        that happen to be there would move a map's rim, and with it the target.

        Parameters
        ----------
        volume : Volume
            On the sampler's grid. NaN means missing.
        name, unit : str
            Of the resulting field.
        covered : Volume or None
            Where the volume has values, if it marks missing ones by something else than NaN,
            such as 0 outside a mask. A voxel that is 0, false or NaN here counts as NaN.

        Raises
        ------
        FrameError
            If a volume is in another frame.
        InputError
            If it is on another grid, or infinite where the cortex is.
        """
        self._require_grid(volume.grid)
        values = _gathered(volume.data, self.voxels)
        if covered is not None:
            values = np.where(self._covered(covered), values, np.nan)
        return Field(self._project(values), self.domain, name, unit)

    def apply_many(self, maps: NDArray[Any]) -> Floats:
        """Return the (m, n) values of m maps, NaN as in `apply`.

        Maps are read one by one, so `maps` may be memory-mapped and larger than memory.

        Parameters
        ----------
        maps : (m, i, j, k)
            Maps on the sampler's grid. That they lie there is the caller's word, since bare
            arrays have no frame: use `apply` where a `Volume` is at hand.

        Returns
        -------
        (m, n) float64

        Raises
        ------
        InputError
            If the shape is not that of the grid, or a value is infinite.
        """
        if maps.ndim != 4 or maps.shape[1:] != self.grid.shape:
            raise InputError(
                f"maps must have shape (m, {', '.join(map(str, self.grid.shape))}) to lie on "
                f"this grid; got {maps.shape}. Put the axis of maps first."
            )
        out = np.empty((len(maps), self.domain.density))
        # One by one: multiplying blocks of maps gains nothing, as gathering them costs more.
        for k, one in enumerate(maps):
            out[k] = self._project(_gathered(one, self.voxels))
        return out

    def coverage(self, covered: Volume[K] | None = None) -> Floats:
        """Return the (n,) share of each vertex's sampling that meets data, 0 to 1.

        Parameters
        ----------
        covered : Volume or None
            Where the map has values: true or not 0, and not NaN. None asks for the grid alone.

        Raises
        ------
        FrameError, InputError
            If `covered` is not on the sampler's grid.
        """
        if covered is None:
            return self.inside.copy()
        yes = self._covered(covered).astype(np.float64)
        # Extrapolation gives weights of both signs: sizes count, not the sum.
        size = abs(self.weights)
        total = np.asarray(size.sum(axis=1))
        share = np.divide(size @ yes, total, out=np.zeros_like(total), where=total > 0)
        return np.asarray(share * self.inside)

    def _covered(self, mask: Volume[K]) -> NDArray[np.bool_]:
        self._require_grid(mask.grid)
        there = self.voxels.of_array(mask.data)
        return np.asarray((there != 0) & ~np.isnan(there))

    def _project(self, values: Floats) -> Floats:
        out = np.asarray(self.weights @ values)
        out[self.inside == 0] = np.nan
        return out

    def _require_grid(self, grid: Grid[K]) -> None:
        require_same(self.grid.world, grid.world, "sample a volume")
        if self.grid.shape != grid.shape:
            raise InputError(
                f"the sampler reads a grid of {self.grid.shape}, the image has {grid.shape}. "
                f"Build a sampler for the image's own grid."
            )
        off = _worst_corner_mm(self.grid, grid)
        if off > GRID_MM:
            raise InputError(
                f"the image's voxels lie up to {off:.3g} mm from the sampler's (limit "
                f"{GRID_MM:g} mm), both in {grid.world}. Build a sampler for the image's own grid."
            )

    def __str__(self) -> str:
        grid = "x".join(map(str, self.grid.shape))
        return (
            f"{self.kind} sampler from {grid} in {self.grid.world} to {self.domain}: "
            f"{len(self.voxels)} voxels, {self.weights.nnz} weights"
        )


def build_sampler(
    white: Surface[K],
    pial: Surface[K],
    grid: Grid[K],
    *,
    kind: SampleKind = "depth",
    samples: int | None = None,
    radius_mm: float = 3.0,
) -> Sampler[K]:
    """Build the operator that takes volumes on `grid` to the vertices of `pial`.

    Each vertex is the mean of trilinear samples between white and pial, on a line along the
    pial normal, or in a ball around the pial vertex. The result equals
    ``nilearn.surface.vol_to_surf(img, pial, inner_mesh=white, kind=kind)`` to rounding, with
    its two rules at the border: samples with an index below 0 or at or above the size are
    left out, and between the last voxel centre and the border the last two extrapolate.

    Parameters
    ----------
    white, pial : Surface
        One cortical sheet, mm, in the frame of `grid`.
    grid : Grid
        The voxels to be read.
    kind : {"depth", "line", "ball"}
        How a vertex is sampled.
    samples : int or None
        Samples per vertex; None is 10 for depth and line, 20 for a ball.
    radius_mm : float
        Half length of the line, or radius of the ball.

    Returns
    -------
    Sampler

    Raises
    ------
    FrameError
        If surfaces and grid are not in one frame.
    DomainError, InputError
        If white and pial are not one sheet, an option is refused, the grid is thinner than
        2 voxels, or no vertex lies inside it.
    """
    require_sheet(white, pial, "sample a volume between white and pial")
    require_same(pial.frame, grid.world, "sample a volume on a surface")
    if min(grid.shape) < 2:
        raise InputError(f"a grid of {grid.shape} voxels is too thin to interpolate in.")
    where = locations(white, pial, kind, default_samples(kind, samples), radius_mm)
    weights, voxels, inside = _assembled(where, grid)
    if not inside.any():
        raise FrameError(
            f"no vertex of {pial.domain} lies inside the image in {grid.world}. Surface and image "
            f"cannot be in one frame as claimed; check the image's affine and the surface's frame."
        )
    return Sampler(grid, pial.domain, kind, weights, voxels, inside)


def _assembled(
    where: Samples, grid: Grid[K]
) -> tuple[sparse.csr_array[Any], TouchedVoxels, Floats]:
    """Return the operator on touched voxels, which they are, and shares inside."""
    to_voxel = grid.world_from_voxel.inverse().matrix(grid.voxel, grid.world)
    low, high = where.bounds(to_voxel)
    size = np.array(grid.shape)
    # Only a box around the cortex is looked at: products are as slow as their columns are many.
    # One voxel of margin on each side, as the bounds are rounded otherwise than the samples.
    origin = np.clip(np.floor(low).astype(np.intp) - 1, 0, size - 2)
    box = np.clip(np.floor(high).astype(np.intp) + 3, 2, size) - origin
    parts: list[sparse.csr_array[Any]] = []
    shares: list[Floats] = []
    for rows in blocks(len(where.base)):
        part, share = _block_weights(where.ijk(rows, to_voxel), size, origin, box)
        parts.append(part)
        shares.append(share)
    weights, flat = _compacted(sparse.vstack(parts, format="csr"))
    ijk = np.stack(np.unravel_index(flat, tuple(box)), axis=1) + origin
    return weights, TouchedVoxels.of(ijk, grid.shape), np.concatenate(shares)


def _block_weights(
    ijk: Floats, size: NDArray[np.intp], origin: NDArray[np.intp], box: NDArray[np.intp]
) -> tuple[sparse.csr_array[Any], Floats]:
    """Return the (rows, box voxels) weights of (rows, samples, 3) positions, and shares inside.

    The mean over samples and the interpolation are two sparse matrices; their product merges
    voxels that several samples of a vertex share, without a sort.
    """
    n, samples, _ = ijk.shape
    kept = ((ijk >= 0) & (ijk < size)).all(axis=2)
    count = kept.sum(axis=1)
    corner, weight = _trilinear(ijk[kept] - origin, size - origin, box)
    m = len(corner)
    interpolate = sparse.csr_array(
        (weight.ravel(), corner.ravel(), np.arange(m + 1, dtype=np.int32) * 8),
        shape=(m, int(box.prod())),
    )
    starts = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    share = np.repeat(1 / np.maximum(count, 1), count)
    mean = sparse.csr_array((share, np.arange(m, dtype=np.int32), starts), shape=(n, m))
    return mean @ interpolate, count / samples


def _trilinear(
    ijk: Floats, size: NDArray[np.intp], box: NDArray[np.intp]
) -> tuple[NDArray[np.int32], Floats]:
    """Return flat box indices and weights, both (m, 8), of the corners around positions.

    A position beyond the last voxel centre of the grid has a high share above 1: the last two
    voxels extrapolate.
    """
    _, ny, nz = (int(b) for b in box)
    low = np.minimum(ijk.astype(np.int32), (size - 2).astype(np.int32))
    high_share = ijk - low
    first = (low[:, 0] * ny + low[:, 1]) * nz + low[:, 2]
    steps = [(a * ny + b) * nz + c for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    sides = np.stack([1 - high_share, high_share], axis=2)
    weight = np.einsum("ma,mb,mc->mabc", sides[:, 0], sides[:, 1], sides[:, 2])
    return first[:, None] + np.array(steps, dtype=np.int32), weight.reshape(-1, 8)


def _compacted(
    weights: sparse.csr_array[Any],
) -> tuple[sparse.csr_array[Any], NDArray[np.intp]]:
    """Return the operator on touched columns only, and which they are.

    Stored zeros go: a voxel without weight must not make a vertex NaN.
    """
    weights.eliminate_zeros()
    touched = np.zeros(weights.shape[1], dtype=bool)
    touched[weights.indices] = True
    columns = np.flatnonzero(touched)
    renamed = np.cumsum(touched, dtype=np.int32) - 1
    compact = sparse.csr_array(
        (weights.data, renamed[weights.indices], weights.indptr),
        shape=(weights.shape[0], len(columns)),
    )
    return compact, columns


def _gathered(data: NDArray[Any], voxels: TouchedVoxels) -> Floats:
    values = np.asarray(voxels.of_array(data), dtype=np.float64)
    if np.isinf(values).any():
        raise InputError(
            "the image holds infinite values at the cortex. Missing must be NaN; a division by 0 "
            "may have made them: correct the map."
        )
    return values


def _worst_corner_mm(a: Grid[K], b: Grid[K]) -> float:
    corners = np.array(np.meshgrid(*[(0, s - 1) for s in a.shape])).reshape(3, -1).T
    return float(a.centres(corners).distances(b.centres(corners)).max())
