"""A number that decides something: with unit, range and source."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .errors import InputError

__all__ = ["Param"]


@dataclass(frozen=True, slots=True)
class Param:
    """A named constant of the method.

    Parameters
    ----------
    value : float
        The value in use.
    unit : str
        For example ``"mm"``, ``"deg"``, ``"share"``; ``"1"`` for a pure number.
    low, high : float
        Inclusive range; a value outside it is refused.
    source : str
        Where the value comes from (DOI, decision record). An overridden value loses
        its source and is printed as overridden.
    """

    value: float
    unit: str
    low: float
    high: float
    source: str

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise InputError(
                f"parameter value {self.value} {self.unit} is outside its range "
                f"{self.low} to {self.high} {self.unit}; choose a value inside it."
            )

    @property
    def overridden(self) -> bool:
        """Whether the user replaced the documented value."""
        return self.source == ""

    def override(self, value: float) -> Param:
        """Return this parameter with the user's value and without a source."""
        return replace(self, value=float(value), source="")

    def __str__(self) -> str:
        tail = "overridden" if self.overridden else self.source
        return f"{self.value:g} {self.unit} ({tail})"
