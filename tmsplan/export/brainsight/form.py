"""The writer and the reader of Brainsight's text file, joined."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...base.errors import refuse_file
from ...plan.plan import Plan
from ..coil_frame import coil_frame
from ..files import write_new
from ..names import file_stem
from ..protocol import ReadPose
from ..t1 import navigator_t1
from .parse import parse_brainsight
from .read import brainsight_poses
from .write import AXES, Axes, Version, brainsight_bytes

__all__ = ["BrainsightFormat"]


@dataclass(frozen=True, slots=True)
class BrainsightFormat:
    """One text version of Brainsight's file.

    Parameters
    ----------
    version : 12 or 14
    title : str
    axes : 4 rows of 4
        For the writer only; the reader has its own derivation.
    """

    version: Version
    title: str
    axes: Axes = AXES
    carries_cortex: ClassVar[bool] = True
    evidence: ClassVar[str] = (
        "From files that Brainsight wrote: header lines, column names, order of the nine numbers, "
        "right-handed axes, and z out of the head in real targets. From Rogue "
        "Research as quoted in SimNIBS: the names of the coordinate systems. From SimNIBS: that y "
        "points away from the handle."
    )
    limits: ClassVar[str] = (
        "Not yet opened in Brainsight by us. The file does not say whether a location is on the "
        "scalp or the cortex: the names end in _coil or _ctx. It does not name the T1: load the "
        "one that the plan names."
    )

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write one file with every target; see `brainsight_bytes`."""
        path = folder / f"{file_stem(plan)}_brainsight-v{self.version}.txt"
        return [write_new(path, brainsight_bytes(plan, self.version, self.axes))]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return the targets of one file in the plan's frame; see `brainsight_poses`."""
        file = parse_brainsight(path)
        if file.version != self.version:
            raise refuse_file(
                path,
                f"it is of text version {file.version}",
                f"version {self.version}",
                "Pass the file of this format",
            )
        poses = brainsight_poses(
            file, "Target", t1=navigator_t1(plan), scanner=plan.frame, coil=coil_frame(plan)
        )
        return list(poses)
