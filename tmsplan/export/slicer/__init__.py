"""3D Slicer's markups and ITK's transform: writers and readers that do not know each other."""

from .markups_read import markups_poses
from .markups_write import markups_bytes
from .transform_read import itk_matrix, transform_pose
from .transform_write import transform_bytes

__all__ = [
    "itk_matrix",
    "markups_bytes",
    "markups_poses",
    "transform_bytes",
    "transform_pose",
]
