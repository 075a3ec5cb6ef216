"""What a NIfTI header says, checked before a voxel is read: size, type, unit, orientation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nibabel import nifti1, nifti2
from numpy.typing import NDArray

from ..base.errors import AmbiguityError, refuse_file
from ..surface.formats import guarded

__all__ = ["FORM_NAMES", "NiftiHeader", "parse_header"]

Floats = NDArray[np.float64]
Fields = NDArray[Any]

#: Meaning of qform_code and sform_code (nifti1.h).
FORM_NAMES = {
    1: "scanner",
    2: "aligned to another scan",
    3: "Talairach template space",
    4: "MNI 152 template space",
    5: "another template space",
}
_NATIVE = (1, 2)
#: Two forms may differ by rounding (float32 quaternions), not by a visible amount.
FORMS_MM = 0.1
_UNITS = {1: "metre", 3: "micron"}
_UNIT_MASK = 7
#: pixdim and affine columns are the same numbers, stored twice in float32.
_PIXDIM_SHARE = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class NiftiHeader:
    """Header fields that passed the checks.

    Parameters
    ----------
    shape : tuple of int
        Without trailing axes of length 1.
    dtype : numpy dtype
        As stored, with its byte order.
    offset : int
        First byte of the voxels.
    slope, inter : float
        Value = stored * slope + inter.
    affine : (4, 4) float64
        Voxel index to the world of `form`, mm.
    form : str
        ``"sform"`` or ``"qform"``.
    qform_code, sform_code : int
    forms_agree : bool
        False where both are set, differ, and the caller chose one.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    slope: float
    inter: float
    affine: Floats
    form: str
    qform_code: int
    sform_code: int
    forms_agree: bool

    @property
    def n_bytes(self) -> int:
        """Bytes of the voxels as declared."""
        return math.prod(self.shape) * self.dtype.itemsize


def parse_header(
    block: bytes, path: Path, *, use_form: str | None, templates: bool
) -> NiftiHeader:
    """Parse and check the first bytes of a NIfTI file.

    Parameters
    ----------
    block : bytes
        At least the header (348 or 540 bytes).
    path : Path
        For messages.
    use_form : {"qform", "sform"} or None
        Which form to believe where the two disagree.
    templates : bool
        Whether a template space (codes 3 to 5) is expected; else it is refused.

    Raises
    ------
    InputError
        For a header that is damaged, of another format, without orientation, in a template
        space, or in metres or microns.
    AmbiguityError
        If qform and sform place the image more than 0.1 mm apart and `use_form` is None.
    """
    raw = _raw_header(block, path)
    fields = raw.structarr
    shape = _shape(fields, path)
    slope, inter = _scaling(fields, path)
    single = bytes(fields["magic"])[:2] != b"ni"
    offset = int(fields["vox_offset"])
    if single and offset < fields.dtype.itemsize:
        raise refuse_file(
            path, f"vox_offset {offset} points into the header", "an offset after it", "Rewrite it"
        )
    unit = int(fields["xyzt_units"]) & _UNIT_MASK
    if unit in _UNITS:
        raise refuse_file(
            path,
            f"its unit is the {_UNITS[unit]}",
            "millimetres (xyzt_units 2)",
            "Convert the image to millimetres",
        )
    form, affine, agree = _orientation(raw, shape, path, use_form, templates=templates)
    _require_pixdim(fields, affine, form, path)
    return NiftiHeader(
        shape,
        _dtype(raw, path),
        offset,
        slope,
        inter,
        affine,
        form,
        int(fields["qform_code"]),
        int(fields["sform_code"]),
        agree,
    )


def _raw_header(block: bytes, path: Path) -> nifti1.Nifti1Header:
    classes = {348: nifti1.Nifti1Header, 540: nifti2.Nifti2Header}
    for endianness in ("<", ">"):
        size = int(np.frombuffer(block[:4].ljust(4, b"\0"), f"{endianness}i4")[0])
        cls = classes.get(size)
        if cls is not None and len(block) >= size:
            with guarded(path, "a NIfTI header"):
                raw = cls(block[:size], endianness=endianness, check=False)
                magic = bytes(raw.structarr["magic"])
            if magic[:3] not in {b"n+1", b"ni1", b"n+2", b"ni2"}:
                raise refuse_file(
                    path,
                    f"no NIfTI header (magic {magic[:4]!r})",
                    "the NIfTI format; Analyze images know no left and right",
                    "Convert the original DICOM files with dcm2niix",
                )
            return raw
    raise refuse_file(
        path,
        "no NIfTI header (sizeof_hdr is neither 348 nor 540)",
        "the NIfTI or MGH format",
        "Check that this is the image file, whole and not renamed",
    )


def _shape(fields: Fields, path: Path) -> tuple[int, ...]:
    dim = [int(v) for v in fields["dim"]]
    if not 1 <= dim[0] <= 7 or any(v <= 0 for v in dim[1 : dim[0] + 1]):
        raise refuse_file(
            path, f"the header's dim is {dim}", "1 to 7 positive dimensions", "Rewrite the image"
        )
    shape = dim[1 : dim[0] + 1]
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    return tuple(shape)


