"""The E-field of a plan's poses: one solved head, one field a pose, what has to be said of it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..base.errors import InputError
from ..coil.coils import coil_called
from ..coil.efield.cache import cache_root
from ..coil.efield.inner_skull import inner_skull_of
from ..coil.efield.measures import FieldCheck, check_field, field_overlap
from ..coil.efield.pial import PialHead, pial_head
from ..coil.efield.shell import ShellHead, shell_head
from ..coil.efield.simnibs_read import ENGINE, read_result
from ..coil.efield.simnibs_run import run_job
from ..coil.efield.simnibs_write import write_job
from ..coil.efield.source import CoilSource, source_of
from ..coil.efield.statement import field_statements
from ..coil.pose import CoilPose
from ..patient.patient import Patient
from ..surface.field import Field
from ..surface.pair import Pair
from ..target.ranking import Statement
from ..target.target import Target
from .options import SIMNIBS, Options

__all__ = ["FieldEngine", "SimnibsHead", "SolvedHead", "solve_head"]

Strengths = Mapping[str, Pair[Field]]


class FieldEngine(Protocol):
    """Whatever computes |E| of poses on a patient's mid-cortex."""

    def check(self, strength: Pair[Field], target: Target) -> FieldCheck | str:
        """Hold a field against a target; or return why that cannot be done."""

    def overlap(self, a: Pair[Field], b: Pair[Field]) -> float:
        """Return how much two poses stimulate the same cortex, 0 to 1."""

    def strengths(self, poses: Mapping[str, CoilPose]) -> Strengths:
        """Return |E| of each pose, V/m per A/μs; NaN where it is not trusted."""

    @property
    def engine(self) -> str:
        """Name of the model, as plan.json has it."""

    def lines(self, refused: Sequence[str] = ()) -> tuple[Statement, ...]:
        """Return what stands beside every number of this field."""


@dataclass(frozen=True, slots=True, eq=False)
class SolvedHead:
    """Our own field model of a patient with one coil.

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

    @property
    def engine(self) -> str:
        """``"shell"`` or ``"shell+pial"``."""
        return self.model.engine

    def strength(self, pose: CoilPose) -> Pair[Field]:
        """Return |E| of one pose."""
        return self.model.on_cortex(pose, self.source).map(lambda f: f.magnitude)

    def strengths(self, poses: Mapping[str, CoilPose]) -> Strengths:
        """Return |E| of each pose."""
        return {name: self.strength(pose) for name, pose in poses.items()}

    def lines(self, refused: Sequence[str] = ()) -> tuple[Statement, ...]:
        """Return what stands beside every number of this field."""
        return field_statements(self.engine, (*self.warnings, *refused))

    def check(self, strength: Pair[Field], target: Target) -> FieldCheck | str:
        """Hold a field against a target; or return why that cannot be done."""
        return _check(strength, self.model.patient, target, self.engine)

    def overlap(self, a: Pair[Field], b: Pair[Field]) -> float:
        """Return how much two poses stimulate the same cortex, 0 to 1."""
        return field_overlap(a, b, self.model.patient.cortex)


@dataclass(frozen=True, slots=True, eq=False)
class SimnibsHead:
    """A head model of SimNIBS, in a process of its own: files go there and come back.

    Parameters
    ----------
    patient : Patient
    head_model : Path
        The ``m2m_`` folder that charm made from the same T1.
    """

    patient: Patient
    head_model: Path

    @property
    def engine(self) -> str:
        """Name of the model."""
        return ENGINE

    def strengths(self, poses: Mapping[str, CoilPose]) -> Strengths:
        """Return |E| of each pose, of one run for all.

        Raises
        ------
        MissingPartError
            If SimNIBS is not installed.
        InputError
            If it fails, or answers something else than it was asked.
        """
        with tempfile.TemporaryDirectory(prefix="tmsplan-simnibs-") as folder:
            job = Path(folder) / "job"
            write_job(job, poses, self.patient)
            run_job(job, self.head_model)
            found = read_result(job, self.patient)
            return {name: found.strength(name) for name in poses}

    def lines(self, refused: Sequence[str] = ()) -> tuple[Statement, ...]:
        """Return what stands beside every number of this field."""
        return field_statements(self.engine, refused)

    def check(self, strength: Pair[Field], target: Target) -> FieldCheck | str:
        """Hold a field against a target; or return why that cannot be done."""
        return _check(strength, self.patient, target, self.engine)

    def overlap(self, a: Pair[Field], b: Pair[Field]) -> float:
        """Return how much two poses stimulate the same cortex, 0 to 1."""
        return field_overlap(a, b, self.patient.cortex)


def _check(
    strength: Pair[Field], patient: Patient, target: Target, engine: str
) -> FieldCheck | str:
    try:
        return check_field(strength, patient.cortex, target, engine=engine)
    except InputError as err:
        return str(err)


def solve_head(patient: Patient, options: Options) -> SolvedHead | SimnibsHead | None:
    """Return the solved head that the options ask for; None if they ask for no field.

    Raises
    ------
    InputError
        If the patient has no usable inner skull.
    """
    if options.efield == "none":
        return None
    if options.efield.startswith(SIMNIBS):
        return SimnibsHead(patient, Path(options.efield.removeprefix(SIMNIBS)))
    kept = _cache(patient)
    skull = inner_skull_of(patient)
    make = shell_head if options.efield == "shell" else pial_head
    source = source_of(coil_called(options.coil))
    return SolvedHead(make(patient, skull, kept), source, skull.warnings())


def _cache(patient: Patient) -> Path | None:
    # A simulated head is made anew each time and would only fill the folder.
    return None if patient.synthetic else cache_root()
