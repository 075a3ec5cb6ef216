"""From nine printed numbers to a rotation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.errors import ChiralityError, InputError

__all__ = ["rotation_from_printed"]

Floats = NDArray[np.float64]


def rotation_from_printed(axes: Floats, tolerance: float, who: str) -> Floats:
    """Return the rotation nearest to three printed axes (polar decomposition).

    Printing rounds each number, so the axes are no longer exactly orthonormal; the nearest
    rotation is the one that was printed, to within the rounding.

    Parameters
    ----------
    axes : (3, 3) float64
        Unit axes as columns.
    tolerance : float
        Largest allowed entry of Rt R - 1, from the number of printed decimals.
    who : str
        File and row, for messages.

    Returns
    -------
    (3, 3) float64
        Orthonormal, determinant +1.

    Raises
    ------
    ChiralityError
        If the axes are left-handed: left would become right.
    InputError
        If they are not of unit length and square to each other.
    """
    from scipy.linalg import polar

    if not np.isfinite(axes).all():
        raise InputError(f"{who}: an axis holds a value that is not finite.")
    # Numbers of a damaged file may overflow when squared; what comes out is no rotation either.
    with np.errstate(over="ignore", invalid="ignore"):
        off = float(np.abs(axes.T @ axes - np.eye(3)).max())
    if not off <= tolerance:
        raise InputError(
            f"{who}: the three axes are not a rotation (Rt R differs from 1 by {off:.2g}). "
            f"Expected at most {tolerance:g}, which the printed decimals explain. The file was "
            f"edited, its columns are shifted, or the axes are scaled or sheared."
        )
    if np.linalg.det(axes) < 0:
        raise ChiralityError(
            f"{who}: the three axes are left-handed (determinant below 0), so left would become "
            f"right. Expected a right-handed pose. Whatever wrote it mirrored it; do not use it."
        )
    return np.asarray(polar(axes)[0], dtype=np.float64)
