"""InVesalius, marker file version 5 (``.mkss``)."""

from __future__ import annotations

from ..invesalius import InvesaliusFormat

__all__ = ["FORMAT"]

FORMAT = InvesaliusFormat()
