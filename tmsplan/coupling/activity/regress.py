"""Regression of confounds: one least squares for all voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ...base.errors import InputError
from .limits import MIN_FREEDOM

__all__ = ["design_basis", "regress_out"]

Floats = NDArray[np.float64]
BLOCK = 2048
#: A column that the others explain to this share of its length adds nothing but rounding.
_COLLINEAR = 1e-8


def design_basis(confounds: Floats, spikes: NDArray[np.bool_]) -> Floats:
    """Return an orthonormal basis of constant, line, confounds and one column a spike.

    Parameters
    ----------
    confounds : (t, k) float64
    spikes : (t,) bool
        Volumes that are fitted by themselves: their residual is 0, as if they were not there;
        nothing is interpolated over them.

    Returns
    -------
    (t, r) float64
        Columns that depend on others (a tissue signal of zeros) are left out.

    Raises
    ------
    InputError
        If so little freedom is left that the residual is mostly the fit's own.
    """
    t = len(spikes)
    line = np.linspace(-1.0, 1.0, t)
    columns = np.column_stack([np.ones(t), line, confounds, np.eye(t)[:, spikes]])
    lengths = np.linalg.norm(columns, axis=0)
    columns = columns[:, lengths > 0] / lengths[lengths > 0]
    q, r, _ = linalg.qr(columns, mode="economic", pivoting=True)
    rank = int((np.abs(np.diag(r)) > _COLLINEAR * abs(r[0, 0])).sum())
    if t - rank < MIN_FREEDOM.value * t:
        raise InputError(
            f"{rank} regressors for {t} volumes leave {t - rank} degrees of freedom; expected at "
            f"least {100 * MIN_FREEDOM.value:.0f} % of the volumes. Choose a shorter confounds "
            f"strategy (24p), or a longer run."
        )
    return np.asarray(q[:, :rank])


def regress_out(
    series: NDArray[np.floating[Any]], basis: Floats, kept: NDArray[np.bool_] | None = None
) -> None:
    """Replace each row by its residual, in place and block by block.

    Parameters
    ----------
    series : (n, t) float32 or float64
        Changed. A row with NaN stays without a value.
    basis : (t, r) float64
        From `design_basis`; of the kept volumes only, (k, r), if `kept` is given.
    kept : (t,) bool or None
        Volumes that the fit sees; the others become 0.
    """
    q = basis.astype(series.dtype)
    for start in range(0, len(series), BLOCK):
        rows = series[start : start + BLOCK]
        seen = rows if kept is None else rows[:, kept]
        # The mean goes first: float32 keeps 7 digits of the fluctuation, not of the baseline.
        # (It is in the basis, so the residual is the same.)
        centred = seen - seen.mean(axis=1, dtype=np.float64, keepdims=True).astype(rows.dtype)
        centred -= (centred @ q) @ q.T
        if kept is None:
            rows[:] = centred
        else:
            rows[:] = 0.0
            rows[:, kept] = centred
