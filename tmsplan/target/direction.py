"""Which tail of a measure is searched, by the word that a user says."""

from __future__ import annotations

from ..base.errors import InputError
from ..norms.multiple import Direction

__all__ = ["direction_of"]


def direction_of(word: str, higher_means: str = "more coupled") -> Direction:
    """Return the tail that a word names.

    ``decoupled`` is the tail that the measure's own direction makes it: low where a higher
    value means more coupled, high where it means less. ``low`` and ``high`` are taken as said.

    Parameters
    ----------
    word : str
        ``"decoupled"``, ``"low"`` or ``"high"``.
    higher_means : str
        Of the measure, as its method states it.

    Raises
    ------
    InputError
        For another word, or ``decoupled`` of a measure that does not say which way it runs.
    """
    if word == "low":
        return "low"
    if word == "high":
        return "high"
    if word != "decoupled":
        raise InputError(
            f"direction '{word}' is unknown. Pass 'decoupled', or 'low' or 'high' for one end of "
            f"the numbers."
        )
    said = higher_means.lower()
    if said.startswith("more"):
        return "low"
    if said.startswith("less"):
        return "high"
    raise InputError(
        f"direction 'decoupled': of this measure a higher value means '{higher_means}', so which "
        f"end is decoupled is not known. Pass 'low' or 'high'."
    )
