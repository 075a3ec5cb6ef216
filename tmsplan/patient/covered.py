"""Where a map has values."""

from __future__ import annotations

import numpy as np

from ..space.frame import Scanner
from ..space.grid import Volume

__all__ = ["covered_by"]


def covered_by(volume: Volume[Scanner]) -> Volume[Scanner]:
    """Return where a map has a value: finite and not exactly 0.

    Exact zeros count as missing here: pipelines write them outside their mask and where the
    signal dropped out. The map itself is not changed.

    Returns
    -------
    Volume of bool
        On the same grid.
    """
    return Volume(np.isfinite(volume.data) & (volume.data != 0), volume.grid)
