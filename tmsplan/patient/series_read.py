"""The masked voxels of a series: only those are ever held."""

from __future__ import annotations

import math
import mmap
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import DomainError, InputError, refuse_file
from ..space.frame import Scanner
from ..space.side import Hemi
from .cifti import read_cifti
from .nifti_header import NiftiHeader
from .series import Series
from .series_stream import read_series_header, volumes_of
from .series_surface import read_surface_series

__all__ = ["first_volumes", "read_series", "read_sides"]

Floats = NDArray[np.float32]
#: Volumes gathered before they are turned into rows: 64 float32 are four cache lines in a row,
#: which is written 2.7 times faster than one.
_BATCH = 64
#: float32 counts integers exactly up to here.
_EXACT = 2.0**24


def read_series(series: Series, mask: NDArray[np.bool_]) -> Floats:
    """Read the voxels of a mask, in one pass over the file.

    Memory: the result, 64 volumes of the mask, and one stored volume.

    Parameters
    ----------
    series : Series
        A volume series.
    mask : (i, j, k) bool
        On the series' grid.

    Returns
    -------
    (n_voxels, n_volumes) float32
        One row a voxel, in the C order of `mask`. A voxel with an infinite or missing value is
        NaN in all volumes.

    Raises
    ------
    InputError
        If the series is no volume, the mask is empty or of another shape, the file is damaged,
        or its values do not fit float32.
    """
    header = _header(series)
    shape = header.shape[:3]
    if mask.shape != shape or mask.dtype != np.bool_:
        raise InputError(
            f"{series.name}: a mask of {mask.dtype} {mask.shape} for volumes of {shape}; "
            f"expected true or false on the same grid. Resample the mask to the series."
        )
    at = np.ravel_multi_index(np.nonzero(mask), shape, order="F")
    if not len(at):
        raise InputError(f"{series.name}: the mask is empty; expected the brain. Check it.")
    n, total = len(at), series.n_volumes
    out = _plain_pages(n, total)
    batch = np.empty((_BATCH, n), dtype=np.float32)
    voxels = np.empty(n, dtype=header.dtype)
    stored = volumes_of(series.files[0], header, total)
    for start in range(0, total, _BATCH):
        rows = min(_BATCH, total - start)
        for row, volume in enumerate(islice(stored, rows)):
            # Every index is inside the grid; "clip" only saves checking that 600 times.
            np.take(volume, at, out=voxels, mode="clip")
            batch[row] = _scaled(voxels, header)
        out[:, start : start + rows] = batch[:rows].T
    next(stored, None)  # reads on to the checksum
    if header.dtype.kind == "f" or header.slope != 1.0:
        _blank_broken(out, series.name)
    return out


def first_volumes(series: Series, n: int) -> NDArray[np.float64]:
    """Return the mean of the first `n` volumes, (i, j, k) float64; NaN counts as no signal."""
    header = _header(series)
    n = min(n, series.n_volumes)
    total = np.zeros(math.prod(header.shape[:3]))
    for volume in volumes_of(series.files[0], header, n):
        total += np.nan_to_num(
            _scaled(volume, header).astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0
        )
    return (total / n).reshape(header.shape[:3], order="F")


def read_sides(series: Series) -> dict[Hemi, Floats]:
    """Read a surface series: one table of (vertices, volumes) a side that was recorded.

    Raises
    ------
    InputError
        If the series is a volume, or a file is damaged or has changed since it was opened.
    """
    if series.kind == "cifti":
        both = read_cifti(series.files[0]).values
        sides = {hemi: np.ascontiguousarray(v.T) for hemi, v in both.sides()}
    elif series.kind == "surface":
        pairs = zip(series.hemis, series.files, strict=True)
        sides = {hemi: read_surface_series(path).values for hemi, path in pairs}
    else:
        raise InputError(f"{series.name}: a volume series; expected one on the cortex.")
    for hemi, values in sides.items():
        if values.shape[1] != series.n_volumes:
            raise DomainError(
                f"{series.name}: {hemi} has {values.shape[1]} volumes, the run "
                f"{series.n_volumes}. Both sides must come from one run; pass matching files."
            )
        _blank_broken(values, series.name)
    return sides


def _header(series: Series) -> NiftiHeader:
    if series.grid is None:
        raise InputError(f"{series.name}: a series on the cortex; expected a volume series.")
    # The grid was decided when the series was opened; here only sizes and scaling are used.
    header = read_series_header(
        series.files[0],
        use_form=series.use_form,
        templates=series.grid.world.kind is not Scanner,
    ).nifti
    if header.shape != (*series.grid.shape, series.n_volumes):
        raise refuse_file(
            series.files[0],
            f"shape {header.shape}",
            f"{(*series.grid.shape, series.n_volumes)}, as when it was opened",
            "The file has changed; start again",
        )
    return header


def _plain_pages(n: int, total: int) -> Floats:
    """Return an (n, total) float32 array that asks the system for no huge pages.

    numpy does ask. On a machine whose memory is in use the system then clears and moves 2 MB at
    a time, which took longer than inflating the file.
    """
    memory = mmap.mmap(-1, 4 * n * total, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(memory, dtype=np.float32).reshape(n, total)


def _scaled(values: NDArray[Any], header: NiftiHeader) -> NDArray[Any]:
    if (header.slope, header.inter) == (1.0, 0.0):
        return values
    return values * np.float64(header.slope) + header.inter


def _blank_broken(out: Floats, name: str) -> None:
    """Set every row with a value that is no number to NaN as a whole.

    Raises
    ------
    InputError
        If no row is left.
    """
    # The sum of a row is finite exactly if its members are (float64: float32 cannot overflow it).
    broken = ~np.isfinite(out.sum(axis=1, dtype=np.float64))
    if broken.all():
        raise InputError(f"{name}: no voxel has numbers in all volumes. Check the file.")
    out[broken] = np.nan
