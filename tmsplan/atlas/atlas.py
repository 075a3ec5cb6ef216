"""An atlas: parcels by id, and where they lie on a mesh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..base.errors import InputError
from ..space.side import Hemi
from ..surface.field import Field, Labels
from ..surface.pair import Pair

__all__ = ["Atlas", "CandidateSet", "Parcel"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One region. `id` is unique over both hemispheres."""

    id: int
    name: str
    hemi: Hemi
    network: str | None = None


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """Parcels that may be chosen as a target, declared by id, with a citation."""

    name: str
    ids: tuple[int, ...]
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """Parcels on one patient's cortex.

    Parameters
    ----------
    name, title, doi, licence, sha256 : str
        From the atlas' TOML; `sha256` is of the label data, or of the patient's own file.
    parcels : tuple of Parcel
    labels : Pair of Labels
        On the patient's mesh; every id is in `parcels`.
    candidates : mapping of name to CandidateSet
    how : str
        How the labels reached this patient's mesh, for the record.
    areas : Pair of Field or None
        mm² of mid-cortex that each vertex stands for; None for an atlas without a patient.
    """

    name: str
    title: str
    doi: str
    licence: str
    sha256: str
    parcels: tuple[Parcel, ...]
    labels: Pair[Labels]
    candidates: Mapping[str, CandidateSet]
    how: str
    areas: Pair[Field] | None = None

    def parcel(self, parcel_id: int) -> Parcel:
        """Return a parcel by id; refuse an unknown one."""
        for p in self.parcels:
            if p.id == parcel_id:
                return p
        raise InputError(f"atlas {self.name} has no parcel with id {parcel_id}.")
