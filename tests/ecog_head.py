"""The real head of shared/data/mne_sample_ecog, read with nibabel alone."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import nibabel.freesurfer as nfs
import numpy as np

from tmsplan.patient import Cortex, Patient, T1w
from tmsplan.space.frame import Frame, Mni305, Scanner, Tkras, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine, Rigid
from tmsplan.space.tree import Edge, FrameTree
from tmsplan.surface import Domain, Field, Labels, Pair, Surface

ECOG = Frame(Scanner, "ecog")
TKRAS = Frame(Tkras, "ecog")


def talairach(folder: Path) -> np.ndarray:
    """MNI305 from scanner: the last three lines of the file, parsed by hand."""
    text = (folder / "mri/transforms/talairach.xfm").read_text(encoding="utf-8")
    rows = [[float(x) for x in line.split()] for line in text.replace(";", "").splitlines()[-3:]]
    return np.vstack([rows, [0, 0, 0, 1]])


def ecog_patient(folder: Path, edge: Edge | None = None, *, route: bool = True) -> Patient:
    """The patient; `edge` replaces the talairach route, `route=False` leaves it out."""
    image = nib.load(folder / "mri/T1.mgz")
    header = image.header
    scanner_from_tkras = Rigid.claim(
        header.get_vox2ras() @ np.linalg.inv(header.get_vox2ras_tkr()),
        dst=ECOG,
        src=TKRAS,
        because="vox2ras and vox2ras-tkr of T1.mgz",
    )

    def read(name: str, mesh: str, hemi: Hemi) -> Surface[Scanner]:
        v, f = nfs.read_geometry(folder / name)
        surface = Surface(Points(v, TKRAS), f, Domain(mesh, len(v), hemi, "ecog"))
        return surface.moved(scanner_from_tkras)

    def side(hemi: Hemi) -> Cortex:
        fs = hemi.freesurfer
        pial = read(f"surf/{fs}.pial", "fsnative", hemi)
        sulc = nfs.read_morph_data(folder / f"surf/{fs}.sulc")
        return Cortex(
            read(f"surf/{fs}.white", "fsnative", hemi),
            pial,
            fields={"sulc": Field(sulc, pial.domain, "sulc", "mm")},
        )

    tree = FrameTree(ECOG)
    if route:
        own = Affine.claim(
            talairach(folder), dst=Frame(Mni305, "template"), src=ECOG, because="talairach.xfm"
        )
        tree = tree.with_edge(own.inverse() if edge is None else edge)
    voxels = Affine.claim(image.affine, dst=ECOG, src=Frame(Voxel, "T1"), because="T1.mgz")
    volume = Volume(np.asarray(image.dataobj), Grid(image.shape, voxels))
    skin = "bem/watershed/sample_ecog_outer_skin_surface"
    return Patient(
        "ecog",
        Pair(side(Hemi.LEFT), side(Hemi.RIGHT)),
        T1w(volume, "0" * 64, None, None, (1.0, 1.0, 1.0), needs_copy=True),
        tree,
        scalp=read(skin, "outer-skin", Hemi.LEFT),
    )


def dk_labels(folder: Path, patient: Patient) -> Pair[Labels]:
    """Desikan-Killiany ids of mid-cortex vertices, from aparc+aseg at the nearest voxel."""
    image = nib.load(folder / "mri/aparc+aseg.mgz")
    data = np.asarray(image.dataobj)
    back = np.linalg.inv(image.affine)

    def side(hemi: Hemi) -> Labels:
        cortex = patient.cortex.side(hemi)
        xyz = cortex.mid.points.mm(patient.scanner)
        found = data[tuple(np.rint(xyz @ back[:3, :3].T + back[:3, 3]).astype(int).T)]
        base = 1000 if hemi is Hemi.LEFT else 2000
        ids = np.where((found > base) & (found < base + 36), found, 0).astype(np.int32)
        return Labels(ids, cortex.domain, {int(k): f"dk{k}" for k in np.unique(ids)})

    return Pair(side(Hemi.LEFT), side(Hemi.RIGHT))
