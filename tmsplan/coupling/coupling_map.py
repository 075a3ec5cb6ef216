"""What a coupling method makes: a map on the cortex, or a value per region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..surface.field import Field
from ..surface.pair import Pair
from ..surface.parcels import RegionKey

__all__ = ["CouplingMap"]


@dataclass(frozen=True, slots=True, eq=False)
class CouplingMap:
    """How closely structure and activity go together, in one patient.

    Exactly one of `field`, `by_region`, `by_id` is given.

    Parameters
    ----------
    method : str
        Name of the coupling method.
    unit : str
        For example ``"Fisher z"`` or ``"rho"``.
    higher_means : str
        What a higher value means, in words: ``"more coupled"``.
    space : str
        Where it was computed: ``"surface"``, ``"parcels"``.
    vertices : Pair of Field or None
        One value per vertex; NaN where the map does not cover the cortex.
    by_region : mapping of (Hemi, name) to value, or None
    by_id : mapping of parcel id to value, or None
    params : mapping
        Settings of the method, for the record.
    """

    method: str
    unit: str
    higher_means: str
    space: str
    vertices: Pair[Field] | None = None
    by_region: Mapping[RegionKey, float] | None = None
    by_id: Mapping[int, float] | None = None
    params: Mapping[str, object] = field(default_factory=dict)
