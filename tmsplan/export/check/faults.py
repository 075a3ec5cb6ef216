"""Everything that can be wrong with a navigator file: one id, one sentence, one thing to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...base.errors import InputError
from .raw import RawPose

__all__ = ["CAUSES", "FAULTS", "Fault", "FaultClass", "Severity", "fault", "fault_class"]

Severity = Literal["fault", "notice"]


@dataclass(frozen=True, slots=True)
class FaultClass:
    """A way in which a navigator file can be wrong.

    Parameters
    ----------
    id : str
        Stable; in text, JSON and documentation.
    title, do : str
        What it is and what to do about it.
    severity : {"fault", "notice"}
        A notice does not make the file wrong; a person has to look at it.
    """

    id: str
    title: str
    do: str
    severity: Severity = "fault"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one file.

    Parameters
    ----------
    kind : FaultClass
    says : str
        What was found, with numbers.
    poses : tuple of RawPose
        Those that have it; empty if it is the file that has it.
    """

    kind: FaultClass
    says: str
    poses: tuple[RawPose, ...] = ()

    @property
    def id(self) -> str:
        """Id of its class."""
        return self.kind.id

    def as_dict(self) -> dict[str, object]:
        """Return the fault for JSON."""
        return {
            "id": self.id,
            "severity": self.kind.severity,
            "title": self.kind.title,
            "says": self.says,
            "do": self.kind.do,
            "poses": [p.name for p in self.poses],
        }

    def __str__(self) -> str:
        return f"{self.id} {self.kind.title}: {self.says}. {self.kind.do}."


_EXPORT_AGAIN = "Export it again from the navigator; do not correct the numbers by hand"

FAULTS = (
    FaultClass(
        "CP-W01",
        "the header names another world than this T1 has",
        "Export again with the NIfTI coordinate system of this T1, or pass the T1 it belongs to",
    ),
    FaultClass(
        "CP-W02",
        "the T1 does not say where it lies",
        "Convert the T1 from DICOM again; with both codes 0 each navigator uses its own rule",
    ),
    FaultClass(
        "CP-W03",
        "the file's coordinates cannot be tied to this T1",
        "Export again in the NIfTI (RAS) coordinates of this T1",
    ),
    FaultClass("CP-W04", "the file was made on another T1", "Pass the T1 that the file names"),
    FaultClass(
        "CP-W05",
        "a position lies outside the T1's field of view",
        "Check unit, axes of the world and that this is the T1 of the file",
    ),
    FaultClass(
        "CP-W06",
        "LPS numbers are read as RAS, or the reverse",
        "Left and right, front and back are exchanged. Do not use it; export it again in the "
        "space that the file declares",
    ),
    FaultClass(
        "CP-W07",
        "no known reading puts the poses on this scalp",
        "The file may belong to another T1 or another person; do not use it",
    ),
    FaultClass(
        "CP-W08",
        "the two coordinate systems of the file contradict each other",
        "One reader will aim elsewhere than another. Do not use it",
    ),
    FaultClass(
        "CP-W09",
        "the file names another T1 file",
        "Another SHA-256 may be the same image in another container: compare the two",
        "notice",
    ),
    FaultClass("CP-U01", "positions are in metres, not millimetres", "Multiply at the source"),
    FaultClass("CP-U02", "angles are in radians, not degrees", "Convert at the source"),
    FaultClass("CP-M01", "a number is missing or not finite", _EXPORT_AGAIN),
    FaultClass("CP-M02", "the axes are sheared or scaled, no rotation", _EXPORT_AGAIN),
    FaultClass(
        "CP-M03",
        "mirrored: the axes or the position are those of a mirror image",
        "Left may have become right. Do not use it",
    ),
    FaultClass(
        "CP-M04",
        "the rotation is transposed",
        "Rows were written where columns belong, or the reverse. Do not use it",
    ),
    FaultClass(
        "CP-M05",
        "identity or zero pose: nothing was tracked",
        "Leave it out; it is no place on a head",
    ),
    FaultClass(
        "CP-A01",
        "the coil axes are those of another vendor",
        "Whatever wrote it forgot the change of coil axes. Do not use it",
    ),
    FaultClass(
        "CP-P01",
        "a coil centre lies inside the head",
        "A cortical target is no coil position: pass one, or name it so that it ends in _ctx",
    ),
    FaultClass(
        "CP-P02",
        "a coil centre lies far off the scalp",
        "Check the file against the T1 and the scalp",
    ),
    FaultClass(
        "CP-P03",
        "z points out of the head",
        "The coil would be held with its back to the head. Do not use it",
    ),
    FaultClass(
        "CP-P04",
        "the coil is tilted against the scalp",
        "Look at it before use: a tilted coil stimulates less and elsewhere",
        "notice",
    ),
    FaultClass(
        "CP-P05",
        "the name says one side, the position is on the other",
        "Left and right may be exchanged. Do not use it before you know which is right",
    ),
    FaultClass(
        "CP-P06",
        "z lies along the scalp, not into the head",
        "The coil would stand on its edge. Do not use it",
    ),
    FaultClass(
        "CP-P07",
        "a cortical point lies outside the head",
        "Check the file against the T1 and the scalp",
    ),
    FaultClass("CP-N01", "a name stands twice", "Rename one; on screen they look alike"),
    FaultClass(
        "CP-N02",
        "a name was padded",
        "Compare it with the name that was meant; some software adds zeros before short names",
    ),
    FaultClass(
        "CP-N03",
        "the XML is broken by a character that must be escaped",
        "Rename the marker without & < > and quotes, and export again",
    ),
    FaultClass(
        "CP-N04",
        "a name is empty or holds characters that nobody sees",
        "Rename it",
        "notice",
    ),
    FaultClass(
        "CP-R02",
        "the file holds no pose",
        "There is nothing to aim with or to check; pass the file with coil positions",
        "notice",
    ),
    FaultClass(
        "CP-R01",
        "some recorded poses are no place on the head",
        "Leave them out of an analysis: the coil was in the air, or was not seen",
        "notice",
    ),
)
_BY_ID = {f.id: f for f in FAULTS}

#: What explains a whole file rather than describing one pose.
CAUSES = ("CP-W06", "CP-U01", "CP-U02", "CP-M03", "CP-M04", "CP-A01", "CP-W07")


def fault_class(fault_id: str) -> FaultClass:
    """Return the class of an id.

    Raises
    ------
    InputError
        If there is none.
    """
    if fault_id not in _BY_ID:
        raise InputError(f"there is no fault '{fault_id}'. Known: {', '.join(_BY_ID)}.")
    return _BY_ID[fault_id]


def fault(fault_id: str, says: str, poses: Sequence[RawPose] = ()) -> Fault:
    """Return one fault; `says` is a clause without a final full stop."""
    return Fault(fault_class(fault_id), says, tuple(poses))
