"""How strongly a coil acts at each place under it: |E| to the eighth power, whatever the handle.

Under a flat coil that lies along a conductor with a flat surface, no charge gathers: the field is
minus the rate of change of the coil's own vector potential, whatever the conductivity. That is
the first approximation of any head, and all of it that depends on the coil. Averaged over every
direction of the handle it is a function of two lengths, and is read from a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .efield.measures import HOTSPOT_POWER
from .efield.source import coil_source

__all__ = ["REACH_MM", "CoilKernel", "coil_kernel"]

Floats = NDArray[np.float64]

#: Cortex farther than this from the coil's axis, or from its face along it, gets nothing: the
#: weight there is below 3e-3 of that 20 mm under the coil's centre.
REACH_MM = 50.0
_STEP_MM = 1.0
#: Directions of the handle within half a turn; the other half gives the same |E|.
_HANDLES = 8
#: Tables start this far under the face: a winding may lie in it.
_TOP_MM = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class CoilKernel:
    """Weights over the distance from the axis (rows) and under the face (columns), 1 mm apart.

    Parameters
    ----------
    coil : str
    table : (n, m) float64
        Mean of |E|^8 over the directions of the handle; 1 at its largest.
    """

    coil: str
    table: Floats

    def weights(self, aside_mm: Floats, under_mm: Floats) -> Floats:
        """Return the weight of places in a coil's own axes; 0 beyond `REACH_MM`.

        Parameters
        ----------
        aside_mm, under_mm : (n,) float64
            From the coil's axis, and from its face into the head.
        """
        i, j = aside_mm / _STEP_MM, (under_mm - _TOP_MM) / _STEP_MM
        n, m = self.table.shape
        inside = (i < n - 1) & (j < m - 1) & (under_mm > 0)
        i, j = np.clip(i, 0, n - 1.001), np.clip(j, 0, m - 1.001)
        row, column = i.astype(np.intp), j.astype(np.intp)
        u, v = i - row, j - column
        flat, at = self.table.ravel(), row * m + column
        low = flat[at] * (1 - v) + flat[at + 1] * v
        high = flat[at + m] * (1 - v) + flat[at + m + 1] * v
        return np.asarray(np.where(inside, low * (1 - u) + high * u, 0.0))


@cache
def coil_kernel(name: str) -> CoilKernel:
    """Return the kernel of a coil by its name in `coil_names`.

    Raises
    ------
    InputError
        If there is no such coil.
    """
    source = coil_source(name)
    aside = np.arange(0.0, REACH_MM + 2 * _STEP_MM, _STEP_MM)
    under = np.arange(_TOP_MM, REACH_MM + 2 * _STEP_MM, _STEP_MM)
    turns = np.pi * np.arange(_HANDLES) / _HANDLES
    total = np.zeros((len(aside), len(under)))
    for turn in turns:
        rho, z = np.meshgrid(aside, under, indexing="ij")
        points = np.stack([rho * np.cos(turn), rho * np.sin(turn), z], axis=-1).reshape(-1, 3)
        strength = np.linalg.norm(source.vector_potential(points * 1e-3), axis=1)
        total += strength.reshape(total.shape) ** HOTSPOT_POWER.value
    return CoilKernel(name, total / total.max())
