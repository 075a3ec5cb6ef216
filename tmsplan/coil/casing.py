"""The flat casing of a coil: held off the head, or tilted, so that no part of it cuts in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..space.frame import CoilSimnibs, Frame, Scanner
from ..space.points import Points
from ..surface.surface import Surface
from .coils import Coil

__all__ = ["Casing", "Rest", "rest_on", "skin_samples"]

Floats = NDArray[np.float64]

#: Points on skin and casing lie at most this far apart.
SAMPLE_MM = 3.0
#: The search for a tilt starts on rings this far apart and ends at steps of a hundredth of a
#: degree: 0.016 mm at the rim of a wing.
_RING_DEG, _FINEST_DEG = 3.0, 0.01
#: Directions tried round each tilt; even in number about x and y, so that a mirrored head is
#: searched in mirrored order.
_DIRECTIONS = 16
#: The search looks at one sample a square; lift and clearance are measured with all of them.
_CELL_MM = 2.0


@dataclass(frozen=True, slots=True)
class Casing:
    """The outline of a flat face: one disc a wing, in the plane z = 0 of the coil's axes.

    Parameters
    ----------
    wing_offset_mm : float
        From the coil centre to the centre of each disc, along x; 0 for a circular coil.
    radius_mm : float
        Of each disc.
    """

    wing_offset_mm: float
    radius_mm: float

    @classmethod
    def of(cls, coil: Coil) -> Casing:
        """Return the casing of a coil."""
        return cls(coil.wing_offset_mm, coil.casing_radius_mm)

    @property
    def extent_mm(self) -> float:
        """Distance from the coil centre to the end of a wing, mm."""
        return self.wing_offset_mm + self.radius_mm

    def covers(self, x_mm: Floats, y_mm: Floats) -> NDArray[np.bool_]:
        """Return which places lie behind the face, seen along the coil's z."""
        return np.asarray((np.abs(x_mm) - self.wing_offset_mm) ** 2 + y_mm**2 <= self.radius_mm**2)

    def face(self, coil: Frame[CoilSimnibs]) -> Points[CoilSimnibs]:
        """Return points of the flat face and of its rim, at most 3 mm apart."""
        step = SAMPLE_MM * 0.65  # so that squares and the slivers at the rim are both filled
        ticks = np.arange(-np.ceil(self.extent_mm / step), np.ceil(self.extent_mm / step) + 1)
        x, y = (k.ravel() for k in np.meshgrid(ticks * step, ticks * step))
        inside = self.covers(x, y)
        turns = np.arange(0, 2 * np.pi, SAMPLE_MM / self.radius_mm)
        rim = self.radius_mm * np.column_stack([np.cos(turns), np.sin(turns)])
        sides = [rim + np.array([x0, 0.0]) for x0 in (-self.wing_offset_mm, self.wing_offset_mm)]
        flat = np.vstack([np.column_stack([x[inside], y[inside]]), *sides])
        return Points(np.column_stack([flat, np.zeros(len(flat))]), coil)


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """How a casing is tilted and raised to clear the skin.

    Parameters
    ----------
    turn : (3, 3) float64
        Tilted axes in the untilted ones: columns x, y, z.
    tilt_deg : float
        Between the two z.
    lift_mm : float
        Outward along the tilted z, on top of the standoff.
    clearance_mm : float
        Between the lifted face and the skin behind it, along z, where it is least.
    """

    turn: Floats
    tilt_deg: float
    lift_mm: float
    clearance_mm: float


def rest_on(
    skin_mm: Floats, casing: Casing, *, gap_mm: float, lever_mm: float, tilt_max_deg: float
) -> Rest:
    """Return the least tilt and lift that keep a casing `gap_mm` off the skin.

    A part of the skin is in the way if it lies behind the face, seen along z: the casing, cable
    and hand behind it are taken as endless. Raising the coil by a millimetre takes its field a
    millimetre from the cortex; tilting it round its centre takes its axis aside by lever times
    the angle. The tilt with the least sum of the two is used, so a bump near the centre raises
    the coil and one under the end of a wing tilts it. Where nothing is in the way, both are 0.

    Parameters
    ----------
    skin_mm : (n, 3) float64
        Skin in the coil's untilted axes: z into the head, 0 at the face.
    casing : Casing
    gap_mm : float
        To be kept everywhere: the hair.
    lever_mm : float
        From the coil's face to the cortical target.
    tilt_max_deg : float

    Returns
    -------
    Rest
    """
    lean = np.zeros(2)
    if _clearance(skin_mm, casing) < gap_mm:
        lean = _least_lean(
            skin_mm[_nearest_of_cells(skin_mm)], casing, gap_mm, lever_mm, tilt_max_deg
        )
    turn = _turn(lean)
    clearance = _clearance(skin_mm @ turn, casing)
    lift = max(0.0, gap_mm - clearance)
    return Rest(turn, float(np.linalg.norm(lean)), lift, clearance + lift)


