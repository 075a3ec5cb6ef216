"""NIBS-BIDS, draft v6.3: ``markers.tsv``, ``markers.json``, ``coordsystem.json``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...plan.plan import Plan
from ..coil_frame import coil_frame
from ..describe import t1_record
from ..files import write_new
from ..nibs_bids import DRAFT, nibs_bids_files, nibs_bids_poses
from ..protocol import ReadPose

__all__ = ["FORMAT", "NibsBidsFormat"]


@dataclass(frozen=True, slots=True)
class NibsBidsFormat:
    """Spatial files of the draft; the table first, then its side files."""

    title: ClassVar[str] = f"{DRAFT} (markers.tsv, coordsystem.json)"
    carries_cortex: ClassVar[bool] = True
    evidence: ClassVar[str] = (
        "From the draft as it stood in July 2026: column names and that the matrix is SimNIBS'. "
        "An earlier text of v6.3 names them position_coil_x, position_direction_x and so on."
    )
    limits: ClassVar[str] = (
        "A draft: names may change before it becomes a standard, and no validator knows it yet. "
        "Planned positions only: what was delivered belongs to nibs.tsv and events.tsv, which are "
        "not written."
    )

    def write(self, plan: Plan, folder: Path) -> list[Path]:
        """Write the table and its two side files; see `nibs_bids_files`."""
        files = nibs_bids_files(plan)
        return [write_new(folder / name, data) for name, data in files.items()]

    def read(self, path: Path, plan: Plan) -> list[ReadPose]:
        """Return the poses of a table, none of a side file; see `nibs_bids_poses`."""
        t1 = t1_record(plan).sha256
        return list(nibs_bids_poses(path, scanner=plan.frame, coil=coil_frame(plan), t1_sha256=t1))


FORMAT = NibsBidsFormat()
