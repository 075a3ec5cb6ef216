"""ALFF relative to grey matter, and its logarithm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...space.grid import Grid, Volume
from .limits import GM_SHARE

__all__ = ["grey_matter", "log_of", "relative", "require_choice"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def require_choice(settings: Mapping[str, object], name: str, known: tuple[str, ...]) -> str:
    """Return a setting that must be one of a few words.

    Raises
    ------
    InputError
        Naming the words.
    """
    value = str(settings[name])
    if value not in known:
        raise InputError(f"{name} is '{value}'; write one of {', '.join(known)}.")
    return value


def grey_matter(gm: object, grid: Grid[Any]) -> Mask | None:
    """Return where a grid's voxel centres lie in grey matter, or None without a map of it there.

    The map is read at its nearest voxel: here it only decides over which voxels a mean is
    taken.
    """
    if not isinstance(gm, Volume) or gm.grid.world != grid.world:
        return None
    ijk = np.indices(grid.shape).reshape(3, -1).T
    share = gm.at_nearest(grid.centres(ijk), outside=0.0).reshape(grid.shape)
    # A map that is masked by NaN has no grey matter there.
    return np.asarray(np.nan_to_num(share) > GM_SHARE.value)


def relative(values: Floats, within: Mask | None, who: str) -> Floats:
    """Return values divided by their mean over `within` (or wherever there is one).

    Parameters
    ----------
    values : float64 array
        Amplitudes, NaN where missing.
    within : bool array of the same shape, or None
    who : str
        For messages.

    Raises
    ------
    InputError
        If no value lies there.
    """
    known = np.isfinite(values)
    chosen = known if within is None else known & within
    if not chosen.any():
        where = "at all" if within is None else "in grey matter"
        raise InputError(
            f"{who}: ALFF has no value {where}; expected a map that covers the cortex. Check "
            f"that map, mask and T1 belong together."
        )
    return values / float(values[chosen].mean())


def log_of(values: Floats, within: Mask | None, who: str) -> Floats:
    """Return the natural logarithm of relative amplitudes; exact zeros are missing."""
    return np.log(relative(np.where(values > 0, values, math.nan), within, who))
