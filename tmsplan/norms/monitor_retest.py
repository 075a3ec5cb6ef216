"""How repeatable a feature is: what retest scans say, or what is assumed without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError, refuse_file
from ..base.table import Table

__all__ = ["Intraclass", "Retest", "intraclass", "measure_retest", "read_retest"]

Floats = NDArray[np.float64]
Source = Literal["measured", "given", "assumed"]


@dataclass(frozen=True, slots=True)
class Retest:
    """What two scans of unchanged people differ by, of one feature.

    Parameters
    ----------
    icc : float
        Intraclass correlation, between 0 and 1, both excluded.
    source : str
        ``"measured"`` from retest scans, ``"given"`` by the user, or ``"assumed"``; printed.
    effect : float
        Mean change of unchanged people from the first scan to the second, in the unit of the
        scores; taken off every change.
    """

    icc: float
    source: Source
    effect: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.icc < 1:
            raise InputError(
                f"the reliability (ICC) is {self.icc:g}. Expected more than 0 and less than 1: "
                f"at 0 nothing can be seen to change, at 1 any difference would be a change."
            )
        if not np.isfinite(self.effect):
            raise InputError("the mean change on retest is not a finite number; correct it.")


@dataclass(frozen=True, slots=True, eq=False)
class Intraclass:
    """Shrout and Fleiss' single-score ICC of every feature, each (f,).

    `one` is ICC(1,1), scans interchangeable; `two` ICC(2,1), absolute agreement; `three`
    ICC(3,1), consistency once the mean change is taken off.
    """

    one: Floats
    two: Floats
    three: Floats


def intraclass(scores: Floats) -> Intraclass:
    """Return the reliability of one scan from people scanned k times.

    Parameters
    ----------
    scores : (n, k) or (n, k, f) float64
        n people, k scans in the same order for everybody, f features.

    Raises
    ------
    InputError
        If fewer than two people or scans are given, or a score is missing.

    Source: doi:10.1037/0033-2909.86.2.420.
    """
    x = np.atleast_3d(np.asarray(scores, dtype=float))
    n, k = x.shape[:2]
    if n < 2 or k < 2:
        raise InputError(f"{n} people with {k} scans. Expected at least two of each.")
    if not np.isfinite(x).all():
        raise InputError("a retest score is missing; leave that person or feature out.")
    people, scans, all_ = x.mean(axis=1), x.mean(axis=0), x.mean(axis=(0, 1))
    between = k * np.sum((people - all_) ** 2, axis=0) / (n - 1)
    within = np.sum((x - people[:, None]) ** 2, axis=(0, 1)) / (n * (k - 1))
    occasion = n * np.sum((scans - all_) ** 2, axis=0) / (k - 1)
    left = x - people[:, None] - scans[None] + all_
    error = np.sum(left**2, axis=(0, 1)) / ((n - 1) * (k - 1))
    two = (between - error) / (between + (k - 1) * error + k * (occasion - error) / n)
    return Intraclass(
        one=(between - within) / (between + (k - 1) * within),
        two=two,
        three=(between - error) / (between + (k - 1) * error),
    )


def measure_retest(features: Sequence[str], first: Floats, second: Floats) -> dict[str, Retest]:
    """Return the reliability of each feature from two scans of unchanged people.

    ICC(3,1), because the mean change is recorded as `effect` and taken off.

    Parameters
    ----------
    features : sequence of str
    first, second : (n, f) float64
        z of the same people, rows in the same order.

    Raises
    ------
    InputError
        If a feature has no positive reliability: nothing can then be said to change in it.
    """
    icc = intraclass(np.stack([first, second], axis=1)).three
    effect = np.mean(np.asarray(second) - np.asarray(first), axis=0)
    poor = [f for f, r in zip(features, icc, strict=True) if not r > 0]
    if poor:
        raise InputError(
            f"'{poor[0]}' has no reliability above 0 in these retest scans ({len(poor)} such "
            f"features); leave it out: no change can be told from noise in it."
        )
    return {
        f: Retest(float(r), "measured", float(e))
        for f, r, e in zip(features, icc, effect, strict=True)
    }


def read_retest(table: Table) -> Mapping[str, Retest]:
    """Read measured reliabilities: columns ``feature, icc`` and perhaps ``mean_change`` (in z).

    Raises
    ------
    InputError
        Names the file, and the row whose number is refused.
    """
    features, icc = table.texts("feature"), table.numbers("icc")
    has_effect = "mean_change" in table.columns
    effect = table.numbers("mean_change") if has_effect else (0.0,) * len(table)
    found: dict[str, Retest] = {}
    for row, (name, r, e) in enumerate(zip(features, icc, effect, strict=True), start=2):
        if name in found:
            raise refuse_file(
                table.name, f"row {row} is '{name}' again", "one row a feature", "Keep one"
            )
        try:
            found[name] = Retest(r, "measured", e)
        except InputError as err:
            raise InputError(f"{table.name}: row {row}, '{name}': {err}") from err
    return found
