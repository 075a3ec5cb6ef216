"""Localite TMS Navigator, GUMMarkerList (newer versions), for a NIfTI volume (RAS)."""

from __future__ import annotations

from ..localite import LocaliteMarkerFormat

__all__ = ["FORMAT"]

FORMAT = LocaliteMarkerFormat("gum", "RAS")
