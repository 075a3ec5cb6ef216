"""The scalp, and how a coil is held on it."""

from .check import tripwire_pose
from .coils import coil_called, coil_names
from .place import place_coil
from .pose import CoilPose
from .scalp import Scalp, scalp_of

__all__ = [
    "CoilPose",
    "Scalp",
    "coil_called",
    "coil_names",
    "place_coil",
    "scalp_of",
    "tripwire_pose",
]
