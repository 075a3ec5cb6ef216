"""The named site nearest to a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...base.errors import InputError
from ...space.frame import Scanner
from ...space.points import Points

__all__ = ["NearestSite", "nearest_site"]


@dataclass(frozen=True, slots=True)
class NearestSite:
    """A named site and how far it is.

    Parameters
    ----------
    name : str
    distance_mm : float
        In a straight line.
    """

    name: str
    distance_mm: float

    def __str__(self) -> str:
        return f"{self.distance_mm:.0f} mm from {self.name}"


def nearest_site(point: Points[Scanner], sites: Mapping[str, Points[Scanner]]) -> NearestSite:
    """Return the site nearest to a point, in a straight line.

    Parameters
    ----------
    point : Points of Scanner, one row
        A place on the scalp. For a target in the brain pass the scalp point over it: straight
        distances from deep points favour sites on the near side.
    sites : mapping of name to Points of Scanner, one row each
        For example of `ten_ten`. Of two equally near the first by name is returned.

    Raises
    ------
    InputError
        If there are no sites.
    FrameError
        If a site is in another frame.
    """
    if not sites:
        raise InputError("no sites were given; pass the positions of ten_ten.")
    distances = {name: float(point.distances(site)[0]) for name, site in sites.items()}
    name = min(distances, key=lambda n: (distances[n], n))
    return NearestSite(name, distances[name])
