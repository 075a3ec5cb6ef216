"""How strongly a coil acts at each place under it: |E| to the eighth power, whatever the handle.

|E| is that in a conducting sphere as round as a head, which has a closed form. Under a conductor
with a flat surface it would be the coil's own vector potential alone; that falls too slowly with
depth (docs/decisions/0029). Averaged over every direction of the handle, the field is a function
of two lengths, and is read from a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from .efield.measures import HOTSPOT_POWER
from .efield.source import coil_source
from .efield.sphere import sphere_field

__all__ = ["HEAD_RADIUS", "REACH_MM", "CoilKernel", "coil_kernel"]

Floats = NDArray[np.float64]

#: Of the sphere that stands for the head; 75 to 100 mm give nearly the same map.
HEAD_RADIUS = Param(85.0, "mm", 60, 120, "docs/decisions/0029")
#: Cortex farther than this from the coil's centre gets nothing: the weight there is below 0.02
#: of that 20 mm under the coil's centre, and mostly far below.
REACH_MM = 50.0
#: |E| is smooth: read linearly at this step it is right to 1e-3, its eighth power to 1e-2.
_STEP_MM = 2.0
#: Directions of the handle within half a turn; the other half gives the same |E|.
_HANDLES = 8
#: The table starts this far under the face: windings may lie in it, but no cortex.
_TOP_MM = 6.0
#: No cortex lies nearer to the skin than this. Where a flat part of a head reaches out of the
#: sphere, the field is that at this depth.
_CRUST_MM = 8.0
#: The sphere begins this far under the face; a head's coils stand off by about as much.
_OFF_MM = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class CoilKernel:
    """Weights over the distance from the axis (rows) and under the face (columns).

    Parameters
    ----------
    coil : str
    table : (n, m) float64
        Eighth root of the mean of |E|^8 over the directions of the handle, 2 mm apart from 0
        and from 6 mm on; 1 at its largest.
    """

    coil: str
    table: Floats

    def weights(self, aside_mm: Floats, under_mm: Floats) -> Floats:
        """Return the weight of places in a coil's own axes, of any scale.

        Parameters
        ----------
        aside_mm, under_mm : (n,) float64
            From the coil's axis, and from its face into the head. Nearer to the face than the
            table, its first column counts; farther than its last, or behind the face, 0.
        """
        n, m = self.table.shape
        i, j = aside_mm / _STEP_MM, (under_mm - _TOP_MM) / _STEP_MM
        inside = (i <= n - 1) & (j <= m - 1) & (under_mm > 0)
        i, j = np.clip(i, 0, n - 1.001), np.clip(j, 0, m - 1.001)
        row, column = i.astype(np.intp), j.astype(np.intp)
        u, v = i - row, j - column
        flat, at = self.table.ravel(), row * m + column
        low = flat[at] * (1 - v) + flat[at + 1] * v
        high = flat[at + m] * (1 - v) + flat[at + m + 1] * v
        strength = np.where(inside, low * (1 - u) + high * u, 0.0)
        return np.asarray(strength**HOTSPOT_POWER.value)


@cache
def coil_kernel(name: str) -> CoilKernel:
    """Return the kernel of a coil by its name in `coil_names`; a second to make.

    Raises
    ------
    InputError
        If there is no such coil.
    """
    source, power = coil_source(name), HOTSPOT_POWER.value
    aside, under = np.meshgrid(
        np.arange(0.0, REACH_MM + _STEP_MM, _STEP_MM),
        np.arange(_TOP_MM, REACH_MM + _STEP_MM, _STEP_MM),
        indexing="ij",
    )
    centre = np.array([0.0, 0.0, HEAD_RADIUS.value + _OFF_MM])
    total = np.zeros(aside.shape)
    for turn in np.pi * np.arange(_HANDLES) / _HANDLES:
        places = np.stack([aside * np.cos(turn), aside * np.sin(turn), under], axis=-1)
        inside = _inside(places.reshape(-1, 3), centre) * 1e-3
        field = sphere_field(source, np.eye(4), centre * 1e-3, inside, 1.0)
        total += np.linalg.norm(field, axis=1).reshape(total.shape) ** power
    return CoilKernel(name, (total / total.max()) ** (1 / power))


def _inside(places_mm: Floats, centre_mm: Floats) -> Floats:
    """Return places moved towards the sphere's centre until they are under its crust."""
    away = places_mm - centre_mm
    radius = np.linalg.norm(away, axis=1)
    share = np.minimum(1.0, (HEAD_RADIUS.value - _CRUST_MM) / radius)
    return np.asarray(centre_mm + share[:, None] * away)
