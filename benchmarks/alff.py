"""ALFF beside a per-voxel ``scipy.signal.periodogram`` loop, reading beside bare inflation.

The series is SYNTHETIC: an ellipsoid of 240 thousand voxels in a 2 mm field of view, int16, with
noise that compresses like a scanner's. Seconds are of processor time, on one thread, so that
whatever else the machine does counts for neither side. The loop is timed on a sample of voxels,
interleaved with ours, and scaled to all of them. Reading and ALFF run end to end from
``.nii.gz`` in a process of their own, whose peak memory is the system's own count; what the
imports alone take is measured in another and printed, not hidden.

Run: ``python benchmarks/alff.py [--volumes 600] [--small] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from isal import igzip
from scipy import signal

from tmsplan.coupling.activity import Band, alff

TR = 2.0
SHAPE = (91, 109, 91)
RADII = np.array([36.0, 44.0, 36.0])
BAND = Band(0.01, 0.08)
LOOP = 400  # voxels of the loop, a round

#: Runs in a process of its own: peak memory must be that of reading and ALFF alone.
_END_TO_END = """
import json, resource, sys, time
from pathlib import Path
import numpy as np
from tmsplan.coupling.activity import Band, alff
from tmsplan.patient.series_open import open_series
from tmsplan.patient.series_read import read_series
from tmsplan.space import Frame, Scanner
image, mask_file, run = sys.argv[1:]
series = open_series(Path(image), scanner=Frame(Scanner, "synthetic"))
mask = np.load(mask_file)
alff(np.random.default_rng(0).normal(size=(9, 64)).astype(np.float32), 2.0, Band())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
if run == "run":
    values = read_series(series, mask)
    read = time.process_time() - start
    out = alff(values, series.tr_s, Band())
    seconds = time.process_time() - start
