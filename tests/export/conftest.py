"""Real exports of navigators, read-only and outside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def neuronav() -> Path:
    """Files that Brainsight, Localite and others wrote."""
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "neuronav"
    if not folder.is_dir():
        pytest.skip("real files are not here: shared/data/neuronav beside the checkout")
    return folder
