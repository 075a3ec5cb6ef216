"""Two hemispheres, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..base.errors import DomainError
from ..space.side import Hemi

__all__ = ["Pair"]

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """The only container of two hemispheres. There is no index: sides are named.

    Anything that carries a domain must carry that side's domain.
    """

    left: T
    right: T

    def __post_init__(self) -> None:
        for hemi, item in self.sides():
            domain = getattr(item, "domain", None)
            found = getattr(domain, "hemi", hemi)
            if found is not hemi:
                raise DomainError(
                    f"given as {hemi}, but it says it is {found}: {domain}. The two hemispheres "
                    f"are exchanged; pass each as its own side."
                )

    def side(self, hemi: Hemi) -> T:
        """Return the part of one hemisphere."""
        return self.left if hemi is Hemi.LEFT else self.right

    def sides(self) -> Iterator[tuple[Hemi, T]]:
        """Yield ``(hemisphere, part)``, left first."""
        yield Hemi.LEFT, self.left
        yield Hemi.RIGHT, self.right

    def map(self, function: Callable[[T], U]) -> Pair[U]:
        """Return the pair of `function` of each part."""
        return Pair(function(self.left), function(self.right))
