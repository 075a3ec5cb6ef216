"""Structure-function coupling by region: how well distance and wiring predict correlation.

Per region, the correlations with all others are regressed on the Euclidean distance, the length
of the shortest path and the communicability of each pair.
Source: Vazquez-Rodriguez et al. 2019, doi:10.1073/pnas.1903403116.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...patient.patient import Patient
from ..connectivity_graph import communicability, path_lengths
from ..connectivity_regions import checked_connectome, region_centres, region_ids
from ..coupling_map import CouplingMap, RegionCoupling
from ..regions import Regions

__all__ = ["METHOD", "Multilinear", "row_fit"]

Floats = NDArray[np.float64]

PREDICTORS = ("distance", "path length", "communicability")
#: Three predictors and a constant leave 1 degree of freedom of 5 pairs; our default asks for
#: about ten pairs per predictor.
FEWEST_PAIRS = 10
MIN_PAIRS = 30
#: Smallest eigenvalue of the predictors' correlation matrix: below it they say the same thing
#: and the regression is singular.
_SINGULAR = 1e-8


@dataclass(frozen=True, slots=True)
class Multilinear:
    """Regional multilinear model of functional connectivity."""

    title: str = "functional connectivity predicted from distance and wiring, per region"
    per_region: bool = True
    needs: tuple[str, ...] = ("sc", "fc")
    source: str = "doi:10.1073/pnas.1903403116"
    defaults: Mapping[str, object] = field(default_factory=lambda: {"min_pairs": MIN_PAIRS})

    def compute(
        self, patient: Patient, settings: Mapping[str, object], regions: Regions | None
    ) -> CouplingMap:
        """Return the adjusted R² of each region of the patient's connectome.

        Parameters
        ----------
        patient : Patient
            With a `Connectome`.
        settings : mapping
            ``min_pairs``: a region with fewer usable pairs has no value.
        regions : Regions
            Of the connectome's atlas, on the patient's mesh: distances are between the
            centres of the patient's own regions, not those of a template.

        Returns
        -------
        CouplingMap
            `per_region`; `n` is the number of pairs. Adjusted R² may be below 0: then the
            predictors do worse than the mean.

        Raises
        ------
        InputError
            If the patient has no connectome, it is damaged, its regions are not those of the
            atlas, a setting is out of range, or no region has a value.
        """
        matrices = checked_connectome(patient, "multilinear")
        fewest = settings["min_pairs"]
        if not isinstance(fewest, int) or fewest < FEWEST_PAIRS:
            raise InputError(f"min_pairs is {fewest!r}; it must be at least {FEWEST_PAIRS}.")
        if regions is None:
            raise InputError(f"{patient.id}: coupling method 'multilinear' needs an atlas.")
        ids = region_ids(matrices, regions, patient.id)
        centres = region_centres(patient, regions, ids)
        predictors = _predictors(matrices.sc, centres)
        found = {
            i: _region(matrices.fc[k], predictors[:, k], k, fewest) for k, i in enumerate(ids)
        }
        if all(math.isnan(one.value) for one in found.values()):
            reason = next(iter(found.values())).reason
            raise InputError(
                f"{patient.id}: no region has a value by method 'multilinear' (first region: "
                f"{reason}). Check the connectome."
            )
        return CouplingMap(
            method="multilinear",
            unit="adjusted R²",
            higher_means="more coupled",
            space="parcels",
            per_region=found,
            params={**settings, "source": self.source, "predictors": list(PREDICTORS)},
        )


def row_fit(y: Floats, x: Floats) -> tuple[float, str]:
    """Return the adjusted R² of y on standardised predictors, or NaN and why.

    Parameters
    ----------
    y : (n,) float64
    x : (p, n) float64
        Finite.

    Returns
    -------
    value : float
        ``1 - (1 - R²)(n - 1) / (n - p - 1)``.
    reason : str
        Empty if there is a value.
    """
    p, n = x.shape
    spread = x.std(axis=1)
    if y.std() == 0 or (spread <= 1e-12 * np.abs(x).max(axis=1)).any():
        return math.nan, "a predictor or the row is flat"
    z = (x - x.mean(axis=1, keepdims=True)) / spread[:, None]
    if float(np.linalg.eigvalsh(z @ z.T / n)[0]) < _SINGULAR:
        return math.nan, "its predictors are linearly dependent"
    design = np.vstack([np.ones(n), z]).T
    _, left, *_ = np.linalg.lstsq(design, y, rcond=None)
    r2 = 1.0 - float(left[0]) / float(((y - y.mean()) ** 2).sum())
    return 1.0 - (1.0 - r2) * (n - 1) / (n - p - 1), ""


def _predictors(sc: Floats, centres: Floats) -> Floats:
    """Return the (3, r, r) predictors; not finite where a pair has none."""
    away = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    joined = sc.sum(axis=1) > 0
    wired = communicability(sc)
    # A region without fibres communicates with nobody: that is missing, not 0.
    wired[~joined] = wired[:, ~joined] = np.nan
    return np.stack([away, path_lengths(sc), wired])


def _region(fc: Floats, predictors: Floats, own: int, fewest: int) -> RegionCoupling:
    used = np.isfinite(fc) & np.isfinite(predictors).all(axis=0)
    used[own] = False
    n, whole = int(used.sum()), len(fc) - 1
    if n < fewest:
        value, reason = math.nan, f"{n} pairs, fewer than {fewest}"
    else:
        value, reason = row_fit(fc[used], predictors[:, used])
    return RegionCoupling(value=value, n=n, coverage=n / whole, reason=reason)


METHOD = Multilinear()
