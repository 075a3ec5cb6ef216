"""Publish a folder whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import InputError
from .provenance import sha256_file

__all__ = ["published_folder", "require_replaceable"]

MANIFEST = "SHA256SUMS"


@contextmanager
def published_folder(out: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a private folder beside `out`; on success it becomes `out` in one rename.

    A run that is killed leaves either the old `out` or the new one, never a mixture.
    ``SHA256SUMS`` of every file is written last.

    Parameters
    ----------
    out : Path
        Folder to publish.
    overwrite : bool
        Whether an existing `out` may be replaced.

    Yields
    ------
    Path
        The private folder to write into.

    Raises
    ------
    InputError
        If `out` exists and `overwrite` is false, or is not a folder.
    """
    out = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow a link at `out`
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(f"{out.name}: exists and is not a folder; choose another --out.")
    if out.exists() and not overwrite:
        raise InputError(f"{out.name}: exists already; pass --overwrite or choose another --out.")
    require_replaceable(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".partial-{out.name}-", dir=out.parent))
    except OSError as err:
        raise InputError(
            f"{out.name}: cannot be made there ({err.strerror}); choose another --out."
        ) from err
    try:
        yield work
        _write_manifest(work)
        _swap(work, out)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def require_replaceable(out: Path) -> None:
    """Refuse to replace a folder that is not, whole and alone, an earlier result of ours.

    What is replaced is deleted. An earlier result has a SHA256SUMS that lists exactly the
    files that are there; a folder of anything else may be somebody's study.

    Raises
    ------
    InputError
        If `out` holds other files, or is the working directory or a folder above it.
    """
    if not out.is_dir():
        return
    if Path.cwd().is_relative_to(out.resolve()):
        raise InputError(
            f"{out.name or out}: is the working directory or a folder above it; it would be "
            f"deleted. Choose another --out."
        )
    there = {p.relative_to(out).as_posix() for p in out.rglob("*") if not p.is_dir()}
    manifest = out / MANIFEST
    listed = set()
    if manifest.is_file():
        lines = manifest.read_text(encoding="utf-8", errors="replace").splitlines()
        listed = {line.partition("  ")[2] for line in lines}
    foreign = sorted(there - listed - {MANIFEST})
    if foreign:
        raise InputError(
            f"{out.name}: holds files that tmsplan did not write ({', '.join(foreign[:3])}); "
            f"--overwrite would delete them. Choose another --out, or empty the folder yourself."
        )


def _write_manifest(folder: Path) -> None:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    lines = [f"{sha256_file(p)}  {p.relative_to(folder).as_posix()}\n" for p in files]
    with (folder / MANIFEST).open("w", encoding="utf-8") as stream:
        stream.writelines(lines)
        stream.flush()
        os.fsync(stream.fileno())


def _swap(work: Path, out: Path) -> None:
    work.chmod(0o755)
    if not out.exists():
        work.rename(out)
        return
    # Two renames: between them a kill leaves the old results whole under a .partial- name.
    old = Path(tempfile.mkdtemp(prefix=f".partial-old-{out.name}-", dir=out.parent))
    out.rename(old / "old")
    work.rename(out)
    shutil.rmtree(old, ignore_errors=True)
