"""Fit norms out of core: one pass over a file of many people and features.

Run: ``python benchmarks/norms_stream.py`` (20,000 people, 2,048 features), or ``--people 50000
--features 20484`` for the size of a biobank on a cortex (a file of 4.1 GB, in a temporary
folder that is removed). A child process reads the file in blocks, fits, and says its own peak
memory; the parent fits a block of the features in memory and compares. Values are float32.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tmsplan.norms import Design, Moments, People, fit_streamed
from tmsplan.norms.fitted import fit_values
from tmsplan.norms.model import NormativeModel

SITES, BLOCK, COMPARED = 10, 1000, 64


def people(n: int) -> People:
    rng = np.random.default_rng(1)
    site = tuple(f"site-{k}" for k in rng.integers(0, SITES, n))
    return People(rng.uniform(18, 80, n), (rng.random(n) < 0.5).astype(float), site)


def generate(path: Path, n: int, f: int) -> None:
    """Write (n, f) float32: age, sex and site effects and noise, 2.5 mm thick on average."""
    who = people(n)
    rng = np.random.default_rng(2)
    offset = 0.05 * rng.standard_normal((SITES, f), dtype=np.float32)
    slope = -0.004 + 0.001 * rng.standard_normal(f, dtype=np.float32)
    code = np.array([int(s.split("-")[1]) for s in who.site])
    with path.open("wb") as stream:
        for i in range(0, n, BLOCK):
            rows = slice(i, min(i + BLOCK, n))
            noise = rng.standard_normal((rows.stop - i, f), dtype=np.float32)
            age = (who.age[rows] - 50).astype(np.float32)
            stream.write(
                (2.5 + age[:, None] * slope + offset[code[rows]] + 0.15 * noise).tobytes()
            )


def blocks(path: Path, n: int, f: int):
    """Yield the rows in pieces; each piece is mapped anew, so that the last one is let go."""
    for i in range(0, n, BLOCK):
        rows = min(BLOCK, n - i)
        yield np.memmap(path, dtype=np.float32, mode="r", offset=4 * i * f, shape=(rows, f))


def streamed(path: Path, n: int, f: int) -> NormativeModel:
    moments = Moments(Design.of(people(n), age="spline"))
    return fit_streamed(moments.add_all(blocks(path, n, f)), [f"v{k}" for k in range(f)])


def child(path: Path, n: int, f: int) -> None:
    start = time.perf_counter()
    model = streamed(path, n, f)
    seconds = time.perf_counter() - start
    newcomer = People(np.array([40.0]), np.zeros(1), ("site-3",))
    z = model.fitted.z(np.full((1, f), 2.4), newcomer)[0, :COMPARED]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "z": z.tolist()}))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=2048)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    a = parser.parse_args()
    n, f = a.people, a.features
    if a.child:
        child(a.child, n, f)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "values.f32"
        generate(path, n, f)
        size = path.stat().st_size / 2**30
        command = [sys.executable, __file__, "--people", str(n), "--features", str(f)]
        run = subprocess.run(
            [*command, "--child", str(path)], capture_output=True, text=True, check=True
        )
        found = json.loads(run.stdout)
        whole = np.vstack([np.array(b[:, :COMPARED], dtype=float) for b in blocks(path, n, f)])
        names = tuple(f"v{k}" for k in range(whole.shape[1]))
        held = fit_values(Design.of(people(n), age="spline"), names, whole)
        newcomer = People(np.array([40.0]), np.zeros(1), ("site-3",))
        z = held.z(np.full((1, len(names)), 2.4), newcomer)[0]
    result = {
        "people": n,
        "features": f,
        "file_gib": round(size, 2),
        "seconds": round(found["seconds"], 1),
        "peak_mb": round(found["peak_mb"]),
        "max_abs_difference_z": float(np.abs(z - found["z"]).max()),
    }
    print(json.dumps(result, indent=1))
    if a.json:
        a.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
