"""What the preparation leaves on disk: images, meshes, the warp, confounds and patient.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...space.frame import Scanner
from ...space.side import Hemi
from ...surface.pair import Pair
from ...surface.surface import Surface
from .template import Sheet

__all__ = ["write_confounds", "write_cortex", "write_image", "write_scalp", "write_toml"]

Floats = NDArray[np.float64]
#: FreeSurfer writes a user name and a date here.
_STAMP = "created by tmsplan prepare"
_SCANNER = 1  # qform and sform code: scanner anatomy


def write_image(
    path: Path, data: NDArray[np.generic], affine: Floats, *, tr_s: float | None = None
) -> None:
    """Write NIfTI whose two forms agree and name the scanner's world.

    The qform holds rotation, voxel size and shift in float32; both forms get what it can hold.
    """
    import nibabel as nib

    image = nib.Nifti1Image(np.asarray(data), affine)
    image.header.set_xyzt_units("mm", "sec")
    image.set_qform(affine, _SCANNER)
    image.set_sform(image.get_qform(), _SCANNER)
    if tr_s is not None:
        image.header.set_zooms((*image.header.get_zooms()[:3], tr_s))
    nib.save(image, path)


def write_cortex(folder: Path, cortex: Pair[Sheet]) -> dict[str, str]:
    """Write both hemispheres; return the keys of ``[anatomy]`` and their file names."""
    import nibabel as nib

    keys = {}
    for hemi, sheet in cortex.sides():
        stem = hemi.freesurfer
        for kind, xyz in (("white", sheet.white), ("pial", sheet.pial)):
            keys[f"{hemi}_{kind}"] = name = f"{stem}.{kind}.surf.gii"
            _write_gifti(folder / name, xyz, sheet.faces, hemi)
        keys[f"{hemi}_sphere"] = f"{stem}.sphere.reg"
        nib.freesurfer.write_geometry(
            folder / keys[f"{hemi}_sphere"], sheet.sphere, sheet.faces, create_stamp=_STAMP
        )
        keys[f"{hemi}_sulc"] = f"{stem}.sulc"
        nib.freesurfer.write_morph_data(
            folder / keys[f"{hemi}_sulc"], sheet.sulc.astype(np.float32)
        )
    return keys


def _write_gifti(path: Path, xyz: Floats, faces: NDArray[np.int32], hemi: Hemi | None) -> None:
    """Write a mesh in scanner RAS that says so, and which side it is."""
    import nibabel as nib
    from nibabel.gifti import GiftiCoordSystem, GiftiDataArray, GiftiImage, GiftiMetaData

    space = GiftiCoordSystem("NIFTI_XFORM_SCANNER_ANAT", "NIFTI_XFORM_SCANNER_ANAT")
    meta = {} if hemi is None else {"AnatomicalStructurePrimary": f"Cortex{str(hemi).title()}"}
    points = GiftiDataArray(
        xyz.astype(np.float32),
        "NIFTI_INTENT_POINTSET",
        "NIFTI_TYPE_FLOAT32",
        coordsys=space,
        meta=GiftiMetaData(meta),
    )
    triangles = GiftiDataArray(faces.astype(np.int32), "NIFTI_INTENT_TRIANGLE", "NIFTI_TYPE_INT32")
    nib.save(GiftiImage(darrays=[points, triangles]), path)


def write_scalp(path: Path, surface: Surface[Scanner]) -> None:
    """Write a scalp in scanner RAS as GIFTI."""
    _write_gifti(path, surface.points.mm(surface.frame), surface.faces, None)


def write_confounds(path: Path, columns: Mapping[str, Floats]) -> None:
    """Write a confounds table as fMRIPrep does: TSV, n/a where there is no value."""
    rows = zip(*columns.values(), strict=True)
    lines = ["\t".join(columns)]
    lines += ["\t".join("n/a" if np.isnan(v) else f"{v:.8g}" for v in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_toml(
    path: Path,
    person: Mapping[str, str | float],
    tables: Mapping[str, Mapping[str, str | float]],
) -> None:
    """Write ``patient.toml``; numbers with six digits, texts in quotes."""
    lines = [_pair(k, v) for k, v in person.items()]
    for table, values in tables.items():
        lines += ["", f"[{table}]", *(_pair(k, v) for k, v in values.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _pair(key: str, value: str | float) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{key} = "{escaped}"'
    return f"{key} = {float(value):.6g}"
