"""Localite TMS Navigator, InstrumentMarkerList, for a DICOM volume (LPS)."""

from __future__ import annotations

from ..localite import LocaliteMarkerFormat

__all__ = ["FORMAT"]

FORMAT = LocaliteMarkerFormat("classic", "LPS")
