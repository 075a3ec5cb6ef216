"""What was found in one file: faults, readings, poses, and what nobody can know from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .faults import Fault
from .readings import Outcome

__all__ = ["PoseFinding", "PoseReport"]

_MOST_POSES = 12


@dataclass(frozen=True, slots=True)
class PoseFinding:
    """One pose, read as the file declares.

    Parameters
    ----------
    name, where, kind : str
    centre_mm : tuple of float or None
        In RAS of the T1; None if the numbers make no pose or the world is not known.
    gap_mm, tilt_deg : float or None
        Off the scalp (negative inside), and between z and the way in; None without a scalp.
    faults : tuple of str
        Ids.
    """

    name: str
    where: str
    kind: str
    centre_mm: tuple[float, float, float] | None
    gap_mm: float | None
    tilt_deg: float | None
    faults: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the pose for JSON."""
        return {
            "name": self.name,
            "where": self.where,
            "kind": self.kind,
            "centre_mm": None if self.centre_mm is None else list(self.centre_mm),
            "gap_mm": self.gap_mm,
            "tilt_deg": self.tilt_deg,
            "faults": list(self.faults),
        }


@dataclass(frozen=True, slots=True, eq=False)
class PoseReport:
    """The verdict on one navigator file.

    Parameters
    ----------
    file, format, t1 : str
        Base names and what the content is.
    with_scalp : bool
    faults : tuple of Fault
        Causes first.
    outcomes : tuple of Outcome
        The declared reading, then the better ones; empty without a scalp.
    poses : tuple of PoseFinding
    cannot_know : tuple of str
        What no check of this file can tell.
    """

    file: str
    format: str
    t1: str
    with_scalp: bool
    faults: tuple[Fault, ...]
    outcomes: tuple[Outcome, ...]
    poses: tuple[PoseFinding, ...]
    cannot_know: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of everything that was found, each once."""
        return tuple(dict.fromkeys(f.id for f in self.faults))

    @property
    def is_clean(self) -> bool:
        """Whether there is no fault; notices do not count."""
        return all(f.kind.severity == "notice" for f in self.faults)

    def as_dict(self) -> dict[str, object]:
        """Return everything for JSON."""
        return {
            "file": self.file,
            "format": self.format,
            "t1": self.t1,
            "with_scalp": self.with_scalp,
            "clean": self.is_clean,
            "faults": [f.as_dict() for f in self.faults],
            "readings": [o.as_dict() for o in self.outcomes],
            "poses": [p.as_dict() for p in self.poses],
            "cannot_know": list(self.cannot_know),
        }

    def __str__(self) -> str:
        """Return the verdict for people: faults, readings, poses, limits."""
        return "\n".join(
            [
                f"{self.file}: {self.format}, {len(self.poses)} poses, against {self.t1}",
                *_faults(self.faults),
                *_section("How the poses sit, read", map(str, self.outcomes)),
                *_section("Poses", _pose_lines(self.poses)),
                *_section("What this check cannot know", self.cannot_know),
            ]
        )


def _faults(faults: Sequence[Fault]) -> list[str]:
    if not faults:
        return ["", "No fault was found."]
    wrong = sum(f.kind.severity == "fault" for f in faults)
    lines = ["", f"{wrong} faults, {len(faults) - wrong} notices"]
    for one in faults:
        lines += ["", f"{one.id}  {one.kind.title}", f"  {one.says}.", f"  {one.kind.do}."]
    return lines


def _section(title: str, lines: object) -> list[str]:
    shown = [f"  {line}" for line in lines]  # type: ignore[attr-defined]
    return ["", f"{title}:", *shown] if shown else []


def _pose_lines(poses: Sequence[PoseFinding]) -> list[str]:
    # Those with a fault first: a session holds thousands.
    chosen = sorted(poses, key=lambda p: not p.faults)[:_MOST_POSES]
    lines = [_pose_line(p) for p in chosen]
    rest = len(poses) - len(chosen)
    return [*lines, f"... and {rest} more (all of them with --json)"] if rest else lines


def _pose_line(pose: PoseFinding) -> str:
    parts = [pose.name or "(no name)"]
    if pose.gap_mm is not None and pose.tilt_deg is not None:
        parts.append(f"{pose.gap_mm:.1f} mm off the scalp, tilted {pose.tilt_deg:.0f} deg")
    if pose.faults:
        parts.append(", ".join(pose.faults))
    return "; ".join(parts)
