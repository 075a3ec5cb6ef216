"""Our norms beside PCNtoolkit's linear BLR: z of the same people, and seconds per feature.

Run: ``python benchmarks/norms_pcn.py --python pcn/bin/python`` (an interpreter that has
PCNtoolkit; see docs/methods/norms.md). Prints one JSON object. PCNtoolkit runs in its own
process; starting it and reading files is not counted. Two designs: one where effects are strong
and people many, so that its prior hardly matters and the models coincide; and a usual one,
with its own default optimiser and with a converged one.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from tmsplan.base import Table
from tmsplan.base.errors import MissingPartError
from tmsplan.norms.adapters.pcn import fit_and_score, pcn_python
from tmsplan.norms.design import Design
from tmsplan.norms.fitted import fit_values
from tmsplan.norms.people import People

NEWCOMERS, OURS = 50, 246
CONVERGED = {"optimizer": "cg", "tol": 1e-10}


def simulate(n: int, f: int, effect: float, seed: int):
    rng = np.random.default_rng(seed)
    age, male = rng.uniform(18, 65, n), (rng.random(n) < 0.5).astype(float)
    values = 5 + effect * (0.02 * age[:, None] - 0.3 * male[:, None])
    return People(age, male), values + rng.normal(size=(n, f))


def as_table(people: People, values: np.ndarray) -> Table:
    names = [f"f{j}" for j in range(values.shape[1])]
    cells = np.column_stack([people.age, people.male, values])
    rows = tuple(tuple(repr(float(v)) for v in row) for row in cells)
    return Table("simulated.tsv", ("age", "male", *names), rows)


def ours(controls, people) -> tuple[np.ndarray, np.ndarray]:
    """Fit and score the newcomers, and the controls too, as PCNtoolkit's fit does.

    Returns z, and Student's t before it is made a z: PCNtoolkit takes the spread as known, so
    its z is what t would be, and differs from ours by about (t + t³) / 4 df.
    """
    design = Design.of(controls[0], ("age", "sex"))
    fitted = fit_values(design, tuple(f"f{j}" for j in range(controls[1].shape[1])), controls[1])
    fitted.z(controls[1], controls[0])
    found = fitted.standard(people[1], people[0])
    return fitted.z(people[1], people[0]), found.residual / np.sqrt(1 + found.leverage)


def compare(n: int, f: int, effect: float, python: Path | None, options: dict) -> dict:
    both = [simulate(m, f, effect, seed) for m, seed in ((n, 1), (NEWCOMERS, 2))]
    names = [f"f{j}" for j in range(f)]
    theirs = fit_and_score(
        *(as_table(*b) for b in both), features=names, covariates=["age", "male"],
        python=python, options=options,
    )  # fmt: skip
    z, t = ours(*both)
    apart, apart_t = np.abs(theirs.z - z), np.abs(theirs.z - t)
    # Ours is timed on 246 features, as many as an atlas has, and over several runs.
    many = [simulate(m, OURS, effect, seed) for m, seed in ((n, 1), (NEWCOMERS, 2))]
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        ours(*many)
        seconds.append((time.perf_counter() - start) / OURS)
    peer = (theirs.seconds_fit + theirs.seconds_score) / f
    return {
        "controls": n,
        "features_theirs": f,
        "features_ours": OURS,
        "options": options or "default",
        "max_abs_difference_z": round(float(apart.max()), 6),
        "median_abs_difference_z": round(float(np.median(apart)), 6),
        "max_abs_difference_t": round(float(apart_t.max()), 6),
        "seconds_per_feature_theirs": round(peer, 4),
        "seconds_per_feature_ours": round(float(np.median(seconds)), 7),
        "ratio_median": round(peer / float(np.median(seconds))),
        "ratio_min_max": [round(peer / max(seconds)), round(peer / min(seconds))],
        "pcntoolkit": theirs.version,
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", type=Path)
    parser.add_argument("--features", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    try:
        pcn_python(arguments.python)
    except MissingPartError as err:
        sys.stdout.write(json.dumps({"skipped": str(err)}) + "\n")
        return 0
    f, python = arguments.features, arguments.python
    result = {
        "coinciding": compare(2000, f, 30.0, python, CONVERGED),
        "usual, converged": compare(500, f, 1.0, python, CONVERGED),
        "usual, its defaults": compare(500, f, 1.0, python, {}),
    }
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
