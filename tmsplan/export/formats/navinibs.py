"""NaviNIBS, the JSON file of *Import targets from file*."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...plan.plan import Plan
from ..coil_frame import coil_frame
from ..describe import t1_record
from ..files import write_new
from ..names import file_stem
from ..navinibs import AXES, Axes, navinibs_bytes, navinibs_poses
from ..protocol import ReadPose

__all__ = ["FORMAT", "NavinibsFormat"]


@dataclass(frozen=True, slots=True)
class NavinibsFormat:
    """NaviNIBS' targets file.

    Parameters
    ----------
    axes : 4 rows of 4
        For the writer only; the reader has its own derivation.
    """

    axes: Axes = AXES
    title: ClassVar[str] = "NaviNIBS targets (.json)"
    carries_cortex: ClassVar[bool] = True
    evidence: ClassVar[str] = (
        "From NaviNIBS' source: key names, that the matrix takes coil to MRI, that -y runs along "
        "the handle and -z into the head, and how the file is imported. No file that NaviNIBS "
        "wrote was at hand."
    )
    limits: ClassVar[str] = (
        "Not yet opened in NaviNIBS by us. Importing replaces targets of the same name without a "
        "question. The version we read refuses a T1 whose grid is oblique. Changing entry, "
        "target, angle or offset there discards the planned pose."
    )

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write one file with every target; see `navinibs_bytes`."""
        data = navinibs_bytes(plan, self.axes)
        return [write_new(folder / f"{file_stem(plan)}_navinibs-targets.json", data)]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return the targets in the plan's frame; see `navinibs_poses`."""
        t1 = t1_record(plan).sha256
        return list(navinibs_poses(path, scanner=plan.frame, coil=coil_frame(plan), t1_sha256=t1))


FORMAT = NavinibsFormat()
