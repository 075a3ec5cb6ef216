"""Navigator files: written from a plan, read back by a second reader, compared, or refused."""

from .protocol import NavigatorFormat, ReadPose
from .registry import FORMATS, format_names
from .verify import export_formats, export_plan, tripwire_read_back

__all__ = [
    "FORMATS",
    "NavigatorFormat",
    "ReadPose",
    "export_formats",
    "export_plan",
    "format_names",
    "tripwire_read_back",
]
