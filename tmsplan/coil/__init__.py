"""Where a coil is held: the scalp, placement, and an independent check of every pose."""

from .check import tripwire_pose
from .coils import Coil, coil_called, coil_names
from .place import axis_miss_mm, place_coil
from .pose import CoilPose
from .scalp import Scalp, ScalpPoint, scalp_of

__all__ = [
    "Coil",
    "CoilPose",
    "Scalp",
    "ScalpPoint",
    "axis_miss_mm",
    "coil_called",
    "coil_names",
    "place_coil",
    "scalp_of",
    "tripwire_pose",
]
