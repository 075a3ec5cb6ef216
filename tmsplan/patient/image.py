"""Images from disk: whole, oriented, bounded, of ordinary size; or refused by name."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.freesurfer.mghformat import MGHHeader
from numpy.typing import NDArray

from ..base.errors import refuse_file
from ..base.provenance import InputFile, sha256_bytes
from ..space.frame import Frame, K, Voxel
from ..space.grid import Grid, Volume
from ..space.transform import Affine
from ..surface.formats import GZIP_MAGIC, guarded, read_bytes
from ..surface.formats_bytes import MAX_FILE_BYTES, MAX_INFLATION
from .nifti_header import FORM_NAMES, NiftiHeader, parse_header

__all__ = ["ImageRules", "RawImage", "read_image", "require_affine"]

Floats = NDArray[np.float64]

_ENDINGS = (".nii", ".nii.gz", ".mgz", ".mgh", ".hdr", ".img")
_HEADER_BYTES = 544
#: MGH files carry tags after the voxels, NIfTI files padding; a megabyte is neither.
_SURPLUS = 1 << 20
VOXEL_MM = (0.2, 8.0)
#: Cosine between two array axes; qform and most navigators cannot hold shear at all.
SHEAR = 0.01
_MGH_DATA = 284


@dataclass(frozen=True, slots=True)
class ImageRules:
    """What is expected of an image.

    Parameters
    ----------
    field_mm : (float, float)
        Smallest and largest extent along each axis. A head with its air measures 120 to 400 mm;
        a unit mistake is a factor of 1000.
    use_form : {"qform", "sform"} or None
    templates : bool
        Whether the image is expected in a template space.
    """

    field_mm: tuple[float, float] = (120.0, 400.0)
    use_form: str | None = None
    templates: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RawImage:
    """A 3-D image as its file holds it, before anybody says whose it is.

    Parameters
    ----------
    name : str
        Base name.
    data : (i, j, k) array
    affine : (4, 4) float64
        Voxel index to the world of the header, RAS+, mm.
    because : str
        Which part of which file says so.
    qform_code, sform_code : int or None
        None for MGH.
    tkras_from_voxel : (4, 4) float64 or None
        FreeSurfer's surface RAS; only for MGH.
    sha256 : str
        Of the file; of header and image, one after the other, for a pair.
    forms_agree : bool
        False where qform and sform differ and one was chosen: a navigator may read the other.
    """

    name: str
    data: NDArray[Any]
    affine: Floats
    because: str
    qform_code: int | None
    sform_code: int | None
    tkras_from_voxel: Floats | None
    sha256: str
    forms_agree: bool = True

    @property
    def zooms(self) -> tuple[float, float, float]:
        """Voxel size in mm."""
        i, j, k = (float(v) for v in np.linalg.norm(self.affine[:3, :3], axis=0))
        return i, j, k

    @property
    def is_mgh(self) -> bool:
        """Whether the file is an MGH image."""
        return self.tkras_from_voxel is not None

    def volume(self, world: Frame[K], role: str) -> Volume[K]:
        """Return the image in the given world; the claim names the header."""
        i, j, k = self.data.shape
        claim = Affine.claim(
            self.affine,
            dst=world,
            src=Frame(Voxel, f"{world.owner} {role}"),
            because=self.because,
        )
        return Volume(self.data, Grid((i, j, k), claim))

    def record(self, role: str) -> InputFile:
        """Return the provenance record with what the header says."""
        header = {
            "shape": list(self.data.shape),
            "zooms": list(self.zooms),
            "affine": self.affine.tolist(),
            "qform_code": self.qform_code,
            "sform_code": self.sform_code,
        }
        return InputFile(role, self.name, self.sha256, header)


def read_image(path: Path, rules: ImageRules | None = None) -> RawImage:
    """Read a 3-D image: ``.nii``, ``.nii.gz``, a NIfTI pair, ``.mgz`` or ``.mgh``.

    The stored array is kept as it is; everything downstream uses the affine.

    Raises
    ------
    InputError
        If the file is no regular file, damaged, truncated, larger than it can be, of another
        number of dimensions or type, without orientation, or with an affine no head has.
    AmbiguityError
        If qform and sform disagree and no form was chosen.
    """
    rules = rules or ImageRules()
    name = path.name.lower()
    if not name.endswith(_ENDINGS):
        raise refuse_file(
            path, "its name has no known ending", f"one of {', '.join(_ENDINGS)}", "Convert it"
        )
    stored = read_bytes(path)
    if (stored[:2] == GZIP_MAGIC) != name.endswith((".gz", ".mgz")):
        found = "a gzip stream" if stored[:2] == GZIP_MAGIC else "not a gzip stream"
        raise refuse_file(
            path, f"its content is {found}, against its name (format)", "both alike", "Rename it"
        )
    is_mgh = name.endswith((".mgz", ".mgh"))
    image = _mgh(stored, path) if is_mgh else _nifti(stored, path, rules)
    require_affine(image, rules)
    return image


def _nifti(stored: bytes, path: Path, rules: ImageRules) -> RawImage:
    head = _start(stored, _HEADER_BYTES, path)
    header = parse_header(head, path, use_form=rules.use_form, templates=rules.templates)
    _require_volume(header.shape, path)
    body = _voxel_bytes(stored, path, header.offset, header.n_bytes)
    code = header.sform_code if header.form == "sform" else header.qform_code
    because = f"{header.form} of {path.name} (code {code}, {FORM_NAMES[code]})"
    if rules.use_form:
        because += ", chosen by use_form"
    return RawImage(
        path.name,
        _values(body, header),
        header.affine,
        because,
        header.qform_code,
        header.sform_code,
        None,
        sha256_bytes(stored + _pair_image(path) if _is_pair(path) else stored),
        header.forms_agree,
    )


def _mgh(stored: bytes, path: Path) -> RawImage:
    head = _start(stored, _MGH_DATA, path)
    with guarded(path, "an MGH image of 3 dimensions"):
        header = MGHHeader(head, check=False)
        fields = header.structarr
        # Read from the bytes: the header class replaces a bad flag by a made-up orientation.
        version, good_ras = int(fields["version"]), int.from_bytes(head[28:30], "big")
        dims = [int(v) for v in fields["dims"]]
        shape = tuple(dims if dims[3] != 1 else dims[:3])
        dtype = header.get_data_dtype().newbyteorder(">")
    if version != 1 or min(dims) <= 0:
        raise refuse_file(
            path, f"no MGH header (version {version}, dims {dims})", "MGH 1", "Check the file"
        )
    if good_ras != 1:
        raise refuse_file(
            path,
            "goodRASFlag is 0: its orientation (RAS) is a guess",
            "an image that knows left and right",
            "Convert the original DICOM files again",
        )
    _require_volume(shape, path)
    n_bytes = int(np.prod(np.array(shape, dtype=object))) * dtype.itemsize
    flat = np.frombuffer(_voxel_bytes(stored, path, _MGH_DATA, n_bytes), dtype)
    data = flat.astype(dtype.newbyteorder("=")).reshape(shape, order="F")
    return RawImage(
        path.name,
        data,
        np.asarray(header.get_vox2ras(), dtype=np.float64),
        f"vox2ras of {path.name}",
        None,
        None,
        np.asarray(header.get_vox2ras_tkr(), dtype=np.float64),
        sha256_bytes(stored),
    )


def _is_pair(path: Path) -> bool:
    return path.name.lower().endswith(".hdr")


def _pair_image(path: Path) -> bytes:
    image = path.with_suffix(".img")
    if not image.exists():
        raise refuse_file(
            path, f"{image.name} does not exist beside it", "both files of the pair", "Copy both"
        )
    return read_bytes(image)


def _start(stored: bytes, n: int, path: Path) -> bytes:
    if stored[:2] != GZIP_MAGIC:
        return stored[:n]
    with (
        guarded(path, "a whole gzip stream", "it is a corrupt or truncated gzip stream"),
        gzip.GzipFile(fileobj=io.BytesIO(stored)) as stream,
    ):
        return stream.read(n)


def _voxel_bytes(stored: bytes, path: Path, offset: int, n: int) -> memoryview:
    """Return the declared voxels; refuse declarations that the file cannot hold."""
    if _is_pair(path):
        stored = _pair_image(path)
    packed = stored[:2] == GZIP_MAGIC
    possible = len(stored) * (MAX_INFLATION if packed else 1)
    if offset + n > min(possible, MAX_FILE_BYTES):
        raise refuse_file(
            path,
            f"the header's dim and offset declare {offset + n} bytes; the file has {len(stored)}",
            "a size that the file can hold",
            "The file is truncated, damaged or too large",
        )
    whole = _inflated(stored, path, offset + n) if packed else stored
    if len(whole) < offset + n:
        raise refuse_file(
            path, f"truncated: {len(whole)} of {offset + n} bytes", "the whole image", "Copy again"
        )
    if len(whole) > offset + n + _SURPLUS:
        raise refuse_file(
            path, "trailing data of more than 1 MB", "nothing after the voxels", "Convert it again"
        )
    return memoryview(whole)[offset : offset + n]


def _inflated(stored: bytes, path: Path, n: int) -> bytes:
    # Reading on to the end of the stream is what makes a wrong CRC show.
    with (
        guarded(path, "a whole gzip stream", "corrupt or truncated gzip (CRC or end missing)"),
        gzip.GzipFile(fileobj=io.BytesIO(stored)) as stream,
    ):
        return stream.read(n + _SURPLUS + 1)


def _values(body: memoryview, header: NiftiHeader) -> NDArray[Any]:
    native = header.dtype.newbyteorder("=")
    flat = np.frombuffer(body, header.dtype).astype(native, copy=False)
    data = flat.reshape(header.shape, order="F")
    if (header.slope, header.inter) == (1.0, 0.0):
        return data
    scaled = data.astype(np.float64) * header.slope + header.inter
    # float32 holds every int16 exactly; wider integers need the 53 bits of float64.
    return scaled.astype(np.float32) if data.dtype.itemsize <= 2 else scaled


def _require_volume(shape: tuple[int, ...], path: Path) -> None:
    if len(shape) != 3:
        what = "a series of volumes" if len(shape) > 3 else "a single slice"
        raise refuse_file(
            path,
            f"{len(shape)} dimensions ({what}, shape {shape})",
            "one volume of 3 dimensions",
            "Pass one volume",
        )


def require_affine(image: RawImage, rules: ImageRules) -> None:
    """Refuse an affine that no head has: singular, sheared, of another unit.

    Parameters
    ----------
    image : RawImage
        Of three axes; its data count by their shape only.
    rules : ImageRules
        Its field of view is the limit.

    Raises
    ------
    InputError
        Names the image, what was found and what was expected.
    """
    a = image.affine[:3, :3]
    if not np.isfinite(image.affine).all():
        raise refuse_file(image.name, "the affine is not finite", "numbers", "Rewrite it")
    zooms = np.array(image.zooms)
    if (zooms == 0).any() or abs(np.linalg.det(a)) < 1e-6 * float(np.prod(zooms)):
        raise refuse_file(
            image.name,
            "the affine is singular or zero (determinant 0)",
            "three independent axes",
            "The header is damaged; convert the image again",
        )
    low, high = VOXEL_MM
    if zooms.min() < low or zooms.max() > high:
        raise refuse_file(
            image.name,
            f"its voxel size is {np.round(zooms, 4).tolist()}",
            f"{low} to {high} mm",
            "Check the unit of the affine (mm, not metres or microns)",
        )
    units = a / zooms
    shear = float(np.abs(units.T @ units - np.eye(3)).max())
    if shear > SHEAR:
        raise refuse_file(
            image.name,
            f"the affine has shear: axes are {np.degrees(np.arcsin(min(shear, 1.0))):.1f} degrees "
            f"from orthogonal",
            f"|cosine| below {SHEAR}",
            "Resample the image to a straight grid",
        )
    extent = zooms * np.array(image.data.shape)
    low, high = rules.field_mm
    if extent.min() < low or extent.max() > high:
        raise refuse_file(
            image.name,
            f"its field of view is {np.round(extent, 1).tolist()} mm",
            f"{low:g} to {high:g} mm along each axis",
            "Check the unit and voxel size, and that this is an image of the whole head",
        )
