"""What a user may decide about a plan; everything else is in `Params`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..base.params import Params

__all__ = ["Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """Choices of one plan.

    Parameters
    ----------
    coupling : str
        Coupling method, see ``tmsplan list coupling``.
    settings : mapping
        Of that method.
    beside : tuple of str or None
        Other definitions to show beside it; None for the usual ones of that method.
    note : str
        What must be said of the definition, for example that it was never published in full.
    atlas : str
        See ``tmsplan list atlases``.
    candidates : str
        Set of parcels that may become the target, declared by the atlas.
    direction : str
        ``"low"``: low values are abnormal (decoupled, for most methods); ``"high"``: high
        ones. A method whose higher values mean *less* coupled needs ``"high"``.
    against : tuple of str
        Standard targets to place beside the guided one.
    coil : str
        See ``tmsplan list coils``.
    exploratory : bool
        Whether fewer than 20 controls are accepted; labels every output.
    allow_extrapolation : bool
        Whether a patient outside the controls' age range is accepted; every row says so.
    params : Params
    """

    coupling: str = "map"
    settings: Mapping[str, object] = field(default_factory=dict)
    beside: tuple[str, ...] | None = None
    note: str = ""
    atlas: str = "desikan"
    candidates: str = "frontoparietal"
    direction: Literal["low", "high"] = "low"
    against: tuple[str, ...] = ("mni-sgacc-group", "f3-cortical", "five-cm-average")
    coil: str = "figure8-70mm"
    exploratory: bool = False
    allow_extrapolation: bool = False
    params: Params = field(default_factory=Params)
