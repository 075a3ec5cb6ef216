"""The exception tree. Catch `TmsplanError` to catch everything tmsplan raises on purpose.

::

    TmsplanError
    ├── UsageError          exit 2   the command line does not make sense
    ├── InputError          exit 3   the caller's files or values are refused
    │   ├── FrameError               two things are not in the same frame
    │   ├── DomainError              two vertex arrays are not on the same mesh
    │   ├── ChiralityError           a transform would exchange left and right
    │   └── AmbiguityError           two readings are possible; names the flag that decides
    ├── TripwireError       exit 4   a safety predicate failed; nothing is exported
    └── MissingPartError    exit 5   an optional part is not installed; says what to install

Anything else that escapes is a bug of ours and ends with exit code 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

__all__ = [
    "AmbiguityError",
    "ChiralityError",
    "DomainError",
    "FrameError",
    "InputError",
    "MissingPartError",
    "TmsplanError",
    "TripwireError",
    "UsageError",
    "refuse_file",
]


class TmsplanError(Exception):
    """Base of every error that tmsplan raises on purpose."""

    exit_code: ClassVar[int] = 1
    #: What was found before it went wrong, for ``--json``; empty where nothing was.
    details: Mapping[str, object] = MappingProxyType({})


class UsageError(TmsplanError):
    """The command line does not make sense."""

    exit_code = 2


class InputError(TmsplanError, ValueError):
    """A file or a value of the caller is refused."""

    exit_code = 3


class FrameError(InputError):
    """Two things are not in the same frame, or no route leads from one to the other."""


class DomainError(InputError):
    """Two vertex arrays are not on the same mesh, hemisphere and owner."""


class ChiralityError(InputError):
    """A transform would mirror space, so that left would become right."""


class AmbiguityError(InputError):
    """Two readings are possible; the message names the flag that decides."""


class TripwireError(TmsplanError):
    """A safety predicate failed, so nothing is exported."""

    exit_code = 4


class MissingPartError(TmsplanError):
    """An optional part is not installed; the message says what to install."""

    exit_code = 5


def refuse_file(path: Path | str, found: str, expected: str, do: str) -> InputError:
    """Return the one-sentence refusal of a file: who, what was found, expected, what to do.

    Parameters
    ----------
    path : Path or str
        Only its base name is printed: a full path may carry a person's name.
    found, expected, do : str
        Clauses without a final full stop.

    Returns
    -------
    InputError
        To be raised by the caller, so that the traceback starts there.
    """
    return InputError(f"{Path(path).name}: {found}. Expected {expected}. {do}.")
