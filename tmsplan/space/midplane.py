"""The plane between the hemispheres, from the surfaces themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import numpy as np

from ..base.errors import InputError
from .frame import K, require_same
from .points import Floats, Points, Vectors
from .side import Hemi

__all__ = ["Midplane", "fit_midplane"]


@dataclass(frozen=True, slots=True, eq=False)
class Midplane(Generic[K]):
    """A plane; its unit normal points to the patient's right."""

    point: Points[K]
    to_right: Vectors[K]

    def right_mm(self, points: Points[K]) -> Floats:
        """Return the (n,) signed distances in mm, positive on the patient's right."""
        require_same(self.point.frame, points.frame, "measure the side")
        return (points - self.point).dot(self.to_right)

    def side(self, points: Points[K]) -> tuple[Hemi, ...]:
        """Return the side of each point."""
        return tuple(Hemi.RIGHT if d > 0 else Hemi.LEFT for d in self.right_mm(points))


def fit_midplane(left: Points[K], right: Points[K]) -> Midplane[K]:
    """Return the plane that separates two hemispheres best (linear discriminant).

    The normal is inv(W) (mean right - mean left) with W the pooled covariance, so a head that is
    turned or shifted in the scanner gets its own plane; the plane lies half way between the
    two medial faces, measured at the 1st percentile so that single vertices do not decide.

    Parameters
    ----------
    left, right : Points
        Vertices of each hemisphere, one frame, mm.

    Raises
    ------
    InputError
        If the two clouds lie in one place: then no plane separates them.
    """
    frame = left.frame
    a, b = left.mm(frame), right.mm(frame)
    gap = b.mean(axis=0) - a.mean(axis=0)
    if float(np.linalg.norm(gap)) < 1.0:
        raise InputError(
            f"the hemispheres in {frame} have the same centre; the same file may be given twice."
        )
    pooled = np.cov(a.T) + np.cov(b.T)
    normal = np.linalg.solve(pooled, gap)
    normal /= np.linalg.norm(normal)
    inner_left = float(np.percentile(a @ normal, 99))
    inner_right = float(np.percentile(b @ normal, 1))
    middle = (a.mean(axis=0) + b.mean(axis=0)) / 2
    offset = (inner_left + inner_right) / 2 - float(middle @ normal)
    return Midplane(Points(middle + offset * normal, frame), Vectors(normal, frame))
