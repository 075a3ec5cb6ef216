"""The individual target that is most anticorrelated with the subgenual cingulate: a comparator.

Its place among targets is contested, and every output says so (`CONTESTED`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..atlas.atlas import Atlas
from ..base.errors import InputError
from ..patient.patient import Patient
from ..space.grid import Volume
from ..surface.surface import Surface
from ..surface.topology import clusters
from .place_standard import CorticalPlace, cortical_target
from .read_standard import load_standard
from .sgacc_series import SIDE, SeedAndRegion, seed_and_region
from .sgacc_settings import SEARCH, SgaccSettings
from .target import Target

__all__ = ["CONTESTED", "NAME", "sgacc_target"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

NAME = "sgacc-individual"
#: What has to be said with this target, wherever it is shown.
CONTESTED = (
    "Contested: distance to such a target did not predict the outcome in 501 patients "
    "(doi:10.1101/2025.07.09.662866), its connectivity explained 3 % of it in 295 (Elbau 2023), "
    "and stimulated places with positive connectivity answered more strongly in 115 people "
    "(PMID 39638081)."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A cluster's centroid and vertex, with what it is worth."""

    vertex: int
    centroid: Floats
    r_mean: float
    area_mm2: float


def sgacc_target(
    patient: Patient,
    atlas: Atlas | None = None,
    *,
    settings: SgaccSettings | None = None,
    seed_map: Volume[Any] | None = None,
) -> Target:
    """Find the left prefrontal point most anticorrelated with the subgenual cingulate.

    Correlation of the seed with each mid-cortex vertex of the search region; of these the most
    anticorrelated tenth by area, of that the largest cluster, of that the centroid weighted by
    area times anticorrelation, snapped to the cluster's nearest vertex.

    Parameters
    ----------
    patient : Patient
        With a run of BOLD and a route from MNI152.
    atlas : Atlas, optional
        Tells which parcel the point falls into.
    settings : SgaccSettings, optional
        Without them the global signal is regressed out, and confounds are 24p where the run has
        a table of them.
    seed_map : Volume of a template, optional
        See `tmsplan.target.sgacc_series.seed_and_region`.

    Returns
    -------
    Target
        `spread_mm` is the root mean square distance of the points of both halves of the run
        from that of the whole: each half is noisier than the whole, so it is no less than the
        run's own uncertainty.

    Raises
    ------
    InputError
        If there is no run, it is refused, it does not cover seed or region, or nothing in the
        region is anticorrelated.
    FrameError
        If nothing relates MNI152 to the patient.

    Source: doi:10.1002/hbm.25330.  Decision: docs/decisions/0025.
    """
    if patient.bold is None:
        raise InputError(
            f"{patient.id}: '{NAME}' is found in the patient's own BOLD, and there is no run. "
            f"Give bold = FILE under [maps], or leave this target out."
        )
    table = bool(patient.bold.confounds)
    settings = settings or SgaccSettings(confounds="24p" if table else "none")
    data = seed_and_region(patient, patient.bold, settings, seed_map)
    mid = patient.cortex.side(SIDE).mid
    t = len(data.seed)
    whole = _found(mid, data, slice(0, t), settings)
    if not whole.r_mean < 0:
        raise InputError(
            f"{patient.id}: nothing in the search region is anticorrelated with the subgenual "
            f"seed (the lowest tenth has a mean r of {whole.r_mean:.2f}). Expected negative "
            f"correlations; with global_signal kept there often are none."
        )
    halves = [_found(mid, data, part, settings) for part in (slice(0, t // 2), slice(t // 2, t))]
    moved = [float(((h.centroid - whole.centroid) ** 2).sum()) for h in halves]
    words = (
        f"{data.words}; {settings}; search region: {len(SEARCH)} spheres of "
        f"{settings.search_radius.value:g} mm"
    )
    placed = cortical_target(
        load_standard(NAME), CorticalPlace(whole.vertex, words), patient, atlas
    )
    return replace(
        placed,
        spread_mm=float(np.sqrt(np.mean(moved))),
        why=_why(whole, halves, data, settings),
    )


def _found(mid: Surface[Any], data: SeedAndRegion, part: slice, settings: SgaccSettings) -> _Found:
    """Return the point that one part of the run leads to."""
    r = _correlation(data.series[:, part], data.seed[part])
    covered = np.isfinite(r)
    least = settings.min_covered.value
    if not len(r) or covered.mean() < least:
        share = 100 * float(covered.mean()) if len(r) else 0.0
        raise InputError(
            f"{mid.domain}: the run covers {share:.0f} % of the search region "
            f"({len(r)} vertices). Expected at least {100 * least:.0f} %; check the field of view "
            f"and that run and surfaces lie in one place."
        )
    area = mid.vertex_areas()[data.vertices]
    order = np.argsort(np.where(covered, r, np.inf), kind="stable")
    share = np.cumsum(area[order]) / area[covered].sum()
    last = int(np.searchsorted(share, settings.fraction.value))
    chosen = np.zeros(len(mid), dtype=bool)
    chosen[data.vertices[order[: last + 1]]] = True
    part_of = clusters(mid, chosen)[data.vertices]
    sizes = np.bincount(part_of, area)
    cluster = np.flatnonzero(part_of == 1 + int(np.argmax(sizes[1:])))
    weight = area[cluster] * np.clip(-r[cluster], 1e-6, None)
    xyz = mid.points.mm(mid.frame)[data.vertices[cluster]]
    centroid = np.average(xyz, axis=0, weights=weight)
    nearest = int(np.linalg.norm(xyz - centroid, axis=1).argmin())
    return _Found(
        int(data.vertices[cluster[nearest]]),
        centroid,
        float(np.average(r[cluster], weights=area[cluster])),
        float(area[cluster].sum()),
    )


def _correlation(rows: Floats, seed: Floats) -> Floats:
    """Return Pearson's r of each row with the seed; NaN for a row without a signal."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    seed = seed - seed.mean()
    length = np.linalg.norm(rows, axis=1) * np.linalg.norm(seed)
    out = np.full(len(rows), np.nan)
    alive = length > 0  # false for NaN too
    out[alive] = rows[alive] @ seed / length[alive]
    return out


def _why(whole: _Found, halves: list[_Found], data: SeedAndRegion, settings: SgaccSettings) -> str:
    rs = " and ".join(f"{h.r_mean:.2f}" for h in halves)
    none = " NO CONFOUNDS WERE REMOVED." if settings.confounds == "none" else ""
    notes = " ".join(data.clean.notes)
    return (
        f"Weighted centroid of the largest cluster ({whole.area_mm2:.0f} mm²) of the most "
        f"anticorrelated {settings.fraction.value:.0%} of the search region, mean r "
        f"{whole.r_mean:.2f} ({rs} in the halves of the run), snapped to the mid-cortex; crown or "
        f"sulcus alike.{none}{f' {notes}' if notes else ''} {CONTESTED}"
    )
