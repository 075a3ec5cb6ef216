"""The scalp from a T1: seconds, and millimetres to a known skin and to other programs' skins.

The phantom is fsaverage's skin made into a T1 (tests/coil/scalp_phantom.py), so the truth is
known. On ecog the references are MNE's watershed skin and FreeSurfer's `seghead`. The peer is
what one does by hand: Otsu's threshold, closing, holes filled, the mask's contour. Our surface and
the hand-made one are made alternately in one run.

Run: ``python benchmarks/scalp.py [--rounds N] [--json FILE]``; real heads need ../shared/data.
One round takes about a minute of processor time on one core.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from tmsplan.coil.scalp_bias import otsu
from tmsplan.coil.scalp_cut import cut_of
from tmsplan.coil.scalp_from_t1 import MadeScalp, scalp_from_t1
from tmsplan.patient.image import read_image
from tmsplan.space import Frame, Points, Scanner, Volume
from tmsplan.surface import Domain, Surface
from tmsplan.surface.proximity import closest_on_faces

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
sys.path.insert(0, str(ROOT / "tests" / "coil"))
#: Every so many vertices are measured.
STRIDE = 4
#: Above the brow: no face was removed there.
BROW_MM = 20.0


@dataclass(frozen=True)
class Row:
    """Distances of one surface to a reference, mm; seconds of processor and wall time."""

    head: str
    surface: str
    reference: str
    median_mm: float
    mean_mm: float
    p95_mm: float
    signed_median_mm: float
    cpu_s: float
    wall_s: float


def main() -> None:
    options = _options()
    import pyvista  # noqa: F401  # not to be counted in the first surface's seconds

    facts: dict[str, object] = {}
    print("head         surface  to               median   mean    p95  signed   CPU s  wall s")
    rows = _shown(_phantom(options.rounds, facts))
    if DATA.is_dir():
        rows += _shown(_ecog(options.rounds, facts))
        _studyforrest(facts)
    for name, fact in facts.items():
        print(f"{name}: {fact}")
    if options.json:
        result = {"rows": [asdict(r) for r in rows], "facts": facts}
        options.json.write_text(json.dumps(result, indent=1))


def _shown(rows: list[Row]) -> list[Row]:
    for r in rows:
        print(
            f"{r.head:12s} {r.surface:8s} {r.reference:15s} {r.median_mm:7.2f}{r.mean_mm:7.2f}"
            f"{r.p95_mm:7.2f}{r.signed_median_mm:8.2f}{r.cpu_s:8.1f}{r.wall_s:8.1f}",
            flush=True,
        )
    return rows


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=1, help="alternating repeats (1)")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    return parser.parse_args()


def _phantom(rounds: int, facts: dict[str, object]) -> list[Row]:
    import scalp_phantom as sp

    t1 = sp.phantom(step=1.5)
    made, ours, hand, theirs = _alternately(t1, rounds, facts)
    # The phantom's own image ends in the neck; the surface there is no skin.
    return [
        _row(("phantom", "ours", "truth"), made.surface, sp.skin(), -105.0, ours),
        _row(("phantom", "by hand", "truth"), hand, sp.skin(), -105.0, theirs),
    ]


def _ecog(rounds: int, facts: dict[str, object]) -> list[Row]:
    folder = DATA / "mne_sample_ecog"
    image = read_image(folder / "mri/T1.mgz")
    world = Frame(Scanner, "ecog")
    t1 = image.volume(world, "T1w")
    made, ours, hand, theirs = _alternately(t1, rounds, facts)
    path = folder / "bem/watershed/sample_ecog_outer_skin_surface"
    tkras, faces = nib.freesurfer.read_geometry(path)
    m = image.affine @ np.linalg.inv(image.tkras_from_voxel)
    points = Points(tkras @ m[:3, :3].T + m[:3, 3], world)
    skin = Surface(points, faces, Domain("watershed", len(points), None, "ecog"))
    seg = read_image(folder / "mri/seghead.mgz").volume(world, "seghead")
    seghead = _contour(np.asarray(seg.data) > 0, seg)
    brow = float(np.median(points.mm(world)[:, 2])) + BROW_MM
    facts["ecog"] = str(made.quality)
    start = time.process_time()
    share = float(cut_of(skin, t1).values.mean())
    facts["ecog, cut share of the watershed skin"] = f"{share:.3f}"
    facts["ecog, seconds to check the watershed skin"] = f"{time.process_time() - start:.1f}"
    # Measured from the reference: every place of the skin above the brow must have a scalp.
    return [
        _row(("ecog", "ours", "watershed skin"), skin, made.surface, brow, ours),
        _row(("ecog", "by hand", "watershed skin"), skin, hand, brow, theirs),
        _row(("ecog", "seghead", "watershed skin"), skin, seghead, brow, (0.0, 0.0)),
        _row(("ecog", "ours", "seghead"), seghead, made.surface, brow, ours),
    ]


def _studyforrest(facts: dict[str, object]) -> None:
    image = read_image(DATA / "studyforrest/T1.nii.gz")
    start, wall = time.process_time(), time.perf_counter()
    made = scalp_from_t1(image.volume(Frame(Scanner, "studyforrest"), "T1w"))
    facts["studyforrest"] = str(made.quality)
    cpu, wall = time.process_time() - start, time.perf_counter() - wall
    facts["studyforrest, seconds"] = f"{cpu:.1f} CPU, {wall:.1f} wall"


def _alternately(
    t1: Volume[Scanner], rounds: int, facts: dict[str, object]
) -> tuple[MadeScalp, tuple[float, float], Surface[Scanner], tuple[float, float]]:
    """Return both surfaces, with the least processor and wall seconds of each; note the ratio."""
    ours, theirs = [], []
    for _ in range(rounds):
        start, wall = time.process_time(), time.perf_counter()
        made = scalp_from_t1(t1)
        ours.append((time.process_time() - start, time.perf_counter() - wall))
        start, wall = time.process_time(), time.perf_counter()
        hand = _by_hand(t1)
        theirs.append((time.process_time() - start, time.perf_counter() - wall))
    ratios = [mine[0] / peer[0] for mine, peer in zip(ours, theirs, strict=True)]
    facts[f"{t1.grid.world.owner}, our processor time over the peer's"] = (
        f"median {np.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}"
    )
    return made, min(ours), hand, min(theirs)


def _by_hand(t1: Volume[Scanner]) -> Surface[Scanner]:
    """Threshold, close, fill, contour the mask: the usual lines with scipy and a contour."""
    from scipy import ndimage

    data = np.asarray(t1.data, dtype=np.float32)
    # Half of Otsu's threshold: the whole one loses skin, which is darker than brain.
    mask = np.pad(data > 0.5 * otsu(data), 8)
    mask = ndimage.binary_fill_holes(ndimage.binary_closing(mask, iterations=4))
    labels, _ = ndimage.label(mask)
    mask = labels == int(np.bincount(labels.ravel())[1:].argmax()) + 1
    return _contour(mask[8:-8, 8:-8, 8:-8], t1)


def _contour(mask: np.ndarray, t1: Volume[Scanner]) -> Surface[Scanner]:
    import pyvista as pv

    image = pv.ImageData(dimensions=mask.shape)
    image.point_data["f"] = mask.astype(np.float32).ravel(order="F")
    mesh = image.contour([0.5], scalars="f", method="flying_edges").connectivity("largest")
    points = t1.grid.centres(np.asarray(mesh.points, dtype=np.float64))
    faces = np.asarray(mesh.faces).reshape(-1, 4)[:, 1:].astype(np.int32)
    return Surface(points, faces, Domain("by hand", len(points), None, t1.grid.world.owner))


def _row(
    names: tuple[str, str, str],
    of: Surface[Scanner],
    to: Surface[Scanner],
    above_mm: float,
    seconds: tuple[float, float],
) -> Row:
    """Return distances from every few vertices of `of` above a height to `to`."""
    high = np.flatnonzero(of.points.mm(of.frame)[:, 2] > above_mm)[::STRIDE]
    found = closest_on_faces(to, of.points.take(high))
    off = found.distance_mm
    return Row(
        *names, float(np.median(off)), float(off.mean()),
        float(np.quantile(off, 0.95)), float(np.median(found.signed_mm)), *seconds,
    )  # fmt: skip


if __name__ == "__main__":
    main()
