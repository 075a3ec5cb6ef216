"""Structure and activity at the voxels or vertices of a patient's cortical regions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..space.frame import Scanner
from ..space.points import Points
from .region_sample import RegionSample
from .regions import Regions

__all__ = ["Functional", "RegionValues", "canonical_order"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

#: World positions are compared to a millionth of a mm: what is left of one place after two
#: headers that store the axes in different orders.
_DECIMALS = 6

#: From the number of a draw to the entry of the functional table that each place reads, -1
#: where there is none.
Shift = Callable[[int], Ints]


@dataclass(frozen=True, slots=True, eq=False)
class Functional:
    """What was measured of function, wherever it was: the source that a null shifts.

    Parameters
    ----------
    activity : (m,) float64
        At every voxel of the grid, or every vertex, left first; NaN where missing.
    mean_bold : (m,) float64 or None
        At the same entries.
    at : (n,) intp
        Entry of each place of the cortex; -1 outside the grid.
    shift : callable
        From the number of a draw to the entries that the places read when the functional data
        are shifted. The same number gives the same shift.
    how : str
        What a shift is, in words; empty if the data cannot be shifted.
    """

    activity: Floats
    mean_bold: Floats | None
    at: Ints
    shift: Shift
    how: str


@dataclass(frozen=True, slots=True, eq=False)
class RegionValues:
    """The places of a patient's cortex that belong to a region, sorted by region.

    Parameters
    ----------
    owner : str
        Patient id.
    space : str
        ``"volume"`` (places are voxels) or ``"surface"`` (vertices).
    regions : Regions
    ids : (n,) intp
        Region of each place, ascending.
    structure : (n,) float64
        Grey matter, thickness or volume; NaN where missing.
    functional : Functional
    position : Points
        mm, scanner RAS.
    depth : (n,) float64
        0 at the white, 1 at the pial surface; NaN for vertices, which are at every depth.
    params : mapping
        How it was made, for the record.
    """

    owner: str
    space: str
    regions: Regions
    ids: Ints
    structure: Floats
    functional: Functional
    position: Points[Scanner]
    depth: Floats
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def noun(self) -> str:
        """What one place is called."""
        return "voxels" if self.space == "volume" else "vertices"

    @property
    def order(self) -> tuple[int, ...]:
        """Ids of every region, ascending."""
        return tuple(sorted(self.regions.keys))

    @property
    def activity(self) -> Floats:
        """Log mALFF of each place; NaN where missing."""
        return read(self.functional.activity, self.functional.at)

    @property
    def mean_bold(self) -> Floats | None:
        """Mean BOLD of each place; NaN where missing."""
        bold = self.functional.mean_bold
        return None if bold is None else read(bold, self.functional.at)

    def sample(self, covariates: tuple[str, ...] = (), at: Ints | None = None) -> RegionSample:
        """Return what a statistic needs, only of places where nothing is missing.

        Parameters
        ----------
        covariates : tuple of str
            Of ``"mean_bold"``, ``"depth"``; each must be there.
        at : (n,) intp, optional
            Entries of the functional table to read instead of the places' own.
        """
        source = self.functional
        at = source.at if at is None else at
        table = {"depth": self.depth}
        if source.mean_bold is not None:
            table["mean_bold"] = read(source.mean_bold, at)
        rows = np.array([table[name] for name in covariates]).reshape(len(covariates), len(at))
        whole = RegionSample(
            self.structure,
            read(source.activity, at),
            self.position.mm(self.position.frame),
            rows,
            np.searchsorted(np.array(self.order), self.ids),
            len(self.order),
        )
        known = np.isfinite(whole.structure) & np.isfinite(whole.activity)
        return whole.only(known & np.isfinite(rows).all(axis=0))

    def places(self) -> Ints:
        """Return the places of each region of `order`, whether they have data or not."""
        return np.bincount(np.searchsorted(self.order, self.ids), minlength=len(self.order))


def read(table: Floats, at: Ints) -> Floats:
    """Return the entries of a table; NaN where the entry is -1."""
    found = table[at] if len(table) else np.full(len(at), np.nan)
    return np.where(at < 0, np.nan, found)


def canonical_order(ids: Ints, mm: Floats, left: Mask) -> Ints:
    """Return the order by region, then upward, forward, and away from the midline.

    It depends on where the places are, not on how a file stores them; and a mirrored patient
    has the same order. So sums round alike, and a drawn subsample is the same.
    """
    lateral = np.where(left, -mm[:, 0], mm[:, 0])
    keys = (lateral, mm[:, 1], mm[:, 2])
    return np.asarray(np.lexsort((*(np.round(k, _DECIMALS) for k in keys), ids)), dtype=np.intp)
