"""The ALFF map of a prepared folder, to look at; ``[maps]`` keeps the run itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...base.errors import InputError
from ...coupling.activity import ACTIVITY_DEFAULTS, activity_of
from ...patient.load import load_patient
from ...patient.series_write import volume_bytes
from ...space.grid import Volume

__all__ = ["ALFF", "write_alff"]

ALFF = "alff.nii.gz"


def write_alff(folder: Path) -> str:
    """Write ALFF relative to its mean over grey matter, in the T1's world, on the run's grid.

    It is not named in ``patient.toml``: coupling computes activity from the run, with the
    settings that are asked for, so that there is one answer.

    Returns
    -------
    str
        Why there is none: the run is too short, moved too much, or the patient is refused.
        Empty if it was written.
    """
    try:
        found = activity_of(load_patient(folder), ACTIVITY_DEFAULTS)
    except InputError as err:
        return str(err)
    if not isinstance(found.values, Volume):
        return "the run is not a volume"
    linear = Volume(np.exp(found.values.data), found.values.grid)
    (folder / ALFF).write_bytes(volume_bytes(linear))
    return ""
