"""From raw scans to a target file: prepare, check, couple, norms, plan. One chain of commands.

    python docs/examples/raw_to_target.py T1 BOLD OUT [--tr 2.0] [--prepared DIR]

Nobody can download norms of coupling for your scanner, and a reference must come from people who
were scanned and processed as the patient was (docs/methods/norms.md). The last steps therefore
run on SIMULATED controls and on a made-up age and sex: patient.toml says so, and every output is
labelled SYNTHETIC. Replace ``simulated_controls`` by your own table, and give the patient's own
age and sex to ``prepare``, and the same commands make a plan.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

from tmsplan.base import read_table, table_bytes

#: Spread of within-region correlations (Fisher z) of one real person over regions: two smooth
#: maps that have nothing in common spread as much (docs/methods/coupling.md).
SPREAD = 0.23
CONTROLS = 60
METHOD = "partial_spearman"


def tmsplan(*arguments: str | Path) -> None:
    """Run one command as a user would; stop where it stops."""
    words = [str(a) for a in arguments]
    sys.stdout.write(f"\n$ tmsplan {' '.join(words)}\n")
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "tmsplan", *words], check=True)


def simulated_controls(parcels: Path, path: Path) -> Path:
    """Write a table of SIMULATED controls with the regions that the patient has a value in."""
    table = read_table(parcels)
    names = [
        f"{'lh' if hemi == 'left' else 'rh'}_{name}"
        for hemi, name, n in zip(
            table.texts("hemi"), table.texts("name"), table.texts("n"), strict=True
        )
        if int(n) > 0
    ]
    rng = np.random.default_rng(11)
    rows = []
    for k in range(CONTROLS):
        values = rng.normal(0.0, SPREAD, len(names))
        person = {"id": f"simulated{k:02d}", "age": round(float(rng.uniform(20, 60)), 1)}
        rows.append(person | {"sex": "FM"[k % 2]} | dict(zip(names, values.tolist(), strict=True)))
    path.write_bytes(table_bytes(["id", "age", "sex", *names], rows))
    return path


def synthetic_patient(prepared: Path) -> Path:
    """Write the prepared patient once more, with a made-up age and sex and said to be so."""
    text = (prepared / "patient.toml").read_text(encoding="utf-8")
    path = prepared / "SYNTHETIC.toml"
    head = "# SYNTHETIC: age, sex and norms of this demonstration are made up.\nsynthetic = true\n"
    if "\nage = " not in text:
        head += 'age = 30.0\nsex = "F"\n'
    path.write_text(head + text, encoding="utf-8")
    return path


def main() -> None:
    """Run the chain."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("t1", type=Path)
    parser.add_argument("bold", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tr", help="seconds, where header and sidecar disagree")
    parser.add_argument("--prepared", type=Path, help="folder that 'prepare' has made before")
    given = parser.parse_args()
    given.out.mkdir(parents=True)
    prepared = given.prepared or given.out / "prepared"
    if given.prepared is None:
        tr = ["--tr", given.tr] if given.tr else []
        tmsplan("prepare", given.t1, given.bold, "-o", prepared, "--id", "raw-01", *tr)
    tmsplan("check", prepared)
    tmsplan("couple", prepared, "--coupling", METHOD, "-o", given.out / "coupling")
    table = simulated_controls(given.out / "coupling" / "parcels.tsv", given.out / "SYNTHETIC.tsv")
    norms = given.out / "SYNTHETIC.norms"
    papers = ["--coupling", METHOD, "--unit", "Fisher z", "--engine", "dpabi"]
    tmsplan("norms", "fit", table, "-o", norms, "--synthetic", "--atlas", "desikan", *papers)
    patient = synthetic_patient(prepared)
    tmsplan(
        "plan", patient, "--norms", norms, "--coupling", METHOD, "-o", given.out / "plan",
        "--to", "brainsight", "--to", "localite-instrument",
    )  # fmt: skip


if __name__ == "__main__":
    main()
