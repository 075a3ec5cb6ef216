"""fMRIPrep derivatives, written from a FreeSurfer subject with nibabel and SimpleITK alone.

Names follow the lists of outputs that fMRIPrep tests itself with (ds005, ds054; LTS 20.2 and
25.x). Everything here is SYNTHETIC but the anatomy that is handed in.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK
from nibabel import freesurfer as fs
from nibabel.gifti import GiftiCoordSystem, GiftiDataArray, GiftiImage, GiftiMetaData

STRUCTURE = {"L": "CortexLeft", "R": "CortexRight"}
PREFIX = {"L": "lh", "R": "rh"}
OVERLAYS = ("sulc", "thickness", "curv")
N_VOLUMES = 12
TR = 2.0
#: MNI from T1w of the written warp: an affine, then a bump of 3 mm.
TURN = np.radians(5)
AFFINE = np.array(
    [[1.05 * np.cos(TURN), -1.05 * np.sin(TURN), 0, 3.0],
     [1.05 * np.sin(TURN), 1.05 * np.cos(TURN), 0, -9.0],
     [0, 0, 1.08, 12.0],
     [0, 0, 0, 1]]
)  # fmt: skip
BUMP_MM, BUMP_AT, BUMP_WIDTH = 3.0, np.array([-30.0, 10.0, 30.0]), 30.0


@dataclass(frozen=True)
class Layout:
    """What differs between versions of fMRIPrep."""

    white: str = "white"
    spheres: bool = True
    confounds: str = "timeseries"
    says_scanner: bool = True
    image: str = ".nii.gz"


NOW = Layout()
LTS = Layout(white="smoothwm", spheres=False, confounds="regressors", says_scanner=False)


def write_anat(folder: Path, subject: Path, label: str = "01", layout: Layout = NOW) -> Path:
    """Write ``sub-<label>/anat`` from a FreeSurfer subject; return the folder."""
    anat = folder / f"sub-{label}" / "anat"
    anat.mkdir(parents=True)
    stem = f"{anat}/sub-{label}"
    description = {"Name": "fMRIPrep", "BIDSVersion": "1.4.0", "DatasetType": "derivative"}
    (folder / "dataset_description.json").write_text(json.dumps(description))
    t1 = nib.load(subject / "mri" / "T1.mgz")
    seg = np.asarray(nib.load(subject / "mri" / "aparc+aseg.mgz").dataobj)
    images = {
        "desc-preproc_T1w": np.asarray(t1.dataobj),
        "desc-aparcaseg_dseg": seg.astype(np.int16),
        "desc-brain_mask": (seg > 0).astype(np.uint8),
        "label-GM_probseg": grey_matter(seg, t1.affine),
    }
    for name, data in images.items():
        nifti(f"{stem}_{name}{layout.image}", data, t1.affine)
    # Copies in the template, which nothing may mistake for the native ones.
    mni = "space-MNI152NLin2009cAsym_res-2"
    small = images["label-GM_probseg"][::4, ::4, ::4]
    for name in ("desc-preproc_T1w", "label-GM_probseg", "desc-brain_mask"):
        nifti(f"{stem}_{mni}_{name}.nii.gz", small, t1.affine * 4, 4)
    for side in "LR":
        write_surfaces(f"{stem}_hemi-{side}", subject, side, layout)
    write_rigid(f"{stem}_from-fsnative_to-T1w_mode-image_xfm.txt")
    write_warp(f"{stem}_from-MNI152NLin2009cAsym_to-T1w_mode-image_xfm.h5")
    return folder


def nifti(path: str, data: np.ndarray, affine: np.ndarray, code: int = 1, tr: float = 0) -> None:
    """Write an image with both forms; a series has its TR in the header."""
    image = nib.Nifti1Image(data, affine)
    image.set_qform(affine, code)
    image.set_sform(affine, code)
    if tr:
        image.header.set_zooms((*image.header.get_zooms()[:3], tr))
        image.header.set_xyzt_units("mm", "sec")
    nib.save(image, path)


def grey_matter(seg: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Return a probability in the cortex: smooth, anchored to world coordinates."""
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in seg.shape], indexing="ij"), -1)
    xyz = ijk @ affine[:3, :3].T + affine[:3, 3]
    wave = 0.6 + 0.002 * xyz[..., 0] + 0.001 * xyz[..., 1]
    return np.where(seg >= 1000, np.clip(wave, 0.05, 1), 0).astype(np.float32)


