"""Localite TMS Navigator, InstrumentMarkerList, for a NIfTI volume (RAS)."""

from __future__ import annotations

from ..localite import LocaliteMarkerFormat

__all__ = ["FORMAT"]

FORMAT = LocaliteMarkerFormat("classic", "RAS")
