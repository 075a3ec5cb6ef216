"""ANT visor2's exchange file: `write` and `read` know the format without knowing each other."""

from .form import Visor2Format

__all__ = ["Visor2Format"]
