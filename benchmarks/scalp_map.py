"""Maps of the whole scalp against the field of one pose after the other, in one run.

Our map takes every place of the scalp at once. The peer is our own field engine used the slow
way: at a sample of places the coil is posed, the whole cortex' |E| computed, and z averaged with
area times |E|^8. z is made up: 150 patches of N(0, 1), so every place has a z of its own. Seconds
are CPU time of this process; set-up of the solved head is not counted on either side.

Default: the SYNTHETIC demo head. With --fs: a FreeSurfer subject folder.

    python benchmarks/scalp_map.py [--fs FOLDER] [--places N] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tmsplan.base import Params
from tmsplan.coil.efield.inner_skull import inner_skull_of
from tmsplan.coil.efield.shell import ShellHead, shell_head
from tmsplan.coil.efield.source import CoilSource, coil_source
from tmsplan.coil.handle import along_midline
from tmsplan.coil.place import pose_at
from tmsplan.coil.scalp import Scalp, scalp_of
from tmsplan.coil.scalp_map import ScalpMaps, scalp_maps
from tmsplan.patient import Patient
from tmsplan.patient.load import load_patient
from tmsplan.space.points import Points, Vectors
from tmsplan.surface import Field, Pair

COIL = "figure8-70mm"
PATCHES = 150


@dataclass(frozen=True)
class Solved:
    """What `scalp_maps` asks of a solved head."""

    model: ShellHead
    source: CoilSource


@dataclass(frozen=True)
class Result:
    """CPU seconds, agreement with single poses (in z, SD of z is 1), and how much faster."""

    vertices: int
    within_reach: int
    places: int
    map_s: tuple[float, ...]
    solved_map_s: float
    pose_s: tuple[float, ...]
    ratio: float
    ratio_range: tuple[float, float]
    off_median: float
    off_p95: float
    solved_off_median: float
    solved_off_p95: float
    correlation: float
    solved_correlation: float


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fs", type=Path, help="FreeSurfer subject folder")
    parser.add_argument("--places", type=int, default=24)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = compared(_patient(args.fs, Path(folder)), args.places)
    low, high = result.ratio_range
    print(
        f"{result.vertices} vertices, {result.within_reach} within reach: map "
        f"{np.median(result.map_s):.1f} s, with a solved head {result.solved_map_s:.1f} s; one "
        f"pose {np.median(result.pose_s):.2f} s (two handles), {result.places} of them"
    )
    print(f"times faster than pose after pose: {result.ratio:.0f} ({low:.0f} to {high:.0f})")
    print(
        f"off single poses, in z: sphere {result.off_median:.3f} median, {result.off_p95:.3f} "
        f"95th percentile, r {result.correlation:.3f}; solved {result.solved_off_median:.3f}, "
        f"{result.solved_off_p95:.3f}, r {result.solved_correlation:.3f}"
    )
    if args.json:
        args.json.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")


def _patient(fs: Path | None, folder: Path) -> Patient:
    if fs is not None:
        return load_patient(fs)
    from tmsplan.plan.demo import write_demo_source
    from tmsplan.plan.head import with_scalp

    return with_scalp(load_patient(write_demo_source(folder).patient))[0]


def compared(patient: Patient, places: int) -> Result:
    """Time map, single poses, map again, single poses again; and hold them against each other."""
    scalp, z = scalp_of(patient), patchwork(patient)
    model = shell_head(patient, inner_skull_of(patient), None)
    solved = Solved(model, coil_source(COIL))
    _ = model.solver, model.operator
    scalp_maps(patient, scalp, z, COIL, Params())  # makes the coil's kernel
    first, found = timed(patient, scalp, z, None)
    within = np.flatnonzero(np.isfinite(found.z_under.values))
    chosen = np.random.default_rng(2).choice(within, places, replace=False)
    halves = np.array_split(chosen, 2)
    pose_a, direct_a = one_by_one(patient, scalp, z, solved, halves[0])
    second, _ = timed(patient, scalp, z, None)
    pose_b, direct_b = one_by_one(patient, scalp, z, solved, halves[1])
    third, by_field = timed(patient, scalp, z, solved)
    direct = np.concatenate([direct_a, direct_b])
    quick, better = found.z_under.values[chosen], by_field.z_under.values[chosen]
    ratios = [len(within) * p / m for p in (pose_a, pose_b) for m in (first, second)]
    return Result(
        vertices=len(scalp.surface),
        within_reach=len(within),
        places=places,
        map_s=(first, second),
        solved_map_s=third,
        pose_s=(pose_a, pose_b),
        ratio=float(np.median(ratios)),
        ratio_range=(min(ratios), max(ratios)),
        off_median=float(np.median(np.abs(quick - direct))),
        off_p95=float(np.quantile(np.abs(quick - direct), 0.95)),
        solved_off_median=float(np.median(np.abs(better - direct))),
        solved_off_p95=float(np.quantile(np.abs(better - direct), 0.95)),
        correlation=float(np.corrcoef(quick, direct)[0, 1]),
        solved_correlation=float(np.corrcoef(better, direct)[0, 1]),
    )


def patchwork(patient: Patient) -> Pair[Field]:
    """Return z of 150 patches of cortex, N(0, 1)."""
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(1)
    every = patient.mid_points().mm(patient.scanner)
    seeds = cKDTree(every[rng.choice(len(every), PATCHES, replace=False)])
    value = rng.normal(size=PATCHES)

    def side(cortex) -> Field:
        patch = seeds.query(cortex.mid.points.mm(patient.scanner))[1]
        return Field(value[patch], cortex.domain, "z", "1")

    return patient.cortex.map(side)


def timed(
    patient: Patient, scalp: Scalp, z: Pair[Field], solved: Solved | None
) -> tuple[float, ScalpMaps]:
    """Return CPU seconds and the maps."""
    start = time.process_time()
    found = scalp_maps(patient, scalp, z, COIL, Params(), solved)
    return time.process_time() - start, found


def one_by_one(
    patient: Patient, scalp: Scalp, z: Pair[Field], solved: Solved, vertices: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return CPU seconds a place, and z under a coil really posed and solved there."""
    start = time.process_time()
    found = [_posed(patient, scalp, z, solved, int(v)) for v in vertices]
    return (time.process_time() - start) / len(vertices), np.array(found)


def _posed(patient: Patient, scalp: Scalp, z: Pair[Field], solved: Solved, vertex: int) -> float:
    frame = patient.scanner
    point = scalp.surface.points.take([vertex])
    outward = scalp.surface.vertex_normals().take([vertex])
    ahead = along_midline(outward, patient.midplane().to_right, scalp.forward)
    away, n = ahead.components(frame)[0], outward.components(frame)[0]
    total = weighed = 0.0
    for y in (away, np.cross(n, away)):
        pose = pose_at(
            Points(point.mm(frame), frame), Vectors(y, frame), scalp,
            midplane=patient.midplane(), coil=COIL, params=Params(),
        )  # fmt: skip
        for hemi, field in solved.model.on_cortex(pose, solved.source).sides():
            weight = field.magnitude.values**8 * patient.cortex.side(hemi).mid.vertex_areas()
            known = np.isfinite(weight)
            total += float(weight[known].sum())
            weighed += float(weight[known] @ z.side(hemi).values[known])
    return weighed / total


if __name__ == "__main__":
    main()
