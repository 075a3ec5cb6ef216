"""Results to stdout, everything else to stderr; refusals in one sentence, never a traceback."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..base import strict_json
from ..base.errors import TmsplanError

__all__ = ["bug", "note", "refusal", "result", "working"]

OUR_BUG = 1


def result(text: str, data: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the result of a verb: one JSON object, or text for people."""
    sys.stdout.write(strict_json.dump_bytes(data).decode() if as_json else text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Print a message beside the result."""
    sys.stderr.write(text + "\n")


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show that something takes a while; on a terminal only."""
    if not sys.stderr.isatty():
        note(f"{text} ...")
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


def refusal(err: TmsplanError, *, as_json: bool) -> int:
    """Print why tmsplan refused; return the exit code."""
    if as_json:
        data = {"error": type(err).__name__, "message": str(err), "exit": err.exit_code}
        data |= err.details
        result("", data, as_json=True)
    note(f"tmsplan: {err}")
    return err.exit_code


def bug(err: Exception, *, as_json: bool) -> int:
    """Print a bug of ours: type and place, no local values (they may be a person's)."""
    last = traceback.extract_tb(err.__traceback__)[-1]
    place = f"{last.name} ({last.filename.rsplit('/', 1)[-1]}:{last.lineno})"
    message = f"this is a bug in tmsplan: {type(err).__name__} in {place}"
    if as_json:
        result("", {"error": "bug", "message": message, "exit": OUR_BUG}, as_json=True)
    note(f"tmsplan: {message}. Nothing was written. Please report it with the command you ran.")
    return OUR_BUG
