"""Per-vertex values and labels that know their mesh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import DomainError, InputError
from .domain import Domain

__all__ = ["Field", "Labels"]


def _require_length(n: int, domain: Domain, what: str) -> None:
    if n != domain.density:
        raise DomainError(
            f"{what} has {n} values, but {domain.owner}'s {domain.hemi} {domain.mesh} has "
            f"{domain.density} vertices. They must come from one reconstruction; pass matching "
            f"files."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One value per vertex; NaN means missing and is never 0.

    Parameters
    ----------
    values : (n,) float64
    domain : Domain
    name, unit : str
        What the numbers are, and in what unit (``"1"`` for a pure number).
    """

    values: NDArray[np.float64]
    domain: Domain
    name: str
    unit: str

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64)
        if values.ndim != 1:
            raise InputError(f"{self.name} must have one value per vertex; got {values.shape}.")
        _require_length(len(values), self.domain, self.name)
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    def __str__(self) -> str:
        return f"{self.name} [{self.unit}] on {self.domain}"


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """One parcel id per vertex; 0 means no parcel.

    Parameters
    ----------
    ids : (n,) int32
        Parcel ids of the atlas, never positions in a list.
    domain : Domain
    names : mapping of id to name
        Every id that occurs, except 0.
    """

    ids: NDArray[np.int32]
    domain: Domain
    names: Mapping[int, str]

    def __post_init__(self) -> None:
        ids = np.array(self.ids, dtype=np.int32)
        _require_length(len(ids), self.domain, "a label array")
        unnamed = sorted({int(i) for i in np.unique(ids)} - set(self.names) - {0})
        if unnamed:
            raise InputError(f"{self.domain}: label ids without a name: {unnamed[:8]}.")
        ids.flags.writeable = False
        object.__setattr__(self, "ids", ids)
