"""FreeSurfer triangle files and the volume geometry in their footer."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError, refuse_file
from ..space.side import Hemi
from .formats_bytes import guarded, read_bytes

__all__ = ["MeshSpace", "RawMesh", "VolumeGeometry", "parse_geometry", "read_geometry"]

Floats = NDArray[np.float64]

MAGIC = b"\xff\xff\xfe"
_QUAD_MAGICS = (b"\xff\xff\xff", b"\xff\xff\xfd")
_TAG_REAL_RAS, _TAG_GEOMETRY = 2, 20
_FIELDS = ("valid", "filename", "volume", "voxelsize", "xras", "yras", "zras", "cras")
#: Footers print four to fifteen decimals; axes read from one are unit vectors this closely.
_AXES_TOL = 1e-3
#: A cortex at 0.3 mm has about 2 million vertices.
MAX_VERTICES = 10_000_000


class MeshSpace(StrEnum):
    """Where a file says that its coordinates live."""

    TKRAS = "FreeSurfer surface RAS (tkRAS)"
    SCANNER = "scanner RAS"
    UNSAID = "a space that the file does not name"


@dataclass(frozen=True, slots=True, eq=False)
class VolumeGeometry:
    """The volume that a FreeSurfer surface was made on, as its footer says.

    Parameters
    ----------
    valid : bool
        If false, the numbers mean nothing.
    filename : str
        Base name of the volume.
    shape : tuple of int
    zooms : (3,) float64
        Voxel size in mm.
    axes : (3, 3) float64
        Columns are the directions of the array axes in scanner RAS.
    centre : (3,) float64
        ``c_ras``: scanner RAS in mm of voxel index shape / 2 (not (shape - 1) / 2).
    """

    valid: bool
    filename: str
    shape: tuple[int, int, int]
    zooms: Floats
    axes: Floats
    centre: Floats

    def scanner_from_voxel(self) -> Floats:
        """Return the (4, 4) matrix from voxel indices to scanner RAS, mm."""
        return _about_centre(self.axes * self.zooms, self.shape, self.centre)

    def tkras_from_voxel(self) -> Floats:
        """Return the (4, 4) matrix from voxel indices to surface RAS, mm."""
        lia = np.array([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
        return _about_centre(lia * self.zooms, self.shape, np.zeros(3))

    def scanner_from_tkras(self) -> Floats:
        """Return the (4, 4) matrix from surface RAS to scanner RAS, mm.

        A shift by c_ras alone would be wrong for an oblique volume.
        """
        return np.asarray(self.scanner_from_voxel() @ np.linalg.inv(self.tkras_from_voxel()))


@dataclass(frozen=True, slots=True, eq=False)
class RawMesh:
    """Triangles as a file holds them, before anybody says whose they are.

    Parameters
    ----------
    name : str
        Base name of the file.
    xyz : (n, 3) float64
        mm, in `space`.
    faces : (m, 3) int32
    space : MeshSpace
    hemi : Hemi or None
        If the file names its hemisphere.
    geometry : VolumeGeometry or None
        FreeSurfer's footer.
    """

    name: str
    xyz: Floats
    faces: NDArray[np.int32]
    space: MeshSpace
    hemi: Hemi | None = None
    geometry: VolumeGeometry | None = None

    def __post_init__(self) -> None:
        require_mesh(self.name, self.xyz, self.faces)


def require_mesh(name: str, xyz: Floats, faces: NDArray[np.int32]) -> None:
    """Refuse coordinates that are not finite, and triangles that name no vertex."""
    if not np.isfinite(xyz).all():
        row = int(np.flatnonzero(~np.isfinite(xyz).all(axis=1))[0])
        raise refuse_file(
            name,
            f"the coordinates of vertex {row} are not finite ({xyz[row]})",
            "numbers in mm",
            "The file is damaged; write it again",
        )
    if len(xyz) < 4 or len(faces) < 4:
        raise refuse_file(
            name, f"{len(xyz)} vertices, {len(faces)} faces", "a closed mesh", "Check the file"
        )
    low, high = int(faces.min()), int(faces.max())
    if low < 0 or high >= len(xyz):
        raise refuse_file(
            name,
            f"a face names vertex index {low if low < 0 else high}, out of range",
            f"indices from 0 to {len(xyz) - 1}",
            "The file is damaged or two files were mixed",
        )


def _about_centre(linear: Floats, shape: tuple[int, int, int], centre: Floats) -> Floats:
    m = np.eye(4)
    m[:3, :3] = linear
    m[:3, 3] = centre - linear @ (np.array(shape) / 2)
    return m


def read_geometry(path: Path) -> RawMesh:
    """Read a FreeSurfer triangle file (``lh.pial``, ``outer_skin.surf``).

    Returns
    -------
    RawMesh
        In surface RAS (tkRAS), mm; with the footer where there is one.

    Raises
    ------
    InputError
        If the file is no triangle file, truncated, has impossible counts or a damaged footer,
        or holds "real RAS" coordinates.
    """
    return parse_geometry(read_bytes(path), path)


def parse_geometry(data: bytes, path: Path) -> RawMesh:
    """Parse the bytes of a FreeSurfer triangle file; see `read_geometry`."""
    if data[:3] != MAGIC:
        quad = data[:3] in _QUAD_MAGICS
        raise refuse_file(
            path,
            "a FreeSurfer file of another kind (quadrangles or values)" if quad else "bad magic",
            "a FreeSurfer triangle file (format magic FF FF FE)",
            "Convert it with mris_convert",
        )
    with guarded(path, "a FreeSurfer triangle file"):
        start = _after_comment(data)
        n, m = struct.unpack_from(">ii", data, start)
    start += 8
    needed = start + 12 * (n + m)
    if not (0 < n <= MAX_VERTICES and 0 < m <= 3 * MAX_VERTICES) or needed > len(data):
        raise refuse_file(
            path,
            f"the header's vertex count is {n} and face count {m}, the file has {len(data)} bytes",
            "counts that fit the size of the file",
            "The file is truncated or damaged; copy it again",
        )
    xyz = np.frombuffer(data, ">f4", 3 * n, start).reshape(n, 3).astype(np.float64)
    faces = np.frombuffer(data, ">i4", 3 * m, start + 12 * n).reshape(m, 3).astype(np.int32)
    geometry = _footer(data[needed:], path)
    return RawMesh(path.name, xyz, faces, MeshSpace.TKRAS, hemi_of_name(path), geometry)


def hemi_of_name(path: Path) -> Hemi | None:
    """Return the side that a file name states (``lh.``, ``_hemi-L_``), else None."""
    found = re.search(r"^([lr]h)[._]|(?:^|_)hemi-([LR])(?=[_.])", path.name)
    return Hemi.parse(found[1] or found[2]) if found else None


def _after_comment(data: bytes) -> int:
    end = data.index(b"\n", 3, 4096) + 1
    return end + 1 if data[end : end + 1] == b"\n" else end


def _footer(tail: bytes, path: Path) -> VolumeGeometry | None:
    if not tail:
        return None
    with guarded(path, "a whole volume footer", "the volume footer (c_ras) is truncated"):
        tags = struct.unpack_from(">i", tail)
        at = 4
        if tags[0] == _TAG_REAL_RAS:
            (real_ras,) = struct.unpack_from(">i", tail, at)
            if real_ras:
                raise refuse_file(
                    path,
                    "useRealRAS is set: the coordinates are not surface RAS",
                    "surface RAS, as recon-all writes",
                    "Rewrite it with mris_convert --to-tkr",
                )
            tags, at = struct.unpack_from(">i", tail, at + 4), at + 8
        if tags[0] != _TAG_GEOMETRY:
            return None
        return _geometry(tail[at:], path)


def _geometry(text: bytes, path: Path) -> VolumeGeometry:
    lines = text.split(b"\n", len(_FIELDS))
    if len(lines) <= len(_FIELDS):
        raise ValueError(f"{len(lines) - 1} of {len(_FIELDS)} lines")
    values: dict[str, str] = {}
    for key, line in zip(_FIELDS, lines[: len(_FIELDS)], strict=True):
        name, _, value = line.decode("utf-8", "replace").partition("=")
        if name.strip() != key:
            raise ValueError(f"'{key}' expected, '{name.strip()[:20]}' found")
        values[key] = value.strip()
    shape = tuple(int(v) for v in values["volume"].split())
    geometry = VolumeGeometry(
        values["valid"].split()[:1] == ["1"],
        Path(values["filename"]).name,
        (shape[0], shape[1], shape[2]),
        _three(values["voxelsize"]),
        np.stack([_three(values[k]) for k in ("xras", "yras", "zras")], axis=1),
        _three(values["cras"]),
    )
    if geometry.valid:
        _require_geometry(geometry, path)
    return geometry


def _three(text: str) -> Floats:
    a, b, c = (float(v) for v in text.split())
    return np.array([a, b, c])


def _require_geometry(g: VolumeGeometry, path: Path) -> None:
    off = float(np.abs(g.axes.T @ g.axes - np.eye(3)).max())
    numbers = np.concatenate([g.zooms, g.centre, g.axes.ravel()])
    if not np.isfinite(numbers).all() or off > _AXES_TOL or (g.zooms <= 0).any():
        raise InputError(
            f"{path.name}: the volume footer holds no rotation and voxel size (off by {off:.2g}). "
            f"Expected unit axes at right angles. The file was changed; take the one that "
            f"recon-all wrote."
        )
