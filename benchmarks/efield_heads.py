"""The E-field on heads: pial against shell model, inner skulls, seconds on a real head.

``pia``: fsaverage's inner skull (MNE) and pia (nilearn). Share of |E| in gyral crowns, pattern,
angle and |E|^8 centroid, pial model against shell. ``skulls``: hot zone with the inner skull
from the brain mask against that of the watershed, on shared/data/mne_sample_ecog.
``search``: set-up, whole-cortex field and pose search as a plan asks for them, on the same head:
CPU and wall seconds, memory, and the adjoint against the direct solution. With ``--pial`` the
two-compartment model follows at its full size (minutes, 6 GB).

Run: ``python benchmarks/efield_heads.py pia [--triangles N]``, ``skulls FOLDER`` or
``search FOLDER [--pial] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import nibabel.freesurfer as nfs
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "coil"))

from ecog_head import ECOG, TKRAS, ecog_patient
from efield_shells import FIGURE8, density, matrix_of

from tmsplan.base.params import Params
from tmsplan.coil.efield.charges import field_operator
from tmsplan.coil.efield.coarse import coarse
from tmsplan.coil.efield.head import ChargedHead, pose_metres
from tmsplan.coil.efield.inner_skull import InnerSkull, inner_skull_of
from tmsplan.coil.efield.layer import Boundary, layer_of
from tmsplan.coil.efield.measures import hotspot
from tmsplan.coil.efield.pial import CSF, GREY, PIA_DEPTH, pia_under, pial_head
from tmsplan.coil.efield.region import region_around
from tmsplan.coil.efield.search import PialGrid, PoseGrid, SearchSpace, search_poses
from tmsplan.coil.efield.shell import shell_boundary, shell_head
from tmsplan.coil.efield.solve import KrylovSolver, direct_solver
from tmsplan.coil.efield.source import primary_field
from tmsplan.coil.handle import along_midline
from tmsplan.coil.pose import CoilPose
from tmsplan.coil.scalp import scalp_of
from tmsplan.coil.sites import scalp_sites
from tmsplan.patient import Patient
from tmsplan.space.frame import CoilSimnibs, Frame, Mni305, Scanner, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.space.points import Points, Vectors
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine, Rigid
from tmsplan.surface import Domain, Pair, Surface, closest_on_faces

FSAVERAGE = Frame(Scanner, "fsaverage")
TOWARD = {
    "M1": (-0.5, -0.1, 0.8),
    "front": (-0.6, 0.6, 0.5),
    "back": (-0.5, -0.6, 0.7),
    "right": (0.6, 0.5, 0.6),
    "top": (-0.1, 0.1, 1.0),
}
#: Left, MNI305, mm: where the two kinds of treatment are aimed, to a centimetre.
REGIONS = {"left DLPFC": (-40.0, 40.0, 30.0), "left M1": (-37.0, -21.0, 58.0)}
#: As a plan searches: sites within a radius, angles of the handle.
SEARCHED, RADIUS_MM, ANGLES = 200, 25.0, 36
SITES = (
    (-0.6, 0.6, 0.5),
    (-0.7, -0.1, 0.7),
    (-0.3, -0.8, 0.5),
    (-0.2, 0.5, 0.8),
    (-0.9, -0.2, 0.3),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("what", choices=["pia", "skulls", "search"])
    parser.add_argument("folder", type=Path, nargs="?", help="mne_sample_ecog, not for pia")
    parser.add_argument("--pial", action="store_true", help="search: also shell+pial, full size")
    parser.add_argument("--json", type=Path, help="search: also write the rows to this file")
    parser.add_argument("--triangles", type=int, default=5000, help="of each pia (5000)")
    options = parser.parse_args()
    if options.what == "pia":
        pia_against_shell(options.triangles)
    elif options.folder is None:
        parser.error(f"{options.what} needs the folder of the ecog head")
    elif options.what == "search":
        rows = plan_like_search(options.folder, pial=options.pial)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1))
    else:
        mask_against_watershed(options.folder)


def pia_against_shell(triangles: int) -> None:
    skull, scalp = _mne("inner_skull-bem", 2560), _mne("head", None)
    boundaries, mids, weights, kept = [shell_boundary(skull, CSF.value)], [], [], []
    for hemi in Hemi:
        pial, white = _fsaverage5("pial", hemi), _fsaverage5("white", hemi)
        pia, _ = pia_under(skull, coarse(pial, triangles, "pia"))
        points = pia.points.mm(FSAVERAGE) * 1e-3
        boundaries.append(Boundary(points, pia.faces, GREY.value, CSF.value))
        mid = pial.with_points(
            Points((pial.points.mm(FSAVERAGE) + white.points.mm(FSAVERAGE)) / 2, FSAVERAGE)
        )
        mids.append(mid.points.mm(FSAVERAGE) * 1e-3)
        weights.append(mid.vertex_areas())
        deep = closest_on_faces(skull, mid.points).signed_mm < -1.9
        kept.append(deep & (closest_on_faces(pia, mid.points).signed_mm < -PIA_DEPTH.value))
    good = np.concatenate(kept)
    at, area = np.vstack(mids)[good], np.concatenate(weights)[good]
    start = time.process_time()
    layers = layer_of(boundaries), layer_of(boundaries[:1])
    solvers = KrylovSolver(matrix_of(layers[0])), direct_solver(matrix_of(layers[1]))
    operators = [field_operator(at, layer) for layer in layers]
    print(f"{len(layers[0])} triangles, set-up {time.process_time() - start:.1f} s CPU")
    for name, toward in TOWARD.items():
        pose = _over(scalp, np.vstack(mids).mean(axis=0), np.array(toward))
        primary = primary_field(FIGURE8, pose, at) * 1e6
        two, one = (
            primary + o.apply(density(lay, s, pose))
            for o, lay, s in zip(operators, layers, solvers, strict=True)
        )
        _compare(name, at, area, one, two)


def _compare(
    name: str, at: np.ndarray, area: np.ndarray, one: np.ndarray, two: np.ndarray
) -> None:
    a, b = np.linalg.norm(two, axis=1), np.linalg.norm(one, axis=1)
    hot = b > 0.5 * b.max()
    cosine = np.einsum("nx,nx->n", one, two)[hot] / a[hot] / b[hot]
    centres = [np.average(at, axis=0, weights=area * e**8) for e in (a, b)]
    print(
        f"{name:6s} |E| 99.9th percentile x{np.percentile(a, 99.9) / np.percentile(b, 99.9):.2f}, "
        f"hot zone: median x{np.median(a[hot] / b[hot]):.2f}, "
        f"r {np.corrcoef(a[hot], b[hot])[0, 1]:.2f}, "
        f"angle {np.degrees(np.median(np.arccos(cosine))):.1f} deg, "
        f"centroid {1e3 * np.linalg.norm(centres[0] - centres[1]):.1f} mm apart"
    )


def _over(scalp: Surface[Scanner], middle: np.ndarray, toward: np.ndarray) -> np.ndarray:
    """Return a coil 4 mm over the scalp, handle at about 45 degrees, metres."""
    xyz = scalp.points.mm(FSAVERAGE) * 1e-3
    away = xyz - middle
    on = xyz[np.argmax(away @ toward / np.linalg.norm(away, axis=1))]
    near = xyz[np.linalg.norm(xyz - on, axis=1) < 0.015]
    z = np.linalg.svd(near - near.mean(axis=0))[2][2]
    z *= np.sign(z @ (middle - on))
    y = -np.sign(toward[0]) * np.ones(3)
    y -= z * (y @ z)
    y /= np.linalg.norm(y)
    pose = np.eye(4)
    pose[:3] = np.column_stack([np.cross(y, z), y, z, on - 0.004 * z])
    return pose


def _mne(name: str, triangles: int | None) -> Surface[Scanner]:
    import mne

    file = Path(mne.__file__).parent / f"data/fsaverage/fsaverage-{name}.fif"
    (found,) = mne.read_bem_surfaces(file, verbose="error")
    domain = Domain(name, len(found["rr"]), None, "fsaverage")
    whole = Surface(Points(found["rr"] * 1e3, FSAVERAGE), found["tris"], domain)
    return whole if triangles is None else coarse(whole, triangles, name)


def _fsaverage5(name: str, hemi: Hemi) -> Surface[Scanner]:
    import nilearn

    folder = Path(nilearn.__file__).parent / "datasets/data/fsaverage5"
    points, faces = (
        d.data for d in nib.load(folder / f"{name}_{hemi.name.lower()}.gii.gz").darrays
    )
    domain = Domain("fsaverage5", len(points), hemi, "fsaverage")
    return Surface(Points(points.astype(float), FSAVERAGE), faces, domain)


def mask_against_watershed(folder: Path) -> None:
    whole = ecog_patient(folder)
    image = nib.load(folder / "mri/brain.mgz")
    voxels = Affine.claim(image.affine, dst=ECOG, src=Frame(Voxel, "brain"), because="brain.mgz")
    inside = (np.asarray(image.dataobj) > 0).astype(np.uint8)
    mask = {"brain_mask": Volume(inside, Grid(image.shape, voxels))}
    heads = replace(whole, inner_skull=_watershed(folder)), replace(whole, maps=mask)
    models = [shell_head(p, inner_skull_of(p), None) for p in heads]
    for number, toward in enumerate(SITES):
        pose = _ecog_pose(whole, np.array(toward))
        pairs = []
        for model in models:
            found = model.on_cortex(pose, FIGURE8)
            pairs.append(Pair(found.left.magnitude, found.right.magnitude))
        ref, new = (np.concatenate([e.values for _, e in pair.sides()]) for pair in pairs)
        hot = (ref > 0.5 * np.nanmax(ref)) & np.isfinite(new)
        off = 100 * (new - ref)[hot] / np.nanmax(ref)
        apart = hotspot(pairs[0], whole.cortex).distances(hotspot(pairs[1], whole.cortex))[0]
        print(
            f"site {number}: hot zone rms {np.sqrt((off**2).mean()):.2f} % of the peak, largest "
            f"{np.abs(off).max():.2f} %, centroid {apart:.2f} mm apart"
        )


def _ecog_pose(patient, toward: np.ndarray) -> CoilPose:
    xyz = patient.cortex.left.mid.points.mm(ECOG)
    top = xyz[np.argmax((xyz - xyz.mean(axis=0)) @ toward)]
    on = closest_on_faces(patient.scalp, Points(top, ECOG)).points.mm(ECOG)[0]
    z = (top - on) / np.linalg.norm(top - on)
    y = np.cross(z, [0.5, 0.5, 0.7])
    y /= np.linalg.norm(y)
    matrix = np.eye(4)
    matrix[:3] = np.column_stack([np.cross(y, z), y, z, on - 4 * z])
    frame = Frame(CoilSimnibs, FIGURE8.name)
    rigid = Rigid.claim(matrix, dst=ECOG, src=frame, because="benchmark")
    return CoilPose(rigid, FIGURE8.name, Points(on, ECOG), Vectors(-z, ECOG), 4.0, 20.0, 45.0)


def _watershed(folder: Path) -> Surface[Scanner]:
    header = nib.load(folder / "mri/T1.mgz").header
    matrix = header.get_vox2ras() @ np.linalg.inv(header.get_vox2ras_tkr())
    to_scanner = Rigid.claim(matrix, dst=ECOG, src=TKRAS, because="vox2ras of T1.mgz")
    v, f = nfs.read_geometry(folder / "bem/watershed/sample_ecog_inner_skull_surface")
    return Surface(Points(v, TKRAS), f, Domain("inner-skull", len(v), None, "ecog")).moved(
        to_scanner
    )


class Clock:
    """CPU and wall seconds of each step; on a busy machine only the former mean anything."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        self.start()

    def start(self) -> None:
        """Begin a step."""
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def lap(self, engine: str, step: str) -> None:
        """End a step, print it and begin the next."""
        cpu, wall = time.process_time() - self._cpu, time.perf_counter() - self._wall
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        self.rows.append(
            {"engine": engine, "step": step, "cpu_s": cpu, "wall_s": wall, "peak_gb": peak}
        )
        print(f"{engine:10s} {step:40s} {cpu:7.2f} s CPU {wall:7.2f} s wall {peak:5.2f} GB peak")
        self.start()


