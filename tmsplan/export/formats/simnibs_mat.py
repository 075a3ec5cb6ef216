"""SimNIBS ``matsimnibs`` as MATLAB 5 file."""

from __future__ import annotations

from ..simnibs import SimnibsMatFormat

__all__ = ["FORMAT"]

FORMAT = SimnibsMatFormat()
