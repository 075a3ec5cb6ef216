"""What must not leave with a shared page: found in the plan, taken out of text, looked for."""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ..base.errors import InputError
from ..plan.move_record import MOVED
from ..plan.plan import Plan
from .facts import short_hash
from .words import WORDS

__all__ = ["LEFT_OUT", "Private", "private_of", "require_clean"]

LEFT_OUT = "left out"
#: Shorter strings are found everywhere by chance; in binary data, a little longer ones too.
_SHORTEST, _SHORTEST_IN_BYTES = 4, 5
#: From this length on a string is in base64 by no chance, so all of the file is searched.
_LONG = 8
_DATE = re.compile(r"(?<![\d./-])\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?Z?)?(?![\d-])")
_SHA = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_SIGNED = re.compile(r"(MOVED BY HAND) on \S+ (.+?) moved ")


@dataclass(frozen=True, slots=True)
class Private:
    """Strings of one plan that must not be shared.

    Parameters
    ----------
    ids : tuple of str
        The patient's id, and whose frame the coordinates are in.
    texts : tuple of str
        File names, hashes, dates, the name of who moved a target.
    label : str
        What stands for the ids.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    label: str

    def cleaned(self, value: Any) -> Any:  # noqa: ANN401 - plain JSON data of any shape
        """Return plain JSON data with every private string replaced."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {k: self.cleaned(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.cleaned(v) for v in value]
        return value

    def _text(self, text: str) -> str:
        text = _SIGNED.sub(r"\1: a person moved ", text)
        for private in self.texts:
            text = text.replace(private, LEFT_OUT)
        for name in self.ids:
            text = _whole(name).sub(self.label, text)
        return _SHA.sub(LEFT_OUT, _DATE.sub(LEFT_OUT, text))


def _whole(name: str) -> re.Pattern[str]:
    """Match an id as a whole word; one of digits only behind ``sub-``, or it is any number."""
    if name.isdecimal():
        return re.compile(rf"\bsub-{name}\b")
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])")


def private_of(plan: Plan, label: str) -> Private:
    """Return what must not leave with a plan.

    Raises
    ------
    InputError
        If the id is a word of the page itself, so that it cannot be told from one.
    """
    ids = tuple(dict.fromkeys((plan.patient_id, plan.frame.owner)))
    said = {w.casefold() for text in WORDS.values() for w in re.findall(r"\w+", text)}
    common = next((i for i in ids if i.casefold() in said and not i.isdecimal()), None)
    if common is not None:
        raise InputError(
            f"the patient id '{common}' is a word that the page uses, so it cannot be taken out "
            f"of its sentences. Plan again under another id."
        )
    return Private(ids, tuple(sorted(set(_texts(plan)), key=len, reverse=True)), label)


def _texts(plan: Plan) -> Iterator[str]:
    names = [i.name for i in plan.inputs] + [e.file for e in plan.exports]
    for name in names:
        yield from (name, PurePosixPath(name).name)
    hashes = [plan.t1_sha256, *(i.sha256 for i in plan.inputs), *(e.sha256 for e in plan.exports)]
    for sha in hashes:
        yield from (sha, short_hash(sha), sha[:12])
    yield plan.created
    yield plan.created[:10]
    for statement in plan.ranking.statements:
        found = _SIGNED.match(statement.text) if statement.id == MOVED else None
        if found:
            yield found[2]


def require_clean(html: str, private: Private, ours: Sequence[str]) -> None:
    """Refuse a page that still holds a private string, in its text or in what it has packed.

    Parameters
    ----------
    html : str
    private : Private
    ours : sequence of str
        Script and style, the same for everybody.

    Raises
    ------
    InputError
        Says what kind of string is there, never the string.
    """
    for text in ours:
        html = html.replace(text, "")
    packed = [_unpacked(m.group()) for m in _BASE64.finditer(html)]
    plain = _BASE64.sub(" ", html)
    for name in private.ids:
        hidden = _whole(name).search(plain) is not None if len(name) >= _SHORTEST else False
        if hidden or _in_any(f"sub-{name}" if name.isdecimal() else name, packed):
            raise _leak("a name of the patient", name)
    for text in private.texts:
        where = html if len(text) >= _LONG else plain
        if len(text) >= _SHORTEST and (text in where or _in_any(text, packed)):
            raise _leak("a text", text)


def _in_any(text: str, packed: Sequence[bytes]) -> bool:
    raw = text.encode()
    return len(raw) >= _SHORTEST_IN_BYTES and any(raw in block for block in packed)


def _leak(kind: str, text: str) -> InputError:
    return InputError(
        f"the page to be shared still holds {kind} of {len(text)} characters that had to be left "
        f"out. Nothing was written. This is a bug in tmsplan."
    )


def _unpacked(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
        return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (binascii.Error, OSError, EOFError, zlib.error):
        return b""  # a long word, and nothing that was packed
