"""The writers and the readers of ``matsimnibs``, joined."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...base.errors import FrameError
from ...plan.plan import Plan
from ..coil_frame import coil_frame
from ..files import write_new
from ..names import file_stem
from ..protocol import ReadPose
from .read import SimnibsFile, parse_simnibs_json, parse_simnibs_mat, simnibs_poses
from .write import AXES, Axes, json_bytes, mat_bytes

__all__ = ["SimnibsJsonFormat", "SimnibsMatFormat"]

_EVIDENCE = (
    "From SimNIBS' documentation and code: axes, unit, world of the T1. SimNIBS reads the matrix "
    "from a variable, so the file around it is our own."
)
_LIMITS = (
    "For scripts: SimNIBS has no menu that opens it. The head model must be made from the T1 that "
    "the file names. The distance to the skin is in the matrix already: do not add it again."
)


@dataclass(frozen=True, slots=True)
class SimnibsJsonFormat:
    """``positions[]: name, matsimnibs`` as JSON.

    Parameters
    ----------
    axes : 4 rows of 4
        For the writer only; the reader has its own derivation.
    """

    axes: Axes = AXES
    title: ClassVar[str] = "SimNIBS matsimnibs (JSON)"
    carries_cortex: ClassVar[bool] = False
    carries_orientation: ClassVar[bool] = True
    evidence: ClassVar[str] = _EVIDENCE
    limits: ClassVar[str] = _LIMITS

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write one file with every coil pose; see `json_bytes`."""
        path = folder / f"{file_stem(plan)}_matsimnibs.json"
        return [write_new(path, json_bytes(plan, self.axes))]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return the poses of one file in the plan's frame; see `simnibs_poses`."""
        return _poses(parse_simnibs_json(path), plan)


@dataclass(frozen=True, slots=True)
class SimnibsMatFormat:
    """``matsimnibs`` (4, 4, n) and ``names`` as MATLAB 5 file.

    Parameters
    ----------
    axes : 4 rows of 4
        For the writer only; the reader has its own derivation.
    """

    axes: Axes = AXES
    title: ClassVar[str] = "SimNIBS matsimnibs (MATLAB 5 .mat)"
    carries_cortex: ClassVar[bool] = False
    carries_orientation: ClassVar[bool] = True
    evidence: ClassVar[str] = _EVIDENCE
    limits: ClassVar[str] = _LIMITS

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write one file with every coil pose; see `mat_bytes`."""
        path = folder / f"{file_stem(plan)}_matsimnibs.mat"
        return [write_new(path, mat_bytes(plan, self.axes))]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return the poses of one file in the plan's frame; see `simnibs_poses`."""
        return _poses(parse_simnibs_mat(path), plan)


def _poses(file: SimnibsFile, plan: Plan) -> list[ReadPose]:
    found = file.about.get("t1_sha256")
    if found != plan.t1_sha256:
        raise FrameError(
            f"{file.path.name}: it is for the T1 with SHA-256 {found}, the plan for "
            f"{plan.t1_sha256}. Expected one T1. Export from this plan."
        )
    return list(simnibs_poses(file, scanner=plan.frame, coil=coil_frame(plan)))
