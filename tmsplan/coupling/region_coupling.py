"""From a patient and a statistic to the coupling of every region, with its null."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..patient.patient import Patient
from .coupling_map import CouplingMap, RegionCoupling
from .maps_of_region import region_maps
from .null import SpatialNull, spatial_null
from .region_limits import MIN_PLACES, NULL_DRAWS, limited
from .region_sample import RegionSample, Statistic
from .region_values import RegionValues
from .regions import Regions

__all__ = ["RegionMethod", "couple_regions", "coupling_of_values"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

#: A region reads as "flat" if a map has fewer different values than this: no correlation and no
#: histogram says anything of it.
_FEWEST_VALUES = 3


@dataclass(frozen=True, slots=True, eq=False)
class RegionMethod:
    """What a coupling method that compares two maps inside a region has to say.

    Parameters
    ----------
    name, unit, higher_means, source : str
        As in `CouplingMap` and `CouplingMethod`.
    statistic : callable
        From a sample to one number per region.
    covariates : tuple of str
        What the statistic takes out, of ``"mean_bold"`` and ``"depth"``.
    fewest : int
        Places that the statistic itself needs; 0 if ``min_places`` is enough.
    """

    name: str
    unit: str
    higher_means: str
    source: str
    statistic: Statistic
    covariates: tuple[str, ...] = ()
    fewest: int = 0


def couple_regions(
    patient: Patient,
    regions: Regions | None,
    settings: Mapping[str, object],
    method: RegionMethod,
) -> CouplingMap:
    """Return the coupling of one patient, region by region.

    Parameters
    ----------
    patient : Patient
        With a map of structure, and ALFF or a BOLD run.
    regions : Regions
    settings : mapping
        At least `REGION_DEFAULTS` and those of activity.
    method : RegionMethod

    Returns
    -------
    CouplingMap
        `per_region`, with a row for every region of the atlas.

    Raises
    ------
    InputError
        If a map is missing, a setting is out of range, or no region has a value.
    """
    if regions is None:
        raise InputError(f"{patient.id}: coupling method '{method.name}' needs regions.")
    fewest = max(int(limited(settings, "min_places", MIN_PLACES)), method.fewest)
    draws, seed = int(limited(settings, "null_draws", NULL_DRAWS)), settings["null_seed"]
    if not isinstance(seed, int) or seed < 0:
        raise InputError(f"null_seed is {seed!r}; it must be a whole number, 0 or more.")
    maps = region_maps(patient, regions, settings)
    values = maps.values
    _require_covariates(values, method)
    per_region, null = coupling_of_values(values, method, fewest=fewest, draws=draws, seed=seed)
    _require_some(patient, values, per_region)
    return CouplingMap(
        method=method.name,
        unit=method.unit,
        higher_means=method.higher_means,
        space=values.space,
        per_region=per_region,
        params={**settings, **maps.params, "source": method.source},
        qc={**maps.qc, **_qc(values, null, per_region)},
    )


def coupling_of_values(
    values: RegionValues, method: RegionMethod, *, fewest: int, draws: int, seed: int
) -> tuple[dict[int, RegionCoupling], SpatialNull]:
    """Return value, n, coverage and null of every region.

    Parameters
    ----------
    values : RegionValues
    method : RegionMethod
    fewest : int
        Places below which a region has no value.
    draws, seed : int
        Of the null.
    """
    sample = values.sample(method.covariates)
    places, n = values.places(), sample.counts
    reasons = [_reason(values, *row) for row in zip(places, n, [fewest] * len(n), strict=True)]
    enough = np.array([not r for r in reasons])
    found = np.where(enough, method.statistic(sample.only(enough[sample.group])), np.nan)
    for k in np.flatnonzero(enough & ~np.isfinite(found)):
        reasons[k] = _why_undefined(sample, int(k))
    null = spatial_null(
        values,
        method.statistic,
        covariates=method.covariates,
        wanted=np.isfinite(found),
        draws=draws,
        seed=seed,
    )
    return {
        region: RegionCoupling(
            value=float(found[k]),
            n=int(n[k]),
            coverage=float(n[k] / places[k]) if places[k] else 0.0,
            null_mean=float(null.mean[k]),
            null_sd=float(null.sd[k]),
            reason=reasons[k],
        )
        for k, region in enumerate(values.order)
    }, null


def _reason(values: RegionValues, places: int, n: int, fewest: int) -> str:
    if places == 0:
        return f"no {values.noun} of the cortex"
    if n == 0:
        return f"none of {places} {values.noun} has data"
    if n < fewest:
        return f"{n} {values.noun} with data, fewer than {fewest}"
    return ""


def _why_undefined(sample: RegionSample, region: int) -> str:
    rows = slice(*sample.bounds[region : region + 2])
    for name, map_ in (("structure", sample.structure), ("activity", sample.activity)):
        different = len(np.unique(map_[rows]))
        if different < _FEWEST_VALUES:
            return f"{name} is flat: {different} different values"
    return "the maps are copies of each other or of what is taken out"


def _require_covariates(values: RegionValues, method: RegionMethod) -> None:
    if "mean_bold" in method.covariates and values.functional.mean_bold is None:
        raise InputError(
            f"{values.owner}: coupling method '{method.name}' takes out the mean BOLD signal, "
            f"and there is none; give mean_bold = FILE under [maps], or set covariates = "
            f"'position' (ALFF follows the brightness of the image: say so where you report it)."
        )
    if "depth" in method.covariates and values.space == "surface":
        raise InputError(
            f"{values.owner}: depth cannot be taken out of maps on the surface, where each "
            f"value stands for the whole depth; leave 'depth' out of covariates."
        )


def _require_some(
    patient: Patient, values: RegionValues, per_region: Mapping[int, RegionCoupling]
) -> None:
    if all(math.isnan(one.value) for one in per_region.values()):
        first, why = next((i, one.reason) for i, one in per_region.items())
        name = " ".join(map(str, values.regions.keys[first]))
        raise InputError(
            f"{patient.id}: no region of '{values.regions.atlas}' has a value ({name}: {why}). "
            f"Check that the maps belong together, or choose an atlas of larger regions."
        )


def _qc(
    values: RegionValues, null: SpatialNull, per_region: Mapping[int, RegionCoupling]
) -> dict[str, object]:
    with_value = [r for r in per_region.values() if not math.isnan(r.value)]
    with_null = [r for r in with_value if not math.isnan(r.null_sd)]
    return {
        "regions_with_value": len(with_value),
        "regions_with_null": len(with_null),
        "null": null.how or "none",
        "null_draws_fewest": int(null.draws[null.draws > 0].min()) if null.draws.any() else 0,
        "median_places": float(np.median([r.n for r in with_value])),
        "places_are": values.noun,
    }
