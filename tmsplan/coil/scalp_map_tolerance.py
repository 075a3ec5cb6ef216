"""Where stimulation is felt most: a score of places, declared and not measured on this person.

Single pulses at 43 sites were rated for annoyance, pain and twitches: places low on the forehead
and the temples are worst, places high and far back are hardly felt (TMS-SMART). Muscles and
nerves of the face, the temple and the neck lie there. The score falls towards each of them; it
orders places and forecasts nothing.

Source: doi:10.1016/j.jneumeth.2018.02.008, doi:10.3389/fpsyg.2018.01989 (what is said above;
the ratings themselves are not used).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..patient.patient import Patient
from ..space.side import Hemi
from .scalp import Scalp
from .scalp_map_sites import HeldPlaces

__all__ = ["EAR_CLEAR", "FACE_CLEAR", "NECK_CLEAR", "TEMPLE", "TEMPLE_CLEAR", "tolerability_of"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

#: At the edge of skin where no coil is held the score is 0; this far from it, 1.
FACE_CLEAR = Param(60.0, "mm", 20, 120, "docs/decisions/0029")
EAR_CLEAR = Param(50.0, "mm", 20, 120, "docs/decisions/0029")
NECK_CLEAR = Param(40.0, "mm", 20, 120, "docs/decisions/0029")
#: Over the temporal muscle, from the line between eye and ear: 0 up to the first, 1 from the
#: second distance on.
TEMPLE = Param(20.0, "mm", 0, 60, "docs/decisions/0029")
TEMPLE_CLEAR = Param(80.0, "mm", 40, 120, "docs/decisions/0029")


def tolerability_of(patient: Patient, scalp: Scalp, held: HeldPlaces) -> Floats:
    """Return the score of each scalp vertex, 0 to 1; NaN where no coil can be held.

    The score of a place is the smallest of four: its distance from the face (eyes, nose,
    sinus), from the ears, from the neck and throat, and from the line between eye and ear that
    the temporal muscle rises from. Regions that the scalp does not have do not count.

    Parameters
    ----------
    patient : Patient
    scalp : Scalp
    held : HeldPlaces
        Of the same scalp.

    Returns
    -------
    (n,) float64
    """
    xyz = scalp.surface.points.mm(scalp.surface.frame)
    rows = np.flatnonzero(held.open)
    face = held.over("over-eye", "over-nose", "over-sinus")
    score = np.ones(len(rows))
    for region, clear in (
        (face, FACE_CLEAR),
        (held.over("over-ear"), EAR_CLEAR),
        (held.over("under-the-head"), NECK_CLEAR),
    ):
        score = np.minimum(score, _distance(xyz[rows], xyz[region]) / clear.value)
    width = TEMPLE_CLEAR.value - TEMPLE.value
    score = np.minimum(score, (_from_temples(patient, scalp, held, rows) - TEMPLE.value) / width)
    out = np.full(len(xyz), np.nan)
    out[rows] = np.clip(score, 0, 1)
    return out


def _distance(at: Floats, region: Floats) -> Floats:
    """Return the straight distance of places to a region; infinite if there is none."""
    from scipy.spatial import cKDTree

    if len(region) == 0:
        return np.full(len(at), np.inf)
    return np.asarray(cKDTree(region).query(at)[0])


def _from_temples(patient: Patient, scalp: Scalp, held: HeldPlaces, rows: Indices) -> Floats:
    points = scalp.surface.points
    xyz = points.mm(scalp.surface.frame)
    right = patient.midplane().right_mm(points)
    out = np.full(len(rows), np.inf)
    for hemi in Hemi:
        own = right > 0 if hemi is Hemi.RIGHT else right < 0
        eye, ear = (r[own[r]] for r in (held.over("over-eye"), held.over("over-ear")))
        if len(eye) and len(ear):
            outer = xyz[eye[np.argmax(np.abs(right[eye]))]]
            out = np.minimum(out, _from_segment(xyz[rows], outer, xyz[ear].mean(axis=0)))
    return out


def _from_segment(at: Floats, start: Floats, end: Floats) -> Floats:
    way = end - start
    share = np.clip((at - start) @ way / max(float(way @ way), 1e-12), 0, 1)
    return np.asarray(np.linalg.norm(at - start - share[:, None] * way, axis=1))
