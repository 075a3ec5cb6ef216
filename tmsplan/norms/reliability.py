"""How repeatable a feature is: measured for these norms, or assumed and said so."""

from __future__ import annotations

from dataclasses import dataclass

from ..base.params import Params
from .deviations import Deviation
from .multiple import shrink

__all__ = ["Shrunk", "shrunk"]


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A z as it would be expected without the error of measurement.

    Parameters
    ----------
    z : float
        Expected true deviation.
    half : float
        Half width of its 95 % interval.
    icc : float
        Reliability that was used.
    source : str
        ``"declared by the norms"``, ``"given by the user"`` or ``"assumed, not measured"``.
    """

    z: float
    half: float
    icc: float
    source: str


def shrunk(row: Deviation, params: Params) -> Shrunk:
    """Return a deviation shrunk for reliability.

    The norms' own measured reliability of the feature is used unless the user overrides it
    (``icc_assumed``); where nobody knows it, it is assumed.

    Parameters
    ----------
    row : Deviation
    params : Params
        `icc_assumed` is used.
    """
    given = params.icc_assumed
    if given.overridden:
        icc, source = given.value, "given by the user"
    elif row.icc is not None:
        icc, source = row.icc, "declared by the norms"
    else:
        icc, source = given.value, "assumed, not measured"
    return Shrunk(*shrink(row.z, icc), icc, source)
