"""Which definition of coupling a command line asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..base.errors import UsageError
from ..coupling.presets import preset as named
from ..plan.options import Options
from .run import parse_settings

__all__ = ["Method", "chosen_method"]


@dataclass(frozen=True, slots=True)
class Method:
    """A coupling method with its settings, what to show beside it, and what to say of it."""

    coupling: str = "map"
    settings: Mapping[str, object] = field(default_factory=dict)
    beside: tuple[str, ...] | None = None
    note: str = ""

    def options(self, atlas: str) -> Options:
        """Return a plan's options with this method on one atlas."""
        return Options(
            coupling=self.coupling,
            settings=self.settings,
            beside=self.beside,
            note=self.note,
            atlas=atlas,
        )


def chosen_method(
    coupling: str | None,
    preset: str | None,
    settings: Sequence[str] | None,
    beside: Sequence[str] | None,
) -> Method:
    """Return the method of ``--coupling`` or ``--preset``, with ``--set`` and ``--beside``.

    Raises
    ------
    UsageError
        If both a method and a preset are named, or 'none' and another definition.
    InputError
        If there is no such preset.
    """
    others = _others(beside)
    given = parse_settings(settings)
    if preset is None:
        return Method(coupling or "map", given, others)
    if coupling is not None:
        raise UsageError("--preset names the coupling method itself; leave --coupling out.")
    name, fixed, note = named(preset)
    return Method(name, {**fixed, **given}, others, note)


def _others(beside: Sequence[str] | None) -> tuple[str, ...] | None:
    if beside is None:
        return None
    if "none" in beside and len(beside) > 1:
        raise UsageError("--beside none leaves nothing to show; name definitions or 'none'.")
    return tuple(b for b in beside if b != "none")
