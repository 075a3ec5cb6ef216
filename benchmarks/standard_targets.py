"""How far the routes of standard targets disagree on one head, and what lies under the rules.

A FreeSurfer folder with ``sphere.reg`` and ``talairach.xfm`` gives every template point twice:
by the folds (sphere) and by twelve numbers (affine). The patient's own Desikan labels say where
each of them fell: known anatomy, which neither route was told. The rules on the scalp follow,
each with the cortex under it and how far from the rule's own mark the scalp nearest to that
cortex lies.

Run: ``python benchmarks/standard_targets.py FREESURFER_FOLDER [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from tmsplan.coil.scalp import Scalp, scalp_of
from tmsplan.coil.standard_scalp import scalp_mark, standard_target
from tmsplan.patient import Patient, load_patient
from tmsplan.surface import Pair
from tmsplan.target.standard_targets import load_standard, place_standard, standard_names
from tmsplan.target.target import Target


@dataclass(frozen=True)
class Point:
    """A template point by both routes: mm apart, and the patient's parcel under each."""

    name: str
    apart_mm: float
    route: str
    by_folds: str
    by_affine: str


@dataclass(frozen=True)
class Rule:
    """A rule on the scalp: the parcel under it, depth, and how far the nearest scalp is off."""

    name: str
    parcel: str
    deep_mm: float
    off_mark_mm: float


def main() -> None:
    options = _options()
    start = time.process_time()
    patient = load_patient(options.folder)
    points = [_point(name, patient) for name in standard_names()]
    _print_points(points)
    scalp = scalp_of(patient)
    rules = [_rule(name, patient, scalp) for name in standard_names("scalp")]
    _print_rules(rules)
    print(f"{time.process_time() - start:.1f} s of processor time")
    if options.json:
        found = {"points": [asdict(p) for p in points], "rules": [asdict(r) for r in rules]}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _point(name: str, patient: Patient) -> Point:
    folds = place_standard(name, patient)
    affine = place_standard(name, _without_spheres(patient))
    return Point(
        name,
        float(folds.point.distances(affine.point)[0]),
        "sphere" if "sphere.reg" in folds.provenance else "affine",
        _parcel(folds, patient),
        _parcel(affine, patient),
    )


def _without_spheres(patient: Patient) -> Patient:
    left, right = (replace(c, sphere=None) for _, c in patient.cortex.sides())
    return replace(patient, cortex=Pair(left, right))


def _rule(name: str, patient: Patient, scalp: Scalp) -> Rule:
    standard = load_standard(name)
    mark = scalp_mark(standard, patient, scalp)
    target = standard_target(name, patient, scalp)
    contact = scalp.contact(target.point)
    return Rule(
        name,
        _parcel(target, patient),
        float(target.point.distances(mark.point)[0]),
        float(contact.points.distances(mark.point)[0]),
    )


def _parcel(target: Target, patient: Patient) -> str:
    labels = patient.cortex.side(target.hemi).aparc
    if labels is None:
        return "n/a"
    return labels.names.get(int(labels.ids[target.vertex]), "none")


def _print_points(points: list[Point]) -> None:
    both = np.array([p.apart_mm for p in points if p.route == "sphere"])
    print(f"{'target':24} {'mm apart':>8}  {'by folds':26} by affine")
    for p in points:
        apart = f"{p.apart_mm:8.1f}" if p.route == "sphere" else "  affine"
        print(f"{p.name:24} {apart}  {p.by_folds:26} {p.by_affine}")
    if len(both):
        print(
            f"sphere against affine, {len(both)} points: median {np.median(both):.1f}, "
            f"{both.min():.1f} to {both.max():.1f} mm"
        )


def _print_rules(rules: list[Rule]) -> None:
    print(f"\n{'rule':24} {'deep':>6} {'off mark':>8}  parcel")
    for r in rules:
        print(f"{r.name:24} {r.deep_mm:6.1f} {r.off_mark_mm:8.1f}  {r.parcel}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
