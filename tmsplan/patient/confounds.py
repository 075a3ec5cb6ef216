"""The confounds of a run: fMRIPrep's table, read strictly, and its columns by strategy."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError, refuse_file
from ..base.table import read_table
from ..surface.formats import require_regular

__all__ = ["FD", "STRATEGIES", "Chosen", "choose", "fd_of", "n_unsteady", "read_confounds"]

Floats = NDArray[np.float64]

FD = "framewise_displacement"
STRATEGIES = ("24p", "36p", "acompcor", "none")
_MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
_TISSUE = ("csf", "white_matter", "global_signal")
_EXPANSIONS = ("", "_derivative1", "_power2", "_derivative1_power2")
#: Components of fMRIPrep's combined mask of white matter and CSF: as in the source of `choose`.
N_ACOMPCOR = 5
_UNSTEADY = re.compile(r"non_steady_state_outlier\d+")
#: A change since the last volume, which the first volume does not have.
_OF_CHANGE = re.compile(rf".*_derivative1(_power2)?|{FD}|dvars|std_dvars|rmsd")
MISSING = "n/a"


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The columns of one strategy.

    Parameters
    ----------
    strategy : str
    names : tuple of str
        Columns of the table, in its order.
    values : (t, k) float64
        Finite.
    """

    strategy: str
    names: tuple[str, ...]
    values: Floats


def read_confounds(path: Path, n_volumes: int) -> dict[str, Floats]:
    """Read a confounds table; every column must be numbers.

    Parameters
    ----------
    path : Path
        fMRIPrep's ``desc-confounds_timeseries.tsv``, or any table with its names.
    n_volumes : int
        Of the run.

    Returns
    -------
    dict of name to (n_volumes,) float64
        NaN where the table says n/a.

    Raises
    ------
    InputError
        If the table is damaged, a cell is no number, or rows and volumes differ.
    """
    require_regular(path)
    table = read_table(path)
    if len(table) != n_volumes:
        raise refuse_file(
            path,
            f"{len(table)} rows for a run of {n_volumes} volumes",
            "one row a volume",
            "Pass the confounds of this run, with no volume removed from either",
        )
    return {name: _numbers(path, name, table.texts(name)) for name in table.columns}


def n_unsteady(confounds: Mapping[str, Floats]) -> int:
    """Return how many volumes at the start are marked as not yet in steady state.

    Raises
    ------
    InputError
        If a marked volume is not at the start: it could not be dropped without a gap.
    """
    marked: set[int] = set()
    for name in filter(_UNSTEADY.fullmatch, confounds):
        marked |= {int(i) for i in np.flatnonzero(confounds[name])}
    if marked != set(range(len(marked))):
        raise InputError(
            f"non_steady_state_outlier marks volumes {sorted(marked)[:8]}; expected the first "
            f"ones only. Check the confounds table."
        )
    return len(marked)


def fd_of(confounds: Mapping[str, Floats]) -> Floats | None:
    """Return framewise displacement, (t,) in mm, 0 for the first volume; None if unknown.

    Raises
    ------
    InputError
        If it is missing after the first volume, or negative.
    """
    if FD not in confounds:
        return None
    fd = _complete(FD, confounds[FD])
    if (fd < 0).any():
        raise InputError(f"{FD} holds negative values; expected mm. Check the confounds table.")
    return fd


def choose(confounds: Mapping[str, Floats], strategy: str) -> Chosen:
    """Return the columns of one strategy.

    ``24p``: six motion parameters, their changes, and the squares of both. ``36p``: also CSF,
    white matter and global signal, each with the same expansion. ``acompcor``: 24p, the first
    five components, and fMRIPrep's cosines, because its components were computed after those
    were removed. The others need no cosines: drift slower than 1/128 Hz lies below the band,
    and the straight line takes the most of it. ``none``: nothing.

    Raises
    ------
    InputError
        If the strategy is unknown, or the table lacks one of its columns.

    Source: doi:10.1016/j.neuroimage.2017.03.020.
    """
    if strategy not in STRATEGIES:
        raise InputError(f"confounds '{strategy}' are unknown; write {', '.join(STRATEGIES)}.")
    names = _names(confounds, strategy)
    lacking = [n for n in names if n not in confounds]
    if lacking:
        given = "there is no confounds table" if not confounds else "the confounds table has not"
        raise InputError(
            f"confounds strategy '{strategy}' needs {', '.join(lacking[:4])}"
            f"{' and others' if len(lacking) > 4 else ''}; {given}. Give confounds = FILE under "
            f"[maps] (--confounds FILE), or choose confounds = none for a series that was "
            f"cleaned before."
        )
    n = len(next(iter(confounds.values()))) if confounds else 0
    columns = [_complete(name, confounds[name]) for name in names]
    values = np.column_stack(columns) if columns else np.zeros((n, 0))
    return Chosen(strategy, tuple(names), values)


def _names(confounds: Mapping[str, Floats], strategy: str) -> list[str]:
    if strategy == "none":
        return []
    base = (*_MOTION, *_TISSUE) if strategy == "36p" else _MOTION
    names = [name + tail for name in base for tail in _EXPANSIONS]
    if strategy == "acompcor":
        names += [f"a_comp_cor_{k:02d}" for k in range(N_ACOMPCOR)]
        names += sorted(n for n in confounds if re.fullmatch(r"cosine\d+", n))
    return names


def _complete(name: str, values: Floats) -> Floats:
    """Return a column without gaps; the first volume of a change has changed by nothing."""
    out = values.copy()
    if math.isnan(out[0]) and _OF_CHANGE.fullmatch(name):
        out[0] = 0.0
    if np.isnan(out).any():
        raise InputError(
            f"confound '{name}' is n/a at volume {int(np.flatnonzero(np.isnan(out))[0])}; "
            f"expected a number (n/a is allowed at volume 0 of a change only). Check the table."
        )
    return out


def _numbers(path: Path, name: str, cells: tuple[str, ...]) -> Floats:
    out = np.empty(len(cells))
    for row, cell in enumerate(cells):
        try:
            out[row] = math.nan if cell == MISSING else float(cell)
        except ValueError:
            out[row] = math.inf
        if cell != MISSING and not math.isfinite(out[row]):
            raise refuse_file(
                path,
                f"row {row + 2}, column '{name}' holds {cell!r}",
                "a finite number or n/a",
                "Correct the cell",
            )
    return out
