"""Patches of a scalp: sets of vertices that grow, close and lose their specks along the mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..space.frame import Scanner
from ..surface.surface import Surface
from ..surface.topology import clusters, edge_lengths, smooth

__all__ = ["closed_patch", "grown_patch", "mm_from_patch", "neighbour_mean", "without_specks"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Skin left standing alone inside a patch is part of it up to this area.
_ISLAND_CM2 = 30.0


def mm_from_patch(surface: Surface[Scanner], mask: Bools, limit_mm: float) -> Floats:
    """Return the (n,) distance along edges to the nearest vertex of the patch, mm.

    Along edges a way is up to a tenth too long: good for a margin, not for a tape measure.
    Infinite beyond `limit_mm`.
    """
    from scipy.sparse.csgraph import dijkstra

    out = np.full(len(surface), np.inf)
    if not mask.any():
        return out
    graph = edge_lengths(surface.points.mm(surface.frame), surface.faces)
    # Only the rim can be nearest to anything outside the patch.
    rim = mask & (surface.adjacency() @ (~mask).astype(np.float64) > 0)
    if rim.any():
        out = np.asarray(
            dijkstra(graph, indices=np.flatnonzero(rim), min_only=True, limit=limit_mm)
        )
    out[mask] = 0.0
    return out


def grown_patch(surface: Surface[Scanner], mask: Bools, by_mm: float) -> Bools:
    """Return the patch and all within `by_mm` of it."""
    return np.asarray(mm_from_patch(surface, mask, by_mm) <= by_mm)


def closed_patch(
    surface: Surface[Scanner], mask: Bools, by_mm: float, *, least_cm2: float
) -> Bools:
    """Return the patch with bays and islands up to twice `by_mm` wide filled, specks removed."""
    grown = grown_patch(surface, without_specks(surface, mask, least_cm2 / 5), by_mm)
    back = mm_from_patch(surface, ~grown, by_mm) > by_mm
    whole = without_specks(surface, np.asarray(back | (mask & grown)), least_cm2)
    if not whole.any():
        return whole
    # What a patch encloses belongs to it: an eye socket inside a removed face is no skin.
    return ~without_specks(surface, ~whole, _ISLAND_CM2)


def without_specks(surface: Surface[Scanner], mask: Bools, least_cm2: float) -> Bools:
    """Return the patch without connected parts smaller than `least_cm2`."""
    if not mask.any():
        return mask
    part = clusters(surface, mask)
    area_mm2 = np.bincount(part, surface.vertex_areas())
    keep = area_mm2 >= 100 * least_cm2
    keep[0] = False  # 0 is what lies outside the patch
    return np.asarray(keep[part])


def neighbour_mean(
    surface: Surface[Scanner], values: NDArray[np.floating[Any]], width_mm: float
) -> Floats:
    """Return values averaged over about `width_mm` around each vertex (SD), at least once."""
    edge_mm = float(np.sqrt(surface.vertex_areas().mean()))
    steps = max(1, round((width_mm / edge_mm) ** 2))
    return smooth(surface, np.asarray(values, dtype=np.float64), steps)
