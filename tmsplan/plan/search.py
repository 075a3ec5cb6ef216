"""Where the target is looked for: candidates, what the map covers, a mask, scalp that is no-go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..atlas.atlas import Atlas, CandidateSet
from ..coupling.coupling_map import CouplingMap
from ..patient.patient import Patient
from ..patient.search_mask import read_search_mask
from ..target.candidates import candidate_ids, candidates_in_mask
from ..target.exclusions import Limits
from ..target.no_go import no_go_scalp
from .options import Options

__all__ = ["search_of"]

#: How candidates are said to be a file.
_MASK = "mask:"


def search_of(
    patient: Patient, atlas: Atlas, coupling: CouplingMap, options: Options
) -> tuple[CandidateSet, Limits, Patient]:
    """Return the candidates, the limits of the search, and the patient with a mask's record.

    Raises
    ------
    InputError
        If the candidates or the mask cannot be used.
    """
    covered = coupling.local if coupling.vertices is None else coupling.vertices
    limits = Limits(coverage=covered, no_go=no_go_scalp(patient, patient.landmarks))
    if not options.candidates.startswith(_MASK):
        return candidate_ids(atlas, options.candidates), limits, patient
    paths = [Path(p) for p in options.candidates.removeprefix(_MASK).split(",")]
    mask, inputs = read_search_mask(paths, patient)
    recorded = replace(patient, inputs=(*patient.inputs, *inputs))
    return candidates_in_mask(atlas, mask), replace(limits, mask=mask), recorded
