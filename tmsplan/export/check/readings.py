"""Ways in which a file's numbers can be misread, and which of them puts the coil on the head.

A pose says nothing about itself: every rotation is a rotation. With a scalp it does, because a
coil lies on the head with its face to it. So every likely mistake is undone in turn, and the
undoing that puts the poses of the file on the scalp names the mistake.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .axes import VENDORS, Vendor, simnibs_columns, vendor_words
from .ground import Ground, Seat
from .raw import RawFile, RawPose, World
from .raw_table import euler_matrix

__all__ = ["Outcome", "Reading", "Trial", "readings_of", "scanner_poses", "try_readings"]

Floats = NDArray[np.float64]

_LPS = np.array([-1.0, -1.0, 1.0])
_MIRROR = np.array([-1.0, 1.0, 1.0])
#: A reading must explain this share of a file, and the declared one at most that.
_MOST, _FEW = 0.9, 0.75
#: Mistakes that happen together: each has a cause of its own.
_PAIRABLE = (("CP-W06",), ("CP-U01",), ("CP-A01",))


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a file.

    Parameters
    ----------
    world : {"RAS", "LPS"}
    axes : Vendor
    transposed, metres, radians : bool
        Whether the rotation is turned over its diagonal, positions are multiplied by 1000,
        angles are taken for radians.
    mirror : {"", "position", "pose"}
        What is mirrored in x.
    causes : tuple of str
        Ids of the faults that this reading undoes; none for the declared one.
    words : str
    """

    world: World
    axes: Vendor
    transposed: bool = False
    metres: bool = False
    radians: bool = False
    mirror: str = ""
    causes: tuple[str, ...] = ()
    words: str = "as the file declares"


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What one reading does: how many of n poses then sit on the scalp."""

    reading: Reading
    seat: Seat
    sitting: int

    def as_dict(self) -> dict[str, object]:
        """Return the outcome for JSON."""
        return {
            "reading": self.reading.words,
            "causes": list(self.reading.causes),
            "sitting": self.sitting,
            "of": len(self.seat.gap_mm),
            "median_gap_mm": float(np.median(self.seat.gap_mm)),
            "median_tilt_deg": float(np.median(self.seat.tilt_deg)),
        }

    def __str__(self) -> str:
        gap, tilt = np.median(self.seat.gap_mm), np.median(self.seat.tilt_deg)
        return (
            f"{self.reading.words}: {self.sitting} of {len(self.seat.gap_mm)} on the scalp, "
            f"median {gap:.1f} mm off it, tilted {tilt:.0f} deg"
        )


def scanner_poses(poses: Sequence[RawPose], reading: Reading) -> Floats:
    """Return (n, 4, 4) poses in SimNIBS' axes and RAS mm under one reading.

    A misread file may give left-handed or sheared axes; they are returned as they are.
    """
    raw = np.array([p.matrix for p in poses]).reshape(-1, 4, 4)
    rotation, centre = raw[:, :3, :3], raw[:, :3, 3]
    if reading.radians:
        rotation = np.array([_from_radians(p) for p in poses])
    if reading.transposed:
        rotation = rotation.transpose(0, 2, 1)
    if reading.metres:
        centre = centre * 1000.0
    rotation = simnibs_columns(rotation, reading.axes)
    if reading.world == "LPS":
        rotation, centre = _LPS[:, None] * rotation, _LPS * centre
    if reading.mirror:
        centre = _MIRROR * centre
    if reading.mirror == "pose":
        rotation = _MIRROR[:, None] * rotation
    out = np.tile(np.eye(4), (len(raw), 1, 1))
    out[:, :3, :3], out[:, :3, 3] = rotation, centre
    return out


def _from_radians(pose: RawPose) -> Floats:
    if pose.angles is None:
        return pose.matrix[:3, :3]
    return euler_matrix(np.degrees(pose.angles))


def readings_of(file: RawFile, axes: Vendor) -> tuple[Reading, ...]:
    """Return the declared reading first, then single mistakes, then pairs of them.

    Parameters
    ----------
    file : RawFile
    axes : Vendor
        Of the file, or of the best guess where the format does not say.
    """
    plain = Reading(world=file.world or "RAS", axes=axes)
    singles = tuple(_singles(plain, file))
    pairable = [s for s in singles if s.causes in _PAIRABLE]
    pairs = (
        _both(plain, a, b) for a, b in itertools.combinations(pairable, 2) if a.causes != b.causes
    )
    return (plain, *singles, *pairs)


def _singles(plain: Reading, file: RawFile) -> Iterator[Reading]:
    other: World = "RAS" if plain.world == "LPS" else "LPS"
    yield replace(plain, world=other, causes=("CP-W06",), words=f"as {other} coordinates")
    for vendor in VENDORS:
        if vendor != plain.axes:
            words = f"with {vendor_words(vendor)}"
            yield replace(plain, axes=vendor, causes=("CP-A01",), words=words)
    yield replace(plain, transposed=True, causes=("CP-M04",), words="with the rotation transposed")
    yield replace(plain, metres=True, causes=("CP-U01",), words="in metres")
    if any(p.angles is not None for p in file.poses):
        yield replace(plain, radians=True, causes=("CP-U02",), words="with angles in radians")
    for mirror, words in (("position", "with x of the position negated"), ("pose", "mirrored")):
        yield replace(plain, mirror=mirror, causes=("CP-M03",), words=words)


def _both(plain: Reading, a: Reading, b: Reading) -> Reading:
    """Return the reading that makes both changes; they touch different fields."""
    changed = {
        name: getattr(one, name)
        for one in (a, b)
        for name in ("world", "axes", "metres")
        if getattr(one, name) != getattr(plain, name)
    }
    return replace(plain, **changed, causes=a.causes + b.causes, words=f"{a.words}, {b.words}")


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What came of reading one file in every way.

    Parameters
    ----------
    declared : Outcome
    better : tuple of Outcome
        Readings that explain the file where the declared one does not, best first.
    rivals : tuple of Outcome
        Readings that cannot be told from the declared one: every pose sits in both.
    """

    declared: Outcome
    better: tuple[Outcome, ...]
    rivals: tuple[Outcome, ...]


