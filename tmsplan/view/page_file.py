"""Write the page where only its owner can read it."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["PRIVATE", "write_page"]

#: The page holds a face and a T1: read and written by its owner only.
PRIVATE = 0o600


def write_page(path: Path, text: str) -> None:
    """Write the page; at no moment can another user read it.

    The file is made under another name with mode 0600 and renamed: one that lies there
    already, with whatever mode, is replaced and not written into.
    """
    partial = path.with_name(f".partial-{path.name}")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
