"""Structure-function coupling by region: do strong fibre connections go with strong correlation.

Per region, the Spearman correlation of its row of the structural connectome with its row of
the functional one, itself left out. Source: Baum et al. 2020, doi:10.1073/pnas.1912034117.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ...base.errors import InputError
from ...patient.patient import Patient
from ..connectivity_regions import checked_connectome
from ..coupling_map import CouplingMap
from ..regions import Regions

__all__ = ["METHOD", "Baum", "row_spearman"]

Floats = NDArray[np.float64]

ZERO_RULES = ("nonzero", "all")
#: A rank correlation of fewer than 4 pairs takes only the values -1, -0.5, 0.5 and 1.
FEWEST_PAIRS = 4
#: Our choice: of 10 independent pairs a rank correlation has a standard error of 1/3. In 19
#: real connectomes of 68 regions it leaves out 14 of 1292 values, none in lateral cortex.
MIN_PAIRS = 10


@dataclass(frozen=True, slots=True)
class Baum:
    """Regional coupling of structural and functional connectivity."""

    title: str = "rank correlation of structural and functional connectivity, per region"
    per_region: bool = False
    needs: tuple[str, ...] = ("sc", "fc")
    source: str = "doi:10.1073/pnas.1912034117"
    defaults: Mapping[str, object] = field(
        default_factory=lambda: {"zero_rule": "nonzero", "min_pairs": MIN_PAIRS, "fisher": False}
    )

    def compute(
        self,
        patient: Patient,
        settings: Mapping[str, object],
        regions: Regions | None,  # noqa: ARG002 - works without regions
    ) -> CouplingMap:
        """Return one value per region of the patient's connectome.

        Parameters
        ----------
        patient : Patient
            With a `Connectome`.
        settings : mapping
            ``zero_rule``: ``"nonzero"`` correlates over the regions that a region is
            structurally connected to (as published), ``"all"`` over all others; the two differ
            by about 0.1. ``min_pairs``: fewer than these give NaN. ``fisher``: return Fisher z
            instead of rho.

        Returns
        -------
        CouplingMap
            `by_region`; a region without a value is NaN and its reason is in
            ``params["missing"]``.

        Raises
        ------
        InputError
            If the patient has no connectome, it is damaged, or a setting is out of range.
        """
        matrices = checked_connectome(patient, "baum")
        rule, fewest = _rule(settings)
        rho, reasons = row_spearman(matrices.sc, matrices.fc, nonzero=rule, min_pairs=fewest)
        if settings["fisher"]:
            rho = _fisher(rho, reasons)
        missing = {
            f"{hemi} {name}": why
            for (hemi, name), why in zip(matrices.regions, reasons, strict=True)
            if why
        }
        return CouplingMap(
            method="baum",
            unit="Fisher z" if settings["fisher"] else "rho",
            higher_means="more coupled",
            space="parcels",
            by_region=dict(zip(matrices.regions, rho.tolist(), strict=True)),
            params={**settings, "source": self.source, "missing": missing},
        )


def row_spearman(
    sc: Floats, fc: Floats, *, nonzero: bool, min_pairs: int
) -> tuple[Floats, list[str]]:
    """Correlate the ranks of each row of `sc` with those of `fc`, the diagonal left out.

    Parameters
    ----------
    sc, fc : (r, r) float64
        NaN entries of `fc` are left out pair by pair.
    nonzero : bool
        Whether only pairs with ``sc > 0`` count.
    min_pairs : int

    Returns
    -------
    rho : (r,) float64
        Spearman's rho with average ranks for ties; NaN where it is not defined.
    reasons : list of str
        Why a row has no value; empty for the others.
    """
    used = ~np.eye(len(sc), dtype=bool) & np.isfinite(fc)
    if nonzero:
        used &= sc > 0
    a, b = (_centred_ranks(np.where(used, m, np.nan)) for m in (sc, fc))
    size = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    pairs = used.sum(axis=1)
    reasons = [
        f"{n} pairs, fewer than {min_pairs}" if n < min_pairs else "" if s > 0 else "a row is flat"
        for n, s in zip(pairs.tolist(), size.tolist(), strict=True)
    ]
    defined = np.array([not why for why in reasons])
    rho = np.full(len(sc), np.nan)
    np.divide((a * b).sum(axis=1), size, out=rho, where=defined)
    # Rounding may leave 1.0000000000000002, which Fisher's z has no value for.
    return np.clip(rho, -1.0, 1.0), reasons


def _centred_ranks(rows: Floats) -> Floats:
    """Return average ranks minus their row's mean; 0 where a value is NaN."""
    ranks = rankdata(rows, axis=1, nan_policy="omit")
    n = np.isfinite(ranks).sum(axis=1, keepdims=True)
    # The mean of n average ranks is (n + 1) / 2, with or without ties.
    return np.asarray(np.nan_to_num(ranks - (n + 1) / 2, nan=0.0))


def _fisher(rho: Floats, reasons: list[str]) -> Floats:
    perfect = np.abs(rho) == 1
    for k in np.flatnonzero(perfect):
        reasons[k] = "rho is 1 or -1, which has no Fisher z"
    return np.arctanh(np.where(perfect, np.nan, rho))


def _rule(settings: Mapping[str, object]) -> tuple[bool, int]:
    rule, fewest = settings["zero_rule"], settings["min_pairs"]
    if rule not in ZERO_RULES:
        raise InputError(f"zero_rule is '{rule}'; write one of {', '.join(ZERO_RULES)}.")
    if not isinstance(fewest, int) or fewest < FEWEST_PAIRS:
        raise InputError(f"min_pairs is {fewest!r}; it must be at least {FEWEST_PAIRS}.")
    return rule == "nonzero", fewest


METHOD = Baum()
