"""The soft shadow that the coil throws on the scalp: the eye then sees that it touches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..coil.pose import CoilPose
from .bake import BakedScalp
from .coil_model import FIGURE8_70MM

__all__ = ["coil_shadow"]

#: Deepest shadow, and how far outside the casing and below it the shadow fades, mm.
_DEEPEST, _ASIDE_MM, _BELOW_MM = 0.45, 8.0, 22.0


def coil_shadow(scalp: BakedScalp, pose: CoilPose) -> NDArray[np.float64]:
    """Return the share of light, (n,), that reaches each vertex of the scalp under the coil.

    Each vertex is seen in coil axes; light falls with its nearness to the casing's rings.
    """
    coil = pose.scanner_from_coil
    x, y, z = (coil.inverse() @ scalp.points).mm(coil.src).T
    aside = np.full(len(x), np.inf)
    hole, rim = FIGURE8_70MM.casing_radii
    for side in (-1, 1):
        radius = np.hypot(x - side * FIGURE8_70MM.wing_x, y)
        outside = np.maximum(np.maximum(radius - rim, hole - radius), 0)
        aside = np.minimum(aside, outside)
    below = np.clip(z / _BELOW_MM, 0, None)
    under = z > -FIGURE8_70MM.thickness
    return np.asarray(1 - _DEEPEST * np.exp(-((aside / _ASIDE_MM) ** 2) - below**2) * under)
