"""What a number of controls allows."""

from __future__ import annotations

from ..base.errors import InputError
from ..base.params import Params
from .deviations import Tier

__all__ = ["require_enough", "tier_of"]

#: Fewest controls from which a tier begins. Below 50 every output is labelled EXPLORATORY;
#: brainchart asks for 100 people of one protocol; centiles settle near 200 (eLife 108952).
_TIERS = ((200, "adequate"), (100, "usable"), (50, "limited"))


def tier_of(n: int) -> Tier:
    """Return the tier of so many controls."""
    return next((name for least, name in _TIERS if n >= least), "exploratory")


def require_enough(n: int, params: Params, who: str, *, exploratory: bool) -> None:
    """Refuse fewer than `min_controls` people unless exploring; `who` begins the message.

    Raises
    ------
    InputError
        Names the number, the limit and the flag.
    """
    least = int(params.min_controls.value)
    if n < least and not exploratory:
        raise InputError(
            f"{who}: {n} controls. Expected at least {least}: with fewer, z says little about "
            f"one person. Add controls, or pass --exploratory; every output is then labelled "
            f"EXPLORATORY."
        )
