"""Plan against delivered: how far each stimulus was from what was planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import AmbiguityError, FrameError, InputError, refuse_file
from ..base.table import table_bytes
from ..plan.plan import Plan, PlannedTarget
from ..space.axes import lps_from_ras
from ..space.frame import CoilSimnibs, Scanner, require_same
from ..space.points import Points, Vectors
from ..space.transform import Rigid
from .brainsight.read import require_system
from .check.axes import simnibs_columns
from .check.formats import read_raw
from .check.judge_matrix import usable_poses
from .check.raw import RawFile, RawPose
from .coil_frame import coil_frame
from .names import coil_name, cortex_name
from .rotation import rotation_from_printed
from .t1 import navigator_t1

__all__ = [
    "DeliveredRow",
    "DeliveredSample",
    "DeliveredTable",
    "Misses",
    "compare_delivered",
    "delivered_samples",
    "pose_misses",
]

Floats = NDArray[np.float64]
Pose = Rigid[Scanner, CoilSimnibs]

_MEASURES = ("in_brain_mm", "at_coil_mm", "depth_mm", "tilt_deg", "twist_deg")


@dataclass(frozen=True, slots=True, eq=False)
class DeliveredSample:
    """One recorded stimulus.

    Parameters
    ----------
    name : str
    scanner_from_coil : Rigid from CoilSimnibs to Scanner
    target : str or None
        The target that it belongs to, as the navigator says.
    """

    name: str
    scanner_from_coil: Pose
    target: str | None


@dataclass(frozen=True, slots=True)
class Misses:
    """How one pose differs from another, as Brainsight counts.

    Parameters
    ----------
    distance_mm : float
        Between the two places: Brainsight's *Dist. to Target*.
    axis_mm : float
        From the target to the line along the coil's z: *Target Error*.
    tilt_deg : float
        Between both z: *Angular Error*.
    twist_deg : float
        From the target's y to the coil's, seen against z, counter-clockwise from outside the
        head: *Twist Error*.
    """

    distance_mm: float
    axis_mm: float
    tilt_deg: float
    twist_deg: float


@dataclass(frozen=True, slots=True)
class DeliveredRow:
    """One stimulus beside its target.

    Parameters
    ----------
    sample, target_id : str
    in_brain_mm : float
        From the cortical target to the coil's z axis, at the target's depth.
    at_coil_mm : float
        Between delivered and planned coil centre.
    depth_mm : float
        How much farther the coil stood from the target, along its z, than planned.
    tilt_deg, twist_deg : float
        Of z against the planned z; of the handle about z, counter-clockwise from outside.
    """

    sample: str
    target_id: str
    in_brain_mm: float
    at_coil_mm: float
    depth_mm: float
    tilt_deg: float
    twist_deg: float


@dataclass(frozen=True, slots=True)
class DeliveredTable:
    """Every stimulus of a session, and what they amount to.

    Parameters
    ----------
    patient_id : str
    labels : tuple of str
        Of the plan; printed on every output.
    rows : tuple of DeliveredRow
    left_out : int
        Recorded poses that belong to no target of the plan, or are no pose.
    within_mm : float
        The navigation error of the plan's parameters.
    """

    patient_id: str
    labels: tuple[str, ...]
    rows: tuple[DeliveredRow, ...]
    left_out: int
    within_mm: float

    def summary(self) -> tuple[Mapping[str, object], ...]:
        """Return one mapping a target: n, median, 95th centile and largest of each measure.

        Depth and twist have a sign; their sizes are summed up.
        """
        ids = dict.fromkeys(r.target_id for r in self.rows)
        return tuple(self._summary(i, [r for r in self.rows if r.target_id == i]) for i in ids)

    def _summary(self, target_id: str, rows: Sequence[DeliveredRow]) -> Mapping[str, object]:
        out: dict[str, object] = {"target_id": target_id, "n": len(rows)}
        for name in _MEASURES:
            size = np.abs([float(getattr(r, name)) for r in rows])
            out[f"{name}_median"] = float(np.median(size))
            out[f"{name}_p95"] = float(np.quantile(size, 0.95))
            out[f"{name}_max"] = float(size.max())
        near = [r.in_brain_mm <= self.within_mm for r in rows]
        out["share_within"] = float(np.mean(near))
        return out

    def as_dict(self) -> dict[str, object]:
        """Return everything for JSON."""
        names = [f.name for f in fields(DeliveredRow)]
        return {
            "patient": self.patient_id,
            "labels": list(self.labels),
            "left_out": self.left_out,
            "within_mm": self.within_mm,
            "summary": [dict(s) for s in self.summary()],
            "rows": [{n: getattr(r, n) for n in names} for r in self.rows],
        }

    def tsv(self) -> bytes:
        """Return one row a stimulus."""
        names = [f.name for f in fields(DeliveredRow)]
        return table_bytes(names, [{n: getattr(r, n) for n in names} for r in self.rows])

    def __str__(self) -> str:
        labels = " ".join([*self.labels, self.patient_id])
        lines = [f"{labels}: {len(self.rows)} stimuli, {self.left_out} recorded poses left out"]
        for one in self.summary():
            lines += [
                "",
                f"{one['target_id']}: {one['n']} stimuli (median, 95th centile, largest)",
            ]
            lines += [_measure_line(one, name, words) for name, words in _WORDS.items()]
            lines.append(
                f"  {one['share_within']:.0%} within {self.within_mm:g} mm in the brain, the "
                f"error that navigation itself has"
            )
        return "\n".join(lines)


_WORDS = {
    "in_brain_mm": ("from the target to the coil's axis", "mm"),
    "at_coil_mm": ("between coil centres", "mm"),
    "depth_mm": ("along the axis, nearer or farther", "mm"),
    "tilt_deg": ("tilt", "deg"),
    "twist_deg": ("twist", "deg"),
}


def _measure_line(one: Mapping[str, object], name: str, words: tuple[str, str]) -> str:
    what, unit = words
    values = "  ".join(f"{one[f'{name}_{k}']:6.1f}" for k in ("median", "p95", "max"))
    return f"  {what:36} {values} {unit}"


def pose_misses(sample: Pose, target: Pose) -> Misses:
    """Return how a pose misses another, by the definitions that Brainsight's columns have.

    They were found by reproducing the columns of a real export from its own target and sample
    rows (100 samples, version 7); see docs/navigators/check-pose.md.

    Raises
    ------
    FrameError
        If the two are not in one frame.
    """
    require_same(target.dst, sample.dst, "compare a stimulus with its target")
    (y, z), (ty, tz) = _axes(sample), _axes(target)
    gap = _origin(target) - _origin(sample)
    tilt = np.arctan2(z.cross(tz).lengths()[0], z.dot(tz)[0])
    # The target's y, seen along the sample's z. Against z, since z leads into the head.
    seen = ty - z * float(z.dot(ty)[0])
    twist = np.arctan2(-seen.cross(y).dot(z)[0], seen.dot(y)[0])
    return Misses(
        float(gap.lengths()[0]),
        float(gap.cross(z).lengths()[0]),
        float(np.degrees(tilt)),
        float(np.degrees(twist)),
    )


def compare_delivered(
    plan: Plan, samples: Sequence[DeliveredSample], *, target_id: str | None = None
) -> DeliveredTable:
    """Compare recorded stimuli with a plan.

    A sample belongs to the target that the navigator names (by its row in the exported file,
    its name or id); samples without a name belong to `target_id`, or to the only target.
    Samples of targets that the plan does not have are left out and counted.

    Parameters
    ----------
    plan : Plan
    samples : sequence of DeliveredSample
        In the plan's frame.
    target_id : str or None
        For samples that name no target, such as Localite's triggers.

    Raises
    ------
    AmbiguityError
        If a sample names no target and the plan has several.
    InputError
        If `target_id` is not in the plan, or no sample belongs to it.
    FrameError
        If a sample is not in the plan's frame.
    """
    planned = _by_name(plan)
    if target_id is not None and target_id not in planned:
        known = ", ".join(p.target.id for p in plan.targets)
        raise InputError(f"{plan.patient_id}: there is no target '{target_id}'. Known: {known}.")
    rows = []
    for sample in samples:
        target = planned.get(sample.target) if sample.target else _unnamed(plan, target_id)
        if target is not None:
            rows.append(_row(sample, target))
    if not rows:
        raise InputError(
            f"{plan.patient_id}: none of {len(samples)} recorded poses belongs to a target of the "
            f"plan. Expected the names of its exported targets. Pass the session of this plan, or "
            f"--target where the file names none."
        )
    return DeliveredTable(
        plan.patient_id,
        plan.labels,
        tuple(rows),
        len(samples) - len(rows),
        plan.params.navigation_error.value,
    )


def _by_name(plan: Plan) -> dict[str, PlannedTarget]:
    names: dict[str, PlannedTarget] = {}
    for planned in plan.targets:
        words = (coil_name(plan, planned), cortex_name(plan, planned), planned.target.name)
        names |= dict.fromkeys([*words, planned.target.id], planned)
    return names


def _unnamed(plan: Plan, target_id: str | None) -> PlannedTarget:
    if target_id is not None:
        return next(p for p in plan.targets if p.target.id == target_id)
    if len(plan.targets) > 1:
        known = ", ".join(p.target.id for p in plan.targets)
        raise AmbiguityError(
            f"{plan.patient_id}: the plan has {len(plan.targets)} targets and the file does not "
            f"say which one a stimulus belongs to. Pass --target with one of: {known}."
        )
    return plan.targets[0]


def _row(sample: DeliveredSample, planned: PlannedTarget) -> DeliveredRow:
    pose, wanted = sample.scanner_from_coil, planned.pose.scanner_from_coil
    misses = pose_misses(pose, wanted)
    _, z = _axes(pose)
    _, wanted_z = _axes(wanted)
    to_target = planned.target.point - _origin(pose)
    depth = float(to_target.dot(z)[0])
    wanted_depth = float((planned.target.point - _origin(wanted)).dot(wanted_z)[0])
    return DeliveredRow(
        sample=sample.name,
        target_id=planned.target.id,
        in_brain_mm=float(to_target.cross(z).lengths()[0]),
        at_coil_mm=misses.distance_mm,
        depth_mm=depth - wanted_depth,
        tilt_deg=misses.tilt_deg,
        twist_deg=misses.twist_deg,
    )


def delivered_samples(path: Path, plan: Plan) -> tuple[DeliveredSample, ...]:
    """Read the recorded poses of a session, strictly, in the plan's frame.

    Poses that are incomplete or untracked are left out.

    Raises
    ------
    FrameError
        If the file's coordinates are not the world of the plan's T1.
    ChiralityError
        If axes are left-handed.
    InputError
        If the file is of no known format, holds no recorded pose, or has axes that are no
        rotation.
    """
    file = read_raw(path)
    recorded = [p for p in usable_poses(file) if p.kind == "record"]
    if not recorded:
        raise refuse_file(
            path,
            f"{file.format} without a recorded pose",
            "samples or triggers of a session",
            "Export the samples, not only the targets",
        )
    _require_world(file, plan)
    return tuple(_samples(file, recorded, plan))


def _require_world(file: RawFile, plan: Plan) -> None:
    if file.brainsight is not None:
        require_system(file.brainsight, navigator_t1(plan))
    elif file.world is None or file.axes is None:
        raise FrameError(
            f"{file.name}: its coordinate system is '{file.world_says}', which cannot be tied to "
            f"the plan's T1. Expected RAS or LPS of that T1. Export the session again."
        )


def _samples(file: RawFile, poses: Sequence[RawPose], plan: Plan) -> Iterator[DeliveredSample]:
    coil, to_lps = coil_frame(plan), lps_from_ras(plan.frame)
    for pose in poses:
        rotation = rotation_from_printed(pose.matrix[:3, :3], file.rounding, pose.where)
        m = np.eye(4)
        m[:3, :3] = simnibs_columns(rotation, file.axes or "simnibs")
        m[:3, 3] = pose.matrix[:3, 3]
        because = f"{pose.where}: recorded by the navigator"
        if file.world == "LPS":
            lps = Rigid.claim(m, dst=to_lps.dst, src=coil, because=because)
            rigid = to_lps.inverse() @ lps
        else:
            rigid = Rigid.claim(m, dst=plan.frame, src=coil, because=because)
        yield DeliveredSample(pose.name or pose.where, rigid, pose.target)


def _origin(pose: Pose) -> Points[Scanner]:
    return pose @ Points([0, 0, 0], pose.src)


def _axes(pose: Pose) -> tuple[Vectors[Scanner], Vectors[Scanner]]:
    return pose @ Vectors([0, 1, 0], pose.src), pose @ Vectors([0, 0, 1], pose.src)
