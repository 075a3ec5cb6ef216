"""Front and top of a head, from its own anatomy."""

from __future__ import annotations

import numpy as np

from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.points import Vectors

__all__ = ["forward_of", "up_of"]


def forward_of(patient: Patient) -> Vectors[Scanner]:
    """Return the long axis of the brain within its midplane, towards the front.

    Taken from the anatomy and not from the scanner's y, so that a head turned in the scanner
    keeps its own front; the scanner only says which of the two ends is the front one (RAS).

    Returns
    -------
    Vectors of Scanner
        One row, unit length, at a right angle to the midplane's normal.
    """
    frame = patient.scanner
    mid = patient.mid_points().mm(frame)
    right = patient.midplane().to_right.components(frame)[0]
    centred = mid - mid.mean(axis=0)
    flat = centred - np.outer(centred @ right, right)
    axis = np.linalg.eigh(flat.T @ flat)[1][:, -1]
    return Vectors(axis if axis[1] > 0 else -axis, frame)


def up_of(to_right: Vectors[Scanner], forward: Vectors[Scanner]) -> Vectors[Scanner]:
    """Return the unit direction to the top of the head: right cross forward."""
    return to_right.cross(forward).units()
