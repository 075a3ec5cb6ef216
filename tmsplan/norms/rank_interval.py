"""Which ranks a region takes when the controls are drawn again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from .deviations import Deviations
from .multiple import Direction, max_null_p

__all__ = ["rank_interval"]

#: As in `multiple`: linear algebra on more threads moves later decimals.
_DECIMALS = 6


def rank_interval(
    deviations: Deviations,
    features: Sequence[str],
    *,
    direction: Direction = "low",
    interval: float = 0.95,
) -> dict[str, tuple[int, int]]:
    """Return the ranks between which each feature stays under resampled references.

    Rank 1 is the most extreme of the features that compete; equal z share the better rank.
    As in `p_top`, only the controls are redrawn: the person's own measurement error is not
    in it, so on a second scan ranks move more than this.

    Parameters
    ----------
    deviations : Deviations
        Uses the (b, f) z of the person under resampled controls.
    features : sequence of str
        Those that compete; the person must have a value in each.
    direction : str
        ``"low"`` or ``"high"``.
    interval : float
        Share of draws inside, for example 0.95.

    Returns
    -------
    dict
        ``{feature: (best rank, worst rank)}``, both ranks that occurred. Empty where the
        norms hold no single controls to redraw.

    Raises
    ------
    InputError
        If a feature is unknown or missing in the person, or none is given.
    """
    max_null_p(deviations, features, direction=direction)  # refuses what cannot compete
    if not len(deviations.boot_z):
        return {}
    where = {r.feature: k for k, r in enumerate(deviations.rows)}
    sign = 1.0 if direction == "low" else -1.0
    drawn = np.round(sign * deviations.boot_z[:, [where[f] for f in features]], _DECIMALS)
    ranks = stats.rankdata(drawn, method="min", axis=1)
    tail = (1 - interval) / 2
    low, high = np.quantile(ranks, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return {f: (int(a), int(b)) for f, a, b in zip(features, low, high, strict=True)}