def plan_like_search(folder: Path, *, pial: bool) -> list[dict[str, object]]:
    patient = replace(ecog_patient(folder), inner_skull=_watershed(folder))
    scalp_of(patient), patient.midplane()  # read and checked once; no part of the solver
    clock = Clock()
    skull = inner_skull_of(patient)
    clock.lap("both", "inner skull")
    for make in [shell_head, pial_head][: 1 + pial]:
        head = _set_up(make, patient, skull, clock)
        for name, mni in REGIONS.items():
            _searched(head, name, mni, clock)
    return clock.rows


def _set_up(make, patient: Patient, skull: InnerSkull, clock: Clock) -> ChargedHead:
    """Return a head whose solver is made, as nothing was kept of it before."""
    clock.start()
    head = make(patient, skull, None)
    clock.lap(head.engine, "set-up: meshes, trusted cortex")
    solver = head.solver
    clock.lap(head.engine, f"set-up: solver, {len(head.layer)} triangles")
    points = len(head.operator.points_m)
    clock.lap(head.engine, f"set-up: field at {points} anchors")
    if solver is not head.solver:
        raise RuntimeError("the solver was made twice")
    return head


def _searched(head: ChargedHead, name: str, mni, clock: Clock) -> None:
    patient = head.patient
    near = patient.tree.points(Points(mni, Frame(Mni305, "template")), patient.scanner)
    region = region_around(patient, Hemi.LEFT, near, name=name)
    space = _sites(patient, near)
    clock.start()
    response = head.response(region)
    clock.lap(head.engine, f"{name}: response, {len(region.vertices)} vertices")
    # The response is solved for once more, because nothing is kept here.
    grid = search_poses(head, FIGURE8, space, region)
    n = f"{len(space.points)} x {len(space.angles_deg)}"
    clock.lap(head.engine, f"{name}: response and search, {n} poses")
    best = grid.best_by_magnitude() if isinstance(grid, PialGrid) else grid.best_by_normal()
    clock.start()
    found = head.on_cortex(best.pose, FIGURE8).left
    clock.lap(head.engine, f"{name}: field of one pose, whole cortex")
    direct = _direct(head, grid, best.site, best.angle)
    matrix = pose_metres(best.pose.scanner_from_coil, patient.scanner)
    adjoint = response.mean_field(matrix, FIGURE8, 1e6)[:3]
    good = region.vertices[np.isfinite(found.magnitude.values[region.vertices])]
    area = patient.cortex.left.mid.vertex_areas()[good]
    on_cortex = np.average(found.components(patient.scanner)[good], axis=0, weights=area)
    size = np.linalg.norm(direct)
    off = {
        "adjoint": np.linalg.norm(adjoint - direct) / size,
        "search": abs(grid.magnitude[best.site, best.angle] - size) / size,
        "cortex map": np.linalg.norm(on_cortex - direct) / size,
    }
    off = {k: 100 * float(v) for k, v in off.items()}
    clock.rows.append({"engine": head.engine, "step": f"{name}: % off the direct field"} | off)
    told = ", ".join(f"{k} {v:.3f} %" for k, v in off.items())
    print(f"{head.engine:10s} {name}: mean {size:.3f} V/m at the best pose; off it: {told}")


