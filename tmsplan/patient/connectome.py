"""Structural and functional region-by-region matrices from plain files."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import AmbiguityError, InputError, refuse_file
from ..base.mat5 import read_mat5
from ..space.side import Hemi
from ..surface.formats import guarded, read_bytes
from .patient import Connectome

__all__ = ["read_connectome", "read_region_labels"]

Floats = NDArray[np.float64]
Region = tuple[Hemi, str]

MAX_BYTES = 256 << 20
#: Text files hold six or more digits; an asymmetry above this is no rounding.
SYMMETRY = 1e-6
#: Fewer time points than this give no correlation worth the name.
MIN_TIME_POINTS = 20
_BYTES_LITERAL = re.compile(r"b(['\"])(.*)\1")
_SIDE = re.compile(r"(?:ctx[-_])?(lh|rh|left|right|l|r)[-_.](.+)", re.IGNORECASE)


def read_connectome(sc: Path, fc: Path, labels: Path, *, fc_key: str | None = None) -> Connectome:
    """Read structural weights and functional connectivity of the same regions.

    Parameters
    ----------
    sc : Path
        Square matrix of streamline weights (text, CSV or ``.mat``).
    fc : Path
        Region series, time x regions, which are kept and from which Pearson's correlation is
        taken; or a square symmetric matrix, taken as it is.
    labels : Path
        Region names, one a line, in the order of rows and columns: ``lh_bankssts``.
    fc_key : str or None
        Variable of a ``.mat`` file that holds more than one.

    Raises
    ------
    InputError
        If sizes do not match the labels, values are not finite, weights are negative or not
        symmetric, or a region's series is constant.
    AmbiguityError
        If a ``.mat`` file holds several candidates and `fc_key` is None.
    """
    regions = read_region_labels(labels)
    weights = _numbers(sc, None)
    _require_weights(weights, len(regions), sc, labels)
    correlation, series = _functional(_numbers(fc, fc_key), regions, fc, labels)
    return Connectome(regions, weights, correlation, series)


def read_region_labels(path: Path) -> tuple[Region, ...]:
    """Read region names, one a line, each with its side: ``lh_bankssts``, ``R_V1``.

    The spelling ``b'lh_bankssts'``, which Python writes by mistake, is understood only if
    every line has it.

    Raises
    ------
    InputError
        If a line names no side, or a region occurs twice.
    """
    with guarded(path, "UTF-8 text with one region name a line"):
        lines = read_bytes(path, limit=MAX_BYTES).decode("utf-8-sig").split("\n")
    names = [line.strip() for line in lines if line.strip()]
    unwrapped = [_BYTES_LITERAL.fullmatch(n) for n in names]
    if names and all(unwrapped):
        names = [m[2] for m in unwrapped if m]
    regions = tuple(_region(name, path) for name in names)
    if not regions or len(set(regions)) != len(regions):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise refuse_file(
            path,
            f"region names occur twice: {twice[:5]}" if names else "no region name",
            "every region once",
            "Correct the list",
        )
    return regions


def _region(name: str, path: Path) -> Region:
    found = _SIDE.fullmatch(name)
    if found is None:
        raise refuse_file(
            path,
            f"region '{name[:60]}' names no side",
            "lh_ or rh_ before every name",
            "Write for example lh_bankssts",
        )
    return Hemi.parse(found[1]), found[2]


def _numbers(path: Path, key: str | None) -> Floats:
    if path.suffix.lower() == ".mat":
        values = _mat(path, key)
    elif key is not None:
        raise refuse_file(path, "fc_key is given", "a .mat file for it", "Leave fc_key out")
    else:
        data = read_bytes(path, limit=MAX_BYTES)
        with guarded(path, "a table of numbers without a header row"):
            text = data.decode("utf-8-sig").replace(",", " ").replace("\t", " ")
            values = np.loadtxt(io.StringIO(text), dtype=np.float64, ndmin=2)
    if values.ndim != 2 or not values.size:
        raise refuse_file(path, f"shape {values.shape}", "rows and columns", "Check the file")
    if not np.isfinite(values).all():
        row, column = (int(v[0]) for v in np.nonzero(~np.isfinite(values)))
        raise refuse_file(
            path,
            f"row {row + 1}, column {column + 1} is not finite",
            "finite numbers",
            "Leave the person out or repair the matrix at its source",
        )
    return values


def _mat(path: Path, key: str | None) -> Floats:
    found = {k: v for k, v in read_mat5(path).items() if isinstance(v, np.ndarray)}
    candidates = [n for n, m in found.items() if m.ndim == 2 and min(m.shape) > 1]
    if key is None and len(candidates) > 1:
        listed = ", ".join(f"{n} {'x'.join(map(str, found[n].shape))}" for n in candidates)
        raise AmbiguityError(
            f'{path.name}: it holds several matrices ({listed}). Write fc_key = "NAME" under '
            f"[maps] of patient.toml to say which one is meant."
        )
    chosen = key if key is not None else next(iter(candidates), None)
    if chosen is None or chosen not in found:
        raise refuse_file(
            path, f"there is no matrix '{key or ''}'", ", ".join(found) or "a matrix", "Correct it"
        )
    return found[chosen]


def _require_weights(weights: Floats, n: int, path: Path, labels: Path) -> None:
    if weights.shape != (n, n):
        raise refuse_file(
            path,
            f"shape {weights.shape}, but {labels.name} names {n} regions",
            f"({n}, {n})",
            "Pass the labels of this matrix",
        )
    off = _asymmetry(weights)
    if off > SYMMETRY:
        raise refuse_file(
            path,
            f"not symmetric (by {off:.2g} of the largest weight)",
            "a symmetric matrix",
            "Directed weights are not supported; symmetrise them at their source",
        )
    if weights.min() < 0 or np.diag(weights).any() or not weights.any():
        raise refuse_file(
            path,
            f"smallest weight {weights.min():.3g}, largest {weights.max():.3g}, diagonal up to "
            f"{np.abs(np.diag(weights)).max():.3g}",
            "weights of 0 or more with a zero diagonal, not all zero",
            "Set self-connections to 0 at the source",
        )


def _asymmetry(matrix: Floats) -> float:
    scale = float(np.abs(matrix).max()) or 1.0
    return float(np.abs(matrix - matrix.T).max()) / scale


def _functional(
    values: Floats, regions: Sequence[Region], path: Path, labels: Path
) -> tuple[Floats, Floats | None]:
    """Return the correlation of the regions, and the series if the file holds them."""
    n = len(regions)
    if values.shape[1] != n:
        turned = " It looks transposed: rows must be time points." if len(values) == n else ""
        raise InputError(
            f"{path.name}: {values.shape[1]} columns, but {labels.name} names {n} regions. "
            f"Expected time x regions, or regions x regions.{turned} Pass the matching labels."
        )
    if len(values) == n and _asymmetry(values) <= SYMMETRY:
        if float(np.abs(values).max()) > 1 + SYMMETRY:
            raise refuse_file(
                path,
                f"values up to {np.abs(values).max():.3g}",
                "correlations from -1 to 1",
                "Pass the series, or r instead of Fisher z",
            )
        return values, None
    return _correlation(values, regions, path), values


def _correlation(series: Floats, regions: Sequence[Region], path: Path) -> Floats:
    if len(series) < MIN_TIME_POINTS:
        raise refuse_file(
            path,
            f"{len(series)} time points",
            f"at least {MIN_TIME_POINTS}",
            "If it is a matrix it is not symmetric; pass another file",
        )
    spread = series.std(axis=0)
    flat = np.flatnonzero(spread <= 1e-12 * np.maximum(1.0, np.abs(series).max(axis=0)))
    if flat.size:
        hemi, name = regions[int(flat[0])]
        raise refuse_file(
            path,
            f"the series of {hemi} {name} is constant",
            "a signal in every region",
            "The region is outside the scan; leave it out of labels, sc and fc",
        )
    return np.asarray(np.corrcoef(series, rowvar=False), dtype=np.float64)
