"""Softaxic `.stmpx`: recorded poses."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from ...base.errors import refuse_file
from .raw import RawFile, RawPose, columns, require_count
from .raw_localite import parse_xml

__all__ = ["looks_like", "read"]

#: Six significant digits.
_ROUNDING = 2e-5
_UNKNOWN = (
    "the world of the coordinates: the file does not name one, and its axes are known only "
    "through other software"
)


def looks_like(text: str) -> bool:
    """Return whether this is a Softaxic recording."""
    return "<stmp>" in text[:1024]


def read(path: Path, text: str) -> RawFile:
    """Return every ``fp`` with the name of its ``fmp``.

    Raises
    ------
    InputError
        If the XML is not well-formed or declares entities.
    """
    try:
        root = parse_xml(path, text)
    except ET.ParseError as err:
        raise refuse_file(path, f"broken XML ({err})", "a .stmpx file", "Export it again") from err
    found = [(fmp, fp) for fmp in root.iter("fmp") for fp in fmp.findall("fp")]
    require_count(path, len(found))
    return RawFile(
        name=path.name,
        format="Softaxic stmpx",
        axes="softaxic",
        world="RAS",
        poses=tuple(
            _pose(f"{path.name}, pose {k}", fmp.get("id", ""), fp)
            for k, (fmp, fp) in enumerate(found, start=1)
        ),
        rounding=_ROUNDING,
        world_says="nothing; taken for RAS of the loaded image",
        unknown=(_UNKNOWN,),
    )


def _pose(where: str, name: str, fp: ET.Element) -> RawPose:
    axes = [[fp.get(f"m{row}{axis}") for row in range(3)] for axis in range(3)]
    centre = [fp.get(c) for c in "xyz"]
    matrix = columns(axes[0], axes[1], axes[2], centre)
    return RawPose(f"{where} ('{name}')", name, "record", matrix)
