"""Localite's writers and readers, joined."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...base.errors import refuse_file
from ...plan.plan import Plan
from ..coil_frame import coil_frame
from ..files import write_new
from ..names import file_stem
from ..protocol import ReadPoint, ReadPose
from .parse import LocaliteFile, parse_localite
from .read import localite_points, localite_poses
from .write import AXES, Axes, Space, Spelling, entry_bytes, marker_bytes

__all__ = ["LocaliteEntryFormat", "LocaliteMarkerFormat"]

_FILES = {"classic": "InstrumentMarker", "gum": "GUMMarkers"}
_KINDS = {"classic": "instrument", "gum": "gum"}
_TITLES = {"classic": "instrument markers", "gum": "GUM markers, newer versions"}
_SPACES = "RAS is for a NIfTI volume, LPS for DICOM: take the one that the navigator has loaded."


@dataclass(frozen=True, slots=True)
class LocaliteMarkerFormat:
    """Coil poses, in one of two spellings and one of two world axes.

    Parameters
    ----------
    spelling : {"classic", "gum"}
    space : {"RAS", "LPS"}
    axes : 4 rows of 4
        For the writer only; the reader has its own derivation.
    """

    spelling: Spelling
    space: Space
    axes: Axes = AXES
    carries_cortex: ClassVar[bool] = False
    carries_orientation: ClassVar[bool] = True

    @property
    def title(self) -> str:
        """The software and version that opens the file."""
        return f"Localite TMS Navigator, {_TITLES[self.spelling]} ({self.space})"

    @property
    def evidence(self) -> str:
        """Which facts come from files that the vendor's software wrote, and which do not."""
        if self.spelling == "gum":
            return (
                "No GUM file of the vendor was at hand: elements and attributes are those that "
                "three public programs read and write. Coil axes: as the classic files."
            )
        return (
            "From files that TMS Navigator wrote (2012, 2017, 2021): elements, attributes, order "
            "of the sixteen numbers, both spaces, x into the head. From SimNIBS: that y runs "
            "along the handle."
        )

    @property
    def limits(self) -> str:
        """What the file cannot say, or what nobody has tried."""
        return f"Not yet opened in TMS Navigator by us. The file does not name the T1. {_SPACES}"

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write one file with every coil pose; see `marker_bytes`."""
        name = f"{file_stem(plan)}_{_FILES[self.spelling]}_{self.space}.xml"
        return [write_new(folder / name, marker_bytes(plan, self.spelling, self.space, self.axes))]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return the markers of one file in the plan's frame; see `localite_poses`."""
        file = _require(path, _KINDS[self.spelling], self.space)
        return list(localite_poses(file, scanner=plan.frame, coil=coil_frame(plan)).poses)


@dataclass(frozen=True, slots=True)
class LocaliteEntryFormat:
    """Scalp and cortical points, without coil axes."""

    space: Space
    carries_cortex: ClassVar[bool] = True
    carries_orientation: ClassVar[bool] = False
    evidence: ClassVar[str] = (
        "From files that TMS Navigator wrote (2012): elements, attributes, LPS. They hold one "
        "pair each; that several pairs stand one after the other, told apart by their index, is "
        "our reading."
    )

    @property
    def title(self) -> str:
        """The software and version that opens the file."""
        return f"Localite TMS Navigator, entry and target points ({self.space})"

    @property
    def limits(self) -> str:
        """What the file cannot say, or what nobody has tried."""
        return (
            "Holds no coil axes: the operator turns the coil by hand. Not yet opened in TMS "
            f"Navigator by us. The file does not name the T1. {_SPACES}"
        )

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write one file with every pair; see `entry_bytes`."""
        name = f"{file_stem(plan)}_EntryTarget_{self.space}.xml"
        return [write_new(folder / name, entry_bytes(plan, self.space))]

    def read(self, path: Path, plan: Plan) -> list[ReadPoint]:
        """Return both ends of every pair in the plan's frame; see `localite_points`."""
        return list(
            localite_points(_require(path, "entry-target", self.space), scanner=plan.frame)
        )


def _require(path: Path, kind: str, space: Space) -> LocaliteFile:
    file = parse_localite(path)
    if (file.kind, file.space) not in {(kind, space), (kind, "MNI")}:
        raise refuse_file(
            path,
            f"it is a file of kind '{file.kind}' in {file.space}",
            f"kind '{kind}' in {space}",
            "Pass the file of this format",
        )
    return file
