"""What a coupling method makes: a map on the cortex, or a value per region."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..surface.field import Field
from ..surface.pair import Pair
from ..surface.parcels import RegionKey

__all__ = ["UNSTATED", "CouplingMap", "RegionCoupling"]

#: `CouplingMap.unit` of a ready-made map that does not say.
UNSTATED = "not stated"


@dataclass(frozen=True, slots=True)
class RegionCoupling:
    """The coupling inside one region.

    Parameters
    ----------
    value : float
        In the unit of the map; NaN where the region was not assessed, see `reason`.
    n : int
        Voxels or vertices that it rests on.
    coverage : float
        Share of the region's voxels or vertices that have data, 0 to 1.
    null_mean, null_sd : float
        Of the same statistic where the true correspondence is destroyed (one map shifted in
        space); NaN if not computed. Smooth maps that have nothing in common give a spread of
        .13 to .37, so a value inside it says nothing by itself.
    reason : str
        Why there is no value; empty if there is one.
    """

    value: float
    n: int
    coverage: float
    null_mean: float = math.nan
    null_sd: float = math.nan
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CouplingMap:
    """How closely structure and activity go together, in one patient.

    Exactly one of `vertices`, `by_region`, `by_id`, `per_region` is given.

    Parameters
    ----------
    method : str
        Name of the coupling method.
    unit : str
        For example ``"Fisher z"`` or ``"rho"``.
    higher_means : str
        What a higher value means, in words: ``"more coupled"``.
    space : str
        Where it was computed: ``"surface"``, ``"volume"``, ``"parcels"``.
    vertices : Pair of Field or None
        One value per vertex; NaN where the map does not cover the cortex.
    by_region : mapping of (Hemi, name) to value, or None
    by_id : mapping of parcel id to value, or None
    per_region : mapping of parcel id to RegionCoupling, or None
        From a method that works region by region.
    local : Pair of Field or None
        Beside values per region: a vertex-wise map, only to pick the point inside a region.
    params : mapping
        Settings of the method, for the record.
    qc : mapping of name to number or text
        Quality of the data that it rests on: mean FD, minutes, tSNR, smoothness, ...
    """

    method: str
    unit: str
    higher_means: str
    space: str
    vertices: Pair[Field] | None = None
    by_region: Mapping[RegionKey, float] | None = None
    by_id: Mapping[int, float] | None = None
    per_region: Mapping[int, RegionCoupling] | None = None
    local: Pair[Field] | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    qc: Mapping[str, object] = field(default_factory=dict)
