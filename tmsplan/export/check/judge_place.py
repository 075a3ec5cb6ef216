"""Whether the coil is on the head, with its face to it, on the side that its name says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...base.param import Param
from ...base.params import Params
from ...space.frame import Scanner
from ...space.points import Points
from ...space.side import Hemi
from ..guards import INSIDE_MAX, OUTSIDE_MAX
from .faults import Fault, fault
from .ground import ALONG_MIN, Seat
from .judge_names import sides_of_names
from .raw import RawPose
from .readings import Outcome, Trial
from .t1_facts import T1Facts

__all__ = [
    "AWAY_MIN",
    "judge_direction",
    "judge_readings",
    "judge_seat",
    "judge_side",
]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SOURCE = "docs/navigators/check-pose.md"
#: z of a coil on the head makes less than 75 deg with the line to the middle of the image.
AWAY_MIN = Param(110.0, "deg", 95, 150, _SOURCE)
#: Nearer to the middle of the image than this, that line says nothing.
_FAR_MM = 40.0
_BACK_DEG = 90.0
#: The middle of a scalp is its midline to within a turned or leaning head.
SIDE_MARGIN = Param(15.0, "mm", 5, 30, _SOURCE)
#: The middle of an image is not the head's.
SIDE_MARGIN_IMAGE = Param(30.0, "mm", 10, 60, _SOURCE)


def judge_seat(poses: Sequence[RawPose], seat: Seat, params: Params) -> Iterator[Fault]:
    """Yield what is wrong with how the poses sit, read as the file declares."""
    cortex = np.array([p.kind == "cortex" for p in poses], dtype=bool)
    record = np.array([p.kind == "record" for p in poses], dtype=bool)
    gap, tilt = seat.gap_mm, seat.tilt_deg
    far = gap > OUTSIDE_MAX.value
    # A session has pulses in the air; only where nothing is on the head is the file wrong.
    stray = record & far if (record & ~far).any() else np.zeros(len(poses), dtype=bool)
    coil = ~cortex & ~stray
    off = _range(gap, "mm from the scalp")
    yield from _where("CP-P01", poses, coil & (gap < -INSIDE_MAX.value), off)
    yield from _where("CP-P02", poses, coil & far, off)
    yield from _where("CP-P07", poses, cortex & (gap > INSIDE_MAX.value), off)
    angle = _range(tilt, "deg from the way into the head")
    back = tilt > _BACK_DEG
    along = ~back & (tilt > ALONG_MIN.value)
    # What is neither near the head nor in it points nowhere.
    near = ~far & ~stray
    yield from _where("CP-P03", poses, near & back, angle)
    yield from _where("CP-P06", poses, near & along, angle)
    tilted = near & ~back & ~along & (tilt > params.tilt_max.value)
    yield from _where("CP-P04", poses, tilted, angle)
    yield from _where("CP-R01", poses, stray, off)


def judge_readings(trial: Trial, poses: Sequence[RawPose]) -> Iterator[Fault]:
    """Yield the mistake that explains the file, or that nothing does."""
    declared, better = trial.declared, trial.better
    if not better:
        if _is_elsewhere(declared):
            yield fault("CP-W07", f"{declared}; no other reading does better", poses)
        return
    best = better[0]
    equal = [o for o in better[1:] if _rank(o) == _rank(best)]
    tail = f"; equally: {', '.join(o.reading.words for o in equal)}" if equal else ""
    for cause in best.reading.causes:
        yield fault(cause, f"{declared}. Read {best}{tail}", poses)


def _is_elsewhere(declared: Outcome) -> bool:
    """Whether most poses are neither on this head nor, like cortical points, straight in it."""
    inside = (declared.seat.gap_mm < 0) & (declared.seat.tilt_deg <= ALONG_MIN.value)
    return float((declared.seat.within() | inside).mean()) < 0.5


def _rank(outcome: Outcome) -> tuple[int, int]:
    return -outcome.sitting, len(outcome.reading.causes)


def judge_direction(poses: Sequence[RawPose], matrices: Floats, t1: T1Facts) -> Iterator[Fault]:
    """Yield CP-P03 without a scalp: z leads away from the middle of the image."""
    if not len(poses):
        return
    middle = t1.middle().mm(t1.frame)[0]
    inward = middle - matrices[:, :3, 3]
    length = np.linalg.norm(inward, axis=1)
    z = matrices[:, :3, 2]
    scale = np.linalg.norm(z, axis=1) * np.where(length > 0, length, 1)
    cosine = (z * inward).sum(axis=1) / np.where(scale > 0, scale, 1)
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    # Without a scalp a coil in the air cannot be told from one on the head.
    recorded = np.array([p.kind == "record" for p in poses])
    away = (angle > AWAY_MIN.value) & (length > _FAR_MM)
    if recorded.any() and away[recorded].mean() <= 0.5:
        away &= ~recorded
    yield from _where("CP-P03", poses, away, _range(angle, "deg from the middle of the image"))


def judge_side(
    poses: Sequence[RawPose], matrices: Floats, middle: Points[Scanner], margin: Param
) -> Iterator[Fault]:
    """Yield CP-P05 where a name states a side and the position is clearly on the other."""
    sides = sides_of_names([p.name for p in poses])
    right = matrices[:, 0, 3] - middle.mm(middle.frame)[0, 0]
    wrong = np.array(
        [
            {None: False, Hemi.LEFT: x > margin.value, Hemi.RIGHT: x < -margin.value}[side]
            for side, x in zip(sides, right, strict=True)
        ],
        dtype=bool,
    )
    yield from _where("CP-P05", poses, wrong, _range(np.abs(right), "mm beyond the midline"))


def _range(values: Floats, unit: str) -> tuple[Floats, str]:
    return values, unit


def _where(
    fault_id: str, poses: Sequence[RawPose], mask: Mask, measured: tuple[Floats, str]
) -> Iterator[Fault]:
    if not mask.any():
        return
    values, unit = measured
    low, high = values[mask].min(), values[mask].max()
    shown = f"{low:.1f}" if high - low < 0.05 else f"{low:.1f} to {high:.1f}"
    having = [p for p, m in zip(poses, mask, strict=True) if m]
    yield fault(fault_id, f"{int(mask.sum())} of {len(poses)} poses, {shown} {unit}", having)
