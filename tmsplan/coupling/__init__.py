"""How closely structure and activity go together: one method per file in ``methods/``."""

from .coupling_map import CouplingMap, RegionCoupling
from .protocol import CouplingMethod
from .regions import Regions
from .registry import couple, coupling_methods

__all__ = [
    "CouplingMap",
    "CouplingMethod",
    "RegionCoupling",
    "Regions",
    "couple",
    "coupling_methods",
]
