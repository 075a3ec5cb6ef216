"""A tape measure on the scalp.

A tape lies tight: it follows the skin where that bulges and bridges it where it is hollow. Here
it lies in a plane, so its course is the convex outline of the plane's cut through the scalp, on
the side of a point that it passes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...base.param import Param
from ...space.frame import Scanner
from ...space.points import Points, Vectors
from ..scalp import Scalp
from .section import Outline, cut_outline, taut_arc, taut_loop

__all__ = ["Tape", "on_scalp", "tape_ahead", "tape_between", "tape_over"]

Floats = NDArray[np.float64]

#: Three points nearer to one line than this define no plane that a tape could lie in.
_THIN_MM = 3.0
#: Neighbourhood of the normals that decide in which plane a tape between two points lies.
_NORMALS = Param(30.0, "mm", 5, 60, "docs/decisions/0023")


@dataclass(frozen=True, slots=True, eq=False)
class Tape:
    """A tape laid on the scalp.

    Parameters
    ----------
    path : Points of Scanner
        (k, 3) corners from start to end, mm. Between them the tape is straight.
    outline : Outline
        The cut through the scalp that the tape lies on.
    """

    path: Points[Scanner]
    outline: Outline

    @property
    def length_mm(self) -> float:
        """Length from start to end, mm."""
        return float(self._reached()[-1])

    def at(self, mm: float | Floats) -> Points[Scanner]:
        """Return the places at given marks of the tape, mm from its start.

        Raises
        ------
        InputError
            If a mark lies before the start or beyond the end.
        """
        marks, reached = np.atleast_1d(np.asarray(mm, dtype=np.float64)), self._reached()
        if (marks < -1e-6).any() or (marks > reached[-1] + 1e-6).any():
            raise InputError(
                f"the mark {float(marks[np.abs(marks - reached[-1] / 2).argmax()]):.1f} mm is not "
                f"on a tape of {reached[-1]:.1f} mm. Choose one from 0 to its length."
            )
        xyz = self._xyz()
        columns = [np.interp(marks, reached, xyz[:, k]) for k in range(3)]
        return Points(np.column_stack(columns), self.path.frame)

    def on_skin(self, mm: float | Floats) -> Points[Scanner]:
        """Return the skin under given marks, mm from the start: nearest in the tape's plane.

        Where the tape touches it is the mark itself, in a hollow the skin below.
        """
        frame = self.path.frame
        return Points(self.outline.nearest_mm(self.at(mm).mm(frame)), frame)

    def on_skin_at_share(self, share: float | Floats) -> Points[Scanner]:
        """Return the skin under given shares of the whole length, 0 to 1."""
        return self.on_skin(np.asarray(share, dtype=np.float64) * self.length_mm)

    def mark_of(self, point: Points[Scanner]) -> float:
        """Return the mark, in mm from the start, nearest to a point."""
        p, xyz = point.mm(self.path.frame)[0], self._xyz()
        along = np.diff(xyz, axis=0)
        length = np.linalg.norm(along, axis=1)
        share = ((p - xyz[:-1]) * along).sum(axis=1) / np.maximum(length**2, 1e-30)
        share = np.clip(share, 0, 1)
        apart = np.linalg.norm(xyz[:-1] + share[:, None] * along - p, axis=1)
        k = int(apart.argmin())
        return float(self._reached()[k] + share[k] * length[k])

    def _xyz(self) -> Floats:
        return self.path.mm(self.path.frame)

    def _reached(self) -> Floats:
        return _reached(self._xyz())

    def __str__(self) -> str:
        return f"tape of {self.length_mm:.1f} mm in {self.path.frame}"


def on_scalp(scalp: Scalp, points: Points[Scanner]) -> Points[Scanner]:
    """Return the places of the scalp nearest to `points`, on its triangles."""
    return scalp.contact(points).points


def tape_over(
    scalp: Scalp, start: Points[Scanner], via: Points[Scanner], end: Points[Scanner]
) -> Tape:
    """Lay a tape from one point to another, in the plane of a third that it passes.

    Parameters
    ----------
    scalp : Scalp
    start, via, end : Points of Scanner, one row each
        On the scalp. `via` says plane and side; in a hollow it lies under the tape.

    Raises
    ------
    InputError
        If the three lie on one line, or on different parts of the cut.
    """
    frame = scalp.surface.frame
    a, c, b = (p.mm(frame)[0] for p in (start, via, end))
    normal = np.cross(b - a, c - a)
    chord = float(np.linalg.norm(b - a))
    if chord < _THIN_MM or float(np.linalg.norm(normal)) / chord < _THIN_MM:
        raise InputError(
            f"{scalp.surface.domain}: the points {start}, {via} and {end} lie on one line, so "
            f"they define no plane for a tape. Expected the middle one at least {_THIN_MM:g} mm "
            f"off the line of the others; check the landmarks."
        )
    outline = cut_outline(scalp.surface, normal, np.stack([a, c, b]))
    return Tape(Points(taut_arc(outline, a, b, up=c - a, via_mm=c), frame), outline)


def tape_between(scalp: Scalp, start: Points[Scanner], end: Points[Scanner]) -> Tape:
    """Lay a tape between two points by the short way.

    A tight tape follows a geodesic, whose plane holds the surface's normal; the plane here holds
    the mean of the normals at both ends.

    Parameters
    ----------
    scalp : Scalp
    start, end : Points of Scanner, one row each
        On the scalp.

    Raises
    ------
    InputError
        If the points coincide, or lie on different parts of the cut.
    """
    frame = scalp.surface.frame
    a, b = start.mm(frame)[0], end.mm(frame)[0]
    chord = b - a
    length = float(np.linalg.norm(chord))
    if length < 1e-6:
        raise InputError(
            f"{scalp.surface.domain}: a tape cannot be laid from {start} to itself. Give two "
            f"different points."
        )
    outward = _outward(scalp, start) + _outward(scalp, end)
    normal = np.cross(chord, outward)
    outline = cut_outline(scalp.surface, normal, np.stack([a, b]))
    return Tape(Points(taut_arc(outline, a, b, up=outward, via_mm=None), frame), outline)


def tape_ahead(
    scalp: Scalp, start: Points[Scanner], towards: Vectors[Scanner], across: Vectors[Scanner]
) -> Tape:
    """Lay a tape from a point once around the head, in a plane, beginning in a direction.

    Parameters
    ----------
    scalp : Scalp
    start : Points of Scanner, one row
        On the scalp. In a hollow the tape begins on the bridge over it.
    towards : Vectors of Scanner, one row
        Where the tape leads first.
    across : Vectors of Scanner, one row
        Normal of the plane.

    Returns
    -------
    Tape
        Ends where it began.
    """
    frame = scalp.surface.frame
    a, normal = start.mm(frame)[0], across.components(frame)[0]
    outline = cut_outline(scalp.surface, normal, a[None])
    loop = taut_loop(outline, normal)
    ring = np.vstack([loop, loop[:1]])
    place = Tape(Points(ring, frame), outline)
    mark = place.mark_of(start)
    begin = place.at(mark).mm(frame)
    reached = _reached(ring)
    after = loop[reached[:-1] > mark]
    before = loop[reached[:-1] <= mark]
    path = np.vstack([begin, after, before, begin])
    ahead = place.at((mark + 1.0) % place.length_mm).mm(frame)[0] - begin[0]
    forward = float(ahead @ towards.components(frame)[0]) >= 0
    return Tape(Points(path if forward else path[::-1], frame), outline)


def _reached(corners_mm: Floats) -> Floats:
    """Return the (k,) length from the first corner to each, mm."""
    steps = np.linalg.norm(np.diff(corners_mm, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _outward(scalp: Scalp, point: Points[Scanner]) -> Floats:
    """Return the outward unit normal, averaged so that one triangle does not turn a plane.

    As `Scalp.normal_at`, with triangles taken at their middles: over 30 mm that is the same, and
    it needs no search.
    """
    cross = scalp.surface.face_cross()
    away = scalp.surface.corners().mean(axis=1) - point.mm(scalp.surface.frame)[0]
    square = (away**2).sum(axis=1)
    nearest = int(square.argmin())
    weight = np.clip(1 - square / _NORMALS.value**2, 0, None)
    weight[nearest] = max(weight[nearest], 1e-3)  # triangles wider than the neighbourhood
    total = (weight * (cross @ cross[nearest] > 0)) @ cross
    return np.asarray(total / np.linalg.norm(total))
