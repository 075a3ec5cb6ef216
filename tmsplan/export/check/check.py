"""Check anyone's navigator file against the T1 it is for and the scalp of the patient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...base.params import Params
from ...space.frame import Scanner, require_same
from ...surface.surface import Surface
from .faults import CAUSES, Fault
from .formats import read_raw
from .ground import Ground, Seat
from .judge_matrix import judge_matrices, usable_poses
from .judge_names import judge_names, sides_of_names
from .judge_place import (
    SIDE_MARGIN,
    SIDE_MARGIN_IMAGE,
    judge_direction,
    judge_readings,
    judge_seat,
    judge_side,
)
from .judge_world import FIELD_MARGIN, judge_field, judge_world
from .raw import RawFile, RawPose
from .readings import Reading, Trial, scanner_poses, try_readings
from .report import PoseFinding, PoseReport
from .t1_facts import T1Facts

__all__ = ["check_pose", "check_raw"]

Floats = NDArray[np.float64]

#: Share of a scalp that must lie in the T1: ears and nose are often cut off, a head is not.
_SCALP_IN_VIEW = 0.5


def check_pose(
    path: Path,
    *,
    t1: T1Facts,
    scalp: Surface[Scanner] | None = None,
    params: Params | None = None,
) -> PoseReport:
    """Read anyone's navigator file and name every fault that can be seen.

    The numbers are taken as the file means them by its format and header. With a scalp, the
    likely mistakes are undone one by one (LPS, another vendor's axes, transposed, metres,
    radians, mirrored); one that puts the poses on the head where the declared reading does not
    is named.

    Parameters
    ----------
    path : Path
        Brainsight text, Localite XML, Softaxic, visor2 JSON, SimNIBS JSON or MAT, InVesalius,
        tmsplan's or NIBS-BIDS' table, or a 4 by 4 as text. Told apart by content.
    t1 : T1Facts
        Of the T1 that the navigator has loaded.
    scalp : Surface of Scanner or None
        Of the same patient, in the world of `t1`, mm. Without it, only numbers, header and
        field of view are checked.
    params : Params or None
        `normal_radius` and `tilt_max` are used.

    Returns
    -------
    PoseReport

    Raises
    ------
    InputError
        If the file is of no known format or damaged, or the scalp lies outside the T1.
    AmbiguityError
        If two formats claim the file.
    FrameError
        If the scalp is not in the T1's world.
    """
    return check_raw(read_raw(path), t1=t1, scalp=scalp, params=params)


# A damaged file may hold numbers near the largest float: what overflows is a fault, no warning.
@np.errstate(over="ignore", invalid="ignore")
def check_raw(
    file: RawFile,
    *,
    t1: T1Facts,
    scalp: Surface[Scanner] | None = None,
    params: Params | None = None,
) -> PoseReport:
    """Do what `check_pose` does, with a file that was read already.

    Raises
    ------
    InputError, FrameError
        As `check_pose`.
    """
    params = params or Params()
    if scalp is not None:
        _require_scalp(scalp, t1)
    found = [*judge_matrices(file), *judge_world(file, t1), *judge_names(file)]
    poses = usable_poses(file) if file.world is not None else ()
    trial: Trial | None = None
    seat: Seat | None = None
    reading = Reading(world=file.world or "RAS", axes=file.axes or "simnibs")
    if poses and scalp is not None:
        ground = Ground(scalp, params)
        coils = _coils(poses)
        trial = try_readings(file, coils, ground) if coils else None
        reading = trial.declared.reading if trial else reading
        seat = ground.seat(scanner_poses(poses, reading))
        found += judge_seat(poses, seat, params)
        found += _explanations(trial, coils, found)
    matrices = scanner_poses(poses, reading)
    found += _in_view(poses, matrices, t1, scalp, with_axes=file.axes is not None)
    faults = _causes_first(found)
    return PoseReport(
        file=file.name,
        format=file.format,
        t1=t1.name,
        with_scalp=scalp is not None,
        faults=faults,
        outcomes=(trial.declared, *trial.better) if trial else (),
        poses=tuple(_findings(file, poses, matrices, seat, faults)),
        cannot_know=(*_cannot_know(file, poses, t1, scalp), *_rivals(trial)),
    )


def _require_scalp(scalp: Surface[Scanner], t1: T1Facts) -> None:
    require_same(t1.frame, scalp.frame, "check poses on a scalp")
    inside = float((t1.outside_mm(scalp.points) <= FIELD_MARGIN.value).mean())
    if inside < _SCALP_IN_VIEW:
        raise InputError(
            f"{scalp.domain}: only {inside:.2f} of the scalp lies in {t1.name}. Expected more "
            f"than {_SCALP_IN_VIEW:g}. They are of different people or frames; pass the scalp "
            f"that was made from this T1."
        )


def _coils(poses: Sequence[RawPose]) -> tuple[RawPose, ...]:
    """Return the poses that tell how a file is to be read: planned ones where there are any."""
    planned = tuple(p for p in poses if p.kind == "pose")
    return planned or tuple(p for p in poses if p.kind == "record")


def _explanations(
    trial: Trial | None, coils: Sequence[RawPose], found: Sequence[Fault]
) -> list[Fault]:
    if trial is None:
        return []
    # What the numbers alone explain needs no other explanation.
    known = {f.id for f in found} & set(CAUSES)
    return [f for f in judge_readings(trial, coils) if f.id != "CP-W07" or not known]


def _in_view(
    poses: Sequence[RawPose],
    matrices: Floats,
    t1: T1Facts,
    scalp: Surface[Scanner] | None,
    *,
    with_axes: bool,
) -> Iterator[Fault]:
    yield from judge_field(poses, matrices, t1)
    if scalp is not None:
        box = scalp.points.mm(scalp.frame)
        low, high = int(box[:, 0].argmin()), int(box[:, 0].argmax())
        middle = scalp.points.take([low, high]).centroid()
        yield from judge_side(poses, matrices, middle, SIDE_MARGIN)
        return
    yield from judge_side(poses, matrices, t1.middle(), SIDE_MARGIN_IMAGE)
    if with_axes:
        yield from judge_direction(poses, matrices, t1)


def _causes_first(found: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return each class once where two checks found it, causes before symptoms."""
    merged: dict[str, Fault] = {}
    for one in found:
        before = merged.get(one.id)
        if before is None:
            merged[one.id] = one
        else:
            both = {p.where: p for p in (*before.poses, *one.poses)}
            says = f"{before.says}; {one.says}"
            merged[one.id] = Fault(one.kind, says, tuple(both.values()))
    rank = {"fault": 1, "notice": 2}
    return tuple(
        sorted(merged.values(), key=lambda f: 0 if f.id in CAUSES else rank[f.kind.severity])
    )


