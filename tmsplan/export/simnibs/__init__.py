"""SimNIBS' ``matsimnibs``, as JSON and as MATLAB file."""

from .form import SimnibsJsonFormat, SimnibsMatFormat

__all__ = ["SimnibsJsonFormat", "SimnibsMatFormat"]
