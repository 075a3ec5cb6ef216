"""What decides where the individual subgenual target lies: seed, search region, band, share."""

from __future__ import annotations

from dataclasses import dataclass

from ..base.param import Param
from ..coupling.activity.band import Band

__all__ = ["SEARCH", "SEED", "TEMPLATE", "SgaccSettings"]

#: Both seed and search region are given in "MNI" without a version; it is assumed.
TEMPLATE = "MNI152NLin6Asym"
#: Centre of the subgenual seed, mm.
SEED = (6.0, 16.0, -10.0)
#: Centres of the search region, mm: areas 9 and 46, the 5 cm rule, F3 on the cortex.
SEARCH = ((-36.0, 39.0, 43.0), (-44.0, 40.0, 29.0), (-41.0, 16.0, 54.0), (-37.0, 26.0, 49.0))

_SOURCE = "doi:10.1002/hbm.25330, as published code that follows it has it"


@dataclass(frozen=True, slots=True)
class SgaccSettings:
    """Settings of `tmsplan.target.sgacc.sgacc_target`.

    Parameters
    ----------
    band : Band
        Hz.
    confounds : {"24p", "36p", "acompcor", "none"}
        As for ALFF.
    global_signal : bool
        Whether the mean over the brain is taken out. Without it few places are anticorrelated
        with anything.
    fraction : Param
        Most anticorrelated share of the region, by area.
    seed_radius, search_radius : Param
        mm, in the template.
    min_covered : Param
        Share of the region that must have a value.
    """

    band: Band = Band(0.01, 0.1)  # noqa: RUF009 - frozen
    confounds: str = "24p"
    global_signal: bool = True
    fraction: Param = Param(0.10, "share", 0.01, 0.5, _SOURCE)
    seed_radius: Param = Param(10.0, "mm", 4, 15, _SOURCE)
    search_radius: Param = Param(20.0, "mm", 10, 30, _SOURCE)
    min_covered: Param = Param(0.8, "share", 0.3, 1.0, "docs/decisions/0025")

    def __str__(self) -> str:
        regressed = "regressed out" if self.global_signal else "kept"
        return f"{self.band}, confounds {self.confounds}, global signal {regressed}"
