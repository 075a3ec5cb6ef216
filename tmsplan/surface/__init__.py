"""Triangles, per-vertex data, distances along the cortex, and sampling volumes on it."""

from .check import CORTEX_EXTENT_MM, SCALP_EXTENT_MM, check_closed, check_cortex
from .domain import Domain, require_same_domain
from .field import Field, Labels
from .geodesic import geodesic_field, geodesic_mm
from .label_sampling import sample_labels
from .pair import Pair
from .parcel_stats import ParcelSpec, parcel_table
from .parcels import ParcelRow, ParcelTable, RegionKey, feature_name
from .proximity import Contact, closest_on_faces, nearest_by_sphere, nearest_vertex
from .sample_locations import SampleKind
from .sampling import Sampler, build_sampler
from .surface import Surface
from .topology import clusters, components, smooth

# The readers of `surface.formats` are not re-exported: only `tmsplan.patient` and
# `tmsplan.atlas` open files, and they import them by module.

__all__ = [
    "CORTEX_EXTENT_MM",
    "SCALP_EXTENT_MM",
    "Contact",
    "Domain",
    "Field",
    "Labels",
    "Pair",
    "ParcelRow",
    "ParcelSpec",
    "ParcelTable",
    "RegionKey",
    "SampleKind",
    "Sampler",
    "Surface",
    "build_sampler",
    "check_closed",
    "check_cortex",
    "closest_on_faces",
    "clusters",
    "components",
    "feature_name",
    "geodesic_field",
    "geodesic_mm",
    "nearest_by_sphere",
    "nearest_vertex",
    "parcel_table",
    "require_same_domain",
    "sample_labels",
    "smooth",
]
