"""Localite XML: instrument markers of both kinds, trigger markers, entry and target points."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from ...base.errors import refuse_file
from .raw import PoseKind, RawFile, RawPose, World, lenient_float, require_count

__all__ = ["looks_like", "parse_xml", "read"]

_ROOTS = ("InstrumentMarkerList", "GUMMarkerList", "TriggerMarkerList", "EntryTargetList")
#: Not rounding: the vendor's own axes, printed with 16 digits, are up to 7.4e-5 from square in
#: real exports of 2017 and 2021. Worth 0.03 deg.
_ROUNDING = 5e-4
_CELLS = tuple(f"data{r}{c}" for r in range(4) for c in range(4))
# Every pattern is bounded, so that no text makes the search quadratic.
_MATRIX = re.compile(r"<Matrix4D\b([^<>]{0,4000})>")
#: A description up to the quote that really ends it: another attribute or the tag's end follows.
_DESCRIPTION = re.compile(
    r'\bdescription="(.{0,400}?)"(?=\s{1,80}\w{1,40}\s?=\s?"|\s{0,80}/?>)', re.DOTALL
)
_ATTRIBUTE = re.compile(r'\b(data\d\d)="([^"]*)"')
_SPACE = re.compile(r'\bcoordinateSpace="([^"]*)"')


def looks_like(text: str) -> bool:
    """Return whether this is one of Localite's lists, well-formed or not."""
    head = text[:4096]
    return any(f"<{root}" in head for root in _ROOTS)


def read(path: Path, text: str) -> RawFile:
    """Return every Matrix4D of the file; broken XML is read by its tags and reported.

    Raises
    ------
    InputError
        If the XML declares entities, or nothing in it can be read.
    """
    root_name = next(r for r in _ROOTS if f"<{r}" in text[:4096])
    kind: PoseKind = "record" if root_name == "TriggerMarkerList" else "pose"
    try:
        root = parse_xml(path, text)
        space, found, broken = root.get("coordinateSpace", ""), _markers(root), ""
    except ET.ParseError as err:
        space, found, broken = _by_tags(text)
        broken = f"{broken} (line {err.position[0]}, column {err.position[1]})"
    require_count(path, len(found))
    if broken and not found:
        raise refuse_file(path, f"broken XML: {broken}", "Localite's XML", "Export it again")
    poses = tuple(
        RawPose(f"{path.name}, marker {k} ('{name}')", name, kind, matrix)
        for k, (name, matrix) in enumerate(found, start=1)
    )
    worlds: dict[str, World] = {"RAS": "RAS", "LPS": "LPS"}
    return RawFile(
        name=path.name,
        format=f"Localite {root_name}",
        axes="localite",
        world=worlds.get(space),
        poses=poses,
        rounding=_ROUNDING,
        world_says=space or "nothing",
        broken=broken,
        unknown=_unknown(root_name),
    )


def parse_xml(path: Path, text: str) -> ET.Element:
    """Parse XML that declares no entities.

    Raises
    ------
    InputError
        For an entity declaration: nested ones grow without bound.
    xml.etree.ElementTree.ParseError
        If it is not well-formed.
    """
    if "<!ENTITY" in text:
        raise refuse_file(
            path, "it declares XML entities", "a plain list of markers", "Check where it is from"
        )
    # Without its declaration: expat would obey an encoding that the text no longer has.
    return ET.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))


def _markers(root: ET.Element) -> list[tuple[str, NDArray[np.float64]]]:
    found: list[tuple[str, NDArray[np.float64]]] = []
    for element in root.iter():
        matrix = element.find("Matrix4D")
        if matrix is not None:
            found.append((element.get("description", ""), _matrix(matrix.attrib)))
    return found


def _by_tags(text: str) -> tuple[str, list[tuple[str, NDArray[np.float64]]], str]:
    space = _SPACE.search(text[:4096])
    found = []
    at = 0
    for hit in _MATRIX.finditer(text):
        # The nearest description before the matrix belongs to it.
        names = _DESCRIPTION.findall(text[at : hit.start()])
        at = hit.end()
        cells = dict(_ATTRIBUTE.findall(hit.group(1)))
        found.append((names[-1] if names else "", _matrix(cells)))
    suspects = [n for n, _ in found if re.search(r"[<>\"]|&(?!\w+;|#\d+;)", n)]
    shown = f" near the name {suspects[0]!r}" if suspects else ""
    return space.group(1) if space else "", found, f"not well-formed{shown}"


def _matrix(cells: dict[str, str]) -> NDArray[np.float64]:
    return np.array([lenient_float(cells.get(c)) for c in _CELLS]).reshape(4, 4)


def _unknown(root_name: str) -> tuple[str, ...]:
    said = ["which image 'RAS' or 'LPS' belongs to: Localite means the one that was loaded"]
    if root_name == "EntryTargetList":
        said.append("how the coil is held: entry and target points carry no axes")
    return tuple(said)
