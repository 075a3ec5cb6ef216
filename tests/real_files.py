"""Where real files are: beside the checkout, never in it."""

from __future__ import annotations

from pathlib import Path

import pytest

__all__ = ["REPO", "SHARED", "real_data"]

REPO = Path(__file__).resolve().parents[1]
SHARED = REPO.parent / "shared" / "data"


def real_data(name: str) -> Path:
    """Return a folder of real files, or skip with the reason."""
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"real files are not here: shared/data/{name} beside the checkout")
    return folder
