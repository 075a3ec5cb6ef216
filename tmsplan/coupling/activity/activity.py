"""The activity of one patient: log relative ALFF, from a ready-made map or from the series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from ...base.errors import InputError
from ...patient.patient import Patient
from ...space.grid import Volume
from ...surface.field import Field
from ...surface.pair import Pair
from .limits import BAND_HIGH, BAND_LOW

__all__ = ["ACTIVITY_DEFAULTS", "Activity", "activity_of"]

#: Settings that every coupling method which reads activity merges into its own defaults.
ACTIVITY_DEFAULTS: Mapping[str, object] = MappingProxyType(
    {
        "alff_engine": "dpabi",  # dpabi, fft, sd, xcpd
        "band_low": BAND_LOW.value,  # Hz
        "band_high": BAND_HIGH.value,  # Hz
        "confounds": "24p",  # 24p, 36p, acompcor, none
        "spikes": "regress",  # regress, keep; drop with the engine xcpd
        "scale": "percent",  # percent of the temporal mean, or raw
        "alff_is": "alff",  # a ready-made map: alff, malff, log
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """How strongly each place is active.

    Parameters
    ----------
    values : Volume or Pair of Field
        From `activity_of`: in scanner RAS of the patient, or on the patient's own mesh. NaN
        where nothing was measured. By default
        the natural logarithm of ALFF relative to its mean over grey matter.
    mean_bold : the same type, or None
        Mean of the series in the scanner's own unit; None where only a ready-made map is known.
    unit : str
        ``"log mALFF"``.
    engine : str
        Which definition; ``"ready-made"`` for a map that came along. Values of two engines are
        never comparable: norms must be built with the same one.
    band : (float, float) or None
        Hz; None where unknown.
    qc : mapping of name to number or text
        Mean FD, minutes, tSNR, coverage, smoothness, share of spikes, task.
    params : mapping
        Every setting that was used, for the record.
    notes : tuple of str
        What has to be said on every page: short run, task other than rest, ...
    """

    values: Volume[Any] | Pair[Field]
    mean_bold: Volume[Any] | Pair[Field] | None
    unit: str
    engine: str
    band: tuple[float, float] | None
    qc: Mapping[str, object] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def activity_of(patient: Patient, settings: Mapping[str, object]) -> Activity:
    """Return the activity of one patient.

    The ready-made ``maps["alff"]`` is taken where there is one (with ``maps["mean_bold"]``);
    else ALFF is computed from ``patient.bold``. The last result is remembered: the coupling
    methods of one plan ask for the same activity, and a run is read once for all of them.

    Parameters
    ----------
    patient : Patient
    settings : mapping
        At least the names of `ACTIVITY_DEFAULTS`; others are ignored, because coupling methods
        have their own beside them.

    Returns
    -------
    Activity

    Raises
    ------
    InputError
        If there is neither map nor series, a setting is unknown, the map is no ALFF, or the
        series is too short, moved too much or cannot be read.
    FrameError
        If nothing relates the template or mesh of the run to the patient.
    """
    return _last(patient, tuple((name, settings[name]) for name in ACTIVITY_DEFAULTS))


@lru_cache(maxsize=1)
def _last(patient: Patient, settings: tuple[tuple[str, object], ...]) -> Activity:
    """Compute; patients are compared by identity, so another one is never answered with this."""
    from .ready_made import activity_of_map
    from .to_patient import activity_of_run

    mine = dict(settings)
    if "alff" in patient.maps:
        return activity_of_map(patient, mine)
    if patient.bold is None:
        raise InputError(
            f"{patient.id}: there is no measure of activity; give alff = FILE or bold = FILE "
            f"under [maps]."
        )
    if mine["alff_is"] != ACTIVITY_DEFAULTS["alff_is"]:
        raise InputError(
            f"{patient.id}: alff_is = {mine['alff_is']} says what a ready-made map is, and there "
            f"is none: ALFF is computed from the run. Leave alff_is out, or give alff = FILE."
        )
    return activity_of_run(patient, patient.bold, mine)
