"""The regions of one patient's cortex, as a method that works region by region needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..surface.field import Labels
from ..surface.pair import Pair
from ..surface.parcels import RegionKey

__all__ = ["Regions"]


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Which region each vertex belongs to. Made from an atlas by whoever knows atlases.

    Parameters
    ----------
    atlas : str
        Name of the atlas, for the record.
    labels : Pair of Labels
        On the patient's mesh; 0 is no region. Ids are unique over both hemispheres.
    keys : mapping of id to (Hemi, name)
        Every region of the atlas, also those without a vertex.
    """

    atlas: str
    labels: Pair[Labels]
    keys: Mapping[int, RegionKey]
