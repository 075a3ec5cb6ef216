"""JSON that says one thing only: no NaN, no duplicate key, sorted keys, one byte form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

from .errors import InputError, refuse_file

__all__ = ["dump_bytes", "load_file", "loads"]

#: plan.json of a whole cortex stays far under this; a larger file is not one of ours.
MAX_BYTES = 64 << 20


def dump_bytes(value: object) -> bytes:
    """Return canonical UTF-8 JSON: sorted keys, indent 1, finite numbers, final newline."""
    text = json.dumps(value, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False)
    return (text + "\n").encode()


def _no_constant(name: str) -> NoReturn:
    raise InputError(f"the number {name} is not allowed in JSON")


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    out = dict(pairs)
    if len(out) != len(pairs):
        keys = [k for k, _ in pairs]
        twice = next(k for k in keys if keys.count(k) > 1)
        raise InputError(f"the key '{twice}' appears twice in one object")
    return out


def loads(text: str) -> object:
    """Parse JSON; refuse NaN, infinities, duplicate keys and bottomless nesting."""
    try:
        value: object = json.loads(
            text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates
        )
    except RecursionError as err:
        raise InputError("the JSON is nested too deeply") from err
    except InputError:
        raise
    except ValueError as err:
        raise InputError(f"not JSON: {err}") from err
    return value


def load_file(path: Path) -> object:
    """Read one JSON file strictly; every failure names the file.

    Raises
    ------
    InputError
        If the file cannot be read, is too large, or is not strict JSON.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise refuse_file(path, f"{size} bytes", f"at most {MAX_BYTES}", "Pass the right file")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise refuse_file(
            path, f"cannot be read ({err.__class__.__name__})", "UTF-8 JSON", "Check it"
        ) from err
    try:
        return loads(text)
    except InputError as err:
        raise refuse_file(path, str(err), "strict JSON", "Correct or rewrite it") from err
