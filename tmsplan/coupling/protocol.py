"""What a coupling method must offer. One file in ``methods/`` each, plus one test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ..patient.patient import Patient
from .coupling_map import CouplingMap
from .regions import Regions

__all__ = ["CouplingMethod"]


class CouplingMethod(Protocol):
    """A definition of structure-function coupling.

    Attributes
    ----------
    title : str
        One line for ``tmsplan list coupling``.
    needs : tuple of str
        Names of the patient's data it reads, as in ``[maps]`` of patient.toml.
    defaults : mapping
        Settings with their default values; anything else is refused.
    source : str
        DOI or other citation of the definition.
    per_region : bool
        Whether it works region by region and so needs `Regions`.
    """

    @property
    def title(self) -> str:
        """One line for lists."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the data it reads."""
        ...

    @property
    def defaults(self) -> Mapping[str, object]:
        """Settings and their defaults."""
        ...

    @property
    def source(self) -> str:
        """Citation of the definition."""
        ...

    @property
    def per_region(self) -> bool:
        """Whether it needs regions."""
        ...

    def compute(
        self, patient: Patient, settings: Mapping[str, object], regions: Regions | None
    ) -> CouplingMap:
        """Return the coupling of one patient; refuse if an input is missing.

        `regions` is there whenever `per_region` holds.
        """
        ...
