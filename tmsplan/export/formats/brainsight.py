"""Brainsight, text version 14 (Brainsight 2.5.3 and later): the header names the form."""

from __future__ import annotations

from ..brainsight import BrainsightFormat

__all__ = ["FORMAT"]

FORMAT = BrainsightFormat(14, "Brainsight 2.5.3 and later (text version 14)")
