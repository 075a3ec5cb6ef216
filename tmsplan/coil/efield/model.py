"""The two models of a head's field behind one contract."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

from ...patient.patient import Patient
from ...surface import Pair
from ..pose import CoilPose
from .adjoint import RegionResponse
from .cortex_field import CorticalField
from .inner_skull import inner_skull_of
from .pial import PialHead, pial_head
from .region import CorticalRegion
from .shell import ShellHead, shell_head
from .source import FieldSource
from .sphere import A_PER_US

__all__ = ["FieldModel", "field_model"]


class FieldModel(Protocol):
    """A solved head.

    `engine` is ``"shell"`` or ``"shell+pial"``; `leaves_out` is printed on every output;
    `notes` say what was counted or mended.
    """

    @property
    def engine(self) -> str:
        """Name of the model."""

    @property
    def leaves_out(self) -> str:
        """What the model leaves out, in whole sentences."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was counted or mended on the way."""

    def on_cortex(
        self, pose: CoilPose, source: FieldSource, *, didt: float = A_PER_US
    ) -> Pair[CorticalField]:
        """Return the field of one pose on the whole mid-cortex, V/m."""

    def response(self, region: CorticalRegion) -> RegionResponse:
        """Return what any coil does to a region."""


def field_model(
    patient: Patient, engine: Literal["shell", "pial"], *, cache: Path | None
) -> ShellHead | PialHead:
    """Return a patient's field model.

    Parameters
    ----------
    patient : Patient
    engine : {"shell", "pial"}
        One compartment (seconds), or fluid and brain (minutes, 6 GB of memory while solving).
    cache : Path or None
        Folder of kept results, usually `cache_root()`; None keeps nothing.

    Raises
    ------
    InputError
        If the patient has no usable inner skull, or the pial surface is not closed.
    """
    skull = inner_skull_of(patient)
    make = shell_head if engine == "shell" else pial_head
    return make(patient, skull, cache)