def _least_lean(
    skin_mm: Floats, casing: Casing, gap_mm: float, lever_mm: float, tilt_max_deg: float
) -> Floats:
    """Return how far z leans towards x and y, deg, where lift plus lever times angle is least."""

    def cost(lean: Floats) -> float:
        lift = max(0.0, gap_mm - _clearance(skin_mm @ _turn(lean), casing))
        return lift + lever_mm * float(np.radians(np.linalg.norm(lean)))

    rings = np.arange(_RING_DEG, tilt_max_deg + 1e-9, _RING_DEG)
    tried = [np.zeros(2), *(r * d for r in rings for d in _compass())]
    costs = [cost(lean) for lean in tried]
    best, least = tried[int(np.argmin(costs))], min(costs)
    step = _RING_DEG / 2
    while step > _FINEST_DEG:
        around = [best + step * d for d in _compass()]
        costs = [cost(a) if np.linalg.norm(a) <= tilt_max_deg else np.inf for a in around]
        if min(costs) < least:
            best, least = around[int(np.argmin(costs))], min(costs)
        else:
            step /= 2
    return np.asarray(best)


def _nearest_of_cells(skin_mm: Floats) -> NDArray[np.intp]:
    """Return, of each square of 2 mm along the face, the sample that is nearest to it."""
    cell = np.floor(skin_mm[:, :2] / _CELL_MM).astype(np.int64)
    order = np.lexsort((skin_mm[:, 2], cell[:, 1], cell[:, 0]))
    new = np.any(np.diff(cell[order], axis=0, prepend=cell[order[:1]] - 1) != 0, axis=1)
    return np.asarray(order[new])


def skin_samples(
    surface: Surface[Scanner], centre: Points[Scanner], casing: Casing
) -> Points[Scanner]:
    """Return points of the skin at most 3 mm apart, as far round `centre` as a casing reaches."""
    frame = surface.frame
    corners = surface.corners()
    middle = corners.mean(axis=1)
    widest = float(np.linalg.norm(corners - middle[:, None], axis=2).max())
    gap = middle - centre.mm(frame)[0]
    near = np.flatnonzero((gap**2).sum(axis=1) < (casing.extent_mm + SAMPLE_MM + widest) ** 2)
    sides = corners[near] - np.roll(corners[near], 1, axis=1)
    cuts = np.ceil(np.linalg.norm(sides, axis=2).max(axis=1) / SAMPLE_MM).astype(np.intp)
    parts = [surface.points.mm(frame)[np.unique(surface.faces[near])]]
    for n in np.unique(cuts[cuts > 1]):
        inner = np.einsum("qk,mki->mqi", _lattice(int(n)), corners[near[cuts == n]])
        parts.append(inner.reshape(-1, 3))
    return Points(np.vstack(parts), frame)


def _lattice(cuts: int) -> Floats:
    """Return barycentric rows of a triangle whose sides are cut into `cuts` parts."""
    i, j = (k.ravel() for k in np.mgrid[: cuts + 1, : cuts + 1])
    i, j = i[i + j <= cuts], j[i + j <= cuts]
    return np.column_stack([i, j, cuts - i - j]) / cuts


def _clearance(skin_mm: Floats, casing: Casing) -> float:
    behind = casing.covers(skin_mm[:, 0], skin_mm[:, 1])
    return float(skin_mm[behind, 2].min(initial=np.inf))


def _compass() -> Floats:
    turns = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    return np.column_stack([np.cos(turns), np.sin(turns)])


def _turn(lean_deg: Floats) -> Floats:
    """Return the axes after z has leant by that many degrees towards x and y."""
    angle = np.radians(np.linalg.norm(lean_deg))
    if angle == 0:
        return np.eye(3)
    x, y = lean_deg / np.linalg.norm(lean_deg)
    cross = np.array([[0, 0, x], [0, 0, y], [-x, -y, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)