def _dtype(raw: nifti1.Nifti1Header, path: Path) -> np.dtype[Any]:
    with guarded(path, "a datatype of real numbers", "its datatype is unknown"):
        dtype: np.dtype[Any] = raw.get_data_dtype()
    if dtype.kind not in "iuf":
        raise refuse_file(
            path,
            f"its datatype is {'complex' if dtype.kind == 'c' else f'RGB or other ({dtype})'}",
            "real numbers",
            "Export magnitude images in grey values",
        )
    return dtype


def _scaling(fields: Fields, path: Path) -> tuple[float, float]:
    slope, inter = float(fields["scl_slope"]), float(fields["scl_inter"])
    if slope == 0 or (math.isnan(slope) and math.isnan(inter)):
        return 1.0, 0.0  # NIfTI: no scaling; nibabel itself writes NaN
    if not (math.isfinite(slope) and math.isfinite(inter)):
        raise refuse_file(
            path,
            f"scl_slope {slope} and scl_inter {inter} are not finite",
            "finite scaling",
            "Rewrite the image",
        )
    return slope, inter


def _orientation(
    raw: nifti1.Nifti1Header,
    shape: tuple[int, ...],
    path: Path,
    use_form: str | None,
    *,
    templates: bool,
) -> tuple[str, Floats, bool]:
    codes = {f: int(raw.structarr[f"{f}_code"]) for f in ("sform", "qform")}
    with guarded(path, "a finite sform or qform affine", "the qform quaternion is invalid"):
        forms = {f: _form(raw, f) for f in codes if codes[f] != 0}
    if not forms:
        raise refuse_file(
            path,
            "it has no orientation (qform_code and sform_code are 0)",
            "code 1 or 2; without one, left and right are unknown",
            "Convert the original DICOM files with dcm2niix",
        )
    for form, affine in forms.items():
        if not np.isfinite(affine).all():
            raise refuse_file(
                path, f"the {form} affine is not finite (NaN or inf)", "numbers", "Rewrite it"
            )
    off = _apart_mm(forms, shape) if len(forms) == 2 else 0.0
    if use_form is None and off > FORMS_MM:
        raise _disagree(forms, off, path)
    form = use_form or next(iter(forms))
    if form not in forms:
        raise refuse_file(
            path, f"use_form is '{form}', but its code is 0", "a form with a code", "Use the other"
        )
    if codes[form] not in (FORM_NAMES if templates else _NATIVE):
        where = FORM_NAMES.get(codes[form], "a space of unknown code")
        raise refuse_file(
            path,
            f"{form}_code {codes[form]}: the image is in {where}",
            "the patient's own space (code 1 scanner or 2 aligned)",
            "Pass the native image, or say in which template space it is",
        )
    return form, forms[form], off <= FORMS_MM


def _form(raw: nifti1.Nifti1Header, form: str) -> Floats:
    return np.asarray(raw.get_sform() if form == "sform" else raw.get_qform(), dtype=np.float64)


def _apart_mm(forms: dict[str, Floats], shape: tuple[int, ...]) -> float:
    """Return how far apart the two forms place a corner of the image, mm."""
    size = np.array([*shape, 1, 1, 1][:3])
    bits = np.stack(np.meshgrid(*[[0, 1]] * 3, indexing="ij"), -1).reshape(-1, 3)
    corners = np.c_[bits * (size - 1), np.ones(8)]
    s, q = (corners @ forms[f].T for f in ("sform", "qform"))
    return float(np.linalg.norm((s - q)[:, :3], axis=1).max())


def _disagree(forms: dict[str, Floats], off: float, path: Path) -> AmbiguityError:
    flipped = np.linalg.det(forms["sform"][:3, :3]) * np.linalg.det(forms["qform"][:3, :3]) < 0
    side = " and exchange left and right" if flipped else ""
    return AmbiguityError(
        f"{path.name}: qform and sform disagree by up to {off:.1f} mm{side}. Expected at most "
        f"{FORMS_MM} mm: one navigator reads the one, the next the other. Find out which is "
        f"right and pass --use-form sform or --use-form qform (use_form in patient.toml)."
    )


def _require_pixdim(fields: Fields, affine: Floats, form: str, path: Path) -> None:
    pixdim = np.abs(np.array(fields["pixdim"][1:4], dtype=np.float64))
    zooms = np.linalg.norm(affine[:3, :3], axis=0)
    # An empty affine is named as such by the check of the affine itself.
    if (zooms > 0).all() and not np.allclose(pixdim, zooms, rtol=_PIXDIM_SHARE):
        raise refuse_file(
            path,
            f"pixdim says voxels of {np.round(pixdim, 3).tolist()} mm, the {form} affine "
            f"{np.round(zooms, 3).tolist()} mm",
            "equal voxel sizes",
            "The image was resampled or edited by hand; take the original",
        )
