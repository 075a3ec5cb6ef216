"""Brainsight's text file: `write` and `read` know the format without knowing each other."""

from .form import BrainsightFormat

__all__ = ["BrainsightFormat"]
