"""The distance adjustment of Stokes: shown with its formula, never prescribed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..base.errors import InputError
from ..base.param import Param

__all__ = ["ADJUSTMENT_CAP", "SLOPE_2005", "SLOPE_2007", "StokesLine", "stokes"]

SLOPE_2005 = Param(3.0, "%MSO/mm", 0, 5, "doi:10.1152/jn.00067.2005")
SLOPE_2007 = Param(2.8, "%MSO/mm", 0, 5, "doi:10.1016/j.clinph.2007.04.004")
#: The studies moved the coil over the motor cortex by up to about a centimetre; a longer step
#: extrapolates, so no more than this is ever added or taken off.
ADJUSTMENT_CAP = Param(20.0, "%MSO", 0, 30, "docs/decisions/0024")
#: Scalp to cortex of a living adult, mm.
_DEPTHS = (2.0, 60.0)
_CAVEAT = (
    "Shown, not prescribed: measured at the motor cortex of healthy people, not validated for "
    "treatment elsewhere."
)


@dataclass(frozen=True, slots=True)
class StokesLine:
    """What the adjustment would be.

    Parameters
    ----------
    text : str
        For page and sheet; always says that it is shown and not prescribed.
    formula : str
        With its slope and source.
    percent_difference : float
        To add to a motor threshold in %MSO, after the cap.
    capped : bool
        Whether the difference of depths asked for more than `ADJUSTMENT_CAP`.
    adjusted_percent : float or None
        Adjusted motor threshold, %MSO; None without a threshold.
    above_output : bool
        Whether that is more than the stimulator has (100 %MSO).
    """

    text: str
    formula: str
    percent_difference: float
    capped: bool
    adjusted_percent: float | None = None
    above_output: bool = False


def stokes(
    depth_site_mm: float,
    depth_m1_mm: float,
    motor_threshold_percent_mso: float | None = None,
    *,
    study: Literal[2005, 2007] = 2007,
) -> StokesLine:
    """Return the adjustment of a motor threshold for the depth of another site.

    Percentages are absolute, of the stimulator's maximum output (MSO): the formula adds, it
    does not multiply.

    Parameters
    ----------
    depth_site_mm, depth_m1_mm : float
        Scalp to cortex at the site, and at the motor cortex where the threshold was found.
    motor_threshold_percent_mso : float, optional
        In %MSO, 1 to 100. Without it only the difference is stated.
    study : int
        Whose slope: 2005 (3 %MSO per mm) or 2007 (2.8 %MSO per mm).

    Raises
    ------
    InputError
        For a depth or a threshold that no person has.

    Source: doi:10.1152/jn.00067.2005, doi:10.1016/j.clinph.2007.04.004.
    """
    for name, depth in (("site", depth_site_mm), ("motor cortex", depth_m1_mm)):
        if not _DEPTHS[0] <= depth <= _DEPTHS[1]:
            raise InputError(
                f"depth of the {name} is {depth:g} mm; {_DEPTHS[0]:g} to {_DEPTHS[1]:g} mm are "
                f"expected. Check the unit, and that scalp and cortex are one person's."
            )
    mt = motor_threshold_percent_mso
    if mt is not None and not 1 <= mt <= 100:
        raise InputError(
            f"motor threshold {mt:g} %MSO; 1 to 100 is expected, in percent of the stimulator's "
            f"maximum output (0.6 would be 60)."
        )
    slope = SLOPE_2005 if study == 2005 else SLOPE_2007
    asked = slope.value * (depth_site_mm - depth_m1_mm)
    change = float(np.clip(asked, -ADJUSTMENT_CAP.value, ADJUSTMENT_CAP.value))
    adjusted = None if mt is None else mt + change
    return StokesLine(
        text=_text(depth_site_mm - depth_m1_mm, change, mt, capped=change != asked),
        formula=(
            f"adjusted MT = MT + {slope.value:g} %MSO per mm x (depth of site - depth of motor "
            f"cortex); {slope.source}"
        ),
        percent_difference=change,
        capped=change != asked,
        adjusted_percent=adjusted,
        above_output=adjusted is not None and adjusted > 100,
    )


def _text(deeper_mm: float, change: float, mt: float | None, *, capped: bool) -> str:
    where = "deeper" if deeper_mm >= 0 else "shallower"
    change_of = f"{change:+.1f} %MSO by the distance adjustment of Stokes"
    parts = [
        f"The cortex lies {abs(deeper_mm):.1f} mm {where} than at the motor cortex: {change_of}"
    ]
    if capped:
        parts.append(f"capped at {ADJUSTMENT_CAP.value:g} %MSO, beyond what was measured")
    if mt is not None:
        parts.append(f"a threshold of {mt:g} %MSO would read {mt + change:.1f} %MSO")
    line = "; ".join(parts) + "."
    if mt is not None and mt + change > 100:
        line += " ABOVE 100 %MSO: the stimulator cannot give it."
    return f"{line} {_CAVEAT}"
