"""Volume to surface: our reusable operator beside ``nilearn.surface.vol_to_surf``.

Both run in one process, interleaved, so that a busy machine slows both alike; read the ratios,
not the seconds. The volume is synthetic noise, the surface the fsaverage5 that nilearn carries,
optionally with every triangle cut into four (``--subdivide``: 1 gives 40,962 vertices, 2 gives
163,842, the size of fsaverage).

Then many maps on one surface of 163,842 vertices (fsaverage5 cut twice: the real fsaverage is
not in nilearn's wheel): 1,000 maps through our operator, building it included, beside nilearn
on 4-D images of four maps, which share its positions. The 1,000 are 20 different maps, each
used 50 times, because 1,000 volumes are 3.6 GB; nothing is cached between uses.

Run: ``python benchmarks/volume_to_surface.py [--subdivide N] [--voxel MM] [--maps N]
[--vertices 10242|40962|163842] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import resource
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
#: Cuts of fsaverage5's triangles by number of vertices.
CUTS = {10242: 0, 40962: 1, 163842: 2}
DIFFERENT, TOGETHER = 20, 4


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


@dataclass(frozen=True)
class Many:
    """Many maps on one surface: seconds per map; ours with its share of building the operator."""

    maps: int
    vertices: int
    voxel_mm: float
    nilearn_s: float
    ours_s: float
    ratio: float
    ratio_low: float
    ratio_high: float
    max_abs_diff: float
    peak_gib: float


def main() -> None:
    options = _options()
    white, pial = _surfaces(options.subdivide)
    grid = _grid(options.voxel)
    rows = [_measured(kind, white, pial, grid, options.rounds) for kind in KINDS]
    _print_table(rows)
    many = None
    if options.maps:
        many = _many(options.maps, CUTS[options.vertices], grid)
        _print_many(many)
    if options.json:
        result = {"kinds": [asdict(r) for r in rows], "many": many and asdict(many)}
        options.json.write_text(json.dumps(result, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--subdivide", type=int, default=0, help="cuts of each triangle (0)")
    parser.add_argument("--voxel", type=float, default=2.0, help="voxel size in mm (2)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved repeats (5)")
    parser.add_argument("--maps", type=int, default=1000, help="many maps; 0 for none (1000)")
    parser.add_argument(
        "--vertices", type=int, default=163842, choices=list(CUTS), help="of many maps (163842)"
    )
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


def _many(maps: int, cuts: int, grid: Grid[Mni305]) -> Many:
    from nilearn.surface import InMemoryMesh, vol_to_surf

    white, pial = _surfaces(cuts)
    rng = np.random.default_rng(1)
    stack = np.stack([rng.normal(size=grid.shape).astype(np.float32) for _ in range(DIFFERENT)])
    outer, inner = (InMemoryMesh(s.points.mm(MNI305), s.faces) for s in (pial, white))
    affine = grid.world_from_voxel.matrix(grid.world, grid.voxel)
    # nilearn wants maps last; it is given them so, and not timed while they are turned.
    few = nib.Nifti1Image(np.moveaxis(stack[:TOGETHER], 0, -1).astype(np.float64), affine)
    ratios, theirs, ours, off = [], [], [], 0.0
    rounds = max(1, maps // DIFFERENT)
    start = time.perf_counter()
    sampler = build_sampler(white, pial, grid, kind="depth")
    build = time.perf_counter() - start
    for k in range(rounds):
        start = time.perf_counter()
        found = sampler.apply_many(stack)
        ours.append((time.perf_counter() - start) / DIFFERENT + build / maps)
        if k % max(1, rounds // 5) == 0:  # five times in between, so that both see one load
            start = time.perf_counter()
            expected = vol_to_surf(few, outer, inner_mesh=inner, kind="depth")
            theirs.append((time.perf_counter() - start) / TOGETHER)
            ratios.append(theirs[-1] / ours[-1])
            off = max(off, _difference(expected, found[:TOGETHER].T))
    return Many(
        maps=rounds * DIFFERENT,
        vertices=len(pial),
        voxel_mm=float(affine[0, 0]),
        nilearn_s=float(np.median(theirs)),
        ours_s=float(np.median(ours)),
        ratio=float(np.median(ratios)),
        ratio_low=min(ratios),
        ratio_high=max(ratios),
        max_abs_diff=off,
        peak_gib=_peak_gib(),
    )


def _peak_gib() -> float:
    # Kilobytes on Linux.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


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


def _print_many(m: Many) -> None:
    print(
        f"{m.maps} maps of {m.voxel_mm:g} mm on {m.vertices} vertices (fsaverage5, triangles "
        f"cut), per map: nilearn {1e3 * m.nilearn_s:.0f} ms, ours {1e3 * m.ours_s:.2f} ms with "
        f"its share of the build"
    )
    print(f"times faster: {m.ratio:.0f} (rounds: {m.ratio_low:.0f} to {m.ratio_high:.0f})")
    print(f"max abs difference: {m.max_abs_diff:.1e}; peak memory of both {m.peak_gib:.2f} GiB")


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # nilearn warns about its own dependencies
    main()
