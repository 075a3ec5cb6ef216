"""Triangles, per-vertex data, distances along the cortex, and sampling volumes on it."""

from .domain import Domain, require_same_domain
from .field import Field, Labels
from .pair import Pair
from .parcels import ParcelRow, ParcelTable, RegionKey, feature_name
from .surface import Surface

__all__ = [
    "Domain",
    "Field",
    "Labels",
    "Pair",
    "ParcelRow",
    "ParcelTable",
    "RegionKey",
    "Surface",
    "feature_name",
    "require_same_domain",
]
