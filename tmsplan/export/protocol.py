"""What a navigator format is: a writer, and a reader that was written without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..plan.plan import Plan
from ..space.frame import CoilSimnibs, Scanner
from ..space.points import Points
from ..space.transform import Rigid

__all__ = ["NavigatorFormat", "ReadPoint", "ReadPose", "carries_orientation"]


@dataclass(frozen=True, slots=True, eq=False)
class ReadPose:
    """One pose as a navigator file states it, in tmsplan's own axes.

    Parameters
    ----------
    name : str
        Exactly as in the file.
    scanner_from_coil : Rigid from CoilSimnibs to Scanner
        z into the head, y away from the handle, x = y cross z; origin in mm.
    """

    name: str
    scanner_from_coil: Rigid[Scanner, CoilSimnibs]

    def __str__(self) -> str:
        pose = self.scanner_from_coil
        x, y, z = pose.matrix(pose.dst, pose.src)[:3, 3]
        return f"{self.name} at ({x:.2f}, {y:.2f}, {z:.2f}) mm, {pose.dst} RAS"


@dataclass(frozen=True, slots=True, eq=False)
class ReadPoint:
    """One place as a file without coil axes states it.

    Parameters
    ----------
    name : str
        Exactly as in the file.
    point : Points of Scanner, one point
        mm.
    """

    name: str
    point: Points[Scanner]

    def __str__(self) -> str:
        x, y, z = self.point.mm(self.point.frame)[0]
        return f"{self.name} at ({x:.2f}, {y:.2f}, {z:.2f}) mm, {self.point.frame} RAS"


class NavigatorFormat(Protocol):
    """One vendor's file, both ways.

    `write` and `read` must not share a matrix, a table or a line of code that states the
    vendor's axes: a mistake in a shared one would be written and read back without a trace.

    A format whose files hold places but no coil axes also has ``carries_orientation = False``;
    its rows are `scalp_name` and `cortex_name`, and only places are compared.
    """

    @property
    def title(self) -> str:
        """The software and version that opens the file."""
        ...

    @property
    def evidence(self) -> str:
        """Which facts come from files that the vendor's software wrote, and which do not."""
        ...

    @property
    def limits(self) -> str:
        """What the file cannot say, or what nobody has tried."""
        ...

    @property
    def carries_cortex(self) -> bool:
        """Whether each target's cortical point is in the file, under `cortex_name`."""
        ...

    def write(self, plan: Plan, folder: Path) -> Sequence[Path]:
        """Write every target of the plan into `folder`, which is empty; return the files.

        Raises
        ------
        InputError
            If the plan holds what this format cannot say.
        """
        ...

    def read(self, path: Path, plan: Plan) -> Sequence[ReadPose] | Sequence[ReadPoint]:
        """Return every pose that `path` holds; none for a side file without poses.

        A format without orientation returns `ReadPoint`, every other one `ReadPose`.

        The plan says in which frame and of which T1 the file must be; never where the poses
        are.

        Raises
        ------
        InputError
            If the file is not what it should be.
        """
        ...


def carries_orientation(fmt: NavigatorFormat) -> bool:
    """Whether the files say how the coil is turned, not only where it goes.

    A format that is silent about it is held to the stricter check: it carries orientation.
    """
    return bool(getattr(fmt, "carries_orientation", True))
