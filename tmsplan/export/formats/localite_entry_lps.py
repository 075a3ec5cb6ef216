"""Localite TMS Navigator, EntryTargetList, for a DICOM volume (LPS)."""

from __future__ import annotations

from ..localite import LocaliteEntryFormat

__all__ = ["FORMAT"]

FORMAT = LocaliteEntryFormat("LPS")
