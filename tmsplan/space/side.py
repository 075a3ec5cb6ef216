"""Left and right, by name. Always the patient's own side."""

from __future__ import annotations

from enum import StrEnum

from ..base.errors import InputError

__all__ = ["Hemi"]


class Hemi(StrEnum):
    """A hemisphere, or a side of the head: the patient's left or right."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Hemi:
        """The opposite side."""
        return Hemi.RIGHT if self is Hemi.LEFT else Hemi.LEFT

    @property
    def freesurfer(self) -> str:
        """FreeSurfer's prefix: ``lh`` or ``rh``."""
        return "lh" if self is Hemi.LEFT else "rh"

    @classmethod
    def parse(cls, text: str) -> Hemi:
        """Read ``left``, ``lh``, ``L`` (or the right ones), in any case.

        Raises
        ------
        InputError
            For anything else: a side is never guessed.
        """
        key = text.strip().lower()
        if key in {"left", "lh", "l"}:
            return cls.LEFT
        if key in {"right", "rh", "r"}:
            return cls.RIGHT
        raise InputError(f"'{text}' names no side; write 'left' or 'right'.")
