"""Shared fixtures: where real files are, and how Hypothesis runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings
from real_files import real_data

# A deadline measures the machine's load, not the code.
settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session")
def ecog() -> Path:
    """One real adult: T1, FreeSurfer surfaces, skin."""
    return real_data("mne_sample_ecog")


@pytest.fixture(scope="session")
def tvb_tumour() -> Path:
    """11 controls and 8 patients: structural weights and region series."""
    return real_data("tvb_tumour")
