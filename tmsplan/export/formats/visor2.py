"""ANT Neuro visor2, JSON exchange file (visor2 2.8 and later)."""

from __future__ import annotations

from ..visor2 import Visor2Format

__all__ = ["FORMAT"]

FORMAT = Visor2Format()
