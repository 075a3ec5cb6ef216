"""The voxels of a 4-D image as a stream: bounded memory, and the checksum read to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from nibabel import nifti1, nifti2
from numpy.typing import NDArray

from ..base.errors import refuse_file
from ..surface.formats import GZIP_MAGIC, guarded, require_regular
from ..surface.formats_bytes import MAX_INFLATION
from .nifti_header import NiftiHeader, parse_header

__all__ = ["ByteStream", "SeriesHeader", "image_stream", "read_series_header", "volumes_of"]

_HEADER_BYTES = 544
#: NIfTI files carry padding after the voxels; a megabyte is none.
_SURPLUS = 1 << 20
_TIME_MASK = 0x38
#: Seconds by the NIfTI code of the time unit; 0 says nothing and is read as seconds.
_SECONDS = {0: 1.0, 8: 1.0, 16: 1e-3, 24: 1e-6}


@dataclass(frozen=True, slots=True, eq=False)
class SeriesHeader:
    """What the header of a 4-D NIfTI image says.

    Parameters
    ----------
    nifti : NiftiHeader
        With a shape of four axes, the last one the volumes.
    tr_s : float or None
        Seconds, after its unit; None where the header holds 0.
    """

    nifti: NiftiHeader
    tr_s: float | None

    @property
    def volume_shape(self) -> tuple[int, int, int]:
        """Voxels along each axis."""
        i, j, k, _ = self.nifti.shape
        return i, j, k

    @property
    def n_volumes(self) -> int:
        """Length of the last axis."""
        return self.nifti.shape[3]


def read_series_header(
    path: Path, *, use_form: str | None, templates: bool = False
) -> SeriesHeader:
    """Read and check the header of ``.nii`` or ``.nii.gz``, and that the file can hold it.

    Parameters
    ----------
    path : Path
    use_form : {"qform", "sform"} or None
    templates : bool
        Whether the run is expected in a template space.

    Raises
    ------
    InputError
        As for an image of three axes; or if there are not four.
    AmbiguityError
        If qform and sform disagree and no form was chosen.
    """
    with image_stream(path) as stream:
        block = stream.read(_HEADER_BYTES)
    nifti = parse_header(block, path, use_form=use_form, templates=templates)
    if len(nifti.shape) != 4:
        raise refuse_file(
            path,
            f"{len(nifti.shape)} dimensions (shape {nifti.shape})",
            "a series of volumes, 4 dimensions",
            "Pass the BOLD run itself, with all its volumes",
        )
    packed = path.name.lower().endswith(".gz")
    size = require_regular(path)
    if nifti.offset + nifti.n_bytes > size * (MAX_INFLATION if packed else 1):
        raise refuse_file(
            path,
            f"the header's dim declares {nifti.offset + nifti.n_bytes} bytes; the file has {size}",
            "a size that the file can hold",
            "The file is truncated or damaged; copy it again",
        )
    return SeriesHeader(nifti, _tr_of(block, path))


def _tr_of(block: bytes, path: Path) -> float | None:
    for endianness in ("<", ">"):
        size = int(np.frombuffer(block[:4], f"{endianness}i4")[0])
        if size in {348, 540}:
            kind = nifti1.Nifti1Header if size == 348 else nifti2.Nifti2Header
            fields = kind(block[:size], endianness=endianness, check=False).structarr
            break
    else:  # parse_header has refused such a file already
        return None
    code, value = int(fields["xyzt_units"]) & _TIME_MASK, float(fields["pixdim"][4])
    if code not in _SECONDS:
        raise refuse_file(
            path,
            f"its fourth axis is no time (xyzt_units {code})",
            "seconds, milliseconds or microseconds",
            "Pass a BOLD run, not a spectrum",
        )
    # float32 holds 1.4 as 1.39999998: seven digits are what the writer meant.
    return float(f"{value * _SECONDS[code]:.7g}") if value else None


class ByteStream(Protocol):
    """What is needed of an open file."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes."""
        ...

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill a buffer as far as one read goes; return how many bytes."""
        ...


@contextmanager
def image_stream(path: Path) -> Iterator[ByteStream]:
    """Open an image for reading from its start, inflated where it is a gzip stream.

    Raises
    ------
    InputError
        If there is no regular file, its content and name disagree about gzip, or the stream is
        damaged.
    """
    from isal import igzip

    require_regular(path)
    with path.open("rb") as raw:
        packed = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        if packed != path.name.lower().endswith((".gz", ".mgz")):
            found = "a gzip stream" if packed else "not a gzip stream"
            raise refuse_file(
                path,
                f"its content is {found}, against its name (format)",
                "both alike",
                "Rename it",
            )
        with guarded(path, "a whole gzip stream", "corrupt or truncated gzip (CRC or end)"):
            if not packed:
                yield raw
                return
            with igzip.open(raw, "rb") as stream:  # type: ignore[no-untyped-call]
                yield cast(ByteStream, stream)


def volumes_of(path: Path, header: NiftiHeader, n: int) -> Iterator[NDArray[Any]]:
    """Yield volume after volume as stored: flat, first axis fastest, one buffer for all.

    Parameters
    ----------
    path : Path
    header : NiftiHeader
    n : int
        How many, from the first. The end of the stream, and so its checksum, is read only
        where all are asked for.

    Raises
    ------
    InputError
        If the file ends early, is damaged, or holds more than 1 MB after the voxels.
    """
    *shape, total = header.shape
    buffer = np.empty(int(np.prod(shape)), dtype=header.dtype)
    view = memoryview(buffer.data).cast("B")
    with image_stream(path) as stream:
        stream.read(header.offset)
        for volume in range(n):
            if (got := _fill(stream, view)) < len(view):
                done = header.offset + volume * len(view) + got
                raise refuse_file(
                    path,
                    f"truncated: {done} of {header.offset + header.n_bytes} bytes",
                    "the whole series",
                    "Copy it again",
                )
            yield buffer
        if n == total and len(stream.read(_SURPLUS + 1)) > _SURPLUS:
            raise refuse_file(
                path, "trailing data of more than 1 MB", "nothing after the voxels", "Convert it"
            )


def _fill(stream: ByteStream, view: memoryview) -> int:
    got = 0
    while got < len(view):
        more = stream.readinto(view[got:])
        if not more:
            break
        got += more
    return got
