"""Which way the walls of the sulci under a coil face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..base.errors import InputError
from ..base.param import Param
from ..base.params import Params
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.points import Points, Vectors
from ..target.target import Target
from .handle import Handle
from .scalp import Scalp

__all__ = ["WALL_CLEAR", "WALL_RADIUS", "SulcalWall", "handle_across_wall", "sulcal_wall"]

#: Around the target: half the distance between neighbouring sulci, and a little more.
WALL_RADIUS = Param(10.0, "mm", 5, 20, "docs/decisions/0024")
#: Least agreement of the walls' directions for one of them to be named.
WALL_CLEAR = Param(0.3, "1", 0.1, 0.9, "docs/decisions/0024")


@dataclass(frozen=True, slots=True, eq=False)
class SulcalWall:
    """The direction across the sulcal walls near a place.

    Parameters
    ----------
    across : Vectors of Scanner, one row
        At a right angle to the walls, along the scalp, unit length; its sign has no meaning.
    confidence : float
        (l1 - l2) / (l1 + l2) of the walls' directions: 1 if all walls are parallel, 0 if they
        face everywhere.
    """

    across: Vectors[Scanner]
    confidence: float


def sulcal_wall(
    point: Points[Scanner], outward: Vectors[Scanner], patient: Patient, *, radius: Param
) -> SulcalWall:
    """Return the direction across the walls of the sulci within `radius` of a cortical point.

    The normals of the middle of the cortex are projected on the scalp. On a crown or in a
    fundus little is left of them; on a wall nearly all, along the direction across it. The main
    axis of these projections, weighted by area and falling to 0 at `radius`, is the answer.
    Both walls of a sulcus count the same, as a direction and its opposite are one axis.

    Parameters
    ----------
    point : Points of Scanner, one row
    outward : Vectors of Scanner, one row
        Normal of the scalp above it.
    patient : Patient
    radius : Param
        mm.

    Raises
    ------
    InputError
        If no cortex lies within `radius` of the point.

    Source: doi:10.1186/s12984-015-0036-2 (a field at a right angle to the wall acts most).
    """
    frame = patient.scanner
    up = outward.components(frame)[0]
    tensor = np.zeros((3, 3))
    for _, cortex in patient.cortex.sides():
        mid = cortex.mid
        gap = mid.points.distances(point)
        near = gap < radius.value
        weight = mid.vertex_areas()[near] * (1 - (gap[near] / radius.value) ** 2)
        normal = mid.vertex_normals().components(frame)[near]
        flat = normal - np.outer(normal @ up, up)
        tensor += (flat * weight[:, None]).T @ flat
    values, axes = np.linalg.eigh(tensor)  # the smallest belongs to `outward`, and is 0
    total = float(values[1] + values[2])
    if total <= 0:
        raise InputError(
            f"{patient.id}: no cortex lies within {radius.value:g} mm of {point}, so no sulcal "
            f"wall has a direction there. Aim at the cortex, or use the midline convention."
        )
    return SulcalWall(Vectors(axes[:, 2], frame), float(values[2] - values[1]) / total)


def handle_across_wall(
    target: Target, patient: Patient, scalp: Scalp, *, params: Params
) -> Handle:
    """Return the handle whose induced field crosses the sulcal walls under the coil.

    Raises
    ------
    InputError
        If the walls near the target face no common direction (`WALL_CLEAR`): then there is no
        such handle, and none is guessed.

    Source: doi:10.1186/s12984-015-0036-2.  Decision: docs/decisions/0024.
    """
    outward = scalp.under(target.point, params.normal_radius).normal
    wall = sulcal_wall(target.point, outward, patient, radius=WALL_RADIUS)
    if wall.confidence < WALL_CLEAR.value:
        raise InputError(
            f"{target.name}: the sulcal walls within {WALL_RADIUS.value:g} mm of it face no "
            f"common direction (agreement {wall.confidence:.2f}; {WALL_CLEAR.value:g} is needed), "
            f"so the handle cannot be set across them. Use the midline convention or an angle of "
            f"your own."
        )
    return Handle.along(
        wall.across,
        mode="sulcus",
        because=f"across the sulcal walls (agreement {wall.confidence:.2f} of 1)",
    )
