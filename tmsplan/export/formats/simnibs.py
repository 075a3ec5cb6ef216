"""SimNIBS ``matsimnibs`` as JSON."""

from __future__ import annotations

from ..simnibs import SimnibsJsonFormat

__all__ = ["FORMAT"]

FORMAT = SimnibsJsonFormat()
