"""A BOLD run on disk: what its files say; the voxels are read when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..space.frame import TEMPLATES
from ..space.grid import Grid, Volume
from ..space.side import Hemi
from ..surface.pair import Pair

__all__ = ["Series"]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One run of BOLD, in a volume or on the cortex.

    Parameters
    ----------
    files : tuple of Path
        One image; or one surface series a side, in the order of `hemis`.
    tr_s : float
        Repetition time in seconds, as decided (see `tr_because`).
    tr_because : str
        Which file or flag says so.
    n_volumes : int
    grid : Grid or None
        For a volume: in scanner RAS, or in the template that the run was resampled to.
    mesh : Pair of str or None
        For a surface: the mesh of each side, for example ``"fsaverage5"``.
    confounds : mapping of name to (n_volumes,) float64
        Columns of the confounds file, NaN where it says n/a; empty without a file.
    task : str
        ``"rest"`` or what the file name or sidecar says; empty if neither does.
    kind : str
        ``"volume"``, ``"surface"`` (one file a side) or ``"cifti"`` (both sides in one file).
    hemis : tuple of Hemi
        For a surface: the sides that were recorded. A side that is not here is uncovered.
    sizes : tuple of int
        For a surface: vertices of each of `hemis`.
    vertex_at : Pair of (n,) intp or None
        For a surface of a standard mesh: which of its vertices each vertex of the patient's own
        mesh takes its value from. None where the mesh is the patient's, or nothing relates the
        two.
    mask : Volume of bool or None
        The brain, on the series' grid, where a pipeline wrote it.
    use_form : {"qform", "sform"} or None
        Which form of the image was believed where its two disagree.
    """

    files: tuple[Path, ...]
    tr_s: float
    tr_because: str
    n_volumes: int
    grid: Grid[Any] | None = None
    mesh: Pair[str] | None = None
    confounds: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    task: str = ""
    kind: str = "volume"
    hemis: tuple[Hemi, ...] = ()
    sizes: tuple[int, ...] = ()
    vertex_at: Pair[NDArray[np.intp]] | None = None
    mask: Volume[Any] | None = None
    use_form: str | None = None

    @property
    def minutes(self) -> float:
        """How long the run is."""
        return self.n_volumes * self.tr_s / 60.0

    @property
    def name(self) -> str:
        """Base name of the first file, for messages."""
        return self.files[0].name

    @property
    def template(self) -> str | None:
        """BIDS name of the template that the run was resampled to; None in its own space."""
        if self.grid is None:
            return None
        kind = self.grid.world.kind
        return next((name for name, one in TEMPLATES.items() if one is kind), None)
