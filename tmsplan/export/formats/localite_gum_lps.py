"""Localite TMS Navigator, GUMMarkerList (newer versions), for a DICOM volume (LPS)."""

from __future__ import annotations

from ..localite import LocaliteMarkerFormat

__all__ = ["FORMAT"]

FORMAT = LocaliteMarkerFormat("gum", "LPS")