def try_readings(file: RawFile, poses: Sequence[RawPose], ground: Ground) -> Trial:
    """Read a file as it declares and with each likely mistake undone.

    A mistake of a writer is in every row, so another reading is better only if it explains
    nearly all of them and the declared one clearly fewer. What fails for a few poses is those
    poses' own. Fewer changes come first among equals.

    Parameters
    ----------
    file : RawFile
    poses : sequence of RawPose
        Those of the file that a coil could have: finite, tracked, not in the brain.
    ground : Ground
    """
    axes = file.axes or _likely_axes(file, poses, ground)
    declared, *rest = _outcomes(readings_of(file, axes), poses, ground)
    better = [o for o in rest if _is_better(o, declared)]
    whole = declared.sitting == len(poses)
    return Trial(
        declared,
        # sorted() is stable: singles stand before pairs in the list.
        tuple(sorted(better, key=lambda o: (-o.sitting, len(o.reading.causes)))),
        tuple(o for o in rest if whole and o.sitting == declared.sitting),
    )


def _is_better(other: Outcome, declared: Outcome) -> bool:
    n = len(declared.seat.gap_mm)
    # Half of the poses of a round head still sit on it when x and y are negated.
    clearly = declared.sitting <= _FEW * n and other.sitting - declared.sitting >= min(n, 2)
    return clearly and other.sitting >= _MOST * n


def _likely_axes(file: RawFile, poses: Sequence[RawPose], ground: Ground) -> Vendor:
    """Return the axes that fit best, where the format does not say whose it has."""
    plain = _outcomes([readings_of(file, v)[0] for v in VENDORS], poses, ground)
    return max(plain, key=lambda o: o.sitting).reading.axes


def _outcomes(
    readings: Sequence[Reading], poses: Sequence[RawPose], ground: Ground
) -> list[Outcome]:
    seats = ground.seats([scanner_poses(poses, r) for r in readings])
    return [Outcome(r, s, int(s.sits().sum())) for r, s in zip(readings, seats, strict=True)]
