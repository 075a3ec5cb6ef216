"""A SYNTHETIC head made of what dependencies carry: fsaverage5, fsaverage's scalp, MNI152.

Nothing here is a person. The head is written as a FreeSurfer folder and read back by the same
readers as a patient's, so the demo runs the code that a plan runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..atlas.load import template_labels
from ..space.side import Hemi
from ..surface.pair import Pair

__all__ = ["HeadHalf", "SyntheticHead", "fsaverage_head", "write_head"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

#: A fixed stamp: FreeSurfer's own holds a user name and a date.
_STAMP = "created by tmsplan (SYNTHETIC)"
_DEPTHS = np.linspace(0.0, 1.0, 9)


@dataclass(frozen=True, slots=True, eq=False)
class HeadHalf:
    """One hemisphere: scanner RAS in mm, one label a vertex (aparc+aseg ids, 0 for none)."""

    white: Floats
    pial: Floats
    sphere: Floats
    faces: Ints
    sulc: Floats
    ids: Ints


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticHead:
    """Both hemispheres and the scalp in one scanner frame; `mni305` maps scanner to MNI305."""

    halves: Pair[HeadHalf]
    scalp: Floats
    scalp_faces: Ints
    mni305_from_scanner: Floats
    names: dict[int, str]

    def moved(self, matrix: Floats) -> SyntheticHead:
        """Return the head after a rigid motion in the scanner."""

        def go(xyz: Floats) -> Floats:
            return np.asarray(xyz @ matrix[:3, :3].T + matrix[:3, 3])

        def half(h: HeadHalf) -> HeadHalf:
            return replace(h, white=go(h.white), pial=go(h.pial))

        mni = self.mni305_from_scanner @ np.linalg.inv(matrix)
        return replace(
            self, halves=self.halves.map(half), scalp=go(self.scalp), mni305_from_scanner=mni
        )


def fsaverage_head() -> SyntheticHead:
    """Return the fsaverage head: cortex from nilearn's wheel, scalp from MNE's.

    Scanner coordinates are fsaverage's own (MNI305), turned and shifted a little, so that a
    mix-up of surface RAS and scanner RAS cannot stay unseen.
    """
    labels, names = template_labels("desikan")
    halves = Pair(_half(Hemi.LEFT, labels.left.ids), _half(Hemi.RIGHT, labels.right.ids))
    scalp, scalp_faces = _scalp()
    head = SyntheticHead(halves, scalp, scalp_faces, np.eye(4), dict(names))
    return head.moved(_scanner_from_mni305())


def _scanner_from_mni305() -> Floats:
    a, b = np.radians(4.0), np.radians(-3.0)  # a slightly turned and nodded head
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    m = np.eye(4)
    m[:3, :3] = about_z @ about_x
    m[:3, 3] = (2.5, -14.0, 9.0)
    return m


def _half(hemi: Hemi, ids: Ints) -> HeadHalf:
    import nibabel as nib
    import nilearn.datasets

    folder = Path(nilearn.datasets.__file__).parent / "data" / "fsaverage5"

    def arrays(kind: str) -> list[Any]:
        return [a.data for a in nib.load(folder / f"{kind}_{hemi}.gii.gz").darrays]

    pial, faces = arrays("pial")
    return HeadHalf(
        white=np.asarray(arrays("white")[0], dtype=np.float64),
        pial=np.asarray(pial, dtype=np.float64),
        sphere=np.asarray(arrays("sphere")[0], dtype=np.float64),
        faces=np.asarray(faces, dtype=np.int32),
        sulc=np.asarray(arrays("sulc")[0], dtype=np.float64),
        ids=np.asarray(ids, dtype=np.int32),
    )


def _scalp() -> tuple[Floats, Ints]:
    import mne

    path = Path(mne.__file__).parent / "data" / "fsaverage" / "fsaverage-head.fif"
    skin = mne.read_bem_surfaces(path, verbose="error")[0]
    return np.asarray(skin["rr"], dtype=np.float64) * 1000, np.asarray(skin["tris"], np.int32)


def write_head(
    head: SyntheticHead,
    folder: Path,
    *,
    vox2ras: Floats,
    shape: tuple[int, int, int],
    steps: int = 6,
) -> None:
    """Write the head as a FreeSurfer folder whose T1 has the given geometry.

    Parameters
    ----------
    head : SyntheticHead
    folder : Path
        Gets ``mri/``, ``surf/``, ``label/`` and ``bem/``.
    vox2ras : (4, 4)
        Scanner RAS from voxel indices of T1.mgz; any orientation, oblique or not.
    shape : (int, int, int)
        Of T1.mgz.
    steps : int
        Of the ribbon's labels: an edge of about 4 mm is cut into so many.
    """
    import nibabel as nib

    for part in ("mri/transforms", "surf", "label", "bem"):
        (folder / part).mkdir(parents=True)
    image = nib.MGHImage(np.zeros(shape, np.uint8), vox2ras)
    tkras_from_scanner = image.header.get_vox2ras_tkr() @ np.linalg.inv(vox2ras)
    for hemi, half in head.halves.sides():
        _write_half(folder, hemi, half, head.names, (tkras_from_scanner, _footer(image)))
    _geometry(
        folder / "bem/outer_skin.surf", head.scalp, head.scalp_faces, tkras_from_scanner, image
    )
    _write_images(folder, head, vox2ras, shape, steps)
    rows = [" ".join(f"{v:.9f}" for v in row) for row in head.mni305_from_scanner[:3]]
    (folder / "mri/transforms/talairach.xfm").write_text(
        "MNI Transform File\n% SYNTHETIC\n\nTransform_Type = Linear;\nLinear_Transform = \n"
        + "\n".join(rows)
        + ";\n",
        encoding="utf-8",
    )


def _footer(image: Any) -> dict[str, Any]:  # noqa: ANN401 - a nibabel image
    h = image.header
    mdc = h["Mdc"]
    return {
        "head": np.array([2, 0, 20]),
        "valid": "1  # volume info valid",
        "filename": "../mri/T1.mgz",
        "volume": np.array(image.shape),
        "voxelsize": np.array(h["delta"]),
        "xras": mdc[0],
        "yras": mdc[1],
        "zras": mdc[2],
        "cras": h["Pxyz_c"],
    }


def _geometry(path: Path, xyz: Floats, faces: Ints, tkras: Floats, image: Any) -> None:  # noqa: ANN401
    import nibabel as nib

    moved = xyz @ tkras[:3, :3].T + tkras[:3, 3]
    nib.freesurfer.write_geometry(
        path, moved, faces, create_stamp=_STAMP, volume_info=_footer(image)
    )


def _write_half(
    folder: Path, hemi: Hemi, half: HeadHalf, names: dict[int, str], where: tuple[Floats, Any]
) -> None:
    import nibabel as nib

    tkras, footer = where
    stem = folder / "surf" / hemi.freesurfer
    for kind, xyz in (("white", half.white), ("pial", half.pial)):
        moved = xyz @ tkras[:3, :3].T + tkras[:3, 3]
        nib.freesurfer.write_geometry(
            f"{stem}.{kind}", moved, half.faces, create_stamp=_STAMP, volume_info=footer
        )
    nib.freesurfer.write_geometry(
        f"{stem}.sphere.reg", half.sphere, half.faces, create_stamp=_STAMP
    )
    nib.freesurfer.write_morph_data(f"{stem}.sulc", half.sulc.astype(np.float32))
    _write_annot(folder / "label" / f"{hemi.freesurfer}.aparc.annot", half.ids, names)


def _write_annot(path: Path, ids: Ints, names: dict[int, str]) -> None:
    import nibabel as nib

    used = sorted({int(i) for i in np.unique(ids)} - {0})
    order = {0: 0, **{parcel: k for k, parcel in enumerate(used, start=1)}}
    table = np.array([[25 * (k % 10), 20 * (k // 10), 3 * k, 0, 0] for k in range(len(order))])
    index = np.array([order[int(i)] for i in ids])
    nib.freesurfer.write_annot(
        path, index, table, ["unknown", *(names[i] for i in used)], fill_ctab=True
    )


def _write_images(
    folder: Path, head: SyntheticHead, vox2ras: Floats, shape: tuple[int, int, int], steps: int
) -> None:
    import nibabel as nib

    t1 = _template_t1(head, vox2ras, shape)
    nib.save(nib.MGHImage(t1, vox2ras), folder / "mri/T1.mgz")
    labels = np.zeros(shape, np.int32)
    for _, half in head.halves.sides():
        points, ids = ribbon_points(half, steps)
        stamp(labels, np.asarray(np.linalg.inv(vox2ras)), points, ids)
    nib.save(nib.MGHImage(labels, vox2ras), folder / "mri/aparc+aseg.mgz")


def _template_t1(
    head: SyntheticHead, vox2ras: Floats, shape: tuple[int, int, int]
) -> NDArray[np.uint8]:
    from nilearn.datasets import load_mni152_template
    from scipy.ndimage import affine_transform

    from ..target.template import mni305_from_mni152

    template = load_mni152_template(resolution=2)
    map305 = mni305_from_mni152()
    mni152_from_305 = np.linalg.inv(map305.matrix(map305.dst, map305.src))
    index = np.linalg.inv(template.affine) @ mni152_from_305 @ head.mni305_from_scanner @ vox2ras
    data = np.asarray(template.dataobj, dtype=np.float32)
    moved = affine_transform(data, index[:3, :3], index[:3, 3], output_shape=shape, order=1)
    return np.asarray(np.clip(moved / data.max() * 160, 0, 255), dtype=np.uint8)


def ribbon_points(half: HeadHalf, steps: int = 6) -> tuple[Floats, Ints]:
    """Return points through the cortical ribbon of one hemisphere and their labels."""
    grid = [(i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)]
    weights = np.array(grid) / steps
    flat = [np.einsum("kb,fbc->fkc", weights, x[half.faces]) for x in (half.white, half.pial)]
    points = [flat[0] * (1 - d) + flat[1] * d for d in _DEPTHS]
    nearest = half.ids[half.faces][:, weights.argmax(axis=1)]
    return np.concatenate([p.reshape(-1, 3) for p in points]), np.tile(
        nearest.ravel(), len(_DEPTHS)
    )


def stamp(
    volume: NDArray[Any],
    voxel_from_world: NDArray[Any],
    points: Floats,
    values: Ints | Floats,
) -> None:
    """Write `values` into the voxels that hold `points`; points outside are left out."""
    ijk = np.rint(points @ voxel_from_world[:3, :3].T + voxel_from_world[:3, 3]).astype(int)
    inside = ((ijk >= 0) & (ijk < volume.shape)).all(axis=1)
    volume[tuple(ijk[inside].T)] = np.asarray(values)[inside]
