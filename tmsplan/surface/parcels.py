"""Values per parcel, joined by id, never by position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..base.errors import InputError
from ..space.side import Hemi

__all__ = ["ParcelRow", "ParcelTable", "RegionKey"]

#: A region where no numeric id is known yet: hemisphere and name, as atlases write it.
RegionKey = tuple[Hemi, str]


@dataclass(frozen=True, slots=True)
class ParcelRow:
    """One parcel's value.

    Parameters
    ----------
    parcel_id : int
        Unique over both hemispheres of the atlas.
    name : str
        The atlas' own name, without a hemisphere prefix.
    hemi : Hemi
    network : str or None
        Functional network, where the atlas declares one.
    value : float
        NaN if missing.
    n : int
        Vertices (or voxels) with a value.
    coverage : float
        Share of the parcel's vertices with a value, 0 to 1.
    """

    parcel_id: int
    name: str
    hemi: Hemi
    network: str | None
    value: float
    n: int
    coverage: float


@dataclass(frozen=True, slots=True)
class ParcelTable:
    """Values of all parcels of one atlas for one person; ids are unique."""

    atlas: str
    owner: str
    rows: tuple[ParcelRow, ...]

    def __post_init__(self) -> None:
        if len({r.parcel_id for r in self.rows}) != len(self.rows):
            raise InputError(f"{self.owner}: a parcel id of {self.atlas} occurs twice.")

    def by_id(self) -> Mapping[int, ParcelRow]:
        """Return ``{parcel_id: row}``."""
        return {r.parcel_id: r for r in self.rows}

    def feature_names(self) -> tuple[str, ...]:
        """Return ``<hemi>_<name>`` of each row: the column names of normative tables."""
        return tuple(feature_name(r.hemi, r.name) for r in self.rows)


def feature_name(hemi: Hemi, name: str) -> str:
    """Return the column name of a parcel in plain tables, for example ``lh_bankssts``."""
    return f"{hemi.freesurfer}_{name}"
