"""ReHo: how alike neighbours fluctuate (Kendall's W of their ranked series)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...base.errors import InputError

__all__ = ["NEIGHBOURHOODS", "reho", "reho_mesh"]

Floats = NDArray[np.float64]
#: How many axes a neighbour may differ on, by the number of voxels with the centre.
NEIGHBOURHOODS = {7: 1, 19: 2, 27: 3}
_ROWS = 4096
_VOLUMES = 32  # at a time: rank sums of a whole brain in float64 stay small


def reho(
    series: NDArray[np.floating[Any]], mask: NDArray[np.bool_], *, neighbours: int = 27
) -> Floats:
    """Return Kendall's W of each voxel and its neighbours inside the mask.

    Ties get their mean rank; as in DPABI, W has no correction for ties.

    Parameters
    ----------
    series : (n, t)
        One row a voxel of `mask`, in its C order. A constant row or one with NaN is no
        neighbour and has no value.
    mask : (i, j, k) bool
    neighbours : {7, 19, 27}
        Voxels of a full neighbourhood, with the centre.

    Returns
    -------
    (n,) float64
        0 to 1. A voxel with no more than half a neighbourhood has NaN.

    Raises
    ------
    InputError
        For another neighbourhood, or a mask that does not fit.

    Source: doi:10.1016/j.neuroimage.2003.12.030.
    """
    if neighbours not in NEIGHBOURHOODS:
        raise InputError(f"ReHo over {neighbours} voxels is not defined; write 7, 19 or 27.")
    if int(mask.sum()) != len(series):
        raise InputError(
            f"ReHo: the mask has {int(mask.sum())} voxels, the series {len(series)} rows; they "
            f"must be one set."
        )
    return _kendall(series, _grid_adjacency(mask, NEIGHBOURHOODS[neighbours]), neighbours / 2)


def reho_mesh(series: NDArray[np.floating[Any]], faces: NDArray[np.int32]) -> Floats:
    """Return Kendall's W of each vertex and its ring of neighbours on a mesh.

    Parameters
    ----------
    series : (n, t)
        One row a vertex.
    faces : (m, 3) int
        Triangles.

    Returns
    -------
    (n,) float64
        NaN for a vertex without two usable neighbours.
    """
    n = len(series)
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    rows, columns = np.concatenate([ends, ends[:, ::-1]]).T
    ring = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    whole = sparse.csr_array(ring + sparse.eye_array(n, format="csr"))
    whole.data[:] = 1.0  # an edge belongs to two triangles
    return _kendall(series, whole, 2.5)


def _grid_adjacency(mask: NDArray[np.bool_], axes: int) -> sparse.csr_array:
    """Return which voxels of a mask touch: rows and columns in its C order."""
    number = np.full(np.array(mask.shape) + 2, -1, dtype=np.intp)
    inner = number[1:-1, 1:-1, 1:-1]
    inner[mask] = np.arange(int(mask.sum()))
    at = np.argwhere(mask) + 1
    rows, columns = [], []
    for shift in np.ndindex(3, 3, 3):
        step = np.array(shift) - 1
        if np.abs(step).sum() <= axes:
            there = number[tuple((at + step).T)]
            rows.append(np.flatnonzero(there >= 0))
            columns.append(there[there >= 0])
    i, j = np.concatenate(rows), np.concatenate(columns)
    return sparse.csr_array((np.ones(len(i)), (i, j)), shape=(len(at), len(at)))


def _kendall(
    series: NDArray[np.floating[Any]], touching: sparse.csr_array, at_least: float
) -> Floats:
    from scipy.stats import rankdata  # slow to import, and nothing else here needs it

    n, t = series.shape
    usable = series.max(axis=1) > series.min(axis=1)  # False for NaN too
    members = touching @ usable.astype(np.float64)
    ranks = np.zeros((n, t), dtype=np.float32)  # half ranks up to 2^23 are exact
    for start in range(0, n, _ROWS):
        rows = slice(start, start + _ROWS)
        ranks[rows][usable[rows]] = rankdata(series[rows][usable[rows]], axis=1)
    square = np.zeros(n)
    for start in range(0, t, _VOLUMES):
        sums = touching @ ranks[:, start : start + _VOLUMES].astype(np.float64)
        # Each series' mean rank is (t + 1) / 2, so the mean of the sums is known.
        square += ((sums - members[:, None] * (t + 1) / 2) ** 2).sum(axis=1)
    enough = usable & (members > at_least)
    worth = np.where(enough, members**2 * (float(t) ** 3 - t), math.nan)
    return np.asarray(12.0 * square / worth)
