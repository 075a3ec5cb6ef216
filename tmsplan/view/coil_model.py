"""The figure-8 coil as it is drawn: numbers in coil axes, placed by the pose.

A picture of a coil, not a field model: windings and casing have the size of the real thing,
shape and handle are simplified.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..coil.pose import CoilPose
from ..space import CoilSimnibs, Frame, Points, Scanner

__all__ = ["FIGURE8_70MM", "CoilShape", "Path3D", "casing", "ghost_paths", "solid_paths"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CoilShape:
    """A figure-8 coil in `CoilSimnibs` axes, mm: face in z = 0, casing at z < 0, handle at -y.

    Parameters
    ----------
    wing_x : float
        Distance of each wing's centre from the coil centre.
    winding_radii : tuple of float
        Of the innermost and outermost turn.
    turns : int
    casing_radii : tuple of float
        Of the hole and the rim.
    thickness : float
    hub_radius, hub_thickness : float
        Of the housing between the wings that the handle grows out of.
    handle : tuple of (x, y, z)
        Middle line; it leaves the head a little, as the hand needs room.
    handle_radius : float
    source : str
    """

    wing_x: float
    winding_radii: tuple[float, float]
    turns: int
    casing_radii: tuple[float, float]
    thickness: float
    hub_radius: float
    hub_thickness: float
    handle: tuple[tuple[float, float, float], ...]
    handle_radius: float
    source: str


#: Windings 56 mm inner and 87 mm outer diameter, 9 turns a wing.
FIGURE8_70MM = CoilShape(
    wing_x=46.0,
    winding_radii=(28.0, 43.5),
    turns=9,
    casing_radii=(22.0, 48.0),
    thickness=9.0,
    hub_radius=16.0,
    hub_thickness=15.0,
    handle=((0, 0, -6), (0, -45, -8), (0, -95, -14), (0, -140, -20)),
    handle_radius=8.5,
    source="doi:10.1016/j.clinph.2004.02.019",
)


@dataclass(frozen=True, slots=True, eq=False)
class Path3D:
    """A tube: its middle line in the scanner frame, radius in mm, and what it is."""

    line: Points[Scanner]
    radius: float
    part: str


def _circle(x: float, z: float, radius: float, n: int = 181) -> Floats:
    turn = np.linspace(0, 2 * np.pi, n)
    return np.stack(
        [x + radius * np.cos(turn), radius * np.sin(turn), np.full_like(turn, z)], axis=1
    )


def _placed(xyz: Floats, pose: CoilPose) -> Points[Scanner]:
    coil: Frame[CoilSimnibs] = pose.scanner_from_coil.src
    return pose.scanner_from_coil @ Points(xyz, coil)


def ghost_paths(pose: CoilPose, shape: CoilShape = FIGURE8_70MM) -> Iterator[Path3D]:
    """Yield the inner and outer ring of each wing and a thin handle: the brain stays visible."""
    middle = -shape.thickness / 2
    for side in (-1, 1):
        for radius in shape.winding_radii:
            ring = _circle(side * shape.wing_x, middle, radius)
            yield Path3D(_placed(ring, pose), 1.1, "ring")
    path = np.array(shape.handle)
    # It begins a little behind the centre, where the target is looked for.
    line = np.stack([0.65 * path[0] + 0.35 * path[1], path[2]])
    yield Path3D(_placed(line, pose), 2.2, "handle")


def solid_paths(pose: CoilPose, shape: CoilShape = FIGURE8_70MM) -> Iterator[Path3D]:
    """Yield the windings, as seen through the casing's back, and the handle."""
    for side in (-1, 1):
        for radius in np.linspace(*shape.winding_radii, shape.turns):
            ring = _circle(side * shape.wing_x, -shape.thickness + 0.1, float(radius))
            yield Path3D(_placed(ring, pose), 0.72, "winding")
    yield Path3D(_placed(np.array(shape.handle), pose), shape.handle_radius, "handle")


def casing(pose: CoilPose, shape: CoilShape = FIGURE8_70MM) -> Iterator[Floats]:
    """Yield the two wings and the hub: rounded profiles swept round, (turns, profile, 3) mm.

    The numbers are in the scanner frame of the pose.
    """
    hole, rim = shape.casing_radii
    for x in (-shape.wing_x, shape.wing_x):
        yield _swept(_rounded(hole, rim, shape.thickness), x, pose)
    yield _swept(_rounded(0.0, shape.hub_radius, shape.hub_thickness), 0.0, pose)


def _rounded(inner: float, outer: float, thickness: float) -> Floats:
    """Return a closed profile (radius, z) between face and back with its edges taken off."""
    back, cut = -thickness, 1.5
    hole = [(inner, -cut), (inner + 0.3 * cut, -0.3 * cut), (inner + cut, 0)]
    rim = [(outer - cut, 0), (outer - 0.3 * cut, -0.3 * cut), (outer, -cut)]
    mirrored = [(r, back - z) for r, z in reversed([*hole, *rim])]
    return np.array([*hole, *rim, *mirrored, hole[0]])


def _swept(profile: Floats, x: float, pose: CoilPose) -> Floats:
    turn = np.linspace(0, 2 * np.pi, 145)[:, None]
    ring = np.stack(
        [
            x + profile[:, 0] * np.cos(turn),
            profile[:, 0] * np.sin(turn),
            np.broadcast_to(profile[:, 1], (len(turn), len(profile))),
        ],
        axis=2,
    )
    points = _placed(ring.reshape(-1, 3), pose)
    return points.mm(points.frame).reshape(ring.shape)
