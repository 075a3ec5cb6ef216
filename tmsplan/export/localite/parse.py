"""Parse Localite's XML: what each element says. No geometry here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from ...base.errors import refuse_file
from ..xml_file import parse_xml

__all__ = ["Kind", "LocaliteFile", "LocaliteMarker", "LocalitePlace", "parse_localite"]

Floats = NDArray[np.float64]
Kind = Literal["instrument", "gum", "trigger", "entry-target"]

_KINDS: Mapping[str, Kind] = {
    "InstrumentMarkerList": "instrument",
    "GUMMarkerList": "gum",
    "TriggerMarkerList": "trigger",
    "EntryTargetList": "entry-target",
}
_SPACES = ("RAS", "LPS", "MNI")
_CELLS = tuple(f"data{r}{c}" for r in range(4) for c in range(4))


@dataclass(frozen=True, slots=True, eq=False)
class LocaliteMarker:
    """One coil pose as written.

    Parameters
    ----------
    where : str
        File and number, for messages.
    name : str
        ``description``; empty for triggers.
    is_set : bool
        False where the vendor marks a pose that was never taken.
    matrix : (4, 4) float64
        Numbers as printed, in the file's space and Localite's coil axes.
    time_ms : float
        ``recordingTime`` since the start of recording; NaN except for triggers.
    responses : mapping of key to number
        ``valueA`` (di/dt), ``amplitudeA`` (% of maximum output), ``response``; NaN where
        unknown. Empty except for triggers.
    """

    where: str
    name: str
    is_set: bool
    matrix: Floats
    time_ms: float = float("nan")
    responses: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class LocalitePlace:
    """One end of an entry/target pair: ``role`` is Entry or Target, `xyz` (3,) in mm."""

    where: str
    role: str
    index: str
    name: str
    is_set: bool
    xyz: Floats


@dataclass(frozen=True, slots=True)
class LocaliteFile:
    """Everything that one file says.

    Parameters
    ----------
    path : Path
    kind : {"instrument", "gum", "trigger", "entry-target"}
    space : {"RAS", "LPS", "MNI"}
        ``coordinateSpace``.
    units : mapping of response key to unit
        As a trigger file declares them.
    markers : tuple of LocaliteMarker
    places : tuple of LocalitePlace
    others : mapping of type to number
        Elements of a GUM list that are no instrument markers; they are not read.
    """

    path: Path
    kind: Kind
    space: str
    units: Mapping[str, str]
    markers: tuple[LocaliteMarker, ...]
    places: tuple[LocalitePlace, ...]
    others: Mapping[str, int]


def parse_localite(path: Path) -> LocaliteFile:
    """Read one XML file of TMS Navigator, of any of the four kinds.

    Raises
    ------
    InputError
        If it is no such file, or an element lacks what its kind must have.
    """
    root = parse_xml(path)
    kind = _KINDS.get(root.tag)
    if kind is None:
        raise refuse_file(
            path, f"its root is '{root.tag[:64]}'", f"one of {', '.join(_KINDS)}",
            "Pass a marker file of Localite TMS Navigator",
        )  # fmt: skip
    space = root.get("coordinateSpace", "").upper()
    if space not in _SPACES:
        raise refuse_file(
            path, f"its coordinateSpace is '{space[:64]}'", f"one of {', '.join(_SPACES)}",
            "Export it again from the navigator",
        )  # fmt: skip
    gum = [e for e in root if kind == "gum"]
    return LocaliteFile(
        path,
        kind,
        space,
        _units(root),
        tuple(_markers(path, kind, root)),
        tuple(_places(path, root) if kind == "entry-target" else ()),
        Counter(e.get("type", e.tag) for e in gum if e.find("InstrumentMarker") is None),
    )


def _units(root: Element) -> dict[str, str]:
    found = root.iterfind("ResponseParameters/responseDescription")
    return {e.get("id", ""): e.get("unit", "") for e in found}


def _markers(path: Path, kind: Kind, root: Element) -> Iterator[LocaliteMarker]:
    where = {
        "instrument": "InstrumentMarker/Marker",
        "gum": "Element/InstrumentMarker",
        "trigger": "TriggerMarker",
    }
    if kind == "entry-target":
        return
    if kind == "instrument" and any(
        e.tag != "InstrumentMarker" or [child.tag for child in e] != ["Marker"] for e in root
    ):
        raise refuse_file(
            path,
            "an entry is no InstrumentMarker with one Marker",
            "only those",
            "Export it again",
        )
    for k, element in enumerate(root.iterfind(where[kind]), start=1):
        who = f"marker {k}"
        matrix = _numbers(path, who, element, "Matrix4D", _CELLS).reshape(4, 4)
        yield LocaliteMarker(
            f"{path.name}, {who}",
            element.get("description", ""),
            _is_set(path, who, element),
            matrix,
            _time(path, who, element) if kind == "trigger" else float("nan"),
            _responses(path, who, element),
        )


def _places(path: Path, root: Element) -> Iterator[LocalitePlace]:
    for k, element in enumerate(root, start=1):
        who, marker = f"{element.tag[:16]} {k}", element.find("Marker")
        if element.tag not in {"Entry", "Target"} or marker is None:
            raise refuse_file(
                path, f"{who} is no Entry or Target with a Marker", "those two", "Export it again"
            )
        yield LocalitePlace(
            f"{path.name}, {who}",
            element.tag,
            element.get("index", ""),
            marker.get("description", ""),
            _is_set(path, who, marker),
            _numbers(path, who, marker, "ColVec3D", ("data0", "data1", "data2")),
        )


def _is_set(path: Path, who: str, element: Element) -> bool:
    text = element.get("set", "")
    if text not in {"true", "false"}:
        raise refuse_file(
            path, f"{who}: set is '{text[:16]}'", "'true' or 'false'", "Export it again"
        )
    return text == "true"


def _numbers(path: Path, who: str, parent: Element, tag: str, cells: tuple[str, ...]) -> Floats:
    found = parent.findall(tag)
    if len(found) != 1:
        raise refuse_file(
            path, f"{who} holds {len(found)} {tag}", "exactly one", "Export it again"
        )
    return np.array([_number(path, who, c, found[0].get(c)) for c in cells])


def _number(path: Path, who: str, key: str, text: str | None) -> float:
    try:
        # Python also takes underscores and the digits of other scripts for numbers.
        plain = text is not None and text.isascii() and "_" not in text
        value = float(text) if text is not None and plain else float("nan")
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise refuse_file(
            path, f"{who}: {key} is {text!r}", "a finite number with a decimal point",
            "Export it again",
        )  # fmt: skip
    return value


def _time(path: Path, who: str, element: Element) -> float:
    return _number(path, who, "recordingTime", element.get("recordingTime"))


def _responses(path: Path, who: str, element: Element) -> dict[str, float]:
    values = {
        e.get("key", ""): e.get("response") for e in element.iterfind("ResponseValues/Value")
    }
    return {
        key: float("nan") if text == "NaN" else _number(path, who, key, text)
        for key, text in values.items()
    }
