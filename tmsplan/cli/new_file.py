"""One file that a verb writes: checked before the work, and there whole or not at all."""

from __future__ import annotations

from pathlib import Path

from ..base.errors import UsageError
from ..base.publish import MANIFEST

__all__ = ["require_new_file", "write_new_file"]


def require_new_file(out: Path, *, overwrite: bool) -> None:
    """Refuse a place that cannot or must not be written, before anything is computed.

    Raises
    ------
    UsageError
        If its folder is missing, it is no file, it exists and may not be replaced, or it is one
        of the files of a published result, whose manifest would no longer be true.
    """
    if not out.parent.is_dir():
        raise UsageError(f"{out.name}: there is no folder '{out.parent.name}' to write it into.")
    if out.is_dir() or out.is_symlink():
        raise UsageError(f"{out.name}: is a folder or a link; pass the name of a file.")
    if out.exists() and not overwrite:
        raise UsageError(f"{out.name}: exists already; pass --overwrite or choose another -o.")
    manifest = out.parent / MANIFEST
    if out.exists() and manifest.is_file():
        text = manifest.read_text(encoding="utf-8", errors="replace")
        if out.name in {line.partition("  ")[2] for line in text.splitlines()} | {MANIFEST}:
            raise UsageError(
                f"{out.name}: belongs to the results in '{out.parent.resolve().name}', which "
                f"would no longer be whole; choose another -o."
            )


def write_new_file(out: Path, data: bytes) -> None:
    """Write a file beside its place and move it there."""
    part = out.with_name(f".partial-{out.name}")
    try:
        part.write_bytes(data)
        part.replace(out)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