def _findings(
    file: RawFile,
    poses: Sequence[RawPose],
    matrices: Floats,
    seat: Seat | None,
    faults: Sequence[Fault],
) -> Iterator[PoseFinding]:
    place = {p.where: k for k, p in enumerate(poses)}
    having = [(f.id, {p.where for p in f.poses}) for f in faults]
    for pose in file.poses:
        k = place.get(pose.where)
        x, y, z = matrices[k, :3, 3].tolist() if k is not None else (0.0, 0.0, 0.0)
        yield PoseFinding(
            name=pose.name,
            where=pose.where,
            kind=pose.kind,
            centre_mm=(x, y, z) if k is not None else None,
            gap_mm=float(seat.gap_mm[k]) if seat is not None and k is not None else None,
            tilt_deg=float(seat.tilt_deg[k]) if seat is not None and k is not None else None,
            faults=tuple(i for i, where in having if pose.where in where),
        )


def _cannot_know(
    file: RawFile, poses: Sequence[RawPose], t1: T1Facts, scalp: Surface[Scanner] | None
) -> Iterator[str]:
    yield from file.unknown
    yield (
        "which way the handle was meant to point, and which way current flows: a coil turned "
        "about its own z sits on the head all the same"
    )
    if t1.qform_code is None and file.brainsight is not None:
        yield (
            f"whether the header's intent is right: {t1.name} has no NIfTI codes; pass the NIfTI "
            f"file that the navigator loads"
        )
    if file.fingerprint is None and not file.t1_sha256:
        yield "whether the file was made on this very T1: it carries no mark of an image"
    if scalp is None:
        yield (
            "whether the coil is on the head, in LPS, in another vendor's axes or transposed: "
            "pass --scalp"
        )
    if not any(sides_of_names([p.name for p in poses])):
        yield (
            "whether left and right were exchanged as a whole: no name states a side, and a head "
            "is nearly its own mirror image"
        )


def _rivals(trial: Trial | None) -> Iterator[str]:
    """Say which other readings put every pose on the head as well."""
    if trial is None or not trial.rivals:
        return
    words = "; ".join(dict.fromkeys(o.reading.words for o in trial.rivals))
    n = len(trial.declared.seat.gap_mm)
    yield (
        f"whether the numbers are meant as declared: all {n} poses sit on the scalp just as well "
        f"when read {words}. More poses would tell"
    )
