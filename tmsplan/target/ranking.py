"""Parcels ordered by abnormality, each with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..space.side import Hemi

__all__ = ["RankedParcel", "Ranking", "Statement", "backup_rows"]


@dataclass(frozen=True, slots=True)
class Statement:
    """A line about uncertainty that page and sheet print."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class RankedParcel:
    """One row of the ranking; the fields of plan.json's ``ranking``.

    Numbers that could not be computed are None. `reasons` holds codes such as
    ``"no-norm"``, ``"low-coverage"``, ``"not-a-candidate"``, ``"too-deep"``, ``"tie"``; all are
    explained in `exclusions.REASONS`.
    `rank_best` and `rank_worst` bound the place among the candidates that compete when the
    controls are redrawn.
    """

    rank: int
    parcel_id: int
    name: str
    hemi: Hemi
    network: str | None
    value: float | None
    z: float | None
    z_low: float | None
    z_high: float | None
    z_shrunk: float | None
    centile: float | None
    q: float | None
    p_top: float | None
    n: int
    coverage: float
    candidate: bool
    reachable: bool
    reasons: tuple[str, ...]
    rank_best: int | None = None
    rank_worst: int | None = None

    @property
    def competes(self) -> bool:
        """Whether it may become the target: a candidate, assessed, within reach."""
        return self.candidate and self.reachable and self.z is not None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Parcels in order: candidates that can be targeted first, the rest behind them.

    Parameters
    ----------
    rows : tuple of RankedParcel
        `rank` counts from 1 over all rows.
    searched : int
        How many candidates competed (K); printed.
    max_null_p : float or None
        Share of controls whose most extreme candidate is at least as extreme.
    verdict : str
    why : str
    statements : tuple of Statement
    """

    rows: tuple[RankedParcel, ...]
    searched: int
    max_null_p: float | None
    verdict: Literal["target", "no-region-stands-out"]
    why: str
    statements: tuple[Statement, ...]

    @property
    def best(self) -> RankedParcel | None:
        """The first candidate that is reachable and assessed, or None."""
        first = self.rows[0] if self.rows else None
        return first if first is not None and first.competes else None


def backup_rows(ranking: Ranking, n: int = 2) -> tuple[RankedParcel, ...]:
    """Return the regions to turn to if the first cannot be treated, in order.

    Parameters
    ----------
    ranking : Ranking
    n : int
        At most so many.

    Returns
    -------
    tuple of RankedParcel
        The second, third, ... of those that compete; fewer where fewer compete.
    """
    return tuple(r for r in ranking.rows[1:] if r.competes)[:n]
