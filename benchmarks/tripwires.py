"""What the tripwires of geometry say on a real head, and on the same head made wrong.

    python benchmarks/tripwires.py [--head ../shared/data/mne_sample_ecog] [--json FILE]

The numbers in docs/decisions/0008 are the output of this command.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from tmsplan.base import Params
from tmsplan.patient import Patient, load_patient
from tmsplan.patient.belonging import white_is_brighter
from tmsplan.space import Affine, FrameTree, Mni305, Points
from tmsplan.space.tripwire import own_side_ribbon, sides_in_order, surfaces_follow_t1
from tmsplan.surface import Pair, Surface
from tmsplan.target.template import tripwire_template

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "mne_sample_ecog"
Map = Callable[[np.ndarray], np.ndarray]


def wrong_maps(patient: Patient) -> dict[str, Map]:
    """Return what is done to the surfaces' scanner coordinates, right first."""
    edge = next(e for e in patient.tree.edges if e.src.kind.__name__ == "Tkras").inverse()
    back = edge.matrix(edge.dst, edge.src)
    middle = patient.mid_points().mm(patient.scanner)[:, 0].mean()
    shifts: dict[str, Map] = {
        f"shifted {mm} mm forward": lambda x, mm=mm: x + np.array([0, mm, 0]) for mm in (1, 2, 4)
    }
    return {
        "as it is": lambda x: x,
        "tkRAS read as scanner RAS": lambda x: x @ back[:3, :3].T + back[:3, 3],
        "LPS read as RAS": lambda x: x * (-1, -1, 1),
        "mirrored": lambda x: x * (-1, 1, 1) + np.array([2 * middle, 0, 0]),
        **shifts,
    }


def moved(patient: Patient, change: Map, *, mirrored: bool) -> Patient:
    """Return the patient with both surfaces of each side put elsewhere."""

    def surface(s: Surface) -> Surface:
        points = Points(change(s.points.mm(patient.scanner)), patient.scanner)
        faces = s.faces[:, ::-1].copy() if mirrored else s.faces  # triangles face outward still
        return Surface(points, faces, s.domain)

    cortex = patient.cortex.map(lambda c: replace(c, white=surface(c.white), pial=surface(c.pial)))
    return replace(patient, cortex=cortex)


def exchanged(patient: Patient) -> tuple[Points, Points]:
    """Return the mid-cortex of the two hemispheres, each called the other."""
    return patient.cortex.right.mid.points, patient.cortex.left.mid.points


def wrong_routes(patient: Patient) -> dict[str, np.ndarray]:
    """Return maps from MNI305 to the scanner: the patient's own, and wrong ones."""
    edge = next(e for e in patient.tree.edges if e.src.kind is Mni305)
    own = np.array(edge.matrix(edge.dst, edge.src))
    routes = {"own talairach.xfm": own, "identity": np.eye(4), "inverted": np.linalg.inv(own)}
    routes["LPS read as RAS"] = np.diag([-1.0, -1, 1, 1]) @ own
    for axis, name in enumerate("xyz"):
        for mm in (10, 20):
            shift = np.eye(4)
            shift[axis, 3] = mm
            routes[f"shifted {mm} mm along {name}"] = shift @ own
    return routes


def rerouted(patient: Patient, matrix: np.ndarray) -> Patient:
    """Return the patient with another map from MNI305."""
    old = next(e for e in patient.tree.edges if e.src.kind is Mni305)
    new = Affine.claim(matrix, dst=old.dst, src=old.src, because="made for this benchmark")
    edges = tuple(new if e is old else e for e in patient.tree.edges)
    return replace(patient, tree=FrameTree(patient.tree.root, edges))


def surfaces_table(patient: Patient, params: Params) -> list[dict[str, object]]:
    """Print and return F01, F02 and D02 of the surfaces, right and made wrong."""
    rows: list[dict[str, object]] = []
    cases: list[tuple[str, Pair | None, tuple[Points, Points]]] = []
    for name, change in wrong_maps(patient).items():
        other = moved(patient, change, mirrored=name == "mirrored")
        mids = (other.cortex.left.mid.points, other.cortex.right.mid.points)
        cases.append((name, other.cortex, mids))
    cases.append(("hemispheres exchanged", None, exchanged(patient)))
    for name, cortex, (left, right) in cases:
        f01 = own_side_ribbon(left, right, patient.ribbon, params.ribbon_min)
        f02 = sides_in_order(left, right)
        row: dict[str, object] = {"surfaces": name, "F01": f01.value, "F02": f02.status}
        line = f"{name:28} F01 {f01.value:.3f} {f01.status:5} F02 {f02.status:5}"
        if cortex is not None:
            shares = {h: white_is_brighter(patient.t1w.volume, c.white) for h, c in cortex.sides()}
            d02 = surfaces_follow_t1(shares, params.boundary_min)
            row["D02"] = d02.value
            line += f" D02 {d02.value:.3f} {d02.status}"
        print(line)
        rows.append(row)
    return rows


def main() -> int:
    """Print both tables; write them as JSON where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--head", type=Path, default=DEFAULT)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if not arguments.head.is_dir():
        print(f"no real head at {arguments.head.name}: nothing measured")
        return 0
    params, patient = Params(), load_patient(arguments.head, subject="head")
    rows = surfaces_table(patient, params)
    for name, matrix in wrong_routes(patient).items():
        f06 = tripwire_template(rerouted(patient, matrix), params)
        print(f"{name:28} F06 {f06.value:.1f} mm {f06.status}")
        rows.append({"route": name, "F06": f06.value, "status": f06.status})
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
