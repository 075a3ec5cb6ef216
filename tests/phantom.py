"""The anchored phantom: one SYNTHETIC patient whose only abnormal patch is on the left.

A mirror test alone is not enough: code that exchanges sides twice passes it. Here the truth is
anchored: the patch is on the left, and the head is asymmetric and off centre, so nothing that
exchanges sides, frames or axes can go unseen. Variants: mirrored (then everything is right),
vertices permuted, the T1 stored in other orientations, the head turned and shifted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.gifti import GiftiDataArray, GiftiImage, GiftiMetaData

from tmsplan.base import table_bytes
from tmsplan.plan.demo import PLANTED
from tmsplan.plan.synthetic_head import HeadHalf, SyntheticHead, fsaverage_head, write_head
from tmsplan.space import Hemi
from tmsplan.surface import Pair, feature_name

CONTROLS = 60
SD = 0.08
PLANTED_SD = -4.0


@dataclass(frozen=True)
class Simulation:
    """Simulated coupling: expected value of each parcel, the patient's, and the planted one."""

    ids: tuple[int, ...]
    base: np.ndarray
    patient: np.ndarray
    planted: int

    @classmethod
    def draw(cls, ids: tuple[int, ...], planted: int, seed: int) -> Simulation:
        """Return one simulation; the same seed gives the same patient."""
        rng = np.random.default_rng(seed)
        base = rng.uniform(0.25, 0.6, len(ids))
        patient = base + SD * rng.standard_normal(len(ids))
        k = ids.index(planted)
        patient[k] = base[k] + PLANTED_SD * SD
        return cls(ids, base, patient, planted)


@dataclass(frozen=True)
class Phantom:
    """A head, its coupling at every vertex, and the parcel that was changed."""

    head: SyntheticHead
    values: Pair[np.ndarray]
    simulation: Simulation


@dataclass(frozen=True)
class Storage:
    """How T1.mgz is stored: the map from voxel to scanner, and the array's shape."""

    vox2ras: np.ndarray
    shape: tuple[int, int, int]


def storage(orientation: str = "LIA", angle: float = 0.0, step: float = 1.8) -> Storage:
    """Return a storage order such as LAS or PSR, oblique by `angle` radians about z and x.

    The sizes differ per axis and one is odd, so a wrong centre (N/2 against (N-1)/2) shows.
    """
    sizes = {"R": 105, "L": 105, "A": 124, "P": 124, "S": 118, "I": 118}
    directions = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0),
                  "S": (0, 0, 1), "I": (0, 0, -1)}  # fmt: skip
    shape = tuple(sizes[c] for c in orientation)
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, c, -s], [0, s, c]]
    )
    m = np.eye(4)
    m[:3, :3] = turn @ np.array([directions[c] for c in orientation]).T * step
    m[:3, 3] = np.array([4.0, -16.0, 6.0]) - m[:3, :3] @ (np.array(shape) / 2)
    return Storage(m, shape)  # type: ignore[arg-type]


def anchored() -> Phantom:
    """Return the phantom with its patch in the left rostral middle frontal parcel."""
    head = _asymmetric(fsaverage_head())
    simulation = Simulation.draw(tuple(sorted(head.names)), PLANTED, seed=11)
    return Phantom(head, _vertex_values(head, simulation), simulation)


def mirrored(phantom: Phantom) -> Phantom:
    """Return the mirror image: left and right exchanged in every part, labels too."""
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])

    def half(h: HeadHalf) -> HeadHalf:
        ids = np.where(h.ids >= 2000, h.ids - 1000, np.where(h.ids > 0, h.ids + 1000, 0))
        return HeadHalf(
            white=h.white * (-1, 1, 1), pial=h.pial * (-1, 1, 1), sphere=h.sphere * (-1, 1, 1),
            faces=h.faces[:, ::-1].copy(), sulc=h.sulc, ids=ids.astype(np.int32),
        )  # fmt: skip

    def other(parcel: int) -> int:
        return parcel - 1000 if parcel >= 2000 else parcel + 1000

    head, old = phantom.head, phantom.simulation
    new = SyntheticHead(
        halves=Pair(half(head.halves.right), half(head.halves.left)),
        scalp=head.scalp * (-1, 1, 1),
        scalp_faces=head.scalp_faces[:, ::-1].copy(),
        mni305_from_scanner=flip @ head.mni305_from_scanner @ flip,
        names={other(k): v for k, v in head.names.items()},
    )
    ids = tuple(other(i) for i in old.ids)
    simulation = replace(old, ids=ids, planted=other(old.planted))
    return Phantom(new, Pair(phantom.values.right, phantom.values.left), simulation)


