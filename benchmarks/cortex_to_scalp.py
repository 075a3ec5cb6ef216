"""Distance from every vertex of the cortex to the scalp: ours against trimesh, in one run.

Default: SYNTHETIC. The cortex of fsaverage cut to 327,684 vertices inside the scalp of fsaverage
cut to about the size of one made from a T1, with .1 mm of noise so that no two triangles lie in
one plane. With --scalp and --pial: FreeSurfer geometry of one person.

trimesh takes milliseconds a point, so it is run on a sample (the same vertices are then compared),
half of it before ours and half after; ours is run on all vertices, its set-up included. Seconds
are CPU time of this process: other load does not count. trimesh needs rtree (pip install rtree).

    python benchmarks/cortex_to_scalp.py [--sample N] [--scalp FILE --pial LH RH] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import nibabel.freesurfer as nfs
import numpy as np
import trimesh

from tmsplan.plan.synthetic_head import fsaverage_head
from tmsplan.space import Frame, Hemi, Points, Scanner
from tmsplan.surface import Domain, Surface, closest_on_faces

FRAME = Frame(Scanner, "benchmark")
#: trimesh holds every candidate triangle of a batch at once.
BATCH = 100


@dataclass(frozen=True)
class Result:
    """Microseconds of CPU a vertex, their ratio, and the largest disagreement in mm."""

    vertices: int
    triangles: int
    sample: int
    ours_us: float
    ours_s: float
    trimesh_us: tuple[float, float]
    ratio: float
    ratio_range: tuple[float, float]
    max_difference_mm: float


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=3000, help="vertices for trimesh")
    parser.add_argument("--scalp", type=Path)
    parser.add_argument("--pial", type=Path, nargs=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.scalp:
        scalp = nfs.read_geometry(args.scalp)[:2]
        cortex = np.vstack([nfs.read_geometry(p)[0] for p in args.pial])
    else:
        scalp, cortex = synthetic()
    result = compared(*scalp, cortex, args.sample)
    print(
        f"{result.vertices} vertices to {result.triangles} triangles, CPU time a vertex: ours "
        f"{result.ours_us:.1f} us ({result.ours_s:.1f} s in all), trimesh "
        f"{result.trimesh_us[0]:.0f} and {result.trimesh_us[1]:.0f} us ({result.sample} vertices)"
    )
    low, high = result.ratio_range
    print(f"times faster: {result.ratio:.0f} ({low:.0f} to {high:.0f})")
    print(f"largest difference: {result.max_difference_mm:.1e} mm")
    if args.json:
        args.json.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")


def synthetic() -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Return scalp (vertices, triangles) and the vertices of both pial surfaces."""
    head = fsaverage_head()
    cortex = []
    for _, half in head.halves.sides():
        xyz, faces = half.pial, half.faces
        while len(xyz) < 160_000:
            xyz, faces = trimesh.remesh.subdivide(xyz, faces)
        cortex.append(xyz)
    skin, faces = head.scalp, head.scalp_faces
    while len(faces) < 150_000:
        skin, faces = trimesh.remesh.subdivide(skin, faces)
    skin = skin + np.random.default_rng(0).normal(0, 0.1, skin.shape)
    return (skin, faces), np.vstack(cortex)


def compared(skin: np.ndarray, faces: np.ndarray, cortex: np.ndarray, sample: int) -> Result:
    """Time trimesh on a half of the sample, ours on all, and trimesh on the other half."""
    domain = Domain("scalp", len(skin), Hemi.LEFT, "benchmark")
    scalp = Surface(Points(skin, FRAME), faces.astype(np.int32), domain)
    chosen = np.random.default_rng(1).choice(len(cortex), sample, replace=False)
    halves = np.array_split(chosen, 2)
    mesh = trimesh.Trimesh(skin, faces, process=False)
    before, first = peer(mesh, cortex[halves[0]])
    start = time.process_time()
    ours = closest_on_faces(scalp, Points(cortex, FRAME)).distance_mm
    seconds = time.process_time() - start
    after, second = peer(mesh, cortex[halves[1]])
    mine = 1e6 * seconds / len(cortex)
    theirs = np.concatenate([first, second])
    return Result(
        vertices=len(cortex),
        triangles=len(faces),
        sample=sample,
        ours_us=mine,
        ours_s=seconds,
        trimesh_us=(before, after),
        ratio=(before + after) / 2 / mine,
        ratio_range=(min(before, after) / mine, max(before, after) / mine),
        max_difference_mm=float(np.abs(ours[np.concatenate(halves)] - theirs).max()),
    )


def peer(mesh: trimesh.Trimesh, points: np.ndarray) -> tuple[float, np.ndarray]:
    """Return microseconds a point and the distances; the tree is built before the clock runs."""
    trimesh.proximity.closest_point(mesh, points[:1])
    start = time.process_time()
    parts = np.array_split(points, max(1, len(points) // BATCH))
    distances = [trimesh.proximity.closest_point(mesh, part)[1] for part in parts]
    return 1e6 * (time.process_time() - start) / len(points), np.concatenate(distances)


if __name__ == "__main__":
    main()
