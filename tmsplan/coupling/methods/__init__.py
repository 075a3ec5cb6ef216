"""Coupling methods, one per file; each defines ``METHOD``."""

__all__: list[str] = []
