"""How far a target moves on a retest: the lowest vertex beside the cluster of the lowest tenth.

A patch of 60 x 60 mm with a vertex every 2 mm carries a true map, white noise smoothed by a
Gaussian of FWHM 16 mm. Each of two scans is that map and noise of the same smoothness, so that
the share ICC of the variance is true; on both, tmsplan's own rules pick a point (`locate`,
"peak" and "cluster"). Printed is the median distance between the two points, with its 95 %
interval and the number of an earlier simulation beside it. That one does not say what its maps
do at the rim of the patch, and the answer hangs on it: here they go on beyond it, or fade to
zero. Between the two modes of the distances (same dip again, another dip) the median jumps.

Then what `rescans` foretells from the first scan alone: the root mean square move, which a plan
prints as `spread_mm`, against that between the two scans.

Run: ``python benchmarks/point_spread.py [--pairs N] [--json FILE]`` (200 pairs, 45 s of CPU).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array

from tmsplan.target.point import Patch, locate
from tmsplan.target.rescan import rescans

SIDE_MM, STEP_MM, FWHM_MM = 60.0, 2.0, 16.0
FRACTION = 0.10
#: Median retest distance in mm by ICC: lowest vertex, cluster (simulated elsewhere).
KNOWN = {0.5: (25.0, 18.0), 0.7: (10.0, 8.0), 0.9: (2.8, 3.8)}
#: What the maps do at the rim of the patch.
RIMS = ("beyond", "fades")
#: Rescans are many points each; a few pairs tell their mean.
FORETOLD = 20


@dataclass(frozen=True)
class Row:
    """Median distance in mm between the points of two scans, by rule, and the foretold spread."""

    rim: str
    icc: float
    pairs: int
    peak_mm: float
    peak_low_mm: float
    peak_high_mm: float
    peak_known_mm: float
    cluster_mm: float
    cluster_low_mm: float
    cluster_high_mm: float
    cluster_known_mm: float
    cluster_rms_mm: float
    foretold_rms_mm: float
    cpu_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--pairs", type=int, default=200, help="pairs of scans for each ICC (200)")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    options = parser.parse_args()
    rows = [_measured(rim, icc, options.pairs) for rim in RIMS for icc in KNOWN]
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps([asdict(r) for r in rows], indent=1))


def _measured(rim: str, icc: float, pairs: int) -> Row:
    start, patch = time.process_time(), _patch()
    moves: dict[str, list[float]] = {"peak": [], "cluster": []}
    foretold = []
    for k, (first, second) in enumerate(_scans(rim, icc, pairs)):
        one, two = patch.valued(first), patch.valued(second)
        for rule in ("peak", "cluster"):
            a, b = locate(one, rule, FRACTION).centre, locate(two, rule, FRACTION).centre
            moves[rule].append(float(np.linalg.norm(a - b)))
        if k < FORETOLD:
            foretold.append(_foretold(one, icc))
    medians = {rule: _median(d) for rule, d in moves.items()}
    return Row(
        rim=rim,
        icc=icc,
        pairs=pairs,
        peak_mm=medians["peak"][0],
        peak_low_mm=medians["peak"][1],
        peak_high_mm=medians["peak"][2],
        peak_known_mm=KNOWN[icc][0],
        cluster_mm=medians["cluster"][0],
        cluster_low_mm=medians["cluster"][1],
        cluster_high_mm=medians["cluster"][2],
        cluster_known_mm=KNOWN[icc][1],
        cluster_rms_mm=float(np.sqrt(np.mean(np.square(moves["cluster"])))),
        foretold_rms_mm=float(np.sqrt(np.mean(foretold))),
        cpu_s=time.process_time() - start,
    )


def _median(distances: list[float]) -> tuple[float, float, float]:
    """Return the median and its 95 % interval from the order of the values."""
    ordered, n = np.sort(distances), len(distances)
    off = int(np.ceil(0.98 * np.sqrt(n)))
    low, high = max(0, n // 2 - off), min(n - 1, n // 2 + off)
    return float(np.median(ordered)), float(ordered[low]), float(ordered[high])


def _foretold(patch: Patch, icc: float) -> float:
    """Return the mean square move in mm² that rescans of one scan foretell."""
    values = patch.values
    if values is None:
        return float("nan")
    centre = locate(patch, "cluster", FRACTION).centre
    again = [
        locate(patch.valued(v), "cluster", FRACTION).centre
        for v in rescans(values, patch.xyz, patch.edges, icc)
    ]
    return float(((np.array(again) - centre) ** 2).sum(axis=1).mean())


def _scans(rim: str, icc: float, pairs: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield two scans of one true map; of each the share `icc` of the variance is true."""
    rng = np.random.default_rng(7)
    for _ in range(pairs):
        true, one, two = (_smooth(rim, rng) for _ in range(3))
        yield (
            np.sqrt(icc) * true + np.sqrt(1 - icc) * one,
            np.sqrt(icc) * true + np.sqrt(1 - icc) * two,
        )


def _smooth(rim: str, rng: np.random.Generator) -> np.ndarray:
    """Return smooth noise of one variance in the whole patch, or fading at its rim."""
    n, more = _count(), int(2 * FWHM_MM / STEP_MM) if rim == "beyond" else 0
    sigma = FWHM_MM / np.sqrt(8 * np.log(2)) / STEP_MM
    white = rng.standard_normal((n + 2 * more, n + 2 * more))
    field = gaussian_filter(white, sigma, mode="constant")[more : more + n, more : more + n]
    return np.asarray(field.ravel() / field.std())


def _count() -> int:
    return int(SIDE_MM / STEP_MM) + 1


def _patch() -> Patch:
    n = _count()
    k = np.arange(n * n).reshape(n, n)
    pairs = np.concatenate(
        [
            np.stack([k[:-1].ravel(), k[1:].ravel()]),
            np.stack([k[:, :-1].ravel(), k[:, 1:].ravel()]),
        ],
        axis=1,
    )
    rows, columns = np.concatenate([pairs, pairs[::-1]], axis=1)
    edges = coo_array((np.ones(len(rows)), (rows, columns)), shape=(n * n, n * n)).tocsr()
    x, y = np.meshgrid(np.arange(n) * STEP_MM, np.arange(n) * STEP_MM, indexing="ij")
    xyz = np.column_stack([x.ravel(), y.ravel(), np.zeros(n * n)])
    return Patch(np.arange(n * n), xyz, xyz, np.full(n * n, STEP_MM**2), edges, None)


def _print(rows: list[Row]) -> None:
    print(f"{rows[0].pairs} pairs of scans, {SIDE_MM:g} mm patch, FWHM {FWHM_MM:g} mm")
    print("rim: the maps go on beyond the patch, or fade to zero at its rim")
    print(
        "                median retest distance, mm (95 % interval)           rms of the cluster's"
    )
    print("rim     ICC   lowest vertex       known   cluster           known   measured  foretold")
    for r in rows:
        peak = f"{r.peak_mm:.1f} ({r.peak_low_mm:.1f}-{r.peak_high_mm:.1f})"
        cluster = f"{r.cluster_mm:.1f} ({r.cluster_low_mm:.1f}-{r.cluster_high_mm:.1f})"
        print(
            f"{r.rim:7s} {r.icc:.1f}   {peak:18s} {r.peak_known_mm:6.1f}   {cluster:16s} "
            f"{r.cluster_known_mm:6.1f} {r.cluster_rms_mm:10.1f} {r.foretold_rms_mm:9.1f}"
        )
    print(f"CPU {sum(r.cpu_s for r in rows):.0f} s")


if __name__ == "__main__":
    main()
