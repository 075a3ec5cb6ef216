"""Read Softaxic's ``.stmpx``. There is no writer: no description of the format exists.

What is used here: ``m<row><column>`` is a matrix D whose columns are axes of Softaxic's coil; its
first column is SimNIBS' y, its second minus SimNIBS' x, its third SimNIBS' z (SimNIBS'
utils/nnav.py and test). In real files the third column does point into the head.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError, refuse_file
from ..space.frame import CoilSimnibs, Frame, Scanner
from ..space.transform import Rigid
from .protocol import ReadPose
from .rotation import rotation_from_printed
from .xml_file import parse_xml

__all__ = ["softaxic_poses"]

Floats = NDArray[np.float64]

#: Six significant digits are printed: each of nine numbers is off by at most 5e-7, which puts
#: Rt R off 1 by at most 2e-6; twice that.
_ROUNDING = 4e-6


def softaxic_poses(
    path: Path, *, scanner: Frame[Scanner], coil: Frame[CoilSimnibs]
) -> tuple[ReadPose, ...]:
    """Return every stored coil position of one file, in file order, in tmsplan's own axes.

    The file does not say in which world its millimetres are. SimNIBS takes them for RAS of the
    T1 that Softaxic has loaded, and so does this: by passing `scanner` the caller vouches for it.

    Raises
    ------
    ChiralityError
        If the axes of a position are left-handed.
    InputError
        If it is no such file, a name is missing or twice, or a position is not one rotation and
        one place.
    """
    root = parse_xml(path, doctype="stmp")
    if root.tag != "stmp" or root.find("fmpm") is None:
        raise _refuse(path, f"its root is '{root.tag[:64]}'", "'stmp' with 'fmpm'")
    poses: list[ReadPose] = []
    for k, element in enumerate(root.iterfind("fmpm/fmp"), start=1):
        name = element.get("id", "")
        if not name or name in {p.name for p in poses}:
            raise _refuse(path, f"position {k} is called '{name[:64]}'", "a name of its own")
        matrix = _matrix(path, name, element)
        because = f"{path.name}, {name}: Softaxic's axes as SimNIBS reads them, in RAS of the T1"
        poses.append(ReadPose(name, Rigid.claim(matrix, dst=scanner, src=coil, because=because)))
    return tuple(poses)


def _matrix(path: Path, name: str, element: Element) -> Floats:
    found = element.findall("fp")
    if len(found) != 1:
        raise _refuse(path, f"{name[:64]} holds {len(found)} fp", "exactly one")
    if element.get("global") != "0":
        raise _refuse(
            path, f"{name[:64]}: global is '{element.get('global', '')[:16]}'",
            "'0'; what another value means is not known",
        )  # fmt: skip
    cells = [f"m{row}{column}" for row in range(3) for column in range(3)]
    d = np.array([_number(path, name, found[0], c) for c in cells]).reshape(3, 3)
    leading, to_the_side, into_head = rotation_from_printed(
        d, _ROUNDING, f"{path.name}, {name[:64]}"
    ).T
    m = np.eye(4)
    m[:3, :3] = np.column_stack([-to_the_side, leading, into_head])
    m[:3, 3] = [_number(path, name, found[0], c) for c in "xyz"]
    return m


def _number(path: Path, name: str, element: Element, key: str) -> float:
    text = element.get(key, "")
    try:
        # Python also takes underscores and the digits of other scripts for numbers.
        value = float(text) if text.isascii() and "_" not in text else float("nan")
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise _refuse(path, f"{name[:64]}: {key} is {text[:32]!r}", "a finite number")
    return value


def _refuse(path: Path, found: str, expected: str) -> InputError:
    return refuse_file(path, found, expected, "Pass a .stmpx file that Softaxic wrote")
