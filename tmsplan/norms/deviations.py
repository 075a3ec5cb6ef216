"""How far one person is from the reference, region by region, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Deviation", "Deviations", "Tier"]

Tier = str  # "exploratory", "limited", "usable", "adequate"


@dataclass(frozen=True, slots=True)
class Deviation:
    """One feature (parcel) of one person.

    Parameters
    ----------
    feature : str
        Column of the normative table, for example ``lh_bankssts``.
    value : float
        The person's value; NaN if missing (then every number is NaN).
    z, z_low, z_high : float
        t-predictive z and the interval of the effect from the noncentral t (95 % unless said).
    centile : float
        0 to 1: share of comparable people expected to be lower.
    rank_p : float
        One-sided leave-one-out rank p of a value this low: (1 + controls as low) / (n + 1).
        NaN where the norms hold no single controls.
    extrapolated : bool
        Whether the person lies outside the reference's range of a covariate.
    n_reference : int
    icc : float or None
        Reliability of the feature where the norms declare one.
    """

    feature: str
    value: float
    z: float
    z_low: float
    z_high: float
    centile: float
    rank_p: float
    extrapolated: bool
    n_reference: int
    icc: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Deviations:
    """All features of one person, with what is needed to judge the most extreme of them.

    Parameters
    ----------
    rows : tuple of Deviation
        In the order of the model's features.
    tier : str
        From the number of controls: exploratory, limited, usable, adequate.
    labels : tuple of str
        ``"EXPLORATORY"``, ``"SYNTHETIC"``: printed on every output.
    loo_z : (n, f) float64
        z of each control against the others, same features; no rows where the norms hold no
        single controls.
    boot_z : (b, f) float64
        The person's z under resampled controls; no rows likewise.
    norms : mapping
        The plan.json ``norms`` block: id, sha256, n_reference, tier, age_range, sites,
        transferred.
    notes : tuple of str
        What must be said of these numbers: what is not available, what a transfer cost.
    """

    rows: tuple[Deviation, ...]
    tier: Tier
    labels: tuple[str, ...]
    loo_z: NDArray[np.float64]
    boot_z: NDArray[np.float64]
    norms: Mapping[str, object]
    notes: tuple[str, ...] = ()

    def by_feature(self) -> Mapping[str, Deviation]:
        """Return ``{feature: row}``."""
        return {r.feature: r for r in self.rows}
