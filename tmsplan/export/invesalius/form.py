"""The writer and the reader of InVesalius' marker file, joined."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...plan.plan import Plan
from ..coil_frame import coil_frame
from ..files import write_new
from ..names import file_stem
from ..protocol import ReadPose
from .image import recorded_image
from .parse import parse_invesalius
from .read import invesalius_poses
from .write import AXES, Axes, invesalius_bytes

__all__ = ["InvesaliusFormat"]


@dataclass(frozen=True, slots=True)
class InvesaliusFormat:
    """InVesalius' marker file, version 5.

    Parameters
    ----------
    axes : 4 rows of 4
        For the writer only; the reader has its own derivation.
    """

    axes: Axes = AXES
    title: ClassVar[str] = "InVesalius 3 navigation (.mkss, version 5)"
    carries_cortex: ClassVar[bool] = True
    evidence: ClassVar[str] = (
        "From InVesalius' source: columns, quotes, static xyz angles in degrees, the reversed y "
        "axis, the reordering of the image to RAS, and that x points to the coil's Anterior "
        "mark, y to its Left one and z away from the scalp. No file that InVesalius wrote was at "
        "hand."
    )
    limits: ClassVar[str] = (
        "Not yet opened in InVesalius by us. The numbers depend on the T1's grid: load the one "
        "that the plan names, as NIfTI. That the Anterior mark lies opposite the handle is how a "
        "figure-8 coil is registered, not something the file can say. On Windows letters "
        "outside the system's code page may show wrongly in labels."
    )

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write one file with every target; see `invesalius_bytes`."""
        data = invesalius_bytes(plan, recorded_image(plan), self.axes)
        return [write_new(folder / f"{file_stem(plan)}_markers.mkss", data)]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return coil and brain targets in the plan's frame; see `invesalius_poses`."""
        markers = parse_invesalius(path)
        image = recorded_image(plan)
        return list(invesalius_poses(markers, image, scanner=plan.frame, coil=coil_frame(plan)))
