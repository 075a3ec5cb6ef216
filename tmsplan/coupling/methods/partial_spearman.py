"""The default: rank correlation inside a region with mean BOLD and position taken out.

Unscaled ALFF looks like the mean BOLD image, and any two smooth maps share gradients inside a
region; both would count as coupling. What is left is small, noisy, and about the correspondence
of structure and activity. Maps are never smoothed for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...base.errors import InputError
from ...patient.patient import Patient
from ..activity import ACTIVITY_DEFAULTS
from ..coupling_map import CouplingMap
from ..rank_correlation import fisher_z, partial_spearman
from ..region_coupling import RegionMethod, couple_regions
from ..region_limits import REGION_DEFAULTS
from ..regions import Regions

__all__ = ["METHOD", "PartialSpearman"]

NAME = "partial_spearman"
COVARIATES = ("mean_bold", "position", "depth")


@dataclass(frozen=True, slots=True)
class PartialSpearman:
    """Rank correlation of structure and activity with shared causes taken out."""

    title: str = "the same with mean BOLD and position taken out (the default definition)"
    per_region: bool = True
    needs: tuple[str, ...] = ("gm", "alff", "mean_bold")
    source: str = "doi:10.1007/BF02293602"
    defaults: Mapping[str, object] = field(
        default_factory=lambda: {
            "covariates": "mean_bold position",
            **REGION_DEFAULTS,
            **ACTIVITY_DEFAULTS,
        }
    )

    def compute(
        self, patient: Patient, settings: Mapping[str, object], regions: Regions | None
    ) -> CouplingMap:
        """Return Fisher z of the partial rho per region, with its spatial null.

        Parameters
        ----------
        patient : Patient
            With structure, and ALFF and mean BOLD or a BOLD run.
        settings : mapping
            ``covariates``: what is taken out, words of ``mean_bold``, ``position`` and
            ``depth`` (from white to pial surface: both maps change with it); the rest as
            `REGION_DEFAULTS` and those of activity.
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
        words = _words(settings)
        method = RegionMethod(
            name=NAME,
            unit="Fisher z",
            higher_means="more coupled",
            source=self.source,
            statistic=lambda s: fisher_z(partial_spearman(s, position="position" in words)),
            covariates=tuple(w for w in COVARIATES if w in words and w != "position"),
        )
        return couple_regions(patient, regions, settings, method)


def _words(settings: Mapping[str, object]) -> tuple[str, ...]:
    words = tuple(str(settings["covariates"]).split())
    unknown = [w for w in words if w not in COVARIATES]
    if unknown or not words or len(set(words)) < len(words):
        raise InputError(
            f"covariates is '{settings['covariates']}'; write one or more of "
            f"{', '.join(COVARIATES)} with spaces between, each once. To take nothing out, use "
            f"the method 'spearman'."
        )
    return words


METHOD = PartialSpearman()
