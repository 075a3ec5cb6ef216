"""What the tripwires of geometry say on a real head, and on the same head made wrong.

    python benchmarks/tripwires.py --head ../shared/data/mne_sample_ecog

The table in docs/decisions/0008 is the output of this command.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from tmsplan.base import Params
from tmsplan.patient import load_patient
from tmsplan.space import Points, Scanner
from tmsplan.space.tripwire import own_side_ribbon, sides_in_order
from tmsplan.target.template import tripwire_template

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "mne_sample_ecog"


def variants(patient) -> dict[str, tuple[Points[Scanner], Points[Scanner]]]:
    """Return left and right mid-cortex, right and made wrong in the ways that happen."""
    frame = patient.scanner
    left = patient.cortex.left.mid.points.mm(frame)
    right = patient.cortex.right.mid.points.mm(frame)
    tkras = next(e for e in patient.tree.edges if e.src.kind.__name__ == "Tkras").inverse()
    back = tkras.matrix(tkras.dst, tkras.src)
    middle = np.vstack([left, right])[:, 0].mean()

    def each(f):
        return Points(f(left), frame), Points(f(right), frame)

    shifts = {
        f"shifted {mm} mm forward": each(lambda x, mm=mm: x + np.array([0, mm, 0]))
        for mm in (1, 2, 4)
    }
    return {
        "as it is": (Points(left, frame), Points(right, frame)),
        "tkRAS read as scanner RAS": each(lambda x: x @ back[:3, :3].T + back[:3, 3]),
        "LPS read as RAS": each(lambda x: x * (-1, -1, 1)),
        "mirrored": each(lambda x: x * (-1, 1, 1) + (2 * middle, 0, 0)),
        "hemispheres exchanged": (Points(right, frame), Points(left, frame)),
        **shifts,
    }


def main() -> int:
    """Print the table; write it as JSON where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--head", type=Path, default=DEFAULT)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if not arguments.head.is_dir():
        print(f"no real head at {arguments.head.name}: nothing measured")
        return 0
    params, patient = Params(), load_patient(arguments.head, subject="head")
    rows = []
    for name, (left, right) in variants(patient).items():
        f01 = own_side_ribbon(left, right, patient.ribbon, params.ribbon_min)
        f02 = sides_in_order(left, right)
        rows.append({"surfaces": name, "TP-F01": f01.value, "F01": f01.status, "F02": f02.status})
        print(f"{name:28} TP-F01 {f01.value:.3f} {f01.status:5} TP-F02 {f02.status}")
    print(tripwire_template(patient, params))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
