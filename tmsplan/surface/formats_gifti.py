"""GIFTI, read strictly: bounded arrays, no entities, no outside files, one mesh per file.

The usual reader inflates whatever it is given, follows ``ExternalFileBinary`` to any file of
the disk, takes the first of several meshes, and leaves out what the file says about its
coordinate system. XML itself is parsed by the standard library's expat.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError, refuse_file
from ..space.side import Hemi
from .formats_annot import RawLabels
from .formats_bytes import GZIP_MAGIC, guarded, gunzip, inflate, read_bytes
from .formats_geometry import MeshSpace, RawMesh, hemi_of_name

__all__ = [
    "GiftiArray",
    "gifti_arrays",
    "gifti_hemi",
    "parse_gifti",
    "read_gifti_labels",
    "read_gifti_mesh",
    "read_gifti_values",
]

#: 10 million vertices of float32 in base64 and XML stay under this.
MAX_XML_BYTES = 512 << 20
_TYPES = {
    "NIFTI_TYPE_UINT8": "u1",
    "NIFTI_TYPE_INT32": "i4",
    "NIFTI_TYPE_FLOAT32": "f4",
    "NIFTI_TYPE_FLOAT64": "f8",
}
_SIDES = {"cortexleft": Hemi.LEFT, "cortexright": Hemi.RIGHT}
_FOREIGN = {
    "NIFTI_XFORM_TALAIRACH": "Talairach template space",
    "NIFTI_XFORM_MNI_152": "MNI 152 template space",
}


@dataclass(frozen=True, slots=True, eq=False)
class GiftiArray:
    """One ``DataArray``: its intent, its numbers and the element they came from."""

    intent: str
    data: NDArray[np.float64] | NDArray[np.int32]
    element: ElementTree.Element


def read_gifti_mesh(path: Path) -> RawMesh:
    """Read the one mesh of a ``.surf.gii`` file.

    Returns
    -------
    RawMesh
        In scanner RAS if the file says so, else in `MeshSpace.UNSAID`: then the user must name
        the coordinate system.

    Raises
    ------
    InputError
        If the file is damaged or hostile, holds more than one mesh, is in a template space, or
        contradicts itself about its hemisphere.
    """
    root = parse_gifti(path)
    arrays = list(gifti_arrays(root, path))
    points = _only(arrays, "NIFTI_INTENT_POINTSET", path)
    triangles = _only(arrays, "NIFTI_INTENT_TRIANGLE", path)
    for array, name in ((points, "POINTSET"), (triangles, "TRIANGLE")):
        if array.data.ndim != 2 or array.data.shape[1] != 3:
            raise refuse_file(
                path, f"{name} has shape {array.data.shape}", "(n, 3)", "Write it again"
            )
    if triangles.data.dtype.kind != "i":
        raise refuse_file(path, "face indices are not integers", "INT32", "Write it again")
    return RawMesh(
        path.name,
        points.data.astype(np.float64),
        triangles.data.astype(np.int32),
        _space(points.element, path),
        gifti_hemi(root, path),
    )


def read_gifti_values(path: Path) -> tuple[NDArray[np.float64], Hemi | None]:
    """Read the one value per vertex of a ``.func.gii`` or ``.shape.gii`` file.

    Returns
    -------
    values : (n,) float64
    hemi : Hemi or None
        What the file says.

    Raises
    ------
    InputError
        If the file is damaged or hostile, or holds more than one array.
    """
    root = parse_gifti(path)
    arrays = list(gifti_arrays(root, path))
    if len(arrays) != 1:
        raise refuse_file(
            path,
            f"{len(arrays)} data arrays",
            "one array of one value per vertex",
            "Extract the one that is meant; which of several is not guessed",
        )
    data = np.squeeze(arrays[0].data)
    if data.ndim != 1:
        raise refuse_file(path, f"shape {data.shape}", "one value per vertex", "Split the file")
    return data.astype(np.float64), gifti_hemi(root, path)


def read_gifti_labels(path: Path) -> tuple[RawLabels, Hemi | None]:
    """Read a ``.label.gii`` file; each region has the key of its own table row.

    Raises
    ------
    InputError
        As `read_gifti_values`; or if two rows share a key or a name, or a vertex holds a key
        that is not in the table.
    """
    root = parse_gifti(path)
    arrays = list(gifti_arrays(root, path))
    array = _only(arrays, "NIFTI_INTENT_LABEL", path)
    keys = np.squeeze(array.data).astype(np.int32)
    names: dict[int, str] = {}
    colours: dict[int, tuple[int, int, int]] = {}
    for row in root.iterfind("./LabelTable/Label"):
        with guarded(path, "a label table with integer keys"):
            key, name = int(row.get("Key", "")), (row.text or "").strip()
            red, green, blue = (round(255 * float(row.get(c, "0"))) for c in _RGB)
        if key in names or name in names.values():
            raise refuse_file(
                path,
                f"key {key} or name '{name}' is duplicate in the label table",
                "one key and one name per region",
                "The regions cannot be told apart; correct the table",
            )
        names[key], colours[key] = name, (red, green, blue)
    unknown = sorted({int(k) for k in np.unique(keys)} - set(names) - {0})
    if unknown:
        raise refuse_file(
            path,
            f"vertices carry label keys that are unknown to the table: {unknown[:8]}",
            "a table row for every key",
            "Correct the label table",
        )
    index = np.where(np.isin(keys, list(names)), keys, -1).astype(np.int32)
    return RawLabels(path.name, index, names, colours), gifti_hemi(root, path)


_RGB = ("Red", "Green", "Blue")


def parse_gifti(path: Path) -> ElementTree.Element:
    """Return the root of a GIFTI file, inflated where it is a gzip stream.

    Raises
    ------
    InputError
        If the file is too large, damaged, no GIFTI, or declares an entity.
    """
    data = read_bytes(path, limit=MAX_XML_BYTES)
    if data[:2] == GZIP_MAGIC:
        data = gunzip(data, path, limit=MAX_XML_BYTES)
    head = data[:200].lstrip()
    if not head.startswith((b"<?xml", b"<GIFTI", b"<!DOCTYPE", b"\xef\xbb\xbf<")):
        raise refuse_file(path, "not XML, so no GIFTI", "a GIFTI file", "Check the format")
    if b"<!ENTITY" in data:
        raise refuse_file(
            path,
            "the XML declares an entity, which can read files or fill the memory",
            "GIFTI without entities",
            "Do not use this file before you know who wrote it",
        )
    with guarded(path, "a whole GIFTI (XML) file", "the XML cannot be parsed"):
        root = ElementTree.fromstring(data)
    if root.tag != "GIFTI":
        raise refuse_file(path, f"the XML is a '{root.tag[:40]}'", "GIFTI", "Check the format")
    return root


def gifti_arrays(root: ElementTree.Element, path: Path) -> Iterator[GiftiArray]:
    """Yield the data arrays of a GIFTI file, in its order.

    Parameters
    ----------
    root : Element
        From `parse_gifti`.
    path : Path
        For messages.

    Raises
    ------
    InputError
        If an array is damaged, not as long as declared, or lies in another file.
    """
    for element in root.iterfind("./DataArray"):
        with guarded(path, "data arrays as long as declared (Dim0, Dim1)", "corrupt data"):
            yield GiftiArray(element.get("Intent", ""), _decode(element, path), element)


def _only(arrays: list[GiftiArray], intent: str, path: Path) -> GiftiArray:
    found = [a for a in arrays if a.intent == intent]
    if len(found) != 1:
        count = "no array" if not found else "two or more arrays"
        raise refuse_file(
            path, f"{count} of {intent} ({len(found)})", "one array of it", "Pass the right file"
        )
    return found[0]


def _decode(element: ElementTree.Element, path: Path) -> NDArray[np.float64]:
    encoding = element.get("Encoding", "")
    if encoding == "ExternalFileBinary" or element.get("ExternalFileName"):
        raise refuse_file(
            path,
            "the data lie in an external file",
            "a file that holds its own data",
            "External files are never followed; write it with embedded data",
        )
    code = _TYPES.get(element.get("DataType", ""))
    if code is None:
        raise InputError(f"{path.name}: GIFTI data type {element.get('DataType')} is not read.")
    shape = tuple(
        int(element.get(f"Dim{k}", "0")) for k in range(int(element.get("Dimensionality", "0")))
    )
    text = (element.findtext("Data") or "").encode("ascii")
    little = element.get("Endian") == "LittleEndian"
    raw = _raw(encoding, text, np.dtype(code).itemsize * _count(shape, path))
    if raw is None:
        flat = np.array(text.split(), dtype=code)
    else:
        flat = np.frombuffer(raw, np.dtype(code).newbyteorder("<" if little else ">"))
    if flat.size != _count(shape, path):
        raise ValueError(f"{flat.size} numbers, but dimensions {shape}")
    column_major = element.get("ArrayIndexingOrder") == "ColumnMajorOrder"
    native = flat.astype(np.dtype(code).newbyteorder("="))
    return native.reshape(shape, order="F" if column_major else "C")


def _count(shape: tuple[int, ...], path: Path) -> int:
    if not shape or min(shape) <= 0 or max(shape) > MAX_XML_BYTES:
        raise refuse_file(path, f"dimensions {shape}", "positive dimensions", "Write it again")
    return int(np.prod(np.array(shape, dtype=object)))


def _raw(encoding: str, text: bytes, size: int) -> bytes | None:
    if encoding == "ASCII":
        return None
    if encoding not in {"Base64Binary", "GZipBase64Binary"}:
        raise ValueError(f"encoding '{encoding}' is unknown")
    try:
        packed = base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error as err:
        raise ValueError(f"base64: {err}") from err
    if encoding == "GZipBase64Binary":
        return inflate(packed, size)
    if len(packed) != size:
        raise ValueError(f"{len(packed)} bytes of data, dimensions say {size}")
    return packed


def _space(points: ElementTree.Element, path: Path) -> MeshSpace:
    systems = points.findall("./CoordinateSystemTransformMatrix")
    spaces = {(s.findtext("DataSpace") or "").strip() for s in systems}
    for space in spaces & set(_FOREIGN):
        raise refuse_file(
            path,
            f"the surface is in {_FOREIGN[space]} (DataSpace {space})",
            "the patient's own scanner space",
            "Pass the native surface",
        )
    if spaces == {"NIFTI_XFORM_SCANNER_ANAT"}:
        return MeshSpace.SCANNER
    return MeshSpace.UNSAID


def gifti_hemi(root: ElementTree.Element, path: Path) -> Hemi | None:
    """Return the hemisphere that metadata or name state; None where neither does.

    Parameters
    ----------
    root : Element
        From `parse_gifti`.
    path : Path

    Raises
    ------
    InputError
        If the metadata say both sides, or another one than the name.
    """
    said = {
        _SIDES[text]
        for md in root.iter("MD")
        if (md.findtext("Name") or "").strip() == "AnatomicalStructurePrimary"
        and (text := (md.findtext("Value") or "").strip().lower()) in _SIDES
    }
    if len(said) > 1:
        raise refuse_file(
            path,
            "its metadata say both CortexLeft and CortexRight",
            "one hemisphere (AnatomicalStructurePrimary)",
            "Write the file again with the right structure",
        )
    by_name = hemi_of_name(path)
    if said and by_name is not None and by_name not in said:
        raise refuse_file(
            path,
            f"its metadata say the {next(iter(said))} hemisphere, its name the {by_name} one",
            "one hemisphere in both",
            "Find out which is right; exchanged hemispheres put the coil on the wrong side",
        )
    return next(iter(said), by_name)
