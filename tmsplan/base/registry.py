"""Plug-ins: one file, found by walking its folder; outside packages by entry point."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from .errors import InputError

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(Generic[T]):
    """The entries of one family of plug-ins, by name.

    Parameters
    ----------
    noun : str
        What one entry is called in messages ("coupling method").
    package : str
        Dotted package whose modules each define `attribute`.
    attribute : str
        Module-level name of the entry; the module's name is the entry's name.
    group : str
        Entry-point group through which other packages may add entries.
    joint : ``"-"`` or ``"_"``
        What joins the words of a name, as the field writes it: ``nibs-bids`` but
        ``partial_spearman``. Either is understood.
    """

    def __init__(
        self, noun: str, package: str, attribute: str, group: str, *, joint: str = "-"
    ) -> None:
        self._noun, self._package, self._attribute, self._group = noun, package, attribute, group
        self._joint = joint

    def names(self) -> tuple[str, ...]:
        """Return the sorted names of all entries, without importing them."""
        return tuple(sorted({*self._own(), *(e.name for e in entry_points(group=self._group))}))

    def get(self, name: str) -> T:
        """Import and return the entry called `name`.

        Raises
        ------
        InputError
            If there is none; names the nearest one.
        """
        if self._joined(name) in self._own():
            module = importlib.import_module(f"{self._package}.{name.replace('-', '_')}")
            return cast(T, getattr(module, self._attribute))
        for entry in entry_points(group=self._group):
            if entry.name == name:
                return cast(T, entry.load())
        names = self.names()
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(names)}."
        raise InputError(f"there is no {self._noun} called '{name}'. {hint}")

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return ((name, self.get(name)) for name in self.names())

    def _own(self) -> tuple[str, ...]:
        package = importlib.import_module(self._package)
        found = pkgutil.iter_modules(package.__path__)
        return tuple(self._joined(m.name) for m in found if not m.name.startswith("_"))

    def _joined(self, name: str) -> str:
        return name.replace("-", self._joint).replace("_", self._joint)
