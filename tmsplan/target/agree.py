"""Whether two rankings of one patient point to the same cortex: other atlases, definitions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..patient.patient import Patient
from ..surface.domain import require_same_domain
from ..surface.field import Labels
from ..surface.pair import Pair
from .ranking import RankedParcel, Ranking
from .target import Target

__all__ = ["RankedOn", "RankingAgreement", "agreement_of"]

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class RankedOn:
    """A ranking, and where its parcels lie.

    Parameters
    ----------
    name : str
        Of the atlas or definition; for people.
    ranking : Ranking
    labels : Pair of Labels
    """

    name: str
    ranking: Ranking
    labels: Pair[Labels]


@dataclass(frozen=True, slots=True)
class RankingAgreement:
    """What another ranking says of a target.

    Parameters
    ----------
    other : str
        Name of the other ranking.
    top : int
        How many of the first regions of each are compared.
    overlap : float
        Shared area of these regions, of their mean area (Dice): 1 the same cortex, 0 none of it.
    same_winner : bool
        Whether the target lies in the first region of the other ranking.
    place : int or None
        Place, in the other ranking, of the region that holds the target; None where that region
        is none of its candidates that compete.
    of : int
        How many compete there.
    region : str or None
        That region, with its side; None where the target lies in no region.
    """

    other: str
    top: int
    overlap: float
    same_winner: bool
    place: int | None
    of: int
    region: str | None

    @property
    def line(self) -> str:
        """The sentence to print."""
        shared = (
            f"The first {self.top} regions of both share {100 * self.overlap:.0f} % of their area."
        )
        if self.region is None:
            return f"By {self.other} the target lies in no region. {shared}"
        if self.place is None:
            return (
                f"By {self.other} the target lies in {self.region}, which does not compete "
                f"there. {shared}"
            )
        return (
            f"By {self.other} the target lies in {self.region}, place {self.place} of {self.of}. "
            f"{shared}"
        )


def agreement_of(
    target: Target, chosen: RankedOn, other: RankedOn, patient: Patient, *, top: int = 3
) -> RankingAgreement:
    """Return whether another ranking of the same patient points to the same cortex.

    Parcels of different atlases have no common ids, so cortex is compared and not names: the
    area of mid-cortex that the first regions share, and the place of the region that holds the
    target.

    Parameters
    ----------
    target : Target
        From `chosen`.
    chosen, other : RankedOn
        On the patient's mesh.
    patient : Patient
    top : int
        Regions compared; fewer where fewer compete.

    Raises
    ------
    InputError
        If `top` is below 1 or no region competes in one of the rankings.
    DomainError
        If the labels are not on the patient's mesh.
    """
    first, second = _competing(chosen, top), _competing(other, top)
    k = min(top, len(first), len(second))
    mine, theirs = _within(chosen, first[:k], patient), _within(other, second[:k], patient)
    here = int(other.labels.side(target.hemi).ids[target.vertex])
    places = {row.parcel_id: n for n, row in enumerate(second, start=1)}
    row = next((r for r in other.ranking.rows if r.parcel_id == here), None)
    return RankingAgreement(
        other=other.name,
        top=k,
        overlap=_dice(mine, theirs, patient),
        same_winner=places.get(here) == 1,
        place=places.get(here),
        of=len(second),
        region=None if row is None else f"{row.hemi} {row.name}",
    )


def _competing(on: RankedOn, top: int) -> list[RankedParcel]:
    rows = [r for r in on.ranking.rows if r.competes]
    if top < 1 or not rows:
        raise InputError(
            f"{on.name}: {len(rows)} regions compete and the first {top} are to be compared. "
            f"Expected at least one of each."
        )
    return rows


def _dice(mine: Pair[Bools], theirs: Pair[Bools], patient: Patient) -> float:
    shared = both = 0.0
    for hemi, cortex in patient.cortex.sides():
        area = cortex.mid.vertex_areas()
        a, b = mine.side(hemi), theirs.side(hemi)
        shared += float(area[a & b].sum())
        both += float(area[a].sum() + area[b].sum())
    return 2 * shared / both if both else 0.0


def _within(on: RankedOn, rows: list[RankedParcel], patient: Patient) -> Pair[Bools]:
    ids = [r.parcel_id for r in rows]
    for hemi, labels in on.labels.sides():
        domain = patient.cortex.side(hemi).domain
        require_same_domain(labels.domain, domain, "compare two rankings")
    return on.labels.map(lambda labels: np.isin(labels.ids, ids))
