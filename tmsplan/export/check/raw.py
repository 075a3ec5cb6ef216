"""A navigator file as it stands: matrices in its own axes and world, nothing corrected.

The strict readers of this room refuse what is wrong. Here it must survive being read, so that
it can be named: a mirrored, sheared or transposed matrix is data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError, refuse_file
from ..brainsight.parse import BrainsightFile
from .axes import Vendor

__all__ = [
    "MAX_POSES",
    "Fingerprint",
    "PoseKind",
    "RawFile",
    "RawPose",
    "World",
    "columns",
    "lenient_float",
    "matrix_from",
    "require_count",
]

Floats = NDArray[np.float64]
World = Literal["RAS", "LPS"]
#: ``pose``: meant as a place for the coil. ``record``: where the coil was. ``cortex``: a point
#: in the brain that carries axes.
PoseKind = Literal["pose", "record", "cortex"]

#: A session of 1 Hz for five hours is 18 000 pulses.
MAX_POSES = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class RawPose:
    """One 4 by 4 of a file.

    Parameters
    ----------
    where : str
        File and row, for messages.
    name : str
    kind : PoseKind
    matrix : (4, 4) float64
        Columns are the file's coil axes and the centre, in the file's world and unit; NaN where
        a number is missing.
    angles : (3,) float64 or None
        Static xyz Euler angles in degrees, where the file has angles instead of axes.
    target : str or None
        Target that a recorded pose belongs to, as the file says.
    """

    where: str
    name: str
    kind: PoseKind
    matrix: Floats
    angles: Floats | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a file says of its T1's qform: quaternion, offset, pixdim with its sign."""

    quatern: tuple[float, float, float]
    qoffset: tuple[float, float, float]
    pixdim: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class RawFile:
    """One file of any vendor.

    Parameters
    ----------
    name, format : str
        Base name; for example ``"Brainsight text, version 12"``.
    axes : Vendor or None
        Whose coil axes the format has; None if nobody says.
    world : {"RAS", "LPS"} or None
        None if the coordinates cannot be tied to a T1 from the file alone.
    poses : tuple of RawPose
    rounding : float
        Largest entry of Rt R - 1 that the printed decimals explain.
    world_says : str
        The file's own word for its world.
    broken : str
        What had to be overlooked to read it; empty if nothing.
    unknown : tuple of str
        What a reader of this format cannot know.
    other_space : (n, 3) float64 or None
        The same centres in the file's second coordinate system.
    brainsight, fingerprint, t1_sha256 : what some formats say about the T1
    """

    name: str
    format: str
    axes: Vendor | None
    world: World | None
    poses: tuple[RawPose, ...]
    rounding: float
    world_says: str = ""
    broken: str = ""
    unknown: tuple[str, ...] = ()
    other_space: Floats | None = None
    brainsight: BrainsightFile | None = None
    fingerprint: Fingerprint | None = None
    t1_sha256: frozenset[str] = field(default_factory=frozenset)


def lenient_float(value: object) -> float:
    """Return a number, or NaN for anything that is none."""
    if isinstance(value, bool) or value is None:
        return math.nan
    try:
        return float(value)  # type: ignore[arg-type]  # whatever a file holds
    except (TypeError, ValueError, OverflowError):
        return math.nan


def columns(
    x: Sequence[object], y: Sequence[object], z: Sequence[object], c: Sequence[object]
) -> Floats:
    """Return the (4, 4) matrix of three axes and a centre, each of three values."""
    m = np.eye(4)
    for k, triple in enumerate((x, y, z, c)):
        m[:3, k] = [lenient_float(v) for v in triple]
    return m


def matrix_from(value: Any) -> Floats | None:  # noqa: ANN401 - whatever JSON or MAT holds
    """Return a (4, 4) matrix from nested rows, or None if it has another shape."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list) or len(value) != 4:
        return None
    if not all(isinstance(row, list) and len(row) == 4 for row in value):
        return None
    if any(isinstance(cell, list | dict) for row in value for cell in row):
        return None
    return np.array([[lenient_float(cell) for cell in row] for row in value])


def require_count(path: Path, n: int) -> None:
    """Refuse a file of more poses than a session can hold.

    Raises
    ------
    InputError
        If there are more than `MAX_POSES`.
    """
    if n > MAX_POSES:
        raise _too_many(path)


def _too_many(path: Path) -> InputError:
    return refuse_file(
        path, f"it holds more than {MAX_POSES} poses", "one session", "Split the file"
    )
