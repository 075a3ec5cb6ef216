"""What a solved head changes in the map of z under the coil."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .efield.pial import PialHead
from .efield.shell import ShellHead
from .efield.source import CoilSource
from .scalp_map_cortex import CortexSamples
from .scalp_map_sites import MapSites

__all__ = ["SolvedCoil", "change_by_field"]

Floats = NDArray[np.float64]


class SolvedCoil(Protocol):
    """A solved head and the coil over it."""

    @property
    def model(self) -> ShellHead | PialHead:
        """The solved head."""

    @property
    def source(self) -> CoilSource:
        """The coil's windings."""


def change_by_field(
    solved: SolvedCoil, samples: CortexSamples, sites: MapSites, flat: Floats
) -> tuple[Floats, str]:
    """Return by how much the solved field changes the mean z at each site, and words for it."""
    return np.zeros(len(sites)), "no solved field is used"
