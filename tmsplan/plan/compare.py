"""Every pair of targets of one plan beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..base.params import Params
from ..patient.patient import Patient
from .aim import Aimed
from .compare_ground import Ground, networks_of
from .plan import Comparison

__all__ = ["compare_targets"]


def compare_targets(patient: Patient, aimed: Aimed, params: Params) -> tuple[Comparison, ...]:
    """Return one row per pair of shown targets.

    Distances in mm: between the cortical points straight, and along the mid-cortex where both
    lie on one hemisphere (None otherwise); between the scalp points straight, and along the
    scalp. Two targets nearer to each other than the error of navigation cannot be told apart;
    they are marked. The overlap of fields is there where the plan has fields.

    Parameters
    ----------
    patient : Patient
    aimed : Aimed
    params : Params
        `navigation_error` is used.
    """
    ground = Ground(
        mid=patient.cortex.map(lambda c: c.mid),
        scalp=patient.scalp,
        networks=networks_of(aimed.ranking),
        navigation_mm=params.navigation_error.value,
    )
    rows: list[Comparison] = []
    for i, first in enumerate(aimed.targets):
        rows += ground.rows(first, aimed.targets[i + 1 :])
    return _with_overlap(rows, aimed)


def _with_overlap(rows: Sequence[Comparison], aimed: Aimed) -> tuple[Comparison, ...]:
    solved, known = aimed.solved, aimed.strengths
    if solved is None:
        return tuple(rows)
    return tuple(
        replace(row, efield_overlap=solved.overlap(known[row.a], known[row.b]))
        if row.a in known and row.b in known
        else row
        for row in rows
    )
