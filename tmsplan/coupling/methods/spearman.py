"""Do grey matter and activity rise and fall together inside a region: Spearman's rho.

Uses the correspondence of places, unlike histogram similarity. Takes nothing out: a gradient
that both maps share, or the brightness of the BOLD image, counts as coupling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...patient.patient import Patient
from ..activity import ACTIVITY_DEFAULTS
from ..coupling_map import CouplingMap
from ..rank_correlation import fisher_z, spearman
from ..region_coupling import RegionMethod, couple_regions
from ..region_limits import REGION_DEFAULTS
from ..regions import Regions

__all__ = ["METHOD", "Spearman"]

NAME = "spearman"


@dataclass(frozen=True, slots=True)
class Spearman:
    """Rank correlation of structure and activity inside each region."""

    title: str = "rank correlation of grey matter and ALFF inside each region"
    per_region: bool = True
    needs: tuple[str, ...] = ("gm", "alff")
    source: str = "doi:10.2307/1412159"
    defaults: Mapping[str, object] = field(
        default_factory=lambda: {**REGION_DEFAULTS, **ACTIVITY_DEFAULTS}
    )

    def compute(
        self, patient: Patient, settings: Mapping[str, object], regions: Regions | None
    ) -> CouplingMap:
        """Return Fisher z of rho per region, with its spatial null.

        Parameters
        ----------
        patient : Patient
            With structure, and ALFF or a BOLD run.
        settings : mapping
            As `REGION_DEFAULTS` and those of activity.
        regions : Regions

        Returns
        -------
        CouplingMap
            `per_region`, from about -1 to 1; negative where activity falls with structure.

        Raises
        ------
        InputError
            If an input is missing, a setting is out of range, or no region has a value.
        """
        method = RegionMethod(
            name=NAME,
            unit="Fisher z",
            higher_means="more coupled",
            source=self.source,
            statistic=lambda sample: fisher_z(spearman(sample)),
        )
        return couple_regions(patient, regions, settings, method)


METHOD = Spearman()