def write_surfaces(stem: str, subject: Path, side: str, layout: Layout) -> None:
    """Write white, pial, sphere and vertex data of one side as fMRIPrep does."""
    surf, prefix = subject / "surf", PREFIX[side]
    header = nib.load(subject / "mri" / "T1.mgz").header
    to_scanner = header.get_vox2ras() @ np.linalg.inv(header.get_vox2ras_tkr())
    for name, out in (("white", layout.white), ("pial", "pial")):
        xyz, faces = fs.read_geometry(surf / f"{prefix}.{name}")
        xyz = xyz @ to_scanner[:3, :3].T + to_scanner[:3, 3]
        mesh(f"{stem}_{out}.surf.gii", xyz, faces, side, scanner=layout.says_scanner)
    if layout.spheres:
        xyz, faces = fs.read_geometry(surf / f"{prefix}.sphere.reg")
        name = f"{stem}_space-fsaverage_desc-reg_sphere.surf.gii"
        mesh(name, xyz, faces, side, scanner=False)
        mesh(f"{stem}_sphere.surf.gii", xyz[::-1], faces, side, scanner=False)
    for name in OVERLAYS:
        if (surf / f"{prefix}.{name}").is_file():
            values = fs.read_morph_data(surf / f"{prefix}.{name}")
            nib.save(per_vertex([values], side), f"{stem}_{name}.shape.gii")


def mesh(
    path: str, xyz: np.ndarray, faces: np.ndarray, side: str, *, scanner: bool, c_ras: float = 0
) -> None:
    """Write a GIFTI surface; `c_ras` is left in its metadata as FreeSurfer does."""
    space = 1 if scanner else 0
    meta = {"AnatomicalStructurePrimary": STRUCTURE[side], "VolGeomC_R": f"{c_ras:.6f}"}
    points = GiftiDataArray(
        np.float32(xyz),
        "NIFTI_INTENT_POINTSET",
        "NIFTI_TYPE_FLOAT32",
        coordsys=GiftiCoordSystem(dataspace=space, xformspace=space, xform=np.eye(4)),
        meta=GiftiMetaData(meta),
    )
    triangles = GiftiDataArray(np.int32(faces), "NIFTI_INTENT_TRIANGLE", "NIFTI_TYPE_INT32")
    nib.save(GiftiImage(darrays=[points, triangles]), path)


def per_vertex(arrays: list[np.ndarray], side: str) -> GiftiImage:
    """Return one value or a series per vertex."""
    meta = GiftiMetaData({"AnatomicalStructurePrimary": STRUCTURE[side]})
    kind = "NIFTI_INTENT_TIME_SERIES" if len(arrays) > 1 else "NIFTI_INTENT_SHAPE"
    data = [GiftiDataArray(np.float32(a), kind, "NIFTI_TYPE_FLOAT32") for a in arrays]
    return GiftiImage(meta=meta, darrays=data)


def write_rigid(path: str, shift: float = 0.0) -> None:
    """Write from-fsnative_to-T1w as ITK does."""
    transform = SimpleITK.AffineTransform(3)
    transform.SetTranslation((shift, 0.0, 0.0))
    SimpleITK.WriteTransform(transform, path)


def mni_from_t1w(xyz: np.ndarray) -> np.ndarray:
    """Return where `write_warp` moves points of the T1w (RAS mm)."""
    away = np.exp(-((xyz - BUMP_AT) ** 2).sum(-1, keepdims=True) / (2 * BUMP_WIDTH**2))
    bent = xyz + BUMP_MM * away * np.array([1.0, 0, 0])
    return bent @ AFFINE[:3, :3].T + AFFINE[:3, 3]


def t1w_from_mni(xyz: np.ndarray) -> np.ndarray:
    """Return the inverse of `mni_from_t1w`, by fixed point: the bump moves far less than 1:1."""
    bent = (xyz - AFFINE[:3, 3]) @ np.linalg.inv(AFFINE[:3, :3]).T
    found = bent.copy()
    for _ in range(30):  # the bump's slope is below 0.07: each round gains more than a digit
        away = np.exp(-((found - BUMP_AT) ** 2).sum(-1, keepdims=True) / (2 * BUMP_WIDTH**2))
        found = bent - BUMP_MM * away * np.array([1.0, 0, 0])
    return found


