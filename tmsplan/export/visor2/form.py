"""The writer and the reader of visor2's exchange file, joined."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...plan.plan import Plan
from ..coil_frame import coil_frame
from ..files import write_new
from ..names import file_stem
from ..protocol import ReadPose
from .image import qform_affine
from .read import parse_visor2, require_image, visor2_poses
from .write import AXES, Axes, visor2_bytes

__all__ = ["Visor2Format"]


@dataclass(frozen=True, slots=True)
class Visor2Format:
    """The JSON exchange file, ``.mrk``.

    Parameters
    ----------
    axes : 4 rows of 4
        For the writer only; the reader has its own derivation.
    """

    axes: Axes = AXES
    title: ClassVar[str] = "ANT Neuro visor2 2.8 and later (.mrk exchange file)"
    carries_cortex: ClassVar[bool] = False
    carries_orientation: ClassVar[bool] = True
    evidence: ClassVar[str] = (
        "From one example file that the vendor gave to SimNIBS: keys, words, fingerprint, row "
        "order, right-handed axes, z into the head. From the file's own word 'simnibs': the rest "
        "of the coil axes."
    )
    limits: ClassVar[str] = (
        "Not yet opened in visor2 by us. CoilInfo.Type is our name of the coil; what visor2 does "
        "with one it does not know is not known. The fingerprint is computed from where the T1 "
        "lies; a header whose quaternion has the opposite sign, the same turn, may be taken for "
        "another image: visor2 then says so."
    )

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write one file with every coil pose; see `visor2_bytes`."""
        path = folder / f"{file_stem(plan)}_visor2.mrk"
        return [write_new(path, visor2_bytes(plan, self.axes))]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return the coil targets of one file, if it is for the plan's T1; see `visor2_poses`."""
        file = parse_visor2(path)
        require_image(file, *qform_affine(plan))
        return list(visor2_poses(file, scanner=plan.frame, coil=coil_frame(plan)))
