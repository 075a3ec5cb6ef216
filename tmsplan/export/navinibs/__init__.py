"""NaviNIBS' targets file: `write` and `read` know the format without knowing each other."""

from .read import navinibs_poses
from .write import AXES, Axes, navinibs_bytes

__all__ = ["AXES", "Axes", "navinibs_bytes", "navinibs_poses"]
