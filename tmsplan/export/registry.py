"""The navigator formats that there are."""

from __future__ import annotations

from ..base.registry import Registry
from .protocol import NavigatorFormat

__all__ = ["navigator_formats"]


def navigator_formats() -> Registry[NavigatorFormat]:
    """Return every format: the modules of ``formats/``, and entry points ``tmsplan.export``."""
    return Registry("navigator format", "tmsplan.export.formats", "FORMAT", "tmsplan.export")
