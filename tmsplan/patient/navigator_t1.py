"""The T1 as a NIfTI file that a navigator can open, where the patient's own is an MGH image."""

from __future__ import annotations

import gzip
import io

import nibabel as nib
import numpy as np

from ..base.errors import InputError
from ..base.provenance import InputFile, sha256_bytes
from .patient import T1w

__all__ = ["NAVIGATOR_T1", "navigator_t1_bytes", "navigator_t1_record"]

#: Name of the copy beside the navigator files.
NAVIGATOR_T1 = "T1_navigator.nii.gz"
#: qform holds a rotation as float32 quaternion; more than this at a corner is shear.
QFORM_MM = 0.05
SCANNER_CODE = 1
_FAST = 3  # gzip level: half the time of 6 for a tenth more bytes


def navigator_t1_bytes(t1w: T1w) -> bytes:
    """Return the T1 as ``.nii.gz`` bytes: same array, same grid, a header that says so.

    The header is fresh (no name, date or comment of the input can leak); qform and sform are
    equal, both with code 1 (scanner). The same T1 gives the same bytes.

    Raises
    ------
    InputError
        If the affine has shear that a qform cannot hold: navigators that read the qform
        would place the image elsewhere.
    """
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=_FAST, mtime=0, filename="") as gz:
        gz.write(_image(t1w).to_bytes())
    return out.getvalue()


def navigator_t1_record(t1w: T1w) -> InputFile:
    """Return the record of that copy, role ``t1w-navigator``, with what its header says.

    Raises
    ------
    InputError
        As `navigator_t1_bytes`.
    """
    image = _image(t1w)
    header = {
        "shape": [int(n) for n in image.shape],
        "zooms": [float(z) for z in image.header.get_zooms()],
        "affine": image.get_sform().tolist(),
        "qform_code": int(image.header["qform_code"]),
        "sform_code": int(image.header["sform_code"]),
    }
    digest = sha256_bytes(navigator_t1_bytes(t1w))
    return InputFile("t1w-navigator", NAVIGATOR_T1, digest, header)


def _image(t1w: T1w) -> nib.Nifti1Image:
    grid = t1w.volume.grid
    affine = grid.world_from_voxel.matrix(grid.world, grid.voxel)
    image = nib.Nifti1Image(t1w.volume.data, affine)
    image.set_qform(affine, SCANNER_CODE)
    image.set_sform(affine, SCANNER_CODE)
    image.header.set_xyzt_units("mm")
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in grid.shape], [1])).reshape(4, -1)
    off = float(np.abs((image.get_qform() - affine) @ corners).max())
    if off > QFORM_MM:
        raise InputError(
            f"the T1's affine has shear: a qform would be {off:.2f} mm off at a corner (limit "
            f"{QFORM_MM} mm). Resample the T1 to a straight grid before navigation."
        )
    return image
