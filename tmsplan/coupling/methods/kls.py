"""Histogram similarity of grey matter and activity in a region: Kullback-Leibler.

**Shuffling the voxels of one map leaves it unchanged**: it does not ask whether structure and
activity go together in place, only whether their histograms have like shapes. "Decoupled" in
this sense means unlike histograms. **The size of a region biases it**: with equal distributions,
whose true similarity is 1, it gives .93 from 100 voxels and .99 from 1600; compare a region only
with the same region of others, or fix the number of voxels with ``subsample``.

The published formulas disagree. This is GRETNA's recipe: drop values beyond 2.58 standard
deviations, Gaussian kernel density at 256 points over each map's own range, symmetric divergence
in nats, exp(-divergence).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...patient.patient import Patient
from ..activity import ACTIVITY_DEFAULTS
from ..coupling_map import CouplingMap
from ..histogram import kl_similarity
from ..histogram_similarity import HISTOGRAM_DEFAULTS, similarity_statistic
from ..region_coupling import RegionMethod, couple_regions
from ..region_limits import REGION_DEFAULTS
from ..regions import Regions

__all__ = ["METHOD", "KullbackLeibler"]

NAME = "kls"


@dataclass(frozen=True, slots=True)
class KullbackLeibler:
    """Similarity of the histograms of structure and activity, from 0 to 1."""

    title: str = "Kullback-Leibler similarity of the histograms of grey matter and ALFF"
    per_region: bool = True
    needs: tuple[str, ...] = ("gm", "alff")
    source: str = "doi:10.1371/journal.pone.0141840"
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
            statistic=similarity_statistic(kl_similarity, settings),
            fewest=int(str(settings["subsample"])),
        )
        return couple_regions(patient, regions, settings, method)


METHOD = KullbackLeibler()
