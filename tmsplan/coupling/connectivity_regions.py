"""Regions of a connectome beside the regions of an atlas: joined by hemisphere and name."""

from __future__ import annotations

import difflib

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..patient.patient import Connectome, Patient
from .regions import Regions

__all__ = ["checked_connectome", "region_centres", "region_ids"]

Floats = NDArray[np.float64]


def checked_connectome(patient: Patient, method: str) -> Connectome:
    """Return the patient's connectome if its matrices make sense.

    Raises
    ------
    InputError
        If there is none, a shape is not that of the regions, or a weight is negative, missing
        or not symmetric.
    """
    matrices = patient.connectome
    if matrices is None:
        raise InputError(
            f"{patient.id}: coupling method '{method}' needs a structural and a functional "
            f"connectome, and there is none; give sc and fc, or choose another method."
        )
    r = len(matrices.regions)
    for name, m in (("structural", matrices.sc), ("functional", matrices.fc)):
        if m.shape != (r, r):
            raise InputError(
                f"{patient.id}: the {name} connectome has shape {m.shape} for {r} regions; "
                f"expected ({r}, {r})."
            )
    if not np.isfinite(matrices.sc).all() or (matrices.sc < 0).any():
        raise InputError(
            f"{patient.id}: the structural connectome holds a negative or missing weight."
        )
    return matrices


def region_ids(connectome: Connectome, regions: Regions, who: str) -> tuple[int, ...]:
    """Return the atlas id of each row of a connectome.

    Raises
    ------
    InputError
        If the atlas has no such region; names the nearest.
    """
    ids = {key: i for i, key in regions.keys.items()}
    for hemi, name in connectome.regions:
        if (hemi, name) not in ids:
            near = difflib.get_close_matches(name, [n for h, n in ids if h is hemi], n=1)
            hint = f"Did you mean '{near[0]}'?" if near else "Name the atlas of the connectome."
            raise InputError(
                f"{who}: the connectome's region '{name}' on the {hemi} is none of atlas "
                f"{regions.atlas}. {hint}"
            )
    return tuple(ids[key] for key in connectome.regions)


def region_centres(patient: Patient, regions: Regions, ids: tuple[int, ...]) -> Floats:
    """Return the centre of each region on the patient's own mid-cortex.

    The mean of its vertices, weighted by area: vertices are denser where the cortex folds.

    Parameters
    ----------
    patient : Patient
    regions : Regions
        On this patient's mesh.
    ids : tuple of int

    Returns
    -------
    (r, 3) float64
        mm, scanner RAS; NaN for a region without a vertex.
    """
    where = {i: k for k, i in enumerate(ids)}
    total, area = np.zeros((len(ids), 3)), np.zeros(len(ids))
    for hemi, cortex in patient.cortex.sides():
        mid = cortex.mid
        row = np.array([where.get(int(i), -1) for i in regions.labels.side(hemi).ids])
        size = np.where(row >= 0, mid.vertex_areas(), 0.0)
        np.add.at(total, row, size[:, None] * mid.points.mm(patient.scanner))
        np.add.at(area, row, size)
    with np.errstate(invalid="ignore"):  # no vertex: 0 / 0 is NaN, which is what is meant
        return np.asarray(total / area[:, None])