else:
    read = seconds = 0.0
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"read_s": read, "seconds": seconds, "before_kib": before, "peak_kib": peak}))
"""


@dataclass(frozen=True)
class Result:
    """Seconds are the least of all rounds, ratios the median over rounds with their range."""

    voxels: int
    volumes: int
    loop_s: float
    alff_s: float
    ratio_loop: tuple[float, float, float]
    max_rel_diff: float
    inflate_s: float
    read_s: float
    end_to_end_s: float
    ratio_inflate: tuple[float, float, float]
    series_mb: float
    imports_mb: float
    peak_mb: float
    peak_share: float
    peak_share_with_imports: float


def main() -> None:
    options = _options()
    mask = _mask(small=options.small)
    volumes = 150 if options.small else options.volumes
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "synthetic_bold.nii.gz"
        _write(image, mask, volumes)
        np.save(Path(folder) / "mask.npy", mask)
        result = _measured(image, mask, volumes, options.rounds)
    _print(result)
    if options.json:
        options.json.write_text(json.dumps(asdict(result), indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--volumes", type=int, default=600, help="length of the run (600)")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved repeats (3)")
    parser.add_argument(
        "--small", action="store_true", help="an eighth of the voxels, 150 volumes"
    )
    parser.add_argument("--json", type=Path, help="also write the result to this file")
    return parser.parse_args()


def _mask(*, small: bool) -> np.ndarray:
    half = 2 if small else 1
    shape = np.array(SHAPE) // half
    at = np.indices(shape).reshape(3, -1).T - (shape - 1) / 2
    return (((at / (RADII / half)) ** 2).sum(axis=1) < 1).reshape(shape)


def _write(path: Path, mask: np.ndarray, volumes: int) -> None:
    """Write brain of about 1,000 with 1.5 % noise and a dark, noisy background, as int16."""
    rng = np.random.default_rng(0)
    header = nib.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape((*mask.shape, volumes))
    header.set_sform(np.diag([2.0, 2, 2, 1]), 1)
    header["pixdim"][1:5] = 2, 2, 2, TR
    header.set_xyzt_units("mm", "sec")
    header["magic"], header["vox_offset"] = b"n+1", 352
    inside = mask.ravel(order="F")
    brain = np.where(inside, 900 + 200 * rng.random(inside.size), 8).astype(np.float32)
    spread = np.where(inside, 15.0, 3.0).astype(np.float32)
    # One noise volume, rolled: drawing 600 of them would take most of the two minutes.
    noise = rng.normal(size=inside.size).astype(np.float32)
    with igzip.open(path, "wb", compresslevel=1) as out:
        out.write(header.binaryblock + b"\0" * 4)
        for k in range(volumes):
            wave = np.float32(8 * np.sin(2 * np.pi * 0.03 * TR * k))
            rolled = np.roll(noise, 7919 * k)
            out.write((brain + spread * rolled + wave * inside).astype("<i2").tobytes())


def _measured(image: Path, mask: np.ndarray, volumes: int, rounds: int) -> Result:
    rng = np.random.default_rng(1)
    runs, inflations = [], []
    imports = _process(image, "import")
    for _ in range(rounds):
        inflations.append(_inflate(image))
        runs.append(_process(image, "run"))
    n = int(mask.sum())
    values = _read(image, mask)
    loops, ours = [], []
    alff(values[:512], TR, BAND)
    for _ in range(rounds):
        sample = np.sort(rng.choice(n, LOOP, replace=False))
        start = time.process_time()
        expected = np.array([_one_voxel(values[i]) for i in sample])
        loops.append((time.process_time() - start) * n / LOOP)
        start = time.process_time()
        found = alff(values, TR, BAND)
        ours.append(time.process_time() - start)
        difference = float(np.abs(found[sample] / expected - 1).max())
    peak, base = max(r["peak_kib"] for r in runs) / 1024, imports["peak_kib"] / 1024
    series = values.nbytes / 2**20
    seconds = [r["seconds"] for r in runs]
    return Result(
        voxels=n,
        volumes=volumes,
        loop_s=min(loops),
        alff_s=min(ours),
        ratio_loop=_range(np.array(loops) / ours),
        max_rel_diff=difference,
        inflate_s=min(inflations),
        read_s=min(r["read_s"] for r in runs),
        end_to_end_s=min(seconds),
        ratio_inflate=_range(np.array(seconds) / inflations),
        series_mb=series,
        imports_mb=base,
        peak_mb=peak,
        peak_share=(peak - base) / series,
        peak_share_with_imports=peak / series,
    )


def _one_voxel(row: np.ndarray) -> float:
    """Return the same quantity by scipy, in float64: mean amplitude inside the band."""
    padded = 1 << int(np.ceil(np.log2(len(row))))
    frequencies, power = signal.periodogram(
        row.astype(np.float64), 1 / TR, nfft=padded, detrend="linear", scaling="spectrum"
    )
    inside = (frequencies >= BAND.low) & (frequencies <= BAND.high)
    # One-sided power of a wave of amplitude A is A^2 / 2, so 2 |X| / n is sqrt(2 power).
    return float(np.sqrt(2 * power[inside]).mean())


def _inflate(path: Path) -> float:
    buffer = bytearray(1 << 20)
    start = time.process_time()
    with igzip.open(path, "rb") as stream:
        while stream.readinto(buffer):
            pass
    return time.process_time() - start


def _read(image: Path, mask: np.ndarray) -> np.ndarray:
    from tmsplan.patient.series_open import open_series
    from tmsplan.patient.series_read import read_series
    from tmsplan.space import Frame, Scanner

    return read_series(open_series(image, scanner=Frame(Scanner, "synthetic")), mask)


def _process(image: Path, run: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", _END_TO_END, str(image), str(image.parent / "mask.npy"), run],
        capture_output=True, text=True, check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return json.loads(done.stdout)


def _range(values: np.ndarray) -> tuple[float, float, float]:
    return float(np.median(values)), float(values.min()), float(values.max())


def _print(r: Result) -> None:
    size = f"{r.voxels:,} voxels x {r.volumes} volumes, {r.series_mb:.0f} MiB float32"
    print(f"SYNTHETIC series: {size}; processor seconds")
    print(
        f"ALFF {r.alff_s:.2f} s; periodogram loop {r.loop_s:.0f} s (scaled from {LOOP} voxels): "
        f"{_words(r.ratio_loop)} times faster, max relative difference {r.max_rel_diff:.1e}"
    )
    print(
        f"end to end {r.end_to_end_s:.2f} s (reading {r.read_s:.2f}); bare inflation "
        f"{r.inflate_s:.2f} s: {_words(r.ratio_inflate)} times as long"
    )
    print(
        f"peak memory {r.peak_mb:.0f} MiB, of which imports {r.imports_mb:.0f}: "
        f"{r.peak_share:.2f} x the series ({r.peak_share_with_imports:.2f} x with imports)"
    )


def _words(values: tuple[float, float, float]) -> str:
    return f"{values[0]:.2f} ({values[1]:.2f}-{values[2]:.2f})"


if __name__ == "__main__":
    main()
