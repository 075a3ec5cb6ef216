"""From 3D Slicer's markups to poses. Derived from the words of its schema.

What is used here, and nothing from the writer: ``orientation`` holds the axes as the columns of
a matrix, row by row; ``coordinateSystem`` says whether x and y run to the left and the back
(LPS) or to the right and the front (RAS). The axes are tmsplan's own: Slicer has none for coils.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError, InputError, refuse_file
from ...base.strict_json import load_file
from ...space.frame import CoilSimnibs, Frame, Scanner, ScannerLps
from ...space.points import Points, Vectors
from ...space.transform import Rigid
from ..protocol import ReadPose
from ..rotation import rotation_from_printed

__all__ = ["markups_poses"]

Floats = NDArray[np.float64]

#: Worst entry of Rt R - 1 of axes with nine decimals is 2e-9; others may print fewer.
_OFF = 1e-5


def markups_poses(
    path: Path, *, scanner: Frame[Scanner], coil: Frame[CoilSimnibs], t1_sha256: str
) -> tuple[ReadPose, ...]:
    """Return a pose for every control point of every list.

    Raises
    ------
    FrameError
        If a list is neither in LPS nor in RAS mm, or the file names another T1.
    ChiralityError
        If the axes of a point are left-handed.
    InputError
        If it is no markups file, or a point lacks name, place or axes.
    """
    content = load_file(path)
    markups = content.get("markups") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(markups, list):
        raise refuse_file(path, "there are no 'markups'", "a list of them", "Save it from Slicer")
    _require_t1(path, content.get("tmsplan"), t1_sha256)
    poses = []
    for where, point, file_frame in _points(path, markups, scanner):
        poses.append(_pose(where, point, file_frame, scanner, coil))
    return tuple(poses)


def _require_t1(path: Path, ours: object, expected: str) -> None:
    t1 = ours.get("T1") if isinstance(ours, dict) else None
    found = t1.get("sha256") if isinstance(t1, dict) else None
    if found is not None and found != expected:
        raise FrameError(
            f"{path.name}: it was made for a T1 with SHA-256 {str(found)[:12]}..., the plan's "
            f"begins with {expected[:12]}. Expected one T1. Export again from this plan."
        )


def _points(
    path: Path, markups: list[Any], scanner: Frame[Scanner]
) -> Iterator[tuple[str, dict[str, Any], Frame[Any]]]:
    frames: dict[object, Frame[Any]] = {
        "LPS": Frame(ScannerLps, scanner.owner),
        "RAS": scanner,
    }
    for k, one in enumerate(markups, start=1):
        where = f"{path.name}, list {k}"
        points = one.get("controlPoints") if isinstance(one, dict) else None
        if not isinstance(one, dict) or not isinstance(points, list):
            raise InputError(f"{where}: it has no 'controlPoints'. Expected them. Save it again.")
        system, unit = one.get("coordinateSystem"), one.get("coordinateUnits", "mm")
        if (
            not isinstance(system, str)
            or system not in frames
            or unit not in ("mm", ["mm", "UCUM", "millimeter"])
        ):
            raise FrameError(
                f"{where}: its coordinates are {system!r} in {unit!r}. Expected LPS or RAS in mm. "
                f"Files of old versions number them; save again with Slicer 4.11 or later."
            )
        for p, point in enumerate(points, start=1):
            if not isinstance(point, dict):
                raise InputError(f"{where}, point {p}: it is no object. Save the file again.")
            yield f"{where}, point {p}", point, frames[system]


def _pose(
    where: str,
    point: dict[str, Any],
    file_frame: Frame[Any],
    scanner: Frame[Scanner],
    coil: Frame[CoilSimnibs],
) -> ReadPose:
    label = point.get("label")
    if not isinstance(label, str) or not label:
        raise InputError(f"{where}: it has no 'label'. Expected its name. Save the file again.")
    where = f"{where} ({label})"
    place = Points(_array(where, point, "position", 3), file_frame)
    # Rows of the transpose are the axes: x, y, z.
    axes = Vectors(_array(where, point, "orientation", 9).reshape(3, 3).T, file_frame)
    to_ras = _ras_from(file_frame, scanner)
    printed = (to_ras @ axes).components(scanner).T
    rotation = rotation_from_printed(np.asarray(printed), _OFF, where)
    m = np.eye(4)
    m[:3, 1], m[:3, 2] = rotation[:, 1], rotation[:, 2]
    m[:3, 0] = np.cross(m[:3, 1], m[:3, 2])
    m[:3, 3] = (to_ras @ place).mm(scanner)[0]
    because = f"{where}: y away from the handle, z into the head"
    return ReadPose(label, Rigid.claim(m, dst=scanner, src=coil, because=because))


def _ras_from(file_frame: Frame[Any], scanner: Frame[Scanner]) -> Rigid[Scanner, Any]:
    half_turn = file_frame.kind is ScannerLps
    matrix = np.diag([-1.0, -1.0, 1.0, 1.0]) if half_turn else np.eye(4)
    because = "LPS is RAS with x and y negated" if half_turn else "the file says RAS"
    return Rigid.claim(matrix, dst=scanner, src=file_frame, because=because)


def _array(where: str, point: dict[str, Any], key: str, n: int) -> Floats:
    try:
        values = np.array(point.get(key), dtype=np.float64)
    except (TypeError, ValueError):
        values = np.array(np.nan)
    if values.shape != (n,) or not np.isfinite(values).all():
        raise InputError(
            f"{where}: '{key}' is {str(point.get(key))[:60]}. Expected {n} finite numbers. Save "
            f"the markups again."
        )
    return values
