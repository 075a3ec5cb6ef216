"""What a user may decide about a plan; everything else is in `Params`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ..base.errors import InputError
from ..base.params import Params
from ..norms.multiple import Direction
from ..target.direction import direction_of
from ..target.point import PointRule

__all__ = ["EFIELDS", "HANDLES", "SIMNIBS", "Options"]

#: How a handle may be chosen, beside an angle of one's own.
HANDLES = ("midline", "sulcus", "field")
EFIELDS = ("none", "shell", "pial")
#: Before the name of a head model of SimNIBS.
SIMNIBS = "simnibs:"


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
        Set of parcels that may become the target, declared by the atlas; parcels by id or by
        side and name; or ``"mask:FILE"``, an image or surface map of where to search.
    direction : str
        ``"low"``: low values are abnormal (decoupled, for most methods); ``"high"``: high
        ones. A method whose higher values mean *less* coupled needs ``"high"``.
        ``"decoupled"``: whichever of the two the method says it is.
    point : str
        Which point in the region, see `choose_target`.
    against : tuple of str
        Standard targets to show beside the guided one.
    hotspot : three floats or None
        Motor hotspot of the hand, mm in scanner RAS, where tapes of 5 to 6 cm start.
    coil : str
        See ``tmsplan list coils``.
    handle : str
        ``"midline"``, ``"sulcus"``, ``"field"``, or an angle in deg to the midline.
    efield : str
        ``"none"``, ``"shell"`` (seconds), ``"pial"`` (minutes), or ``"simnibs:FOLDER"`` with
        the head model that SimNIBS' charm made from the same T1.
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
    direction: Literal["low", "high", "decoupled"] = "low"
    point: PointRule = "cluster"
    against: tuple[str, ...] = ("beam-f3", "mni-sgacc-group", "five-cm-rule")
    hotspot: tuple[float, float, float] | None = None
    coil: str = "figure8-70mm"
    handle: str = "midline"
    efield: str = "shell"
    exploratory: bool = False
    allow_extrapolation: bool = False
    params: Params = field(default_factory=Params)

    def __post_init__(self) -> None:
        self._require_efield()
        self._require_handle()
        if self.hotspot is not None and not all(map(math.isfinite, self.hotspot)):
            raise InputError(
                f"hotspot {self.hotspot}: three finite numbers are expected, mm in scanner RAS."
            )
        if self.point == "field-weighted" and self.efield not in ("shell", "pial"):
            raise InputError(
                "point 'field-weighted' needs a field of our own: pass --efield shell or pial."
            )

    def _require_efield(self) -> None:
        folder = self.efield.removeprefix(SIMNIBS)
        if self.efield in EFIELDS:
            return
        if folder == self.efield:
            raise InputError(
                f"efield '{self.efield}' is unknown; pass {', '.join(EFIELDS)} or "
                f"{SIMNIBS}FOLDER (the m2m_ folder of charm)."
            )
        if not folder or not Path(folder).is_dir():
            raise InputError(
                f"efield '{self.efield}': there is no folder '{Path(folder).name}'. Expected the "
                f"m2m_ folder that charm made from this patient's T1."
            )

    def _require_handle(self) -> None:
        if self.handle in HANDLES:
            return
        try:
            angle = float(self.handle)
        except ValueError:
            angle = math.nan
        if not -180 <= angle <= 180:
            raise InputError(
                f"handle '{self.handle}': pass {', '.join(HANDLES)}, or an angle of -180 to 180 "
                f"deg to the midline."
            )

    def searching(self, higher_means: str) -> Options:
        """Return these options with ``"decoupled"`` turned into the tail that it means.

        Raises
        ------
        InputError
            If the measure does not say which of its ends is the decoupled one.
        """
        return replace(self, direction=direction_of(self.direction, higher_means))

    @property
    def tail(self) -> Direction:
        """The end of the numbers that is searched.

        Raises
        ------
        InputError
            If it is not known yet, see `searching`.
        """
        if self.direction == "decoupled":
            raise InputError(
                "direction 'decoupled' has no end of the numbers yet; call searching."
            )
        return self.direction