def _direct(head: ChargedHead, grid: PoseGrid, site: int, angle: int) -> np.ndarray:
    """Return the region's mean field from the charges of this one pose, V/m."""
    rows = grid.region.vertices  # of the left: they come first
    rows = rows[head.mid.trusted[rows]]
    pose = grid.space.pose(site, angle, FIGURE8, grid.cortex)
    pose_m = pose_metres(pose.scanner_from_coil, head.frame)
    at, area = head.mid.sheet.points_m[rows], head.mid.sheet.areas_m2[rows]
    charges = field_operator(at, head.layer).apply(head.density(pose_m, FIGURE8))
    return 1e6 * np.average(primary_field(FIGURE8, pose_m, at) + charges, axis=0, weights=area)


def _sites(patient: Patient, near: Points[Scanner]) -> SearchSpace:
    scalp, params = scalp_of(patient), Params()
    sites = scalp_sites(scalp, near, RADIUS_MM, SEARCHED, normal_radius=params.normal_radius)
    right, frame = patient.midplane().to_right, patient.scanner
    ahead = [
        along_midline(sites.normals.take([i]), right, scalp.forward).components(frame)
        for i in range(len(sites))
    ]
    angles = np.arange(0, 360, 360 / ANGLES)
    standoff = params.standoff.value + params.hair.value
    direction = Vectors(np.vstack(ahead), frame)
    return SearchSpace(sites.points, sites.normals, direction, Hemi.LEFT, angles, standoff)


if __name__ == "__main__":
    main()
