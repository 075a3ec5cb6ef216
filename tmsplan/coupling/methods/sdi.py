"""Structural decoupling index: how much of a region's signal the wiring does not explain.

The region series are written in harmonics of the structural connectome. What varies slowly
along the connections is coupled to structure, the rest is not; the index is the ratio of both.
Source: Preti and Van De Ville 2019, doi:10.1038/s41467-019-12765-7.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...patient.patient import Patient
from ..connectivity_graph import harmonics
from ..connectivity_regions import checked_connectome, region_ids
from ..coupling_map import CouplingMap, RegionCoupling
from ..regions import Regions

__all__ = ["METHOD", "Sdi", "decoupling", "energy_split"]

Floats = NDArray[np.float64]

#: As published: 19 surrogates per person. They show a spread, and are too few for more.
SURROGATES = 19
MOST_SURROGATES = 999
_NULL = "surrogate series, as smooth on the connectome"
#: Fixed, so that the same data give the same bytes.
_SEED = 20191011


@dataclass(frozen=True, slots=True)
class Sdi:
    """Structural decoupling index."""

    title: str = "structural decoupling index of the region series, per region"
    per_region: bool = True
    needs: tuple[str, ...] = ("sc", "fc")
    source: str = "doi:10.1038/s41467-019-12765-7"
    defaults: Mapping[str, object] = field(default_factory=lambda: {"surrogates": SURROGATES})

    def compute(
        self, patient: Patient, settings: Mapping[str, object], regions: Regions | None
    ) -> CouplingMap:
        """Return log2 of the index of each region of the patient's connectome.

        Parameters
        ----------
        patient : Patient
            With a `Connectome` that has region series.
        settings : mapping
            ``surrogates``: how many surrogate series give the null of each region, in which
            the sign of every harmonic is drawn anew: same smoothness on the connectome, no
            relation between slow and fast. 0 computes none.
        regions : Regions
            Of the connectome's atlas; only its names and ids are used.

        Returns
        -------
        CouplingMap
            `per_region`; `n` is the number of time points. A region without fibres has no
            value, and its signal is left out of all others.

        Raises
        ------
        InputError
            If there is no connectome, it has no series, its regions are not those of the
            atlas, or a setting is out of range.
        """
        matrices = checked_connectome(patient, "sdi")
        if matrices.series is None:
            raise InputError(
                f"{patient.id}: coupling method 'sdi' needs the series of the regions, and fc "
                f"is a finished correlation matrix; give the series (time x regions) as fc."
            )
        draws = settings["surrogates"]
        if not isinstance(draws, int) or not 0 <= draws <= MOST_SURROGATES:
            raise InputError(f"surrogates is {draws!r}; it must be 0 to {MOST_SURROGATES}.")
        if regions is None:
            raise InputError(f"{patient.id}: coupling method 'sdi' needs an atlas.")
        ids = region_ids(matrices, regions, patient.id)
        joined = matrices.sc.sum(axis=1) > 0
        found, split = _all_regions(
            matrices.sc[np.ix_(joined, joined)], matrices.series[:, joined].T, draws, patient.id
        )
        places = iter(found)
        nothing = RegionCoupling(math.nan, 0, 0.0, reason="no fibre connects it")
        return CouplingMap(
            method="sdi",
            unit="log2 SDI",
            higher_means="less coupled",
            space="parcels",
            per_region={
                i: next(places) if there else nothing
                for i, there in zip(ids, joined.tolist(), strict=True)
            },
            params={**settings, "source": self.source, "low_harmonics": split},
            qc={"null": _NULL if draws else "none", "places_are": "time points"},
        )


def decoupling(low: Floats, high: Floats) -> Floats:
    """Return log2 of the ratio of norms over time, high to low, of (r, t) parts of a signal."""
    return np.asarray(np.log2(np.linalg.norm(high, axis=1) / np.linalg.norm(low, axis=1)))


def energy_split(energy: Floats) -> int:
    """Return how many harmonics are low: the first number that holds half of the energy.

    Parameters
    ----------
    energy : (r,) float64
        Mean power of each harmonic, in their order. The half is of the area under the line
        through them (trapezoidal rule), as published.
    """
    steps = (energy[1:] + energy[:-1]) / 2
    area = np.concatenate([[0.0], np.cumsum(steps)])
    return int(np.searchsorted(area, area[-1] / 2)) + 1


def _all_regions(
    sc: Floats, series: Floats, draws: int, who: str
) -> tuple[list[RegionCoupling], int]:
    spread = series.std(axis=1, keepdims=True)
    if not np.isfinite(series).all() or (spread == 0).any():
        raise InputError(f"{who}: the region series hold a missing value or a constant region.")
    z = (series - series.mean(axis=1, keepdims=True)) / spread
    _, vectors = harmonics(sc)
    spectrum = vectors.T @ z
    split = energy_split((spectrum**2).mean(axis=1))

    def index(parts: Floats) -> Floats:
        low, high = vectors[:, :split] @ parts[:split], vectors[:, split:] @ parts[split:]
        return decoupling(low, high)

    rng = np.random.default_rng(_SEED)
    signs = rng.choice([-1.0, 1.0], size=(draws, len(sc), 1))
    null = np.array([index(sign * spectrum) for sign in signs]).reshape(draws, len(sc))
    mean = null.mean(axis=0) if draws else np.full(len(sc), math.nan)
    sd = null.std(axis=0, ddof=1) if draws > 1 else np.full(len(sc), math.nan)
    t = series.shape[1]
    return [
        RegionCoupling(float(v), t, 1.0, float(m), float(s))
        for v, m, s in zip(index(spectrum), mean, sd, strict=True)
    ], split


METHOD = Sdi()
