"""A BOLD run on disk: what its files say; the voxels are read when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..space.frame import Scanner
from ..space.grid import Grid
from ..surface.pair import Pair

__all__ = ["Series"]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One run of BOLD, in a volume or on the cortex.

    Parameters
    ----------
    files : tuple of Path
        One image; or left and right surface series, in that order.
    tr_s : float
        Repetition time in seconds, as decided (see `tr_because`).
    tr_because : str
        Which file or flag says so.
    n_volumes : int
    grid : Grid of Scanner or None
        For a volume.
    mesh : Pair of str or None
        For a surface: the mesh of each side, for example ``"fsaverage5"``.
    confounds : mapping of name to (n_volumes,) float64
        Columns of the confounds file, NaN where it says n/a; empty without a file.
    task : str
        ``"rest"`` or what the file name or sidecar says; empty if neither does.
    """

    files: tuple[Path, ...]
    tr_s: float
    tr_because: str
    n_volumes: int
    grid: Grid[Scanner] | None = None
    mesh: Pair[str] | None = None
    confounds: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    task: str = ""

    @property
    def minutes(self) -> float:
        """How long the run is."""
        return self.n_volumes * self.tr_s / 60.0
