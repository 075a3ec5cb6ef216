"""What is wrong with a matrix by itself, without T1 and scalp."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...base.param import Param
from .faults import Fault, fault
from .raw import RawFile, RawPose

__all__ = ["METRES_MAX", "judge_matrices", "usable_poses"]

Floats = NDArray[np.float64]

_SOURCE = "docs/navigators/check-pose.md"
#: A head is 0.3 m tall; a coil within half a millimetre of a T1's origin does not exist.
METRES_MAX = Param(0.5, "mm", 0.3, 1.0, _SOURCE)
#: Angles in degrees of a coil on a head are not all below pi.
_RADIANS_MAX = np.pi + 1e-6
_FEWEST_ANGLES = 3
_LAST_ROW = np.array([0.0, 0.0, 0.0, 1.0])
_UNTRACKED_MM = 1e-6


def usable_poses(file: RawFile) -> tuple[RawPose, ...]:
    """Return the poses that a coil could have, as far as their numbers go.

    Without those that are incomplete, untracked or flattened; a matrix that is transposed as a
    whole is turned back.
    """
    whole = [p for p in file.poses if np.isfinite(p.matrix).all() and not _is_untracked(p)]
    turned = [replace(p, matrix=p.matrix.T) if _is_turned(p) else p for p in whole]
    return tuple(p for p in turned if abs(np.linalg.det(_unit_columns(p))) > 1e-3)


def judge_matrices(file: RawFile) -> Iterator[Fault]:
    """Yield the faults CP-M01 to CP-M05, CP-U01 and CP-U02 that numbers alone show."""
    poses = file.poses
    if not poses:
        yield fault("CP-R02", "no row with the axes of a coil")
    yield from _each(
        "CP-M01", [p for p in poses if not np.isfinite(p.matrix).all()], "some of twelve numbers"
    )
    untracked = [p for p in poses if _is_untracked(p)]
    yield from _each("CP-M05", untracked, "identity or all zero")
    whole = [p for p in poses if np.isfinite(p.matrix).all() and not _is_untracked(p)]
    turned = [p for p in whole if _is_turned(p)]
    yield from _each("CP-M04", turned, "the translation stands in the last row")
    straight = [p for p in whole if not _is_turned(p)]
    yield from _rotations(straight, file.rounding)
    yield from _units([p for p in straight if p.kind != "record"] or straight)


def _rotations(poses: Sequence[RawPose], rounding: float) -> Iterator[Fault]:
    off = {id(p): _off(p) for p in poses}
    sheared = [p for p in poses if off[id(p)] > rounding or _bad_last_row(p)]
    worst = max((off[id(p)] for p in sheared), default=0.0)
    yield from _each(
        "CP-M02",
        sheared,
        f"Rt R differs from 1 by up to {worst:.2g}, printing explains {rounding:g}",
    )
    left = [p for p in poses if np.linalg.det(_unit_columns(p)) < 0]
    yield from _each("CP-M03", left, "the axes are left-handed (determinant below 0)")


def _units(poses: Sequence[RawPose]) -> Iterator[Fault]:
    centres = np.array([p.matrix[:3, 3] for p in poses]).reshape(-1, 3)
    largest = float(np.abs(centres).max(initial=0.0))
    if 0 < largest < METRES_MAX.value:
        says = f"every position is within {largest:.3f} of the origin, so it cannot be mm"
        yield fault("CP-U01", says, poses)
    angles = np.array([p.angles for p in poses if p.angles is not None]).reshape(-1, 3)
    distinct = len(np.unique(np.round(angles, 3), axis=0))
    if distinct >= _FEWEST_ANGLES and float(np.abs(angles).max()) <= _RADIANS_MAX:
        says = f"no angle of {len(angles)} poses exceeds {np.abs(angles).max():.2f} degrees"
        yield fault("CP-U02", says, poses)


def _each(fault_id: str, poses: Sequence[RawPose], says: str) -> Iterator[Fault]:
    if poses:
        yield fault(fault_id, f"{len(poses)} poses: {says}", poses)


def _is_untracked(pose: RawPose) -> bool:
    m = pose.matrix
    if not np.isfinite(m).all() or np.abs(m[:3, 3]).max() > _UNTRACKED_MM:
        return False
    r = m[:3, :3]
    return bool(np.array_equal(r, np.eye(3)) or not r.any())


def _is_turned(pose: RawPose) -> bool:
    m = pose.matrix
    return bool(not m[:3, 3].any() and m[3, 3] == 1 and m[3, :3].any())


def _bad_last_row(pose: RawPose) -> bool:
    return not np.array_equal(pose.matrix[3], _LAST_ROW)


def _off(pose: RawPose) -> float:
    r = pose.matrix[:3, :3]
    off = float(np.abs(r.T @ r - np.eye(3)).max())
    return off if np.isfinite(off) else float("inf")


def _unit_columns(pose: RawPose) -> Floats:
    r = pose.matrix[:3, :3]
    length = np.linalg.norm(r, axis=0)
    return np.asarray(r / np.where(length > 0, length, 1.0))
