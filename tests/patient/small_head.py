"""A small analytic head as files, written with nibabel: independent of our readers.

Two ellipsoids of different size, off centre, on an oblique anisotropic grid of odd size, so
that an exchange of sides, a lost c_ras and a centre of (N - 1) / 2 all show.
"""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import trimesh
from nibabel import freesurfer as fs
from nibabel.gifti import GiftiCoordSystem, GiftiDataArray, GiftiImage, GiftiMetaData

SPHERE = trimesh.creation.icosphere(subdivisions=4)
N = len(SPHERE.vertices)
FACES = np.asarray(SPHERE.faces, dtype=np.int32)
UNIT = np.asarray(SPHERE.vertices, dtype=np.float64)
CENTRE = {"lh": np.array([-30.0, -18, 20]), "rh": np.array([32.0, -20, 21])}
RADII = {"lh": np.array([27.0, 76, 52]), "rh": np.array([28.5, 72, 50])}
HEAD = (np.array([1.0, -19, 14]), np.array([80.0, 99, 84]))
C_RAS = np.array([5.5, -21.0, 13.5])
SHAPE = (61, 66, 73)
ZOOMS = np.array([3.0, 3.2, 3.1])
INTENT = {"lh": "CortexLeft", "rh": "CortexRight"}


def vox2ras(degrees: float = 14.0) -> np.ndarray:
    """Return an oblique LIA grid around C_RAS."""
    a = np.radians(degrees)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    m = np.eye(4)
    m[:3, :3] = turn @ np.array([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]]) * ZOOMS
    m[:3, 3] = C_RAS - m[:3, :3] @ (np.array(SHAPE) / 2)
    return m


