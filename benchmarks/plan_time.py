"""Time and peak memory of a whole plan on a real head, step by step.

    python benchmarks/plan_time.py [--head ../shared/data/mne_sample_ecog] [--json FILE]

There is no open tool that does this job to run beside: SimNIBS needs an hour of segmentation
first. So the steps are printed with their share of the whole; nothing is compared. The map is
the head's own sulcal depth with SYNTHETIC norms: the numbers are not about anyone.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "mne_sample_ecog"
CONTROLS = 120


class Clock:
    """Wall and CPU seconds of each step."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def lap(self, step: str) -> None:
        """Record the time since the last lap, and the peak memory so far."""
        wall, cpu = time.perf_counter(), time.process_time()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        row = {
            "step": step,
            "wall_s": wall - self._wall,
            "cpu_s": cpu - self._cpu,
            "peak_gb": peak,
        }
        self.rows.append(row)
        print(
            f"{step:34} {row['wall_s']:6.1f} s wall {row['cpu_s']:6.1f} s CPU {peak:5.2f} GB peak"
        )
        self._wall, self._cpu = time.perf_counter(), time.process_time()


def source(head: Path, folder: Path) -> Path:
    """Write the patient.toml of the head with its sulcal depth as a map."""
    path = folder / "patient.toml"
    path.write_text(
        'id = "head"\nage = 40.0\nsex = "F"\nsynthetic = true\n'
        f'[anatomy]\nt1w = "{head / "mri/T1.mgz"}"\nfreesurfer = "{head}"\n'
        f'[maps]\nspace = "T1w"\ncoupling_unit = "1"\n'
        f'coupling_left = "{head / "surf/lh.sulc"}"\ncoupling_right = "{head / "surf/rh.sulc"}"\n',
        encoding="utf-8",
    )
    return path


def controls(parcels, folder: Path) -> Path:
    """Write SYNTHETIC controls around the head's own parcel values."""
    import numpy as np

    from tmsplan.base import table_bytes

    rng = np.random.default_rng(1)
    names = parcels.feature_names()
    rows = []
    for k in range(CONTROLS):
        row = {"id": f"c{k}", "age": float(20 + k % 40), "sex": "FM"[k % 2]}
        noise = rng.standard_normal(len(names))
        values = {n: r.value + 2 * e for n, r, e in zip(names, parcels.rows, noise, strict=True)}
        rows.append(row | values)
    path = folder / "controls.tsv"
    path.write_bytes(table_bytes(["id", "age", "sex", *names], rows))
    return path


def main() -> int:
    """Run every step once and print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--head", type=Path, default=DEFAULT)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if not arguments.head.is_dir():
        print(f"no real head at {arguments.head.name}: nothing measured")
        return 0
    folder, clock = Path(tempfile.mkdtemp()), Clock()
    import tmsplan as tp
    from tmsplan.plan.anatomy import check_anatomy

    clock.lap("import tmsplan")
    patient = tp.load_patient(source(arguments.head.resolve(), folder))
    clock.lap("read the patient")
    check_anatomy(patient, tp.Params())
    clock.lap("tripwires of the anatomy")
    parcels = tp.parcellate(tp.couple(patient), tp.load_atlas("desikan", patient))
    clock.lap("map, atlas, parcels")
    norms = tp.fit_norms(controls(parcels, folder), synthetic=True)
    clock.lap("fit norms, 120 controls")
    plan = tp.make_plan(patient, norms)
    clock.lap("make_plan (all steps again)")
    tp.export_plan(plan, folder / "nav", ["brainsight", "tsv"])
    clock.lap("export and read back")
    tp.write_report(plan, folder / "report")
    clock.lap(f"pictures, page, sheet ({len(plan.targets)} targets)")
    if arguments.json:
        arguments.json.write_text(json.dumps(clock.rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
