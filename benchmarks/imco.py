"""Local coupling in a volume: all voxels at once beside a least-squares fit per voxel.

Both compute the weighted slope and R² of activity on grey matter in the Gaussian neighbourhood
of every grey-matter voxel, from the same SYNTHETIC maps in the box of MNI152. The loop is what
one would write: gather the neighbours, weight them, ``numpy.linalg.lstsq``. It is timed on a
sample of voxels and its time scaled to all of them, because all would take a minute or more;
ours runs on all. They alternate in one process: read the ratio, not the seconds.

Run: ``python benchmarks/imco.py [--voxel MM] [--sample N] [--rounds N] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from tmsplan.coupling.local_coupling import fit_volumes
from tmsplan.coupling.local_regression import MIN_NEIGHBOURS, MIN_SHARE
from tmsplan.coupling.local_volumes import VolumeStack
from tmsplan.coupling.neighbourhood import VolumeWindow
from tmsplan.space import Affine, Frame, Grid, Scanner, Voxel

FWHM_MM = 4.0


@dataclass(frozen=True)
class Row:
    """Seconds are for every voxel of the mask; the loop's are scaled from a sample."""

    voxel_mm: float
    voxels: int
    window: int
    loop_s: float
    ours_s: float
    ratio: float
    ratio_low: float
    ratio_high: float
    slope_max_abs_diff: float
    r2_max_abs_diff: float


def main() -> None:
    options = _options()
    row = _measured(options.voxel, options.sample, options.rounds)
    print(
        f"{row.voxels} voxels of {row.voxel_mm:g} mm, {row.window} in a neighbourhood, FWHM "
        f"{FWHM_MM:g} mm; loop timed on {options.sample} voxels and scaled"
    )
    print(f"loop {row.loop_s:.1f} s, ours {row.ours_s:.3f} s")
    print(f"times faster: {row.ratio:.0f} (rounds: {row.ratio_low:.0f} to {row.ratio_high:.0f})")
    print(f"max abs difference: slope {row.slope_max_abs_diff:.1e}, R2 {row.r2_max_abs_diff:.1e}")
    if options.json:
        options.json.write_text(json.dumps(asdict(row), indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--voxel", type=float, default=2.0, help="voxel size in mm (2)")
    parser.add_argument("--sample", type=int, default=2000, help="voxels of the loop (2000)")
    parser.add_argument("--rounds", type=int, default=5, help="alternating repeats (5)")
    parser.add_argument("--json", type=Path, help="also write the row to this file")
    return parser.parse_args()


def _measured(voxel_mm: float, sample: int, rounds: int) -> Row:
    grey, active = _maps(voxel_mm)
    window = VolumeWindow.gaussian((voxel_mm,) * 3, FWHM_MM)
    stack = _stack(grey, active, voxel_mm)
    mask = np.argwhere(np.isfinite(grey) & np.isfinite(active))
    rng = np.random.default_rng(1)
    ratios, loops, owns, off = [], [], [], []
    for _ in range(rounds):
        chosen = mask[rng.choice(len(mask), sample, replace=False)]
        start = time.perf_counter()
        theirs = np.array([_by_lstsq(grey, active, window, v) for v in chosen])
        between = time.perf_counter()
        box, fit = fit_volumes(stack, FWHM_MM)
        own = time.perf_counter() - between
        loop = (between - start) * len(mask) / sample
        ratios.append(loop / own)
        loops.append(loop)
        owns.append(own)
        whole = np.stack([box.volume(m).data for m in (fit.slope, fit.r2)], axis=-1)
        off.append(_difference(theirs, whole[tuple(chosen.T)]))
    slope, r2 = np.max(off, axis=0)
    return Row(
        voxel_mm=voxel_mm,
        voxels=len(mask),
        window=int(np.prod([len(t) for t in window.taps])),
        loop_s=float(np.median(loops)),
        ours_s=float(np.median(owns)),
        ratio=float(np.median(ratios)),
        ratio_low=min(ratios),
        ratio_high=max(ratios),
        slope_max_abs_diff=float(slope),
        r2_max_abs_diff=float(r2),
    )


def _maps(voxel_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Return smooth SYNTHETIC maps in a brain-sized ellipsoid, NaN outside and in holes."""
    shape = tuple(int(np.ceil(n * 2.0 / voxel_mm)) for n in (91, 109, 91))
    rng = np.random.default_rng(0)
    x, common = (ndimage.gaussian_filter(rng.normal(size=shape), 1.5) for _ in range(2))
    x, common = x / x.std(), common / common.std()
    away = sum(
        (np.linspace(-1.25, 1.25, n).reshape([-1 if a == k else 1 for a in range(3)])) ** 2
        for k, n in enumerate(shape)
    )
    mask = (away < 1) & (ndimage.gaussian_filter(rng.normal(size=shape), 2) > -0.2)
    grey = np.where(mask, 0.5 + 0.15 * x, np.nan)
    active = np.where(mask, 0.3 * x + common, np.nan)
    return grey, active


def _by_lstsq(
    grey: np.ndarray, active: np.ndarray, window: VolumeWindow, at: np.ndarray
) -> tuple[float, float]:
    box, weights = [], []
    for centre, taps, size in zip(at, window.taps, grey.shape, strict=True):
        r = len(taps) // 2
        low, high = max(0, centre - r), min(size, centre + r + 1)
        box.append(slice(low, high))
        weights.append(taps[low - centre + r : high - centre + r])
    x, y = grey[tuple(box)].ravel(), active[tuple(box)].ravel()
    w = np.einsum("i,j,k->ijk", *weights).ravel()
    kept = np.isfinite(x) & np.isfinite(y)
    whole = np.prod([t.sum() for t in window.taps])
    if kept.sum() < MIN_NEIGHBOURS or w[kept].sum() < MIN_SHARE * whole:
        return np.nan, np.nan
    root = np.sqrt(w[kept])
    design = np.stack([root, root * x[kept]], axis=1)
    (_, slope), left, *_ = np.linalg.lstsq(design, root * y[kept], rcond=None)
    mean = np.average(y[kept], weights=w[kept])
    return slope, 1 - left[0] / (w[kept] * (y[kept] - mean) ** 2).sum()


def _difference(theirs: np.ndarray, ours: np.ndarray) -> tuple[float, float]:
    if not np.array_equal(np.isnan(ours), np.isnan(theirs)):
        return float("inf"), float("inf")
    slope, r2 = np.nanmax(np.abs(ours - theirs), axis=0)
    return float(slope), float(r2)


def _stack(grey: np.ndarray, active: np.ndarray, voxel_mm: float) -> VolumeStack:
    claim = Affine.claim(
        np.diag([voxel_mm] * 3 + [1.0]),
        dst=Frame(Scanner, "SYNTHETIC"),
        src=Frame(Voxel, "SYNTHETIC"),
        because="made for this benchmark",
    )
    i, j, k = (slice(0, n) for n in grey.shape)
    return VolumeStack(np.stack([grey, active]), Grid(grey.shape, claim), (i, j, k))


if __name__ == "__main__":
    main()