def world(affine: np.ndarray, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Return the (i, j, k, 3) positions of all voxels, mm."""
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1)
    return ijk @ affine[:3, :3].T + affine[:3, 3]


def depth(xyz: np.ndarray, side: str) -> np.ndarray:
    """Return 1 on the pial surface of one side, less inside."""
    return np.linalg.norm((xyz - CENTRE[side]) / RADII[side], axis=-1)


def t1(affine: np.ndarray, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Return white 800, grey 480 and the rest 160, with edges about 5 mm wide."""
    xyz = world(affine, shape)
    rho = np.minimum(depth(xyz, "lh"), depth(xyz, "rh"))
    white_edge, pial_edge = (np.clip(10 * (rho - at) + 0.5, 0, 1) for at in (0.8, 1.0))
    return (800 - 320 * white_edge - 320 * pial_edge).round().astype(np.int16)


def labels(affine: np.ndarray) -> np.ndarray:
    """Return aparc+aseg: one cortical region of each side."""
    xyz = world(affine)
    out = np.zeros(SHAPE, dtype=np.int32)
    for side, (cortex, white) in {"lh": (1028, 2), "rh": (2028, 41)}.items():
        rho = depth(xyz, side)
        out[rho <= 1] = cortex
        out[rho <= 0.75] = white
    return out


def coupling(xyz: np.ndarray) -> np.ndarray:
    """Return a smooth map with values below 1: lower on the left."""
    return 0.4 + 0.002 * xyz[..., 0] + 0.001 * xyz[..., 1]


def pial(side: str) -> np.ndarray:
    """Return the pial vertices, scanner RAS, mm."""
    return CENTRE[side] + UNIT * RADII[side]


def white(side: str) -> np.ndarray:
    """Return the white vertices, scanner RAS, mm."""
    return CENTRE[side] + UNIT * RADII[side] * 0.8


def tkras_from_scanner(affine: np.ndarray) -> np.ndarray:
    """Return nibabel's map from scanner RAS to surface RAS of the conformed volume."""
    header = nib.MGHImage(np.zeros(SHAPE, np.uint8), affine).header
    return header.get_vox2ras_tkr() @ np.linalg.inv(header.get_vox2ras())


def apply(matrix: np.ndarray, xyz: np.ndarray) -> np.ndarray:
    """Return moved points."""
    return xyz @ matrix[:3, :3].T + matrix[:3, 3]


def footer(affine: np.ndarray, **change: object) -> dict[str, object]:
    """Return a volume footer for nibabel's writer."""
    zooms = np.linalg.norm(affine[:3, :3], axis=0)
    x, y, z = (affine[:3, :3] / zooms).T
    info = {"head": np.array([2, 0, 20], np.int32), "valid": "1  # volume info valid",
            "filename": "../mri/orig.mgz", "volume": np.array(SHAPE), "voxelsize": zooms,
            "xras": x, "yras": y, "zras": z,
            "cras": apply(affine, np.array(SHAPE) / 2)}  # fmt: skip
    return {**info, **change}


def write_surface(
    path: Path, xyz: np.ndarray, affine: np.ndarray, faces: np.ndarray = FACES, **change: object
) -> Path:
    """Write a FreeSurfer surface in tkRAS with its footer."""
    there = apply(tkras_from_scanner(affine), xyz)
    fs.write_geometry(
        path, there, faces, create_stamp="created by a test", volume_info=footer(affine, **change)
    )
    return path


def write_freesurfer(folder: Path, degrees: float = 14.0) -> Path:
    """Write a whole FreeSurfer subject and return its folder."""
    affine = vox2ras(degrees)
    for name in ("mri/transforms", "surf", "label", "bem"):
        (folder / name).mkdir(parents=True)
    nib.save(nib.MGHImage(t1(affine), affine), folder / "mri" / "T1.mgz")
    nib.save(nib.MGHImage(labels(affine), affine), folder / "mri" / "aparc+aseg.mgz")
    for side in ("lh", "rh"):
        surf = folder / "surf"
        write_surface(surf / f"{side}.white", white(side), affine)
        write_surface(surf / f"{side}.pial", pial(side), affine)
        fs.write_geometry(surf / f"{side}.sphere.reg", 100 * UNIT, FACES, create_stamp="test")
        fs.write_morph_data(surf / f"{side}.sulc", UNIT[:, 2], fnum=len(FACES))
        fs.write_morph_data(surf / f"{side}.thickness", np.full(N, 2.5), fnum=len(FACES))
    write_surface(folder / "bem" / "outer_skin.surf", HEAD[0] + UNIT * HEAD[1], affine)
    return folder


def write_nifti(path: Path, data: np.ndarray, affine: np.ndarray, q: int = 1, s: int = 1) -> Path:
    """Write a NIfTI image with both forms."""
    image = nib.Nifti1Image(data, affine)
    image.set_qform(affine, q)
    image.set_sform(affine, s)
    nib.save(image, path)
    return path


def surface_gifti(
    xyz: np.ndarray, side: str, space: int = 1, faces: np.ndarray = FACES
) -> GiftiImage:
    """Return a GIFTI surface; `space` is the NIfTI code of its DataSpace."""
    system = GiftiCoordSystem(dataspace=space, xformspace=space, xform=np.eye(4))
    meta = GiftiMetaData({"AnatomicalStructurePrimary": INTENT[side]})
    return GiftiImage(
        darrays=[
            GiftiDataArray(np.float32(xyz), "NIFTI_INTENT_POINTSET", "NIFTI_TYPE_FLOAT32",
                           coordsys=system, meta=meta),
            GiftiDataArray(np.int32(faces), "NIFTI_INTENT_TRIANGLE", "NIFTI_TYPE_INT32"),
        ]
    )  # fmt: skip


def values_gifti(values: np.ndarray, side: str) -> GiftiImage:
    """Return one value per vertex as GIFTI."""
    array = GiftiDataArray(np.float32(values), "NIFTI_INTENT_SHAPE", "NIFTI_TYPE_FLOAT32")
    return GiftiImage(
        meta=GiftiMetaData({"AnatomicalStructurePrimary": INTENT[side]}), darrays=[array]
    )


def write_explicit(folder: Path, anatomy: str = "", maps: str = "", top: str = "") -> Path:
    """Write a patient.toml with GIFTI surfaces, and the files it names."""
    folder.mkdir(parents=True, exist_ok=True)
    affine = vox2ras(0.0)
    write_nifti(folder / "T1.nii.gz", t1(affine), affine)
    lines = []
    for side, word in (("lh", "left"), ("rh", "right")):
        for what, xyz in (("white", white(side)), ("pial", pial(side))):
            name = f"hemi-{word[0].upper()}_{what}.surf.gii"
            nib.save(surface_gifti(xyz, side), folder / name)
            lines.append(f'{word}_{what} = "{name}"')
    return write_toml(folder, "\n".join(['t1w = "T1.nii.gz"', *lines, anatomy]), maps, top)


def write_toml(folder: Path, anatomy: str, maps: str = "", top: str = "") -> Path:
    """Write a patient.toml."""
    path = folder / "patient.toml"
    head = top or 'id = "sub-01"\nage = 34.0\nsex = "F"'
    path.write_text(f"{head}\n[anatomy]\n{anatomy}\n[maps]\n{maps}\n", encoding="utf-8")
    return path
