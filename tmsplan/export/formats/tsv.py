"""A plain table of poses, for software that has no format of its own here."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError
from ...base.table import Table, read_table
from ...plan.plan import Plan, PlannedTarget
from ...space.frame import CoilSimnibs, Frame
from ...space.side import Hemi
from ...space.transform import Rigid
from ..coil_frame import coil_frame
from ..files import number, write_new
from ..names import display_name, file_stem
from ..protocol import ReadPose
from ..rotation import rotation_from_printed

__all__ = ["COLUMNS", "FORMAT", "TsvFormat"]

#: Order of the file. mm in RAS of the frame; `xdir`, `ydir`, `zdir` are unit vectors.
COLUMNS = (
    *("id", "name", "kind", "hemi", "labels", "frame", "frame_axes", "t1_sha256"),
    *("coil", "coil_axes", "centre_x_mm", "centre_y_mm", "centre_z_mm"),
    *("xdir_x", "xdir_y", "xdir_z", "ydir_x", "ydir_y", "ydir_z", "zdir_x", "zdir_y", "zdir_z"),
    *("cortex_x_mm", "cortex_y_mm", "cortex_z_mm", "scalp_x_mm", "scalp_y_mm", "scalp_z_mm"),
)
_DECIMALS = 6
#: Worst entry of Rt R - 1 of axes printed with six decimals, rounded up.
_OFF = 2e-6
#: The reader's own words for the axes; another convention is refused, not guessed.
_AXES_READ = "coil: z into the head, y away from the handle"


@dataclass(frozen=True, slots=True)
class TsvFormat:
    """One row per target, six decimals, columns by name."""

    title: ClassVar[str] = "plain table (TSV), RAS mm"
    carries_cortex: ClassVar[bool] = True
    evidence: ClassVar[str] = "tmsplan's own table; no vendor reads it."
    limits: ClassVar[str] = (
        "For people and scripts. Whoever types it into a navigator must convert the axes."
    )

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write ``<patient>_targets.tsv``."""
        # Names may hold quotes; csv doubles them, as read_table and spreadsheets expect.
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_row(plan, p) for p in plan.targets)
        return [write_new(folder / f"{file_stem(plan)}_targets.tsv", text.getvalue().encode())]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return two poses per row, at the coil's centre and at the cortical point.

        Raises
        ------
        FrameError
            If a row is in another frame, of another T1 or in other coil axes.
        InputError
            If a cell is no number, or the axes are no right-handed rotation.
        """
        table = read_table(path)
        _require_column(table, "frame", str(plan.frame))
        _require_column(table, "frame_axes", "RAS")
        _require_column(table, "t1_sha256", plan.t1_sha256)
        _require_column(table, "coil_axes", _AXES_READ)
        coil = coil_frame(plan)
        _require_column(table, "coil", coil.owner)
        return _poses(table, plan, coil)


FORMAT = TsvFormat()


def _row(plan: Plan, planned: PlannedTarget) -> list[str]:
    target, pose = planned.target, planned.pose
    # Called for its refusals: the same names must be possible in every format.
    display_name(plan.labels, target.hemi, target.name)
    matrix = pose.scanner_from_coil.matrix(plan.frame, pose.scanner_from_coil.src)
    numbers = [
        *matrix[:3, 3],
        *matrix[:3, :3].T.ravel(),
        *target.point.mm(plan.frame)[0],
        *pose.scalp_point.mm(plan.frame)[0],
    ]
    words = [
        target.id,
        target.name,
        target.kind,
        str(target.hemi),
        " ".join(plan.labels),
        str(plan.frame),
        plan.frame.kind.axes,
        plan.t1_sha256,
        pose.scanner_from_coil.src.owner,
        CoilSimnibs.axes,
    ]
    return [*words, *(number(v, _DECIMALS) for v in numbers)]


def _require_column(table: Table, column: str, expected: str) -> None:
    for k, found in enumerate(table.texts(column)):
        if found != expected:
            raise FrameError(
                f"{table.name}: row {k + 2}, column '{column}' says {found!r}. Expected "
                f"{expected!r}. The table belongs to another plan or was edited."
            )


def _poses(table: Table, plan: Plan, coil: Frame[CoilSimnibs]) -> list[ReadPose]:
    axes = np.stack([_triples(table, f"{axis}dir_{{}}") for axis in "xyz"], axis=-1)
    places = {"coil": _triples(table, "centre_{}_mm"), "ctx": _triples(table, "cortex_{}_mm")}
    words = zip(*(table.texts(c) for c in ("labels", "hemi", "name")), strict=True)
    poses = []
    for k, (labels, hemi, text) in enumerate(words):
        who = f"{table.name}, row {k + 2}"
        name = display_name(labels.split(), Hemi.parse(hemi), text)
        m = np.eye(4)
        m[:3, :3] = rotation_from_printed(axes[k], _OFF, who)
        because = f"{who}: columns xdir, ydir, zdir, in the axes that the row names"
        for ending, places_mm in places.items():
            m[:3, 3] = places_mm[k]
            rigid = Rigid.claim(m, dst=plan.frame, src=coil, because=because)
            poses.append(ReadPose(f"{name}_{ending}", rigid))
    return poses


def _triples(table: Table, columns: str) -> NDArray[np.float64]:
    """Return (rows, 3) numbers of the columns ending in x, y and z."""
    return np.column_stack([table.numbers(columns.format(c)) for c in "xyz"])
