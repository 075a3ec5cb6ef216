"""One file of a JSON header and plain arrays: read strictly, never executed.

A zip archive without compression: ``model.json`` and one ``NAME.npy`` per array, in order of
name, with one fixed date, so that the same content has the same bytes on every machine and
any program can open it. Nothing is compressed, so nothing can unpack to more than was read.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.provenance import sha256_bytes
from ..base.strict_json import dump_bytes, loads

__all__ = ["pack", "unpack"]

Floats = NDArray[np.float64]

_HEADER = "model.json"
_NAME = re.compile(r"[a-z0-9_.]{1,64}")
#: Any date will do, as long as it is one: the earliest that a zip archive can hold.
_DATE = (1980, 1, 1, 0, 0, 0)
#: No name in an archive of ours is outside ASCII, and no model has more arrays.
_MOST = 64


def pack(header: Mapping[str, object], arrays: Mapping[str, Floats]) -> bytes:
    """Return the bytes of an archive; equal content gives equal bytes.

    Parameters
    ----------
    header : mapping
        What JSON can hold, without ``arrays`` and ``content_sha256``, which are added.
    arrays : mapping of name to float64 array
        Names of lower-case letters, digits, ``_`` and ``.``; finite numbers.
    """
    parts = {name: _npy(name, array) for name, array in sorted(arrays.items())}
    listed = {name: sha256_bytes(data) for name, data in parts.items()}
    content = {**header, "arrays": listed}
    sealed = {**content, "content_sha256": sha256_bytes(dump_bytes(content))}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, data in [
            (_HEADER, dump_bytes(sealed)),
            *((f"{k}.npy", v) for k, v in parts.items()),
        ]:
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # else the bytes would tell the operating system
            archive.writestr(entry, data)
    return stream.getvalue()


def _npy(name: str, array: Floats) -> bytes:
    if not _NAME.fullmatch(name) or not np.isfinite(array).all():
        raise InputError(f"the array '{name}' has no plain name, or a number is not finite.")
    stream = io.BytesIO()
    plain = np.ascontiguousarray(array, dtype="<f8")
    np.lib.format.write_array(stream, plain, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def unpack(data: bytes) -> tuple[dict[str, object], dict[str, Floats]]:
    """Return header and arrays of an archive; refuse one that `pack` did not make.

    Raises
    ------
    InputError
        If the archive is damaged, edited, compressed, or holds anything but finite float64.
    """
    parts = _parts(data)
    header = loads(_text(parts.pop(_HEADER, b"")))
    if not isinstance(header, dict):
        raise InputError("the header is no object")
    sealed = header.pop("content_sha256", None)
    if sha256_bytes(dump_bytes(header)) != sealed:
        raise InputError("the header does not have the recorded checksum")
    listed = header.pop("arrays", None)
    found = {name.removesuffix(".npy"): part for name, part in parts.items()}
    if listed != {name: sha256_bytes(part) for name, part in found.items()}:
        raise InputError("an array is missing, unknown, or does not have its checksum")
    return header, {name: _array(name, part) for name, part in found.items()}


def _parts(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = [e.filename for e in entries]
            if len(entries) > _MOST or len(set(names)) != len(names):
                raise InputError("the archive has too many parts, or one twice")
            for entry in entries:
                _require_plain(entry, len(data))
            return {e.filename: archive.read(e) for e in entries}
    except InputError:
        raise
    # ValueError: an offset before the file's beginning, or a name that is no text.
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as err:
        raise InputError(f"no readable archive: {err}") from err


def _require_plain(entry: zipfile.ZipInfo, most: int) -> None:
    name = entry.filename
    if name != _HEADER and not _NAME.fullmatch(name.removesuffix(".npy")):
        raise InputError(f"the part {name!r} has no plain name")
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
        raise InputError(f"the part '{name}' is compressed, and no model's is")
    if entry.flag_bits & 1 or entry.file_size > most:
        raise InputError(f"the part '{name}' is encrypted, or larger than the file")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as err:
        raise InputError("the header is not UTF-8") from err


def _array(name: str, data: bytes) -> Floats:
    stream = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise InputError(f"the array '{name}' is of another format version")
        shape, by_column, dtype = np.lib.format.read_array_header_1_0(stream)
    except ValueError as err:
        raise InputError(f"the array '{name}' is damaged ({err})") from err
    if dtype.str != "<f8" or by_column:
        raise InputError(f"the array '{name}' is of {dtype}. Expected float64 by rows")
    body = data[stream.tell() :]
    if any(s < 0 for s in shape) or 8 * int(np.prod(shape, dtype=object)) != len(body):
        raise InputError(f"the array '{name}' does not fill its shape {shape}")
    array = np.frombuffer(body, dtype="<f8").reshape(shape)
    if not np.isfinite(array).all():
        raise InputError(f"the array '{name}' holds a number that is not finite")
    return np.asarray(array, dtype=float)
