"""Coil axes of each vendor, in words, and what they are in SimNIBS' axes.

Derived from the words (docs/conventions.md), not from the writers' matrices: the checker must
not repeat a mistake of an exporter.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["VENDORS", "Vendor", "simnibs_columns", "vendor_words"]

Floats = NDArray[np.float64]
Vendor = Literal["simnibs", "brainsight", "localite", "softaxic", "invesalius"]

VENDORS: tuple[Vendor, ...] = ("simnibs", "brainsight", "localite", "softaxic", "invesalius")

#: x, y and z of SimNIBS (z into the head, y away from the handle, x = y cross z) as sums of the
#: vendor's own three axes.
_SIMNIBS_IN: MappingProxyType[Vendor, tuple[tuple[int, int, int], ...]] = MappingProxyType(
    {
        "simnibs": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        # z out of the head and y away from the handle: z turns over, and x with it.
        "brainsight": ((-1, 0, 0), (0, 1, 0), (0, 0, -1)),
        # x into the head, y along the handle: z = x, y = -y, and x = y cross z = z.
        "localite": ((0, 0, 1), (0, -1, 0), (1, 0, 0)),
        "softaxic": ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
        # x to the mark opposite the handle, z out of the head: x = y cross z = X cross -Z = Y.
        "invesalius": ((0, 1, 0), (1, 0, 0), (0, 0, -1)),
    }
)
_WORDS: MappingProxyType[Vendor, str] = MappingProxyType(
    {
        "simnibs": "SimNIBS axes (z into the head)",
        "brainsight": "Brainsight axes (z out of the head)",
        "localite": "Localite axes (x into the head)",
        "softaxic": "Softaxic axes (z into the head, y across the handle)",
        "invesalius": "InVesalius axes (z out of the head, x away from the handle)",
    }
)


def simnibs_columns(rotation: Floats, vendor: Vendor) -> Floats:
    """Return rotations with a vendor's axes as columns, as SimNIBS' axes.

    Parameters
    ----------
    rotation : (..., 3, 3) float64
    vendor : Vendor

    Returns
    -------
    (..., 3, 3) float64
    """
    return np.asarray(rotation @ np.array(_SIMNIBS_IN[vendor], dtype=np.float64).T)


def vendor_words(vendor: Vendor) -> str:
    """Return what to call a vendor's axes in a sentence."""
    return _WORDS[vendor]
