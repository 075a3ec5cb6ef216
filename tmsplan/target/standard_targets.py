"""Standard targets: points and rules of the literature, one file each in ``standard/``."""

from __future__ import annotations

from .place_standard import place_standard
from .read_standard import load_standard, read_standard, standard_names
from .standard_target import ScalpRule, StandardTarget

__all__ = [
    "ScalpRule",
    "StandardTarget",
    "load_standard",
    "place_standard",
    "read_standard",
    "standard_names",
]
