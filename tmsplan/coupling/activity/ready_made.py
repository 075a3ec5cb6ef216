"""Activity from an ALFF map that another tool made."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ...base.errors import AmbiguityError, InputError
from ...patient.patient import Patient
from ...space.frame import Scanner
from ...space.grid import Volume
from ...surface.field import Field
from ...surface.pair import Pair
from .activity import ACTIVITY_DEFAULTS, Activity
from .relative import grey_matter, log_of, require_choice

__all__ = ["activity_of_map"]

KINDS = ("alff", "malff", "log")
#: A map divided by its own mean has a mean near 1 in any sensible mask.
MALFF_MEAN = (0.2, 5.0)
#: What stands in the record for a setting that was somebody else's choice.
UNKNOWN = "not known (ready-made)"


def activity_of_map(patient: Patient, settings: Mapping[str, object]) -> Activity:
    """Return the activity of the map that the patient brings along.

    Parameters
    ----------
    patient : Patient
        With ``maps["alff"]``: a volume or a pair of fields. Exact zeros are missing.
    settings : mapping
        ``alff_is``: ``"alff"`` (any positive scale: divided by its mean over grey matter, then
        log), ``"malff"`` (already relative: log) or ``"log"`` (as it is).

    Raises
    ------
    InputError
        If the map has values per parcel, or values that no amplitude has; or a setting that
        could only change how ALFF is computed is not its default.
    AmbiguityError
        If it is said to be relative and its mean is far from 1.
    """
    kind = require_choice(settings, "alff_is", KINDS)
    others = [name for name in ACTIVITY_DEFAULTS if name != "alff_is"]
    _require_untouched(patient.id, {name: settings[name] for name in others})
    given = patient.maps["alff"]
    if isinstance(given, Volume):
        raw = np.array(given.data, dtype=np.float64)
        within = grey_matter(patient.maps.get("gm"), given.grid)
        values: Volume[Scanner] | Pair[Field]
        values = Volume(_converted(raw, kind, patient.id, within), given.grid)
    elif isinstance(given, Pair):
        values = _pair(given, kind, patient.id)
    else:
        raise InputError(
            f"{patient.id}: the ALFF map has one value per parcel; expected one per voxel or "
            f"vertex. Coupling is computed inside parcels: give the map itself."
        )
    return Activity(
        values=values,
        mean_bold=_mean_bold(patient),
        unit="log mALFF",
        engine="ready-made",
        band=None,
        qc=dict(patient.qc),
        params={"alff_is": kind, **dict.fromkeys(others, UNKNOWN)},
        notes=("ALFF is ready-made: band, engine and cleaning are those of whoever made it.",),
    )


def _require_untouched(who: str, settings: Mapping[str, object]) -> None:
    for name, value in settings.items():
        if value != ACTIVITY_DEFAULTS[name]:
            raise InputError(
                f"{who}: {name} = {value} cannot be applied to a ready-made ALFF map. Give the "
                f"run instead (bold = FILE, without alff), or leave {name} out."
            )


def _pair(given: Pair[Field], kind: str, who: str) -> Pair[Field]:
    # One scale for both sides: each divided by its own mean would hide an asymmetry.
    both = np.concatenate([one.values for _, one in given.sides()])
    log = _converted(both, kind, who, None)
    n = len(given.left.values)
    return Pair(
        left=Field(log[:n], given.left.domain, "alff", "log mALFF"),
        right=Field(log[n:], given.right.domain, "alff", "log mALFF"),
    )


def _converted(
    raw: NDArray[np.float64], kind: str, who: str, within: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    if np.isinf(raw).any():
        raise InputError(f"{who}: the ALFF map holds infinite values; write NaN where missing.")
    values = np.where(raw == 0, math.nan, raw)
    if kind == "log":
        return values
    negative = int((values < 0).sum())
    if negative:
        raise InputError(
            f"{who}: the ALFF map has {negative} negative values; an amplitude has none. If it "
            f"is a logarithm already, say so: alff_is = log (a z-map is not taken: take the "
            f"map before standardising)."
        )
    if kind == "alff":
        return log_of(values, within, who)
    mean = float(np.nanmean(values))
    low, high = MALFF_MEAN
    if not low <= mean <= high:
        raise AmbiguityError(
            f"{who}: the ALFF map is said to be relative (alff_is = malff), but its mean is "
            f"{mean:.3g}, not near 1. If it is plain ALFF, set alff_is = alff."
        )
    return np.log(values)


def _mean_bold(patient: Patient) -> Volume[Scanner] | Pair[Field] | None:
    given = patient.maps.get("mean_bold")
    return given if isinstance(given, Volume | Pair) else None
