"""Closed boundaries between tissues, as triangles that carry charge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError

__all__ = ["Boundary", "Layer", "layer_of"]

Floats = NDArray[np.float64]

#: A triangle of a micrometre's edge; those of a model have a millimetre's.
_LEAST_AREA_M2 = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Boundary:
    """One closed surface between two tissues.

    Parameters
    ----------
    points_m : (n, 3) float64
        Metres.
    faces : (m, 3) int
        Counter-clockwise seen from outside.
    inside, outside : float
        Conductivities on either side, S/m; 0 outside is an insulator.
    """

    points_m: Floats
    faces: NDArray[np.int32]
    inside: float
    outside: float

    @property
    def contrast(self) -> float:
        """(inside - outside) / (inside + outside): 1 for an insulator, 0 for no boundary."""
        return (self.inside - self.outside) / (self.inside + self.outside)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """All charged triangles of a model.

    Parameters
    ----------
    corners_m : (n, 3, 3) float64
    contrast : (n,) float64
        Of the boundary of each triangle.
    part : (n,) intp
        Number of the closed boundary that each triangle belongs to.
    """

    corners_m: Floats
    contrast: Floats
    part: NDArray[np.intp]
    centres_m: Floats = field(init=False)
    normals: Floats = field(init=False)
    areas_m2: Floats = field(init=False)
    sizes_m: Floats = field(init=False)

    def __post_init__(self) -> None:
        c = self.corners_m
        cross = np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0])
        twice = np.linalg.norm(cross, axis=1)
        centres = c.mean(axis=1)
        reach = np.linalg.norm(c - centres[:, None], axis=2).max(axis=1)
        for name, value in (
            ("centres_m", centres),
            ("normals", cross / np.maximum(twice, _LEAST_AREA_M2)[:, None]),
            ("areas_m2", twice / 2),
            ("sizes_m", reach),
        ):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.corners_m)

    @property
    def edge_m(self) -> float:
        """Edge of an equilateral triangle of the median area, m: the mesh size."""
        return float(np.sqrt(np.median(self.areas_m2) * 4 / np.sqrt(3)))


def layer_of(boundaries: Sequence[Boundary]) -> Layer:
    """Return the triangles of several boundaries, in their order.

    Raises
    ------
    InputError
        If a triangle has no area: it has no normal, and a charge on it no density.
    """
    corners = [b.points_m[b.faces] for b in boundaries]
    counts = [len(c) for c in corners]
    layer = Layer(
        np.concatenate(corners),
        np.repeat([b.contrast for b in boundaries], counts),
        np.repeat(np.arange(len(boundaries)), counts),
    )
    flat = np.flatnonzero(~(layer.areas_m2 > _LEAST_AREA_M2))
    if len(flat):
        raise InputError(
            f"boundary {layer.part[flat[0]]} of the field model: {len(flat)} of {len(layer)} "
            f"triangles have no area. Expected none. Two corners of a triangle probably share a "
            f"place; look at the pial surface and the inner skull."
        )
    return layer
