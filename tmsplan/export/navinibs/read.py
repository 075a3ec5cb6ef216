"""From NaviNIBS' targets file to poses. Derived from the words of the format.

What is used here, and nothing from the writer: ``coilToMRITransf`` takes coil to MRI, mm; its -y
axis runs along the handle, its -z axis into the head; its origin is the coil's lower face.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError, InputError, refuse_file
from ...base.strict_json import load_file
from ...space.frame import CoilSimnibs, Frame, Scanner
from ...space.transform import Rigid
from ..protocol import ReadPose
from ..rotation import rotation_from_printed

__all__ = ["navinibs_poses"]

#: Worst entry of Rt R - 1 of axes with nine decimals is 2e-9; others may print fewer.
_OFF = 1e-5


def navinibs_poses(
    path: Path, *, scanner: Frame[Scanner], coil: Frame[CoilSimnibs], t1_sha256: str
) -> tuple[ReadPose, ...]:
    """Return each target's pose, and a second one at its cortical point where it has one.

    A key that ends in ``_coil`` names the pose; the same key with ``_ctx`` names the cortical
    point, which has no name of its own in NaviNIBS.

    Raises
    ------
    FrameError
        If the file names another T1.
    ChiralityError
        If the axes of a target are left-handed.
    InputError
        If it is no targets file, a target has no pose, or its axes are no rotation.
    """
    content = load_file(path)
    if isinstance(content, dict):
        _require_t1(path, content.get("T1"), t1_sha256)
        content = content.get("targets")
    if not isinstance(content, list):
        raise refuse_file(
            path,
            "there is no list of targets",
            "one, at the top or as 'targets'",
            "Export it again",
        )
    poses: list[ReadPose] = []
    for k, item in enumerate(content):
        poses.extend(_poses(f"{path.name}, target {k + 1}", item, scanner, coil))
    return tuple(poses)


def _require_t1(path: Path, t1: object, expected: str) -> None:
    found = t1.get("sha256") if isinstance(t1, dict) else None
    if found is not None and found != expected:
        raise FrameError(
            f"{path.name}: it was made for a T1 with SHA-256 {str(found)[:12]}..., the plan's "
            f"begins with {expected[:12]}. Expected one T1. Export again from this plan."
        )


def _poses(
    where: str, item: object, scanner: Frame[Scanner], coil: Frame[CoilSimnibs]
) -> list[ReadPose]:
    key = item.get("key") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(key, str) or not key:
        raise InputError(f"{where}: it has no 'key'. Expected its name. Export the file again.")
    where = f"{where} ({key})"
    file_axes = _array(where, item, "coilToMRITransf", (4, 4))
    if not np.array_equal(file_axes[3], (0, 0, 0, 1)):
        raise InputError(
            f"{where}: the last row of coilToMRITransf is {file_axes[3].tolist()}. Expected 0 0 0 "
            f"1. The matrix is transposed or is none of a pose."
        )
    axes = rotation_from_printed(file_axes[:3, :3], _OFF, where)
    into_head, away_from_handle = -axes[:, 2], axes[:, 1]
    m = np.eye(4)
    m[:3, :3] = np.column_stack(
        [np.cross(away_from_handle, into_head), away_from_handle, into_head]
    )
    because = f"{where}: -y along the handle, -z into the head"
    places = {key: file_axes[:3, 3]}
    if item.get("targetCoord") is not None and key.endswith("_coil"):
        cortex = key.removesuffix("_coil") + "_ctx"
        places[cortex] = _array(where, item, "targetCoord", (3,))
    found = []
    for name, place in places.items():
        m[:3, 3] = place
        found.append(ReadPose(name, Rigid.claim(m, dst=scanner, src=coil, because=because)))
    return found


def _array(
    where: str, item: dict[str, object], key: str, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    value = item.get(key)
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.array(np.nan)
    if array.shape != shape or not np.isfinite(array).all():
        raise InputError(
            f"{where}: '{key}' is {str(value)[:60]}. Expected {' x '.join(map(str, shape))} "
            f"finite numbers. NaviNIBS places a target without a pose itself; save it there."
        )
    return array
