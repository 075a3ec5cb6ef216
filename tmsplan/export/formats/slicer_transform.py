"""3D Slicer and ITK, one linear transform per target (``.tfm``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...plan.plan import Plan
from ..coil_frame import coil_frame
from ..describe import file_per_target, t1_record
from ..files import write_new
from ..protocol import ReadPose
from ..slicer import transform_bytes, transform_pose

__all__ = ["FORMAT", "SlicerTransformFormat"]


@dataclass(frozen=True, slots=True)
class SlicerTransformFormat:
    """One transform per target, to put a coil model under."""

    title: ClassVar[str] = "3D Slicer transform, ITK text (.tfm)"
    carries_cortex: ClassVar[bool] = False
    evidence: ClassVar[str] = (
        "From a transform that Slicer wrote, published beside the matrix that it showed: LPS on "
        "both sides, inverted. From ITK itself, which reads these files in the tests: the order "
        "of the numbers and the centre."
    )
    limits: ClassVar[str] = (
        "Not yet opened in Slicer by us. The transform fits a coil model in tmsplan's axes; a "
        "model in another maker's axes would point elsewhere. Slicer shows the file's name, not "
        "the target's."
    )

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write one file per target; see `transform_bytes`."""
        files = {f"{stem}_coil.tfm": transform_bytes(plan, p) for p, stem in file_per_target(plan)}
        return [write_new(folder / name, data) for name, data in files.items()]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return the pose of one file in the plan's frame; see `transform_pose`."""
        t1 = t1_record(plan).sha256
        coil = coil_frame(plan)
        return [transform_pose(path, scanner=plan.frame, coil=coil, t1_sha256=t1)]


FORMAT = SlicerTransformFormat()
