"""A map in the patient's scanner world as a NIfTI file that says only what it is."""

from __future__ import annotations

import gzip
import io

import nibabel as nib
import numpy as np

from ..space.frame import K
from ..space.grid import Volume

__all__ = ["volume_bytes"]

_FAST = 3  # gzip level: half the time of 6 for a tenth more bytes


def volume_bytes(volume: Volume[K], *, code: int = 1) -> bytes:
    """Return a map as ``.nii.gz`` bytes: float32, fresh header, the same bytes every time.

    Parameters
    ----------
    volume : Volume
        NaN stays NaN.
    code : int
        For the sform: 1 scanner, 2 aligned. The qform is left unset: it holds no shear, and a
        grid that was resampled may have some.

    Returns
    -------
    bytes
    """
    grid = volume.grid
    image = nib.Nifti1Image(
        np.asarray(volume.data, dtype=np.float32),
        grid.world_from_voxel.matrix(grid.world, grid.voxel),
    )
    image.set_sform(image.affine, code)
    image.set_qform(None, 0)
    image.header.set_xyzt_units("mm")
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=_FAST, mtime=0, filename="") as gz:
        gz.write(image.to_bytes())
    return out.getvalue()
