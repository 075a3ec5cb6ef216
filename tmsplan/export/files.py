"""Writing one file: whole, on the disk, and never over another."""

from __future__ import annotations

import os
from pathlib import Path

from ..base.errors import InputError

__all__ = ["number", "write_new"]


def write_new(path: Path, data: bytes) -> Path:
    """Write bytes to a file that does not exist yet, and return its path.

    Raises
    ------
    InputError
        If the file exists.
    OSError
        If the disk refuses; the caller removes what is there.
    """
    try:
        with path.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except FileExistsError as err:
        raise InputError(
            f"{path.name}: exists already and is not overwritten. Choose another folder."
        ) from err
    return path


def number(value: float, decimals: int) -> str:
    """Return a fixed-point number without a negative zero, which differs between machines."""
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text
