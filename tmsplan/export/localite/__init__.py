"""Localite's XML files: `write` and `read` know the format without knowing each other."""

from .form import LocaliteEntryFormat, LocaliteMarkerFormat

__all__ = ["LocaliteEntryFormat", "LocaliteMarkerFormat"]
