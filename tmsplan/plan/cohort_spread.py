"""How far apart the targets of a cohort lie: between patients, and from the standard ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..base.param import Param
from ..space.frame import Mni305
from ..space.points import Points
from ..space.side import Hemi
from .cohort_summary import CohortPatient, CohortSummary

__all__ = ["FAR_MM", "HELD", "Apart", "SideSpread", "guided_spread", "standard_distances"]

#: Share of the targets that the radius holds.
HELD = Param(0.95, "1", 0.5, 0.99, "docs/decisions/0033")
#: Fewest targets of one side whose spread is printed.
FEWEST = Param(3, "targets", 2, 20, "docs/decisions/0033")
#: Distances that are counted. The half-value area of a figure-8 coil's field is 5 cm² or more
#: (doi:10.1016/j.brs.2012.02.005), a disc of 13 mm radius: 10 mm lies inside it, 20 mm does not.
FAR_MM = (10.0, 20.0)


@dataclass(frozen=True, slots=True, eq=False)
class SideSpread:
    """Where the guided targets of one side lie in the template.

    Parameters
    ----------
    hemi : Hemi
    n : int
        Guided targets with a place.
    centroid : Points of Mni305, one row, or None
        Mean place; None for fewer than `FEWEST`, and all numbers with it.
    mean_mm, median_mm : float or None
        Distance of the targets from the centroid.
    radius_mm : float or None
        Smallest distance from the centroid within which at least 95 % of the targets lie. With
        fewer than 20 targets that is the farthest one.
    own_mm : float or None
        Median of how far each patient's own point may move, as the plans have it: what the
        spread between patients must exceed to mean anything.
    own_n : int
        How many plans have that number.
    """

    hemi: Hemi
    n: int
    centroid: Points[Mni305] | None
    mean_mm: float | None
    median_mm: float | None
    radius_mm: float | None
    own_mm: float | None
    own_n: int


@dataclass(frozen=True, slots=True)
class Apart:
    """Distances from the guided target to one standard target, each in the patient's own space.

    Parameters
    ----------
    id, name : str
        Of the standard target.
    mm : tuple of (patient id, mm)
        Of the counted patients whose two targets are on one side, smallest first.
    same_place : int
        How many lie within the error of navigation: they cannot be told apart.
    other_side : int
        Counted patients whose guided target is on the other side: a distance through both
        hemispheres would be mixed with distances on one.
    """

    id: str
    name: str
    mm: tuple[tuple[str, float], ...]
    same_place: int
    other_side: int

    @property
    def n(self) -> int:
        """How many patients have both targets."""
        return len(self.mm)

    @property
    def median_mm(self) -> float | None:
        """Median distance; None without patients."""
        return float(np.median([v for _, v in self.mm])) if self.mm else None

    def beyond(self, mm: float) -> int:
        """Return how many lie farther apart than `mm`."""
        return sum(v > mm for _, v in self.mm)


def guided_spread(summary: CohortSummary) -> tuple[SideSpread, ...]:
    """Return the spread of the guided targets in MNI305, one entry a side that has any.

    Sides are never pooled: the mean of a left and a right target lies between the hemispheres.
    Patients in whom no region stands out are not in it. The places are those of the plans, not
    the ones drawn on the template's cortex.
    """
    sides = []
    for hemi in Hemi:
        those = [p for p in summary.counted if _placed_on(p, hemi)]
        if those:
            sides.append(_spread(hemi, those))
    return tuple(sides)


def _placed_on(patient: CohortPatient, hemi: Hemi) -> bool:
    guided = patient.guided
    return guided is not None and guided.hemi is hemi and guided.place is not None


def _spread(hemi: Hemi, patients: Sequence[CohortPatient]) -> SideSpread:
    own = [p.spread_mm for p in patients if p.spread_mm is not None]
    own_mm = float(np.median(own)) if own else None
    places = [p.guided.place for p in patients if p.guided and p.guided.place is not None]
    n = len(places)
    if n < FEWEST.value:
        return SideSpread(hemi, n, None, None, None, None, own_mm, len(own))
    frame = places[0].frame
    together = Points(np.vstack([x.mm(frame) for x in places]), frame)
    centroid = together.centroid()
    mm = np.sort(together.distances(centroid))
    return SideSpread(
        hemi=hemi,
        n=n,
        centroid=centroid,
        mean_mm=float(mm.mean()),
        median_mm=float(np.median(mm)),
        radius_mm=float(mm[math.ceil(HELD.value * n) - 1]),
        own_mm=own_mm,
        own_n=len(own),
    )


def standard_distances(summary: CohortSummary) -> tuple[Apart, ...]:
    """Return how far guided and standard targets lie apart, one entry a standard target.

    Only patients with a proposal are counted. Each distance is between two points of one
    patient's own scanner frame: no template is involved.
    """
    return tuple(_apart(summary, *named) for named in summary.standard_names().items())


def _apart(summary: CohortSummary, target_id: str, name: str) -> Apart:
    pairs = [
        (p.id, p.guided.hemi is t.hemi, t.guided_mm, bool(t.same_place))
        for p in summary.counted
        for t in p.standard
        if t.id == target_id and p.guided is not None and t.guided_mm is not None
    ]
    near = [(who, mm) for who, same_side, mm, _ in pairs if same_side]
    return Apart(
        id=target_id,
        name=name,
        mm=tuple(sorted(near, key=lambda pair: pair[1])),
        same_place=sum(same for _, same_side, _, same in pairs if same_side),
        other_side=len(pairs) - len(near),
    )