def permuted(phantom: Phantom, seed: int = 3) -> Phantom:
    """Return the same patient with the vertices of every mesh in another order."""
    rng = np.random.default_rng(seed)
    halves, values = {}, {}
    for hemi, h in phantom.head.halves.sides():
        order = rng.permutation(len(h.pial))
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        halves[hemi] = HeadHalf(
            white=h.white[order], pial=h.pial[order], sphere=h.sphere[order],
            faces=place[h.faces].astype(np.int32), sulc=h.sulc[order], ids=h.ids[order],
        )  # fmt: skip
        values[hemi] = phantom.values.side(hemi)[order]
    head = replace(phantom.head, halves=Pair(halves[Hemi.LEFT], halves[Hemi.RIGHT]))
    return Phantom(head, Pair(values[Hemi.LEFT], values[Hemi.RIGHT]), phantom.simulation)


def moved(phantom: Phantom, matrix: np.ndarray) -> Phantom:
    """Return the same patient lying otherwise in the scanner."""
    return replace(phantom, head=phantom.head.moved(matrix))


def write(phantom: Phantom, folder: Path, where: Storage | None = None) -> tuple[Path, Path]:
    """Write the phantom as files; return its patient.toml and its table of controls."""
    where = where or storage()
    write_head(phantom.head, folder / "fs", vox2ras=where.vox2ras, shape=where.shape, steps=3)
    for hemi, values in phantom.values.sides():
        _write_gifti(folder / f"coupling_{hemi}.func.gii", hemi, values)
    (folder / "patient.toml").write_text(_PATIENT, encoding="utf-8")
    controls = folder / "controls.tsv"
    _write_controls(phantom, controls)
    return folder / "patient.toml", controls


_PATIENT = """\
id = "phantom"
age = 34.0
sex = "F"
synthetic = true

[anatomy]
t1w = "fs/mri/T1.mgz"
freesurfer = "fs"

[maps]
space = "T1w"
coupling_left = "coupling_left.func.gii"
coupling_right = "coupling_right.func.gii"
"""


def _asymmetric(head: SyntheticHead) -> SyntheticHead:
    """Widen the right side by up to 6 %, everything in one smooth map."""

    def go(xyz: np.ndarray) -> np.ndarray:
        out = xyz.copy()
        out[:, 0] += 0.06 * np.logaddexp(0, xyz[:, 0] / 8) * 8
        return out

    def half(h: HeadHalf) -> HeadHalf:
        return replace(h, white=go(h.white), pial=go(h.pial))

    return replace(head, halves=head.halves.map(half), scalp=go(head.scalp))


def _vertex_values(head: SyntheticHead, simulation: Simulation) -> Pair[np.ndarray]:
    lookup = dict(zip(simulation.ids, simulation.patient, strict=True))

    def side(h: HeadHalf) -> np.ndarray:
        mid = (h.white + h.pial) / 2
        texture = 0.03 * np.sin(mid @ (0.31, 0.17, 0.11)) * np.cos(mid @ (0.1, 0.27, 0.2))
        base = np.array([lookup.get(int(i), np.nan) for i in h.ids])
        return base + texture

    return head.halves.map(side)


def _write_gifti(path: Path, hemi: Hemi, values: np.ndarray) -> None:
    name = "CortexLeft" if hemi is Hemi.LEFT else "CortexRight"
    meta = GiftiMetaData({"AnatomicalStructurePrimary": name})
    array = GiftiDataArray(values.astype(np.float32), intent="NIFTI_INTENT_NONE", meta=meta)
    image = GiftiImage(darrays=[array], meta=meta)
    nib.save(image, path)


def _write_controls(phantom: Phantom, path: Path) -> None:
    simulation, names = phantom.simulation, phantom.head.names
    rng = np.random.default_rng(5)
    # One control's noise belongs to a parcel and its mirror twin by name, whatever the order.
    columns = [
        feature_name(Hemi.LEFT if i < 2000 else Hemi.RIGHT, names[i]) for i in simulation.ids
    ]
    rows = []
    for k in range(CONTROLS):
        age, sex = float(np.round(rng.uniform(20, 60), 1)), "FM"[k % 2]
        values = simulation.base - 0.001 * (age - 34) + SD * rng.standard_normal(len(columns))
        row = {"id": f"c{k:02d}", "age": age, "sex": sex}
        rows.append(row | dict(zip(columns, map(float, values), strict=True)))
    path.write_bytes(table_bytes(["id", "age", "sex", *columns], rows))
