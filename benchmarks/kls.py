"""Histogram similarity of 246 regions at once, beside a loop over scipy's ``gaussian_kde``.

Run: ``python benchmarks/kls.py [--json FILE]``. Both follow one recipe (values beyond 2.58
standard deviations dropped, robust normal-reference bandwidth, 256 points over each map's own
range, symmetric Kullback-Leibler in nats) on the same simulated maps: 246 regions of 312 to 529
voxels, as the Brainnetome atlas has at 2 mm. Rounds alternate in one process; the ratio is
printed with its range, and how far the similarities differ.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from scipy.stats import gaussian_kde

from tmsplan.coupling.histogram import kl_similarity
from tmsplan.coupling.histogram_similarity import paired_histograms
from tmsplan.coupling.region_sample import RegionSample

REGIONS, SMALLEST, LARGEST, POINTS, ROUNDS = 246, 312, 529, 256, 9


def maps() -> RegionSample:
    """Return skewed maps like grey matter (0 to 1) and ALFF."""
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(REGIONS), rng.integers(SMALLEST, LARGEST + 1, REGIONS))
    n = len(group)
    skew = rng.uniform(1.2, 4, REGIONS)[group]
    gm, alff = rng.beta(skew, 1.2), rng.gamma(skew * 2)
    return RegionSample(gm, np.log(alff), np.zeros((n, 3)), np.empty((0, n)), group, REGIONS)


def ours(sample):
    return kl_similarity(*paired_histograms(sample, points=POINTS))


def density(v):
    v = v[np.abs(v - v.mean()) <= 2.58 * v.std(ddof=1)]
    width = np.median(np.abs(v - np.median(v))) / 0.6745 * (4 / (3 * len(v))) ** 0.2
    at = np.linspace(v.min() - 3 * width, v.max() + 3 * width, POINTS)
    found = gaussian_kde(v, bw_method=width / v.std(ddof=1))(at)
    return found / found.sum()


def loop(sample):
    out = np.empty(REGIONS)
    alff = np.exp(sample.activity)
    for r in range(REGIONS):
        rows = slice(sample.bounds[r], sample.bounds[r + 1])
        p, q = density(sample.structure[rows]), density(alff[rows])
        out[r] = np.exp(-((p - q) * np.log(p / q)).sum())
    return out


def seconds(function, sample):
    start = time.perf_counter()
    function(sample)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    sample = maps()
    values = ours(sample), loop(sample)
    times = [(seconds(ours, sample), seconds(loop, sample)) for _ in range(ROUNDS)]
    ratios = [b / a for a, b in times]
    result = {
        "regions": REGIONS,
        "voxels": len(sample.group),
        "points": POINTS,
        "seconds_ours": round(float(np.median([a for a, _ in times])), 5),
        "seconds_loop": round(float(np.median([b for _, b in times])), 5),
        "ratio": round(float(np.median(ratios)), 1),
        "ratio_min": round(min(ratios), 1),
        "ratio_max": round(max(ratios), 1),
        "max_abs_difference_similarity": float(np.abs(values[0] - values[1]).max()),
        "similarity_range": [round(float(v), 3) for v in (values[0].min(), values[0].max())],
    }
    print(json.dumps(result, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
