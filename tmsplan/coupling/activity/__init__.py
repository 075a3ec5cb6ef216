"""How strongly each place of one brain is active: ALFF, ready-made or from the BOLD series."""

from .activity import ACTIVITY_DEFAULTS, Activity, activity_of
from .alff import ENGINES, alff, falff
from .band import Band
from .reho import reho, reho_mesh

__all__ = [
    "ACTIVITY_DEFAULTS",
    "ENGINES",
    "Activity",
    "Band",
    "activity_of",
    "alff",
    "falff",
    "reho",
    "reho_mesh",
]
