"""The template's cortex in the patient: moved by the warp, judged by the patient's own tissue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...surface.pair import Pair
from .anatomy import Anatomy
from .template import Sheet

__all__ = ["hit_rate", "warped_cortex"]

Floats = NDArray[np.float64]


def warped_cortex(sheets: Pair[Sheet], anatomy: Anatomy) -> Pair[Sheet]:
    """Return fsaverage5 in the world of the T1.

    Parameters
    ----------
    sheets : Pair of Sheet
        In the template's world.
    anatomy : Anatomy
        Holds the warp.
    """

    def one(sheet: Sheet) -> Sheet:
        go = anatomy.chain.t1_from_template
        return replace(sheet, white=go(sheet.white), pial=go(sheet.pial))

    return sheets.map(one)


def hit_rate(sheets: Pair[Sheet], anatomy: Anatomy) -> float:
    """Return the share of mid-cortex vertices where grey matter is the likeliest tissue.

    The medial wall, which has no cortex, does not count.
    """
    hits = []
    for _, sheet in sheets.sides():
        middle = ((sheet.white + sheet.pial) / 2)[sheet.parcels > 0]
        gm, wm, csf = (p.at(middle) for p in (anatomy.gm, anatomy.wm, anatomy.csf))
        hits.append((gm > wm) & (gm > csf))
    return float(np.concatenate(hits).mean())
