"""Bytes of a file, whole and bounded; and one kind of error for whatever a parser raises."""

from __future__ import annotations

import gzip
import io
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..base.errors import TmsplanError, refuse_file

__all__ = [
    "GZIP_MAGIC",
    "MAX_FILE_BYTES",
    "MAX_INFLATION",
    "guarded",
    "gunzip",
    "inflate",
    "read_bytes",
    "require_regular",
]

GZIP_MAGIC = b"\x1f\x8b"
#: A whole T1 of 512³ float32 is 0.5 GiB; nothing that is read whole here is larger.
MAX_FILE_BYTES = 1 << 30
#: Deflate cannot shrink more than this (RFC 1951: 258 bytes in 2 bits); more is a lie.
MAX_INFLATION = 1032


def read_bytes(path: Path, *, limit: int = MAX_FILE_BYTES) -> bytes:
    """Return all bytes of a regular file.

    Parameters
    ----------
    path : Path
    limit : int
        Largest size in bytes.

    Raises
    ------
    InputError
        If there is no such regular file (a pipe or a device would block or never end), it is
        empty, or it is larger than `limit`.
    """
    size = require_regular(path)
    if not 0 < size <= limit:
        found = "the file is empty (0 bytes)" if not size else f"{size} bytes"
        raise refuse_file(
            path, f"{found}, an unlikely size", f"1 to {limit} bytes", "Check the file"
        )
    try:
        return path.read_bytes()
    except OSError as err:
        raise refuse_file(
            path, f"cannot be read ({err.strerror})", "a readable file", "Check its rights"
        ) from err


def require_regular(path: Path) -> int:
    """Return the size in bytes of a regular file.

    Raises
    ------
    InputError
        If there is none: missing, a loop of links, a directory, a pipe or a device.
    """
    try:
        info = path.stat()
    except (OSError, RuntimeError) as err:
        # RuntimeError: a loop of symbolic links
        reason = "a loop of links" if "loop" in str(err).lower() else "there is no such file"
        raise refuse_file(path, reason, "a file that exists", "Check the path") from err
    if stat.S_ISDIR(info.st_mode):
        raise refuse_file(path, "it is a directory, not a file", "one file", "Check the path")
    if not stat.S_ISREG(info.st_mode):
        raise refuse_file(
            path,
            "not a regular file (a pipe or a device)",
            "a regular file",
            "Copy the data into a file first",
        )
    return info.st_size


def gunzip(data: bytes, path: Path, *, limit: int = MAX_FILE_BYTES) -> bytes:
    """Return the content of a gzip stream, read to its end so that a wrong CRC shows.

    Parameters
    ----------
    data : bytes
        The compressed file.
    path : Path
        For messages.
    limit : int
        Largest inflated size in bytes; more is refused before it is held in memory.

    Raises
    ------
    InputError
        If the stream is truncated, its CRC is wrong, or it inflates beyond `limit`.
    """
    with (
        guarded(path, "a whole gzip stream", "it is a corrupt or truncated gzip stream"),
        gzip.GzipFile(fileobj=io.BytesIO(data)) as stream,
    ):
        out = stream.read(limit + 1)
    if len(out) > limit:
        raise refuse_file(
            path,
            f"it inflates to a size of more than {limit} bytes, too large",
            "an image or mesh of ordinary size, without trailing data",
            "Check where the file comes from",
        )
    return out


def inflate(data: bytes, size: int) -> bytes:
    """Return exactly `size` bytes of a zlib stream; ValueError if it holds more or fewer."""
    stream = zlib.decompressobj()
    out = stream.decompress(data, size + 1)
    if len(out) != size:
        raise ValueError(f"the compressed data have another length than the {size} declared bytes")
    return out


@contextmanager
def guarded(path: Path, expected: str, found: str = "cannot be parsed") -> Iterator[None]:
    """Turn whatever a parser raises into one `InputError` that names the file."""
    try:
        yield
    except TmsplanError:
        raise
    except MemoryError as err:
        raise refuse_file(
            path, "the declared size needs too much memory", expected, "Check the file"
        ) from err
    except Exception as err:  # parsers of damaged files raise more than a dozen types
        detail = " ".join(str(err).split())[:160] or "no details"
        raise refuse_file(
            path,
            f"{found} ({err.__class__.__name__}: {detail})",
            expected,
            "The file is damaged or of another format; copy or convert it again",
        ) from err
