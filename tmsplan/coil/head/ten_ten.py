"""The 10-10 positions on a scalp, by tape and per cent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...base.errors import InputError
from ...space.frame import Scanner
from ...space.points import Points
from ..scalp import Scalp
from .landmarks import Landmarks
from .measures import HeadTapes, head_tapes
from .tape import tape_over

__all__ = ["ALIASES", "TEN_TEN_NAMES", "position_called", "ten_ten"]

#: Older names of the same places.
ALIASES: Mapping[str, str] = {
    "T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8", "A1": "T9", "A2": "T10",
}  # fmt: skip

_MIDLINE = ("Fpz", "AFz", "Fz", "FCz", "Cz", "CPz", "Pz", "POz", "Oz")
_CORONAL = ("T7", "C5", "C3", "C1", "Cz", "C2", "C4", "C6", "T8")
#: From the front to the place over the ear, and from there to the back; fifths of each quarter.
_AROUND = {
    "left": (("Fp1", "AF7", "F7", "FT7"), ("TP7", "P7", "PO7", "O1")),
    "right": (("Fp2", "AF8", "F8", "FT8"), ("TP8", "P8", "PO8", "O2")),
}
#: From nasion to inion by the ear, tenths.
_BELOW = {
    "left": ("N1", "AF9", "F9", "FT9", "T9", "TP9", "P9", "PO9", "I1"),
    "right": ("N2", "AF10", "F10", "FT10", "T10", "TP10", "P10", "PO10", "I2"),
}
#: Rows from one side over the midline to the other: eighths of the whole tape.
_ROWS = (
    ("AF7", "AF5", "AF3", "AF1", "AFz", "AF2", "AF4", "AF6", "AF8"),
    ("F7", "F5", "F3", "F1", "Fz", "F2", "F4", "F6", "F8"),
    ("FT7", "FC5", "FC3", "FC1", "FCz", "FC2", "FC4", "FC6", "FT8"),
    ("TP7", "CP5", "CP3", "CP1", "CPz", "CP2", "CP4", "CP6", "TP8"),
    ("P7", "P5", "P3", "P1", "Pz", "P2", "P4", "P6", "P8"),
    ("PO7", "PO5", "PO3", "PO1", "POz", "PO2", "PO4", "PO6", "PO8"),
)

#: All 89 names, landmarks Nz and Iz included.
TEN_TEN_NAMES: tuple[str, ...] = (
    "Nz", *_MIDLINE, "Iz",
    *(n for n in _CORONAL if n != "Cz"),
    *(n for quarters in _AROUND.values() for half in quarters for n in half),
    *(n for row in _ROWS for n in row[1:4] + row[5:8]),
    *(n for side in _BELOW.values() for n in side),
)  # fmt: skip

_Positions = dict[str, Points[Scanner]]


def ten_ten(
    scalp: Scalp, landmarks: Landmarks, *, tapes: HeadTapes | None = None
) -> dict[str, Points[Scanner]]:
    """Return the 10-10 positions.

    Tenths of nasion-vertex-inion give the midline, tenths of ear-vertex-ear the central row.
    Fpz-T7-Oz and its mirror are cut into fifths of each quarter, so that T7 is one place. Each
    row runs from there over its midline place to the other side; either half of it is cut into
    quarters. The lowest positions are tenths of nasion-ear-inion.

    Every tape is tight (it bridges hollows); a mark over a hollow goes to the skin below it.

    Parameters
    ----------
    scalp : Scalp
    landmarks : Landmarks
        Of the same scalp.
    tapes : HeadTapes or None
        If they were measured already.

    Returns
    -------
    dict of name to Points of Scanner, one row each
        In the order of `TEN_TEN_NAMES`, mm, on the scalp.

    Raises
    ------
    InputError
        If a tape cannot be laid.

    Source: doi:10.1016/j.neuroimage.2006.09.024 (procedure), doi:10.1016/S1388-2457(00)00527-7
    (names).
    """
    laid = tapes or head_tapes(scalp, landmarks)
    found: _Positions = {"Nz": landmarks.nasion, "Iz": landmarks.inion, "Cz": laid.vertex}
    tenths = np.arange(1, 10) / 10
    _put(found, _MIDLINE, laid.sagittal.on_skin_at_share(tenths))
    _put(found, _CORONAL, laid.coronal.on_skin_at_share(tenths))
    for side, ear, mark in (("left", landmarks.lpa, "T7"), ("right", landmarks.rpa, "T8")):
        tape = laid.around.left if side == "left" else laid.around.right
        quarter, whole = tape.mark_of(found[mark]), tape.length_mm
        fifths = np.arange(1, 5) / 5
        front, back = _AROUND[side]
        _put(found, front, tape.on_skin(fifths * quarter))
        _put(found, back, tape.on_skin(quarter + fifths * (whole - quarter)))
        below = tape_over(scalp, landmarks.nasion, ear, landmarks.inion)
        _put(found, _BELOW[side], below.on_skin_at_share(tenths))
    for row in _ROWS:
        _put_row(found, scalp, row)
    return {name: found[name] for name in TEN_TEN_NAMES}


def _put(found: _Positions, names: Sequence[str], places: Points[Scanner]) -> None:
    """Add positions; one that is there stays (Cz is on two tapes)."""
    for k, name in enumerate(names):
        found.setdefault(name, places.take(k))


def _put_row(found: _Positions, scalp: Scalp, row: Sequence[str]) -> None:
    """Add a row: quarters of each half, so that its midline place is the midline's own."""
    tape = tape_over(scalp, found[row[0]], found[row[4]], found[row[8]])
    middle, whole = tape.mark_of(found[row[4]]), tape.length_mm
    quarters = np.arange(1, 4) / 4
    _put(found, row[1:4], tape.on_skin(quarters * middle))
    _put(found, row[5:8], tape.on_skin(middle + quarters * (whole - middle)))


def position_called(name: str, positions: Mapping[str, Points[Scanner]]) -> Points[Scanner]:
    """Return a position by its name, whatever the case; older names (T3, T5) are known too.

    Raises
    ------
    InputError
        For a name that is none.
    """
    known = {n.lower(): n for n in positions}
    older = {old.lower(): new for old, new in ALIASES.items()}
    key = name.strip().lower()
    key = key if key in known else older.get(key, key).lower()
    if key not in known:
        raise InputError(f"'{name}' is no 10-10 position. Expected one of {', '.join(positions)}.")
    return positions[known[key]]
