"""How much a person changed between two sessions, and how much of that is noise.

With reliability r and standard deviation s, one score carries the error s sqrt(1 - r) and a
difference of two of them s sqrt(2 (1 - r)) (Jacobson and Truax 1991,
doi:10.1037/0022-006X.59.1.12). z have s = 1: a change below 1.96 sqrt(2 (1 - r)) is what two
scans of an unchanged person differ by in 95 of 100 cases. Both z must be against the same
norms: the controls' own sampling error is then in both and cancels in their difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from ..base.errors import InputError
from .monitor_retest import Retest
from .multiple import false_discovery_q

__all__ = ["Change", "ReliableChange", "change_statement", "detectable_change",
           "reliable_change", "z_changes"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReliableChange:
    """One difference beside the noise of two measurements.

    Parameters
    ----------
    change : float
        Second minus first, minus the mean change on retest; in the unit of the scores.
    error : float
        Standard error of one measurement.
    difference_error : float
        Of the difference of two.
    index : float
        Reliable-change index: `change` in units of `difference_error`.
    threshold : float
        Smallest detectable change: beyond it `index` leaves the interval.
    p : float
        Two-sided, for an unchanged person.
    """

    change: float
    error: float
    difference_error: float
    index: float
    threshold: float
    p: float

    @property
    def interval(self) -> tuple[float, float]:
        """Limits of the true change."""
        return self.change - self.threshold, self.change + self.threshold


def reliable_change(
    before: float, after: float, retest: Retest, *, sd: float = 1.0, interval: float = 0.95
) -> ReliableChange:
    """Return whether two scores differ by more than repeated measurement does.

    Parameters
    ----------
    before, after : float
    retest : Retest
    sd : float
        Standard deviation of the scores among comparable people; 1 for z.
    interval : float
        Share of unchanged people inside the threshold.

    Raises
    ------
    InputError
        If `sd` is not positive.
    """
    if not sd > 0:
        raise InputError(f"the standard deviation is {sd:g}. Expected more than 0.")
    error = sd * float(np.sqrt(1 - retest.icc))
    both = error * float(np.sqrt(2))
    change = after - before - retest.effect
    index = change / both
    threshold = float(special.ndtri(0.5 + interval / 2)) * both
    return ReliableChange(
        change, error, both, index, threshold, float(2 * special.ndtr(-abs(index)))
    )


def detectable_change(icc: float, *, sd: float = 1.0, interval: float = 0.95) -> float:
    """Return the smallest change that is more than noise, in the unit of `sd`.

    Raises
    ------
    InputError
        If `icc` is not between 0 and 1.
    """
    return reliable_change(0.0, 0.0, Retest(icc, "given"), sd=sd, interval=interval).threshold


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one feature between two sessions, in z.

    Parameters
    ----------
    feature : str
    z_before, z_after : float
    z_change, change_low, change_high : float
        Difference with its interval; the mean change on retest is taken off.
    index : float
        Reliable-change index.
    detectable : float
        Smallest change that is more than noise.
    p, q : float
        Two-sided, for an unchanged person; q over all features compared.
    moved : bool
        Whether q is at most 1 - interval.
    retest : Retest
    """

    feature: str
    z_before: float
    z_after: float
    z_change: float
    change_low: float
    change_high: float
    index: float
    detectable: float
    p: float
    q: float
    moved: bool
    retest: Retest

    @property
    def beyond(self) -> bool:
        """Whether this feature alone, unadjusted for the others, changed more than noise."""
        return abs(self.z_change) > self.detectable


def z_changes(
    before: Mapping[str, float],
    after: Mapping[str, float],
    retest: Retest | Mapping[str, Retest],
    *,
    interval: float = 0.95,
) -> tuple[Change, ...]:
    """Return the change of every feature that has a z in both sessions.

    All features are judged together: q is Benjamini and Hochberg's over those compared, and a
    feature has `moved` if its q is at most 1 - interval.

    Parameters
    ----------
    before, after : mapping of feature to z
        Against the same norms; NaN where missing (the feature is then left out).
    retest : Retest, or mapping of feature to Retest
        One for all, or one for each.
    interval : float

    Returns
    -------
    tuple of Change
        In the order of `before`.

    Raises
    ------
    InputError
        If no feature has a z in both, or one has no reliability.
    """
    shared = [f for f, z in before.items() if np.isfinite(z) and np.isfinite(after.get(f, np.nan))]
    if not shared:
        raise InputError("no feature has a z in both sessions; there is nothing to compare.")
    each = dict.fromkeys(shared, retest) if isinstance(retest, Retest) else retest
    lost = [f for f in shared if f not in each]
    if lost:
        raise InputError(
            f"'{lost[0]}' has no measured reliability ({len(lost)} of {len(shared)} features); "
            f"add it to the table of retest scans, or give one --icc for all."
        )
    found = [reliable_change(before[f], after[f], each[f], interval=interval) for f in shared]
    q = false_discovery_q([c.p for c in found])
    return tuple(
        Change(
            feature=f,
            z_before=before[f],
            z_after=after[f],
            z_change=c.change,
            change_low=c.interval[0],
            change_high=c.interval[1],
            index=c.index,
            detectable=c.threshold,
            p=c.p,
            q=float(adjusted),
            moved=bool(adjusted <= 1 - interval),
            retest=each[f],
        )
        for f, c, adjusted in zip(shared, found, q, strict=True)
    )


def change_statement(changes: tuple[Change, ...], *, interval: float = 0.95) -> str:
    """Return in words how many features moved, and how many would by noise alone."""
    k, beyond = len(changes), sum(c.beyond for c in changes)
    moved = [c.feature for c in changes if c.moved]
    chance = (1 - interval) * k
    icc = sorted({c.retest.icc for c in changes})
    span = f"{icc[0]:g}" if len(icc) == 1 else f"{icc[0]:g} to {icc[-1]:g}"
    sources = {c.retest.source for c in changes}
    known = "assumed, not measured" if "assumed" in sources else " and ".join(sorted(sources))
    names = f": {', '.join(moved)}" if moved else ""
    return (
        f"{k} regions compared at a reliability (ICC) of {span}, {known}. {beyond} changed by "
        f"more than {100 * interval:g} % of unchanged people do in one region; by noise alone "
        f"about {chance:.1f} would. {len(moved)} moved more than noise with all {k} judged "
        f"together (false discovery rate {1 - interval:.2g}){names}."
    )
