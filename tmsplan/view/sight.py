"""Whether a point is on the near side of what stands before the camera. Numbers, no GL."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..space import Points, Scanner
from .bake import BakedCortex, BakedScalp
from .camera import Camera
from .occlusion import occluders

__all__ = ["cover", "in_sight"]

#: The skin's depth is kept on a grid of so many cells across the picture's height, 3 to 5 mm
#: each; it is sampled more finely, so that no cell stays open.
_CELLS, _SPACING_MM = 60, 2.0


def cover(*parts: BakedCortex | BakedScalp) -> Points[Scanner]:
    """Return points all over the surfaces, also inside their triangles: what hides dots."""
    frame = parts[0].points.frame
    samples = [occluders(p.points.mm(frame), p.faces, _SPACING_MM) for p in parts]
    return Points(np.vstack(samples), frame)


def in_sight(
    camera: Camera, skin: Points[Scanner], dots: Points[Scanner], *, slack_mm: float
) -> NDArray[np.bool_]:
    """Return for each dot whether it lies at the surface that the camera sees.

    Parameters
    ----------
    camera : Camera
    skin : Points of Scanner, n rows
        What could hide the dots, from `cover`.
    dots : Points of Scanner, m rows
    slack_mm : float
        A dot may lie so far under the surface: a sulcus hides a target from the eye and not
        from the reader, who wants to know on which bank it is.

    Returns
    -------
    (m,) bool
        True too for a dot beside the surface, where nothing hides it.
    """
    cell = camera.size[1] / _CELLS
    columns = int(np.ceil(camera.size[0] / cell))
    nearest = np.full((_CELLS, columns), np.inf)
    column, row = _cells(camera, skin, cell, columns)
    np.minimum.at(nearest, (row, column), camera.depth(skin))
    column, row = _cells(camera, dots, cell, columns)
    return np.asarray(camera.depth(dots) <= nearest[row, column] + slack_mm)


def _cells(
    camera: Camera, points: Points[Scanner], cell: float, columns: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    xy = np.floor(camera.project(points) / cell).astype(np.intp)
    return np.clip(xy[:, 0], 0, columns - 1), np.clip(xy[:, 1], 0, _CELLS - 1)
