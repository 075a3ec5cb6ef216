"""From a parsed Localite file to poses. Derived from the words of the format.

What is used here, and nothing from the writer: ``data<row><column>`` is a matrix that acts on
columns; its first column, x, points into the head, its second, y, along the handle; LPS counts x
to the left and y to the back; `CoilSimnibs` wants z into the head, y away from the handle and
x = y cross z.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError, InputError, refuse_file
from ...space.frame import CoilSimnibs, Frame, Scanner, ScannerLps
from ...space.points import Points
from ...space.transform import Rigid
from ..protocol import ReadPoint, ReadPose
from ..rotation import rotation_from_printed
from .parse import Kind, LocaliteFile, LocaliteMarker, LocalitePlace

__all__ = [
    "LocalitePulse",
    "LocaliteTaken",
    "localite_points",
    "localite_poses",
    "localite_pulses",
]

Floats = NDArray[np.float64]

#: TMS Navigator prints every digit, yet its axes are not exactly unit: Rt R is up to 7.4e-5 off
#: 1 in 14 real poses. Other software prints at least four decimals, worth at most 1.7e-4 (20 000
#: random rotations); rounded up.
_ROUNDING = 2e-4
#: di/dt is stored in ampere per microsecond.
_A_PER_S = 1e6
_DIDT_UNIT = "A/us"


@dataclass(frozen=True, slots=True)
class LocalitePulse:
    """One pulse: where the coil was and how strong it was.

    Parameters
    ----------
    number : int
        Place in the file, from 1, untracked pulses counted.
    time_ms : float
        Since the start of recording.
    didt_a_per_s : float
        NaN where the stimulator did not tell (the file says NaN or 0).
    amplitude_percent : float
        Of the maximum stimulator output; NaN where the stimulator did not tell.
    pose : ReadPose
    """

    number: int
    time_ms: float
    didt_a_per_s: float
    amplitude_percent: float
    pose: ReadPose


@dataclass(frozen=True, slots=True)
class LocaliteTaken:
    """What was read, and how many entries hold no pose, by reason.

    Parameters
    ----------
    poses : tuple of ReadPose
    pulses : tuple of LocalitePulse
        Of a trigger file, one per pose.
    dropped : mapping of reason to number
        ``not set``, ``identity`` or ``zero``: an untracked coil.
    """

    poses: tuple[ReadPose, ...]
    pulses: tuple[LocalitePulse, ...]
    dropped: Mapping[str, int]


def localite_poses(
    file: LocaliteFile, *, scanner: Frame[Scanner], coil: Frame[CoilSimnibs]
) -> LocaliteTaken:
    """Return the poses of instrument or trigger markers in tmsplan's own axes.

    Raises
    ------
    FrameError
        If the file's space is MNI.
    ChiralityError
        If the axes of a marker are left-handed.
    InputError
        If a matrix is no rotation with a translation, or the unit of di/dt is unknown.
    """
    _require_kind(file, "instrument", "gum", "trigger")
    _require_native(file)
    _require_unit(file)
    poses, pulses, dropped = [], [], Counter[str]()
    for k, marker in enumerate(file.markers, start=1):
        reason = _untracked(marker)
        if reason:
            dropped[reason] += 1
            continue
        pose = ReadPose(marker.name, _pose(file, marker, scanner, coil))
        poses.append(pose)
        if file.kind == "trigger":
            pulses.append(_pulse(k, marker, pose))
    return LocaliteTaken(tuple(poses), tuple(pulses), dropped)


def localite_pulses(
    file: LocaliteFile, *, scanner: Frame[Scanner], coil: Frame[CoilSimnibs]
) -> LocaliteTaken:
    """Do what `localite_poses` does, for a trigger file only.

    Raises
    ------
    InputError
        As `localite_poses`, or if the file holds no trigger markers.
    """
    _require_kind(file, "trigger")
    return localite_poses(file, scanner=scanner, coil=coil)


def localite_points(file: LocaliteFile, *, scanner: Frame[Scanner]) -> tuple[ReadPoint, ...]:
    """Return both ends of every entry/target pair, entry first, mm in `scanner`.

    Ends that are not set are left out.

    Raises
    ------
    FrameError
        If the file's space is MNI.
    InputError
        If an index stands twice for one role.
    """
    _require_kind(file, "entry-target")
    _require_native(file)
    seen: set[tuple[str, str]] = set()
    points = []
    for place in file.places:
        if (place.role, place.index) in seen:
            raise InputError(
                f"{place.where}: the index '{place.index[:16]}' stands twice. Expected one "
                f"{place.role} of each index. Export the file again."
            )
        seen.add((place.role, place.index))
        if place.is_set:
            points.append(ReadPoint(place.name, _point(file, place, scanner)))
    return tuple(points)


def _require_kind(file: LocaliteFile, *kinds: Kind) -> None:
    if file.kind not in kinds:
        raise refuse_file(
            file.path,
            f"it is a file of kind '{file.kind}'",
            f"kind {' or '.join(map(repr, kinds))}",
            "Pass the file that holds what is asked for",
        )


def _require_native(file: LocaliteFile) -> None:
    if file.space == "MNI":
        raise FrameError(
            f"{file.path.name}: its coordinateSpace is MNI. The file says neither which of the "
            f"MNI templates is meant, which differ by millimetres, nor how this patient's head "
            f"was fitted to it, so no place in the T1 follows from it. Expected RAS or LPS. In "
            f"TMS Navigator, save the markers with the patient's own volume loaded."
        )


def _require_unit(file: LocaliteFile) -> None:
    unit = file.units.get("valueA", _DIDT_UNIT)
    if unit != _DIDT_UNIT:
        raise refuse_file(
            file.path, f"the unit of di/dt (valueA) is '{unit[:16]}'", f"'{_DIDT_UNIT}'",
            "What another unit means here is not known",
        )  # fmt: skip


def _untracked(marker: LocaliteMarker) -> str | None:
    """Return why a marker holds no pose, or None."""
    if not marker.is_set:
        return "not set"
    # Coil 2 is recorded even if there is none: its pose is the identity, in some versions zero.
    if np.array_equal(marker.matrix, np.eye(4)):
        return "identity"
    if not marker.matrix[:3].any():
        return "zero"
    return None


def _pose(
    file: LocaliteFile,
    marker: LocaliteMarker,
    scanner: Frame[Scanner],
    coil: Frame[CoilSimnibs],
) -> Rigid[Scanner, CoilSimnibs]:
    if not np.array_equal(marker.matrix[3], (0, 0, 0, 1)):
        raise InputError(
            f"{marker.where}: the last row is {marker.matrix[3].tolist()}. Expected 0 0 0 1. The "
            f"matrix is transposed, or the file is damaged."
        )
    into_head, along_handle, _ = rotation_from_printed(
        marker.matrix[:3, :3], _ROUNDING, marker.where
    ).T
    m = np.eye(4)
    m[:3, 0] = np.cross(-along_handle, into_head)
    m[:3, 1] = -along_handle
    m[:3, 2] = into_head
    m[:3, 3] = marker.matrix[:3, 3]
    because = f"{marker.where}: x points into the head, y along the handle"
    if file.space == "RAS":
        return Rigid.claim(m, dst=scanner, src=coil, because=because)
    lps = Frame(ScannerLps, scanner.owner)
    return _ras_from_lps(scanner, lps) @ Rigid.claim(m, dst=lps, src=coil, because=because)


def _point(file: LocaliteFile, place: LocalitePlace, scanner: Frame[Scanner]) -> Points[Scanner]:
    if file.space == "RAS":
        return Points(place.xyz, scanner)
    lps = Frame(ScannerLps, scanner.owner)
    return _ras_from_lps(scanner, lps) @ Points(place.xyz, lps)


def _ras_from_lps(scanner: Frame[Scanner], lps: Frame[ScannerLps]) -> Rigid[Scanner, ScannerLps]:
    to_the_right, to_the_front = (-1, 0, 0, 0), (0, -1, 0, 0)
    return Rigid.claim(
        [to_the_right, to_the_front, (0, 0, 1, 0), (0, 0, 0, 1)],
        dst=scanner,
        src=lps,
        because="coordinateSpace LPS counts x to the left and y to the back",
    )


def _pulse(k: int, marker: LocaliteMarker, pose: ReadPose) -> LocalitePulse:
    unknown = float("nan")
    didt = marker.responses.get("valueA", unknown)
    return LocalitePulse(
        k,
        marker.time_ms,
        # A pulse that was recorded was not one of 0 A/us: the stimulator told nothing.
        didt * _A_PER_S if didt != 0 else unknown,
        marker.responses.get("amplitudeA", unknown) or unknown,
        pose,
    )
