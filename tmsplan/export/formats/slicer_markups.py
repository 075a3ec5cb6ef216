"""3D Slicer, markups (``.mrk.json``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...plan.plan import Plan
from ..coil_frame import coil_frame
from ..describe import t1_record
from ..files import write_new
from ..names import file_stem
from ..protocol import ReadPose
from ..slicer import markups_bytes, markups_poses

__all__ = ["FORMAT", "SlicerMarkupsFormat"]


@dataclass(frozen=True, slots=True)
class SlicerMarkupsFormat:
    """Two point lists: coil positions and cortical points."""

    title: ClassVar[str] = "3D Slicer markups (.mrk.json)"
    carries_cortex: ClassVar[bool] = True
    evidence: ClassVar[str] = (
        "From Slicer's schema 1.0.3: keys, units, LPS or RAS, and that orientation holds the axes "
        "as columns, row by row. From files that Slicer wrote: the default orientation in LPS is "
        "-1 0 0, 0 -1 0, 0 0 1, so a flip of the world stands on the left."
    )
    limits: ClassVar[str] = (
        "Not yet opened in Slicer by us. Slicer has no coil: the axes are tmsplan's. It is no "
        "navigator; use it to look at a plan."
    )

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write one file with two lists; see `markups_bytes`."""
        data = markups_bytes(plan)
        return [write_new(folder / f"{file_stem(plan)}_targets.mrk.json", data)]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return a pose per control point in the plan's frame; see `markups_poses`."""
        t1 = t1_record(plan).sha256
        return list(markups_poses(path, scanner=plan.frame, coil=coil_frame(plan), t1_sha256=t1))


FORMAT = SlicerMarkupsFormat()
