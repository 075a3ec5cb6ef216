"""Navigator files: written from a plan, read back by a second reader, compared, or refused."""

from .protocol import NavigatorFormat, ReadPoint, ReadPose, carries_orientation
from .registry import navigator_formats
from .verify import export_formats, export_plan, tripwire_read_back

__all__ = [
    "NavigatorFormat",
    "ReadPoint",
    "ReadPose",
    "carries_orientation",
    "export_formats",
    "export_plan",
    "navigator_formats",
    "tripwire_read_back",
]
