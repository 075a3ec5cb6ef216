"""Every number that decides something about activity, with unit, range and source."""

from __future__ import annotations

from ...base.param import Param

__all__ = [
    "BAND_HIGH",
    "BAND_LOW",
    "FD_LIMIT",
    "GM_SHARE",
    "MAX_CENSORED",
    "MIN_FREEDOM",
    "MIN_MINUTES",
    "PASSED",
    "WARN_MINUTES",
]

#: The band of slow fluctuations.
BAND_LOW = Param(0.01, "Hz", 0.0, 1.0, "doi:10.1016/j.jneumeth.2008.04.012")
BAND_HIGH = Param(0.08, "Hz", 0.0, 5.0, "doi:10.1016/j.jneumeth.2008.04.012")
#: Less is refused: a 0.01 Hz wave has passed three times in 300 s.
MIN_MINUTES = Param(5.0, "min", 5.0, 120.0, "docs/decisions/0013")
#: Less is said, on every page.
WARN_MINUTES = Param(10.0, "min", 5.0, 120.0, "docs/decisions/0013")
#: A volume that moved more since the last one is a spike.
FD_LIMIT = Param(0.5, "mm", 0.1, 0.5, "doi:10.1016/j.neuroimage.2011.10.018")
#: More spikes than this and the run is refused.
MAX_CENSORED = Param(0.20, "share", 0.0, 0.20, "docs/decisions/0013")
#: Grey matter, for the mean that makes ALFF relative.
GM_SHARE = Param(0.5, "share", 0.05, 1.0, "docs/decisions/0013")
#: Less freedom than this after the regression and the residual is mostly the fit's own.
MIN_FREEDOM = Param(0.3, "share", 0.1, 1.0, "docs/decisions/0013")
#: Power at the fastest frequencies, relative to the band's peak, below which only a filter gets.
PASSED = Param(5e-3, "share", 0.0, 0.1, "docs/decisions/0013")
