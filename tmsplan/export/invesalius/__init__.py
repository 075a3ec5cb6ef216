"""InVesalius' marker file: `write` and `read` know the format without knowing each other."""

from .form import InvesaliusFormat

__all__ = ["InvesaliusFormat"]
