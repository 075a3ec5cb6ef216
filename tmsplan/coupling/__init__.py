"""How closely structure and activity go together: one method per file in ``methods/``."""

from .coupling_map import CouplingMap
from .protocol import CouplingMethod
from .registry import couple, coupling_methods

__all__ = ["CouplingMap", "CouplingMethod", "couple", "coupling_methods"]
