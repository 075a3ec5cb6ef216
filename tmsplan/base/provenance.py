"""What a result was made from: inputs by hash, versions of what computed it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["InputFile", "created_stamp", "record_file", "sha256_bytes", "sha256_file", "versions"]

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input: its role, base name, hash and, for an image, what its header says.

    Only the base name is kept: a path may carry a person's name.
    """

    role: str
    name: str
    sha256: str
    image: Mapping[str, object] | None = None


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file as lower-case hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of bytes as lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def record_file(role: str, path: Path, image: Mapping[str, object] | None = None) -> InputFile:
    """Return the provenance record of one file on disk."""
    return InputFile(role, path.name, sha256_file(path), image)


def created_stamp() -> str:
    """Return the time of this run in UTC, or ``SOURCE_DATE_EPOCH`` where that is set."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def versions(*packages: str) -> dict[str, str]:
    """Return the installed versions of `packages`; ``"not installed"`` for an absent one."""
    return {name: _version(name) for name in packages}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
