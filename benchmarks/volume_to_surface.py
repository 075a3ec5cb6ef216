"""Volume to surface: our reusable operator beside ``nilearn.surface.vol_to_surf``.

Both run in one process, interleaved, so that a busy machine slows both alike; read the ratios,
not the seconds. The volume is synthetic noise, the surface the fsaverage5 that nilearn carries,
optionally with every triangle cut into four (``--subdivide``: 1 gives 40,962 vertices, 2 gives
163,842, the size of fsaverage).

Run: ``python benchmarks/volume_to_surface.py [--subdivide N] [--voxel MM] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from tmsplan.space import Affine, Frame, Grid, Hemi, Mni305, Points, Volume, Voxel
from tmsplan.surface import Domain, Surface, build_sampler

MNI305 = Frame(Mni305, "template")
KINDS = ("depth", "line", "ball")


@dataclass(frozen=True)
class Row:
    """One kind of sampling: seconds are the least of all rounds, ratios the median over rounds."""

    kind: str
    vertices: int
    voxel_mm: float
    nilearn_s: float
    build_s: float
    apply_s: float
    ratio_cold: float
    ratio_reused: float
    ratio_batch: float
    max_abs_diff: float


def main() -> None:
    options = _options()
    white, pial = _surfaces(options.subdivide)
    grid = _grid(options.voxel)
    rows = [_measured(kind, white, pial, grid, options.rounds) for kind in KINDS]
    _print_table(rows)
    if options.json:
        options.json.write_text(json.dumps([asdict(r) for r in rows], indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--subdivide", type=int, default=0, help="cuts of each triangle (0)")
    parser.add_argument("--voxel", type=float, default=2.0, help="voxel size in mm (2)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved repeats (5)")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    return parser.parse_args()


def _measured(
    kind: str, white: Surface[Mni305], pial: Surface[Mni305], grid: Grid[Mni305], rounds: int
) -> Row:
    from nilearn.surface import InMemoryMesh, vol_to_surf

    rng = np.random.default_rng(0)
    # As a NIfTI reader hands them out: first axis fastest.
    maps = [np.asfortranarray(rng.normal(size=grid.shape)) for _ in range(4)]
    images = [
        nib.Nifti1Image(m, grid.world_from_voxel.matrix(grid.world, grid.voxel)) for m in maps
    ]
    volumes = [Volume(m, grid) for m in maps]
    stack = np.stack(maps)
    outer, inner = (InMemoryMesh(s.points.mm(MNI305), s.faces) for s in (pial, white))

    def theirs(k: int) -> np.ndarray:
        return vol_to_surf(images[k], outer, inner_mesh=inner, kind=kind)

    sampler = build_sampler(white, pial, grid, kind=kind)
    expected = theirs(0)
    ours = sampler.apply(volumes[0], name="noise", unit="1").values
    times: dict[str, list[float]] = {"nilearn": [], "build": [], "apply": [], "batch": []}
    for i in range(rounds):
        k = i % len(maps)
        times["nilearn"].append(_seconds(lambda k=k: theirs(k)))
        times["build"].append(_seconds(lambda: build_sampler(white, pial, grid, kind=kind)))
        times["apply"].append(
            _seconds(lambda k=k: sampler.apply(volumes[k], name="noise", unit="1"), repeats=5)
        )
        times["batch"].append(_seconds(lambda: sampler.apply_many(stack)) / len(maps))
    seconds = {name: np.array(t) for name, t in times.items()}
    cold = seconds["nilearn"] / (seconds["build"] + seconds["apply"])
    return Row(
        kind=kind,
        vertices=len(pial),
        voxel_mm=float(grid.world_from_voxel.matrix(grid.world, grid.voxel)[0, 0]),
        nilearn_s=float(seconds["nilearn"].min()),
        build_s=float(seconds["build"].min()),
        apply_s=float(seconds["apply"].min()),
        ratio_cold=float(np.median(cold)),
        ratio_reused=float(np.median(seconds["nilearn"] / seconds["apply"])),
        ratio_batch=float(np.median(seconds["nilearn"] / seconds["batch"])),
        max_abs_diff=_difference(expected, ours),
    )


def _seconds(call: Callable[[], object], *, repeats: int = 1) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def _difference(expected: np.ndarray, ours: np.ndarray) -> float:
    if not np.array_equal(np.isnan(expected), np.isnan(ours)):
        return float("inf")
    return float(np.nanmax(np.abs(expected - ours)))


def _grid(voxel_mm: float) -> Grid[Mni305]:
    # The box of MNI152 at 2 mm is 91 x 109 x 91; other voxel sizes fill the same box.
    shape = tuple(int(np.ceil(n * 2.0 / voxel_mm)) for n in (91, 109, 91))
    matrix = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    matrix[:3, 3] = (-90, -126, -72)
    image = Frame(Voxel, "synthetic")
    return Grid(shape, Affine.claim(matrix, dst=MNI305, src=image, because="synthetic image"))


def _surfaces(cuts: int) -> tuple[Surface[Mni305], Surface[Mni305]]:
    from nilearn.datasets import load_fsaverage

    meshes = load_fsaverage("fsaverage5")
    both = []
    for part in ("white_matter", "pial"):
        mesh = meshes[part].parts["left"]
        xyz, faces = np.asarray(mesh.coordinates, dtype=float), np.asarray(mesh.faces)
        for _ in range(cuts):
            xyz, faces = _cut(xyz, faces)
        domain = Domain(f"fsaverage5 cut {cuts} times", len(xyz), Hemi.LEFT, "template")
        both.append(Surface(Points(xyz, MNI305), faces, domain))
    return both[0], both[1]


def _cut(xyz: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut every triangle into four at the middles of its sides."""
    ends = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, at = np.unique(ends, axis=0, return_inverse=True)
    a, b, c = at.reshape(3, -1) + len(xyz)
    f0, f1, f2 = faces.T
    parts = [(f0, a, c), (a, f1, b), (c, b, f2), (a, b, c)]
    return (
        np.vstack([xyz, xyz[unique].mean(axis=1)]),
        np.concatenate([np.stack(p, axis=1) for p in parts]),
    )


def _print_table(rows: list[Row]) -> None:
    print(f"{rows[0].vertices} vertices, {rows[0].voxel_mm:g} mm voxels, one hemisphere")
    print("times faster than nilearn: cold = build + first map, reused = a further map")
    print("kind    nilearn ms  build ms  apply ms    cold  reused   batch  max abs diff")
    for r in rows:
        print(
            f"{r.kind:6s} {1e3 * r.nilearn_s:11.1f} {1e3 * r.build_s:9.1f} "
            f"{1e3 * r.apply_s:9.2f} {r.ratio_cold:6.2f}x {r.ratio_reused:6.0f}x "
            f"{r.ratio_batch:6.0f}x {r.max_abs_diff:13.1e}"
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # nilearn warns about its own dependencies
    main()
