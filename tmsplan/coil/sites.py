"""Places on the scalp around a target: where a search for the best pose looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from ..space.frame import Scanner
from ..space.points import Points, Vectors
from .scalp import Scalp

__all__ = ["MAX_SITE_RADIUS", "ScalpSites", "scalp_sites"]

Floats = NDArray[np.float64]

#: Beyond this the head is no longer near the plane that the grid is made in, and the nearest
#: point on it may lie on an ear.
MAX_SITE_RADIUS = Param(25.0, "mm", 1, 50, "docs/decisions/0024")


@dataclass(frozen=True, slots=True, eq=False)
class ScalpSites:
    """n places on the scalp, the first straight over what was asked about.

    Parameters
    ----------
    points : Points of Scanner
        (n, 3) on the scalp's triangles, mm.
    normals : Vectors of Scanner
        (n, 3) out of the head, averaged over the neighbourhood, unit length.
    """

    points: Points[Scanner]
    normals: Vectors[Scanner]

    def __len__(self) -> int:
        return len(self.points)

    def centres(self, standoff_mm: float) -> Points[Scanner]:
        """Return the (n, 3) coil centres that stand off the scalp along its normals, mm."""
        return self.points + self.normals * standoff_mm

    def __str__(self) -> str:
        return f"{len(self)} scalp sites in {self.points.frame}"


def scalp_sites(
    scalp: Scalp, near: Points[Scanner], radius_mm: float, n: int, *, normal_radius: Param
) -> ScalpSites:
    """Return about `n` places on the scalp, evenly spread around the one closest to `near`.

    A hexagonal grid in the plane that touches the scalp there, each point moved to the closest
    place on the scalp. One axis of the grid runs forward, so that a mirrored head has mirrored
    sites. Places that fold back under others (behind an ear) are left out.

    Parameters
    ----------
    scalp : Scalp
    near : Points of Scanner, one row
        For example a cortical target.
    radius_mm : float
        Of the disc of sites, in the touching plane.
    n : int
        How many sites are wanted, 1 or more; the grid decides the exact number.
    normal_radius : Param
        Neighbourhood of the mean normal, mm.

    Raises
    ------
    InputError
        If the radius lies outside the range of `MAX_SITE_RADIUS`, or `n` is below 1.
    """
    if n < 1 or not MAX_SITE_RADIUS.low <= radius_mm <= MAX_SITE_RADIUS.high:
        raise InputError(
            f"{n} scalp sites within {radius_mm:g} mm were asked for; give 1 site or more and a "
            f"radius of {MAX_SITE_RADIUS.low:g} to {MAX_SITE_RADIUS.high:g} mm: farther out the "
            f"touching plane no longer follows the head."
        )
    frame = scalp.surface.frame
    top = scalp.under(near, normal_radius)
    outward = top.normal.components(frame)[0]
    ahead, aside = _tangents(outward, scalp.forward.components(frame)[0])
    grid = _hexagons(radius_mm, n)
    plane = top.point.mm(frame)[0] + grid[:, :1] * ahead + grid[:, 1:] * aside
    contact = scalp.contact(Points(plane, frame))
    normals = scalp.normals_at(contact.points, contact.faces, normal_radius)
    kept = np.flatnonzero(normals.components(frame) @ outward > 0)
    return ScalpSites(contact.points.take(kept), normals.take(kept))


def _tangents(outward: Floats, forward: Floats) -> tuple[Floats, Floats]:
    along = forward - outward * (forward @ outward)
    if np.linalg.norm(along) < 1e-6:  # the very front or back: any direction will do
        axis = np.eye(3)[int(np.argmin(np.abs(outward)))]
        along = axis - outward * (axis @ outward)
    along /= np.linalg.norm(along)
    return along, np.cross(outward, along)


def _hexagons(radius_mm: float, n: int) -> Floats:
    """Return (about n, 2) grid points inside a disc, from its middle outward, mm."""
    if n == 1:
        return np.zeros((1, 2))
    # Each point of a hexagonal grid of step a owns an area of a² sqrt(3) / 2.
    step = radius_mm * np.sqrt(2 * np.pi / (np.sqrt(3) * n))
    reach = int(np.ceil(radius_mm / step * 2))
    i, j = (k.ravel() for k in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    xy = np.column_stack([i * np.sqrt(3) / 2, j + (i % 2) / 2]) * step
    distance = np.linalg.norm(xy, axis=1)
    order = np.lexsort((xy[:, 1], xy[:, 0], distance.round(9)))
    return np.asarray(xy[order][distance[order] <= radius_mm])
