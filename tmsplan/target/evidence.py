"""How surely one region stands out among those that were searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from ..norms.deviations import Deviations
from ..norms.multiple import (
    Direction,
    chance_top_z,
    false_discovery_q,
    max_null_p,
    p_first_again,
    p_top,
)
from ..norms.rank_interval import rank_interval

__all__ = ["Evidence", "weigh"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Statements about the search as a whole; None where nothing competed.

    Parameters
    ----------
    searched : int
        Candidates that competed: assessed and within reach.
    max_null_p : float or None
        Share of controls whose most extreme candidate is at least as extreme.
    chance_z : float or None
        Median of the controls' most extreme z.
    again : float or None
        Chance that the same region is first on a second scan.
    p_top : mapping of feature to share
        Of redrawn references in which the feature is the most extreme; of those that competed.
    ranks : mapping of feature to (best, worst)
        Places between which it stays when references are redrawn; of those that competed.
    q : mapping of feature to q
        One-sided false discovery rate over all candidates that were assessed.
    """

    searched: int = 0
    max_null_p: float | None = None
    chance_z: float | None = None
    again: float | None = None
    p_top: Mapping[str, float] = field(default_factory=dict)
    ranks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    q: Mapping[str, float] = field(default_factory=dict)


def weigh(
    deviations: Deviations,
    competing: Sequence[str],
    assessed: Sequence[str],
    *,
    direction: Direction,
    icc: float,
) -> Evidence:
    """Return the evidence about the most extreme of several candidates.

    Parameters
    ----------
    deviations : Deviations
    competing : sequence of str
        Features of candidates that are assessed and within reach.
    assessed : sequence of str
        Features of all candidates with a trustworthy value.
    direction : str
        ``"low"`` or ``"high"``: which tail is abnormal.
    icc : float
        Reliability of one region's z.
    """
    sign = 1.0 if direction == "low" else -1.0
    z = {r.feature: sign * r.z for r in deviations.rows}
    tail = special.ndtr(np.array([z[f] for f in assessed]))
    q = false_discovery_q(tail) if len(assessed) else tail
    by_feature = dict(zip(assessed, map(float, q), strict=True))
    if not competing:
        return Evidence(q=by_feature)
    return Evidence(
        searched=len(competing),
        max_null_p=max_null_p(deviations, competing, direction=direction),
        chance_z=chance_top_z(deviations, competing, direction=direction),
        again=p_first_again([z[f] for f in competing], icc),
        p_top=p_top(deviations, competing, direction=direction),
        ranks=rank_interval(deviations, competing, direction=direction),
        q=by_feature,
    )
