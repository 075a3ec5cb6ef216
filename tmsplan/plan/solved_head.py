"""The E-field of a plan's poses: one solved head, one field a pose, what has to be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import InputError
from ..coil.coils import coil_called
from ..coil.efield.cache import cache_root
from ..coil.efield.inner_skull import inner_skull_of
from ..coil.efield.measures import FieldCheck, check_field, field_overlap
from ..coil.efield.pial import PialHead, pial_head
from ..coil.efield.shell import ShellHead, shell_head
from ..coil.efield.source import CoilSource, source_of
from ..coil.efield.statement import field_statements
from ..coil.pose import CoilPose
from ..patient.patient import Patient
from ..surface.field import Field
from ..surface.pair import Pair
from ..target.ranking import Statement
from ..target.target import Target
from .options import Options

__all__ = ["SolvedHead", "solve_head"]


@dataclass(frozen=True, slots=True, eq=False)
class SolvedHead:
    """A patient's field model with one coil.

    Parameters
    ----------
    model : ShellHead or PialHead
    source : CoilSource
    warnings : tuple of str
        What this head adds to what the model leaves out.
    """

    model: ShellHead | PialHead
    source: CoilSource
    warnings: tuple[str, ...]

    def strength(self, pose: CoilPose) -> Pair[Field]:
        """Return |E| of a pose on the mid-cortex, V/m per A/μs; NaN where it is not trusted."""
        return self.model.on_cortex(pose, self.source).map(lambda f: f.magnitude)

    def check(self, strength: Pair[Field], target: Target) -> FieldCheck | str:
        """Hold a field against a target; or return why that cannot be done."""
        cortex = self.model.patient.cortex
        try:
            return check_field(strength, cortex, target, engine=self.model.engine)
        except InputError as err:
            return str(err)

    def overlap(self, a: Pair[Field], b: Pair[Field]) -> float:
        """Return how much two poses stimulate the same cortex, 0 to 1."""
        return field_overlap(a, b, self.model.patient.cortex)

    def lines(self, refused: Sequence[str] = ()) -> tuple[Statement, ...]:
        """Return what stands beside every number of this field."""
        return field_statements(self.model.engine, (*self.warnings, *refused))


def solve_head(patient: Patient, options: Options) -> SolvedHead | None:
    """Return the solved head that the options ask for; None if they ask for no field.

    Raises
    ------
    InputError
        If the patient has no usable inner skull.
    """
    if options.efield == "none":
        return None
    kept = _cache(patient)
    skull = inner_skull_of(patient)
    make = shell_head if options.efield == "shell" else pial_head
    source = source_of(coil_called(options.coil))
    return SolvedHead(make(patient, skull, kept), source, skull.warnings())


def _cache(patient: Patient) -> Path | None:
    # A simulated head is made anew each time and would only fill the folder.
    return None if patient.synthetic else cache_root()
