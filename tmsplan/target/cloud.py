"""Where other controls, another scan or another definition would put the target: one cloud."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from ..space.frame import Scanner
from ..space.points import Points
from .ranking import RankedParcel, Ranking
from .target import Target

__all__ = ["LEAST_SHARE", "cloud_of"]

#: A region that comes first less often than this adds nothing that could be drawn.
LEAST_SHARE = Param(0.005, "share", 0, 0.2, "docs/decisions/0026")

#: Points of a cloud: one for every half per cent of what may happen.
_POINTS = 200


def cloud_of(target: Target, ranking: Ranking, choose: Callable[[RankedParcel], Target]) -> Target:
    """Return a target whose spread and cloud know of other controls, too.

    One draw of the bootstrap is: other controls, of whom region k comes first with the chance
    `p_top`; one definition of coupling; one more scan. Controls decide *which region*, the rest
    *where in it*: vertex-wise norms do not exist. So the cloud holds of each region as many of
    its own points as its share, and the spread is the root mean square distance of the draws
    from the target:

    spread² = sum over regions of p_k · mean |draw in k - target|² / sum of p_k.

    Its part ``"controls"`` is that of the regions' own points alone. A region in which nothing
    can be aimed at is left out.

    Parameters
    ----------
    target : Target
        Of the first region, from `choose_target`.
    ranking : Ranking
        With `p_top`; without it the target is returned as it is.
    choose : function of RankedParcel to Target
        Chooses the point in any other region as it was chosen in the first: the same map, rule
        and limits.

    Returns
    -------
    Target
        The same point with other `spread_mm`, `spread_parts` and `cloud`.

    Raises
    ------
    InputError
        If the target's parcel is not in the ranking.

    Decision: docs/decisions/0026.
    """
    rows = {r.parcel_id: r for r in ranking.rows}
    own = rows.get(target.parcel_id or 0)
    if own is None:
        raise InputError(f"{target.id}: parcel {target.parcel_id} is not in this ranking.")
    if own.p_top is None:
        return target
    shares: list[tuple[float, Target]] = [(own.p_top, target)]
    for row in ranking.rows:
        if row is own or (row.p_top or 0.0) < LEAST_SHARE.value:
            continue
        other = _or_none(choose, row)
        if other is not None:
            shares.append((row.p_top or 0.0, other))
    total = sum(share for share, _ in shares)
    if total <= 0:
        return target
    shares = [(share / total, one) for share, one in shares]
    moves = [share * _moved(target, one) for share, one in shares]
    jumps = [share * float(one.point.distances(target.point)[0]) ** 2 for share, one in shares]
    return replace(
        target,
        spread_mm=math.sqrt(sum(moves)),
        spread_parts={**target.spread_parts, "controls": math.sqrt(sum(jumps))},
        cloud=_cloud(shares, target),
    )


def _or_none(choose: Callable[[RankedParcel], Target], row: RankedParcel) -> Target | None:
    try:
        return choose(row)
    except InputError:  # nothing in it can be aimed at: it would not be the target then
        return None


def _moved(target: Target, one: Target) -> float:
    """Return the mean square distance in mm² of one region's draws from the target."""
    if one is target:
        return (one.spread_mm or 0.0) ** 2
    frame = target.point.frame
    places = (one.point if one.cloud is None else one.cloud).mm(frame)
    return float(((places - target.point.mm(frame)) ** 2).sum(axis=1).mean())


def _cloud(shares: list[tuple[float, Target]], target: Target) -> Points[Scanner]:
    frame = target.point.frame
    drawn: list[NDArray[np.float64]] = []
    for count, (_, one) in zip(_counts([s for s, _ in shares]), shares, strict=True):
        places = (one.point if one.cloud is None else one.cloud).mm(frame)
        # Evenly through the draws, so that every definition keeps its share.
        drawn.append(places[np.arange(count) * len(places) // max(count, 1)])
    return Points(np.vstack(drawn), frame)


def _counts(shares: list[float]) -> list[int]:
    """Return how many of the points each share gets: largest remainders, the first of equals."""
    exact = [share * _POINTS for share in shares]
    counts = [int(e) for e in exact]
    order = sorted(range(len(exact)), key=lambda k: counts[k] - exact[k])
    for k in order[: _POINTS - sum(counts)]:
        counts[k] += 1
    return counts