def write_warp(path: str, affine: np.ndarray = AFFINE) -> None:
    """Write T1w points to MNI as a composite of ITK: a field on a 4 mm grid, then an affine."""
    flip = np.diag([-1.0, -1, 1, 1])
    lps = flip @ affine @ flip
    linear = SimpleITK.AffineTransform(3)
    linear.SetMatrix(lps[:3, :3].ravel())
    linear.SetTranslation(lps[:3, 3])
    corners = np.array([[-140.0, -170, -130], [140, 130, 160]])
    size = np.ceil((corners[1] - corners[0]) / 4).astype(int)
    low = np.array([-corners[1][0], -corners[1][1], corners[0][2]])  # lowest corner in LPS
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in size], indexing="ij"), -1)
    ras = (low + 4.0 * ijk) * (-1, -1, 1)
    away = np.exp(-((ras - BUMP_AT) ** 2).sum(-1) / (2 * BUMP_WIDTH**2))
    shift = np.stack([-BUMP_MM * away, 0 * away, 0 * away], -1)  # LPS
    field = SimpleITK.GetImageFromArray(shift.transpose(2, 1, 0, 3), isVector=True)
    field.SetOrigin(low)
    field.SetSpacing((4.0, 4.0, 4.0))
    bump = SimpleITK.DisplacementFieldTransform(SimpleITK.Cast(field, SimpleITK.sitkVectorFloat64))
    # ITK applies the one that was added last first.
    SimpleITK.WriteTransform(SimpleITK.CompositeTransform([linear, bump]), path)


def write_run(
    folder: Path,
    label: str = "01",
    run: str = "task-rest",
    space: str = "T1w",
    layout: Layout = NOW,
    entities: str = "",
) -> Path:
    """Write one volume run with sidecar, mask and confounds; return the image."""
    ses = next((f"{e}/" for e in run.split("_") if e.startswith("ses-")), "")
    func = folder / f"sub-{label}" / ses / "func"
    func.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    affine, shape = np.diag([5.0, 5, 5, 1]), (40, 44, 40)
    affine[:3, 3] = (-98, -126, -80)
    stem = f"{func}/sub-{label}_{run}"
    there = f"{stem}_space-{space}{entities}"
    data = (500 + 10 * rng.standard_normal((*shape, N_VOLUMES))).astype(np.float32)
    nifti(f"{there}_desc-preproc_bold.nii.gz", data, affine, 1 if space == "T1w" else 4, TR)
    side = {"RepetitionTime": TR, "TaskName": "rest", "SkullStripped": False}
    Path(f"{there}_desc-preproc_bold.json").write_text(json.dumps(side))
    mask = np.zeros(shape, np.uint8)
    mask[4:-4, 4:-4, 4:-4] = 1
    nifti(f"{there}_desc-brain_mask.nii.gz", mask, affine, 1 if space == "T1w" else 4)
    write_confounds(f"{stem}_desc-confounds_{layout.confounds}.tsv", rng)
    return Path(f"{there}_desc-preproc_bold.nii.gz")


def write_confounds(path: str, rng: np.random.Generator) -> None:
    """Write the columns that everybody uses; the first derivative is n/a."""
    names = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z", "csf", "white_matter",
             "global_signal", "framewise_displacement"]  # fmt: skip
    rows = [[f"{v:.6f}" for v in np.abs(rng.normal(0, 0.1, len(names)))] for _ in range(N_VOLUMES)]
    rows[0][-1] = "n/a"
    text = "\n".join("\t".join(r) for r in [names, *rows])
    Path(path).write_text(text + "\n")


def write_surface_run(folder: Path, n: dict[str, int], space: str, label: str = "01") -> None:
    """Write a run on a mesh, both sides."""
    func = folder / f"sub-{label}" / "func"
    func.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    for side in "LR":
        stem = f"{func}/sub-{label}_task-rest_hemi-{side}_space-{space}_bold"
        arrays = list(500 + rng.standard_normal((N_VOLUMES, n[side])))
        nib.save(per_vertex(arrays, side), f"{stem}.func.gii")
        Path(f"{stem}.json").write_text(json.dumps({"RepetitionTime": TR}))
    write_confounds(f"{func}/sub-{label}_task-rest_desc-confounds_timeseries.tsv", rng)


def beside(folder: Path, subject: Path, label: str = "01") -> Path:
    """Copy a FreeSurfer subject to ``sourcedata/freesurfer``."""
    there = folder / "sourcedata" / "freesurfer" / f"sub-{label}"
    shutil.copytree(subject, there)
    return there
