"""Whether the T1 is the one that the surfaces were made from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.errors import refuse_file
from ..base.params import Params
from ..space.frame import Scanner
from ..space.grid import Volume
from ..space.points import Points
from ..surface.pair import Pair
from ..surface.surface import Surface
from .anatomy import HemiFiles
from .patient import Cortex

__all__ = ["require_in_view", "require_t1_fits", "white_is_brighter"]

#: Share of cortex inside the T1's field of view. A cropped image may miss some.
INSIDE = 0.95
_STEP_MM = 1.0
_VERTICES = 20_000


def require_in_view(t1: Volume[Scanner], cortex: Pair[Cortex], files: Pair[HemiFiles]) -> None:
    """Refuse surfaces that leave the T1's field of view.

    Raises
    ------
    InputError
        Names the surface and how much of it lies outside.
    """
    for hemi, side in cortex.sides():
        _, inside = t1.grid.nearest(side.pial.points)
        if float(inside.mean()) < INSIDE:
            raise refuse_file(
                files.side(hemi).pial.name,
                f"{100 * (1 - inside.mean()):.0f} % of the {hemi} cortex lies outside the T1's "
                f"field of view",
                "surface and T1 in one space",
                "They do not align: check the coordinate system and that both are one person's",
            )


def require_t1_fits(t1: Volume[Scanner], cortex: Pair[Cortex], files: Pair[HemiFiles]) -> None:
    """Refuse surfaces that do not follow the grey-white boundary of the T1.

    It needs no labels, so it holds where TP-F01 cannot run; with labels the same predicate is
    tripwire TP-D02. It cannot see a T1 that was mirrored before the surfaces were made:
    everything then agrees.

    Parameters
    ----------
    t1 : Volume
        White matter brighter than grey matter.
    cortex : Pair of Cortex
    files : Pair of HemiFiles
        For messages.

    Raises
    ------
    InputError
        Names the surface and the share that was found.
    """
    limit = Params().boundary_min.value
    for hemi, side in cortex.sides():
        share = white_is_brighter(t1, side.white)
        if share < limit:
            raise refuse_file(
                f"{files.side(hemi).white.name} and {files.side(hemi).pial.name}",
                f"the {hemi} white surface does not align with the T1: only at "
                f"{100 * share:.0f} % of it the T1 is brighter inside than outside",
                f"at least {100 * limit:.0f} % (a matching pair reaches 99 %)",
                "They are of different people or in different spaces (tkRAS, LPS, mirrored), or "
                "the image is no T1",
            )


def white_is_brighter(t1: Volume[Scanner], white: Surface[Scanner]) -> float:
    """Return the share of `white` at which the T1 is brighter 1 mm inside than outside.

    Up to 20 000 vertices, evenly over the mesh; trilinear interpolation.
    """
    rows = np.unique(np.linspace(0, len(white) - 1, min(_VERTICES, len(white))).astype(np.intp))
    at, outward = white.points.take(rows), white.vertex_normals().take(rows)
    inner = _interpolated(t1, at - outward * _STEP_MM)
    outer = _interpolated(t1, at + outward * _STEP_MM)
    return float((inner > outer).mean())


def _interpolated(t1: Volume[Scanner], points: Points[Scanner]) -> NDArray[np.float64]:
    from scipy.ndimage import map_coordinates

    ijk = t1.grid.indices(points)
    # Only the voxels around the points: a whole T1 as float64 would take 0.5 GB.
    low = np.clip(np.floor(ijk.min(axis=0)).astype(int) - 1, 0, None)
    high = np.ceil(ijk.max(axis=0)).astype(int) + 2
    box = t1.data[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    values = map_coordinates(box, (ijk - low).T, order=1, output=np.float64, mode="nearest")
    return np.asarray(values)
