"""Random rigid poses through every navigator format: written, read back, compared.

    python benchmarks/round_trip.py [--poses 10000] [--json FILE]

Prints the worst distance and angle per format. The poses are those of the contract tests:
rotations uniform over the sphere, centres within 150 mm, on an oblique T1 record.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from export.plan_builder import AFFINES, build_plan, many_targets, random_poses, t1_input

from tmsplan.export import carries_orientation, navigator_formats
from tmsplan.export.names import coil_name, scalp_name
from tmsplan.space.testing import pose_difference

#: Targets of one file.
BLOCK = 1000


def worst_of(name: str, poses: np.ndarray) -> tuple[float, float]:
    """Return the largest distance (mm) and angle (deg) of one format over `poses`."""
    fmt, worst = navigator_formats().get(name), np.zeros(2)
    inputs = [t1_input(affine=AFFINES["oblique"])]
    for start in range(0, len(poses), BLOCK):
        plan = build_plan(*many_targets(poses[start : start + BLOCK]), inputs=inputs)
        with tempfile.TemporaryDirectory() as folder:
            written = fmt.write(plan, Path(folder))
            back = {p.name: p for path in written for p in fmt.read(path, plan)}
        for planned in plan.targets:
            if carries_orientation(fmt):
                found = back[coil_name(plan, planned)].scanner_from_coil
                off = pose_difference(found, planned.pose.scanner_from_coil)
            else:
                found = back[scalp_name(plan, planned)].point
                off = (float(found.distances(planned.pose.scalp_point)[0]), 0.0)
            worst = np.maximum(worst, off)
    return float(worst[0]), float(worst[1])


def main() -> int:
    """Print one line a format; exit 1 if one is out of its tolerance."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--poses", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    poses = random_poses(arguments.poses, seed=2026)
    rows, failed = [], False
    for name in navigator_formats().names():
        mm, deg = worst_of(name, poses)
        good = mm <= 0.01 and deg <= 0.01
        failed |= not good
        rows.append({"format": name, "poses": len(poses), "worst_mm": mm, "worst_deg": deg})
        verdict = "ok" if good else "OUT"
        print(f"{name:24} {len(poses)} poses  {mm:.2e} mm  {deg:.2e} deg  {verdict}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
