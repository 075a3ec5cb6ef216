"""The E-field solver: accuracy on a sphere by depth, and seconds for set-up, field and search.

The sphere has a closed form. Seconds are for a round head whose inner skull has 5,120
triangles; CPU seconds count, because a busy machine inflates the wall clock. ``--two`` adds a
sphere of 70 mm, 1.65 against 0.275 S/m, which must change nothing.

Run: ``python benchmarks/efield.py [--sites N] [--two] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "coil"))

from efield_shells import FIGURE8, RADIUS_M, ball, below, density, field, off, over_the_top

from tmsplan.coil.efield.charges import near_interaction, system_matrix
from tmsplan.coil.efield.compress import compressed
from tmsplan.coil.efield.fast_potential import swept_m, turning_coil
from tmsplan.coil.efield.layer import layer_of
from tmsplan.coil.efield.solve import KrylovSolver, direct_solver
from tmsplan.coil.efield.sphere import sphere_field

DEPTHS_MM = (1, 2, 3, 5, 16, 25, 40)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--sites", type=int, default=200, help="scalp sites of 36 angles (200)")
    parser.add_argument("--two", action="store_true", help="also two spheres, a minute more")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    options = parser.parse_args()
    start = time.process_time()
    layer = layer_of([ball(RADIUS_M, 4, 0.33, 0.0)])
    solver = direct_solver(system_matrix(layer, near_interaction(layer)))
    seconds = {"set_up": time.process_time() - start}
    pose = over_the_top()
    start = time.process_time()
    q = density(layer, solver, pose)
    seconds["one_pose"] = time.process_time() - start
    rms = {"one": _rms_percent(layer, q, pose)}
    if options.two:
        shells = [ball(RADIUS_M, 4, 1.65, 0.0), ball(0.070, 4, 0.275, 1.65)]
        both = layer_of(shells)
        iterated = KrylovSolver(system_matrix(both, near_interaction(both)))
        rms["two"] = _rms_percent(both, density(both, iterated, pose), pose)
    seconds["search"] = _search(layer, pose, options.sites)
    print("depth mm             " + "  ".join(f"{d:5d}" for d in DEPTHS_MM))
    for name, errors in rms.items():
        print(f"rms error %, {name} sph. " + "  ".join(f"{e:5.2f}" for e in errors.values()))
    print("CPU s      " + ", ".join(f"{k} {v:.2f}" for k, v in seconds.items()))
    if options.json:
        options.json.write_text(json.dumps({"rms_percent": rms, "cpu_s": seconds}, indent=1))


def _rms_percent(layer, q: np.ndarray, pose: np.ndarray) -> dict[int, float]:
    rms = {}
    for depth in DEPTHS_MM:
        points = below(depth)
        found = field(layer, q, pose, points)
        rms[depth] = 100 * off(found, sphere_field(FIGURE8, pose, np.zeros(3), points))
    return rms


def _search(layer, pose: np.ndarray, sites: int) -> float:
    start = time.process_time()
    zone = swept_m(FIGURE8) @ pose[:3, :3].T + pose[:3, 3]
    weights = np.random.default_rng(0).normal(size=(4, len(layer), 3))
    points, vectors = compressed(layer.centres_m, weights, zone)
    angle = np.arange(36) * np.pi / 18
    turns = np.tile(np.eye(3), (36, 1, 1))
    turns[:, 0, 0] = turns[:, 1, 1] = np.cos(angle)
    turns[:, 0, 1], turns[:, 1, 0] = np.sin(angle), -np.sin(angle)
    coil = turning_coil(FIGURE8, turns)
    for _ in range(sites):
        coil.sums(points, vectors, pose[:3, :3], pose[:3, 3])
    return time.process_time() - start


if __name__ == "__main__":
    main()
