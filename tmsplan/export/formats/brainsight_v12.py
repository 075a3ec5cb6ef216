"""Brainsight, text version 12 (Brainsight 2.4.6 to 2.5.2): the header names only the intent."""

from __future__ import annotations

from ..brainsight import BrainsightFormat

__all__ = ["FORMAT"]

FORMAT = BrainsightFormat(12, "Brainsight 2.4.6 to 2.5.2 (text version 12)")
