"""Names: twice, padded, invisible, or of the other side."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from ...space.side import Hemi
from .faults import Fault, fault
from .raw import RawFile

__all__ = ["judge_names", "sides_of_names"]

#: SimNIBS fills names shorter than three characters with zeros on the left: F3 becomes 0F3.
_PADDED = re.compile(r"0[A-Za-z][A-Za-z0-9]|00[A-Za-z]")
#: Places of the 10-10 system; odd numbers are left, even ones right.
_PLACE = re.compile(r"(?<![A-Za-z0-9])0?(AF|Fp|FT|FC|TP|CP|PO|F|C|P|T|O)([1-9]|10)(?![A-Za-z0-9])")
_WORD = re.compile(r"(?<![A-Za-z0-9])(left|right)(?![A-Za-z0-9])", re.IGNORECASE)
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})


def judge_names(file: RawFile) -> Iterator[Fault]:
    """Yield the faults CP-N01 to CP-N04."""
    poses = [p for p in file.poses if p.kind != "record"]
    looks = Counter(_look(p.name) for p in poses)
    twice = [p for p in poses if p.name and looks[_look(p.name)] > 1]
    if twice:
        yield fault("CP-N01", f"{len(twice)} poses, for example {twice[0].name!r}", twice)
    padded = [p for p in poses if _PADDED.fullmatch(p.name)]
    if padded:
        name = padded[0].name
        yield fault("CP-N02", f"{name!r} was {name.lstrip('0')!r}", padded)
    if file.broken:
        yield fault("CP-N03", file.broken)
    unseen = [p for p in poses if _is_unseen(p.name)]
    if unseen:
        yield fault("CP-N04", f"{len(unseen)} names, for example {unseen[0].name!r}", unseen)


def sides_of_names(names: Sequence[str]) -> tuple[Hemi | None, ...]:
    """Return the side that each name states in words or by a 10-10 place.

    None where a name states both or none. P1, P2, P3 in one file are numbers of points, not
    places: letters that are counted from 1 or 2 say nothing.
    """
    places = [_PLACE.findall(name) for name in names]
    counted = {letters for found in places for letters, number in found if number in {"1", "2"}}
    return tuple(
        _side(name, [int(n) for letters, n in found if letters not in counted])
        for name, found in zip(names, places, strict=True)
    )


def _side(name: str, numbers: Sequence[int]) -> Hemi | None:
    sides = {Hemi.parse(word.lower()) for word in _WORD.findall(name)}
    sides |= {Hemi.LEFT if n % 2 else Hemi.RIGHT for n in numbers}
    return sides.pop() if len(sides) == 1 else None


def _look(name: str) -> str:
    """Return what a person would take the name for."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _is_unseen(name: str) -> bool:
    padded = not name.strip() or name != name.strip()
    return padded or any(unicodedata.category(c) in _UNSEEN for c in name)
