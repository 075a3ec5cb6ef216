"""Parcels by id, where they lie on a patient's cortex, and values per parcel."""

from .atlas import Atlas, CandidateSet, Parcel
from .declaration import AtlasInfo, LabelFile, atlas_info, atlas_names
from .load import load_atlas, template_labels
from .parcellate import parcellate_field, parcels_by_id, parcels_by_region
from .supply import add_atlas, fetch_atlas

__all__ = [
    "Atlas",
    "AtlasInfo",
    "CandidateSet",
    "LabelFile",
    "Parcel",
    "add_atlas",
    "atlas_info",
    "atlas_names",
    "fetch_atlas",
    "load_atlas",
    "parcellate_field",
    "parcels_by_id",
    "parcels_by_region",
    "template_labels",
]
