"""The E-field on heads: pial against shell model (fsaverage), inner skulls (a real head).

``pia``: fsaverage's inner skull (MNE) and pia (nilearn). Share of |E| in gyral crowns, pattern,
angle and |E|^8 centroid, pial model against shell. ``skulls``: hot zone with the inner skull
from the brain mask against that of the watershed, on shared/data/mne_sample_ecog.

Run: ``python benchmarks/efield_heads.py pia [--triangles N]`` or ``skulls FOLDER``
"""

from __future__ import annotations

import argparse
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

from tmsplan.coil.efield.charges import field_operator
from tmsplan.coil.efield.coarse import coarse
from tmsplan.coil.efield.inner_skull import inner_skull_of
from tmsplan.coil.efield.layer import Boundary, layer_of
from tmsplan.coil.efield.measures import hotspot
from tmsplan.coil.efield.pial import CSF, GREY, PIA_DEPTH, pia_under
from tmsplan.coil.efield.shell import shell_boundary, shell_head
from tmsplan.coil.efield.solve import KrylovSolver, direct_solver
from tmsplan.coil.efield.source import primary_field
from tmsplan.coil.pose import CoilPose
from tmsplan.space.frame import CoilSimnibs, Frame, Scanner, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.space.points import Points, Vectors
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine, Rigid
from tmsplan.surface import Domain, Pair, Surface, closest_on_faces

FSAVERAGE = Frame(Scanner, "fsaverage")
TOWARD = {"M1": (-0.5, -0.1, 0.8), "front": (-0.6, 0.6, 0.5), "back": (-0.5, -0.6, 0.7)}
SITES = (
    (-0.6, 0.6, 0.5),
    (-0.7, -0.1, 0.7),
    (-0.3, -0.8, 0.5),
    (-0.2, 0.5, 0.8),
    (-0.9, -0.2, 0.3),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("what", choices=["pia", "skulls"])
    parser.add_argument("folder", type=Path, nargs="?", help="mne_sample_ecog, for skulls")
    parser.add_argument("--triangles", type=int, default=5000, help="of each pia (5000)")
    options = parser.parse_args()
    if options.what == "pia":
        pia_against_shell(options.triangles)
    elif options.folder is None:
        parser.error("skulls needs the folder of the ecog head")
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
    header = nib.load(folder / "mri/T1.mgz").header
    matrix = header.get_vox2ras() @ np.linalg.inv(header.get_vox2ras_tkr())
    to_scanner = Rigid.claim(matrix, dst=ECOG, src=TKRAS, because="vox2ras of T1.mgz")
    v, f = nfs.read_geometry(folder / "bem/watershed/sample_ecog_inner_skull_surface")
    own = Surface(Points(v, TKRAS), f, Domain("inner-skull", len(v), None, "ecog"))
    image = nib.load(folder / "mri/brain.mgz")
    voxels = Affine.claim(image.affine, dst=ECOG, src=Frame(Voxel, "brain"), because="brain.mgz")
    inside = (np.asarray(image.dataobj) > 0).astype(np.uint8)
    mask = {"brain_mask": Volume(inside, Grid(image.shape, voxels))}
    heads = replace(whole, inner_skull=own.moved(to_scanner)), replace(whole, maps=mask)
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


if __name__ == "__main__":
    main()
