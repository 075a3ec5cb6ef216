"""How long each step took: printed, and written beside the results."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Steps"]


def _silent(text: str) -> None:
    """Say nothing."""
    del text


@dataclass(slots=True)
class Steps:
    """Names and seconds of the steps done so far.

    Parameters
    ----------
    say : callable
        Told the name of each step when it begins.
    """

    say: Callable[[str], None] = _silent
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the block."""
        self.say(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start

    @property
    def total(self) -> float:
        """Seconds of all steps."""
        return sum(self.seconds.values())

    def table(self) -> str:
        """Return one line a step, with the total and the largest memory so far."""
        wide = max((len(n) for n in self.seconds), default=0)
        rows = [f"{name:{wide}}  {s:7.1f} s" for name, s in self.seconds.items()]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
        return "\n".join([*rows, f"{'total':{wide}}  {self.total:7.1f} s, {peak:.1f} GB at most"])
