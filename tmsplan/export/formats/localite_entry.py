"""Localite TMS Navigator, EntryTargetList, for a NIfTI volume (RAS)."""

from __future__ import annotations

from ..localite import LocaliteEntryFormat

__all__ = ["FORMAT"]

FORMAT = LocaliteEntryFormat("RAS")
