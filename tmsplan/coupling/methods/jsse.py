"""Histogram similarity of grey matter and activity in a region: Jensen-Shannon.

As `kls`, and with the same two reservations: **shuffling the voxels of one map leaves it
unchanged**, and **the size of a region biases it** (.90 from 100 voxels, .97 from 1600, where
the truth is 1). It ranks regions as `kls` does (rank correlation above .99 in a real brain) and
is here because it is bounded and a metric; it adds no second opinion.

One minus the Jensen-Shannon distance: logarithm to base 2, with the square root, as GRETNA.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...patient.patient import Patient
from ..activity import ACTIVITY_DEFAULTS
from ..coupling_map import CouplingMap
from ..histogram import js_similarity
from ..histogram_similarity import HISTOGRAM_DEFAULTS, similarity_statistic
from ..region_coupling import RegionMethod, couple_regions
from ..region_limits import REGION_DEFAULTS
from ..regions import Regions

__all__ = ["METHOD", "JensenShannon"]

NAME = "jsse"


@dataclass(frozen=True, slots=True)
class JensenShannon:
    """Similarity of the histograms of structure and activity, from 0 to 1."""

    title: str = "Jensen-Shannon similarity of the histograms of grey matter and ALFF"
    per_region: bool = True
    needs: tuple[str, ...] = ("gm", "alff")
    source: str = "doi:10.1109/TIT.2003.813506"
    defaults: Mapping[str, object] = field(
        default_factory=lambda: {**HISTOGRAM_DEFAULTS, **REGION_DEFAULTS, **ACTIVITY_DEFAULTS}
    )

    def compute(
        self, patient: Patient, settings: Mapping[str, object], regions: Regions | None
    ) -> CouplingMap:
        """Return the similarity per region, with its spatial null.

        Parameters
        ----------
        patient : Patient
            With structure, and ALFF or a BOLD run.
        settings : mapping
            As `HISTOGRAM_DEFAULTS`, `REGION_DEFAULTS` and those of activity.
        regions : Regions

        Returns
        -------
        CouplingMap
            `per_region`, 0 to 1.

        Raises
        ------
        InputError
            If an input is missing, a setting is out of range, or no region has a value.
        """
        method = RegionMethod(
            name=NAME,
            unit="similarity",
            higher_means="more coupled (more alike histograms, wherever the voxels are)",
            source=self.source,
            statistic=similarity_statistic(js_similarity, settings),
            fewest=int(str(settings["subsample"])),
        )
        return couple_regions(patient, regions, settings, method)


METHOD = JensenShannon()
