"""The built-in SYNTHETIC patient and SYNTHETIC norms, written as files for the readers.

One abnormality is planted: coupling of the left rostral middle frontal parcel is lowered by
four standard deviations of the simulated controls. Everything else is noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.table import table_bytes
from ..norms import fit_norms, save_norms
from ..space.side import Hemi
from ..surface.parcels import feature_name
from .synthetic_head import (
    HeadHalf,
    SyntheticHead,
    fsaverage_head,
    ribbon_points,
    stamp,
    write_head,
)

__all__ = ["PLANTED", "DemoSource", "Simulation", "write_demo_source", "write_map"]

#: aparc+aseg id of the planted parcel: left rostral middle frontal.
PLANTED = 1027
CONTROLS = 120
PLANTED_SD = -4.0
_SD = 0.08  # of a parcel's coupling over people, Fisher z
_TEXTURE = 0.04  # of coupling within a parcel
_AGE = 34.0


@dataclass(frozen=True, slots=True)
class DemoSource:
    """Where the demo's inputs were written."""

    patient: Path
    norms: Path


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """Simulated coupling: expected value of each parcel, its noise, and the planted change."""

    ids: tuple[int, ...]
    base: NDArray[np.float64]
    patient: NDArray[np.float64]
    planted: int

    @classmethod
    def draw(cls, ids: tuple[int, ...], planted: int, seed: int = 20260101) -> Simulation:
        """Return one simulation; the same seed gives the same patient."""
        rng = np.random.default_rng(seed)
        base = rng.uniform(0.25, 0.6, len(ids))
        patient = base + _SD * rng.standard_normal(len(ids))
        k = ids.index(planted)
        patient[k] = base[k] + PLANTED_SD * _SD
        return cls(ids, base, patient, planted)


def write_demo_source(folder: Path) -> DemoSource:
    """Write the SYNTHETIC patient and norms into `folder` and return where they are."""
    head = fsaverage_head()
    ids = tuple(sorted(head.names))
    simulation = Simulation.draw(ids, PLANTED)
    vox2ras = _conformed()
    write_head(head, folder / "fs" / "demo", vox2ras=vox2ras, shape=(256, 256, 256), steps=4)
    write_map(head, simulation, folder / "coupling.nii.gz")
    (folder / "patient.toml").write_text(_PATIENT, encoding="utf-8")
    norms = _write_norms(head, simulation, folder)
    return DemoSource(folder / "patient.toml", norms)


_PATIENT = """\
# SYNTHETIC: simulated by tmsplan; nothing in it is a person.
id = "SYNTHETIC-demo"
age = 34.0
sex = "F"
site = "simulated"
synthetic = true

[anatomy]
t1w = "fs/demo/mri/T1.mgz"
freesurfer = "fs/demo"

[maps]
space = "T1w"
coupling = "coupling.nii.gz"
"""


def _conformed() -> NDArray[np.float64]:
    m = np.array([[-1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
    m[:3, 3] = np.array([2.5, -14.0, 9.0]) - m[:3, :3] @ np.full(3, 128.0)
    return m


def write_map(head: SyntheticHead, simulation: Simulation, path: Path) -> None:
    """Write the patient's coupling map as a 2 mm NIfTI over the head's cortex.

    Values outside the ribbon are NaN: they are missing, not zero.
    """
    import nibabel as nib
    from scipy.ndimage import distance_transform_edt

    low = np.min([h.pial.min(axis=0) for _, h in head.halves.sides()], axis=0) - 6
    high = np.max([h.pial.max(axis=0) for _, h in head.halves.sides()], axis=0) + 6
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = low
    volume = np.full(tuple(int(n) for n in np.ceil((high - low) / 2)), np.nan, np.float32)
    for hemi, half in head.halves.sides():
        points, values = _painted(hemi, half, simulation)
        stamp(volume, np.linalg.inv(affine), points, values)
    # Two voxels wider than the ribbon: linear sampling at its rim needs them.
    away, nearest = distance_transform_edt(np.isnan(volume), return_indices=True)
    grown = np.where(away <= 2, volume[tuple(nearest)], np.nan).astype(np.float32)
    image = nib.Nifti1Image(grown, affine)
    image.header.set_xyzt_units("mm")
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    nib.save(image, path)


def _painted(
    hemi: Hemi, half: HeadHalf, simulation: Simulation
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points, ids = ribbon_points(half, 3)  # every 1.3 mm, for voxels of 2 mm
    keep = ids > 0
    points, ids = points[keep], ids[keep]
    order = np.argsort(simulation.ids)
    known = np.array(simulation.ids)[order]
    values = simulation.patient[order][np.searchsorted(known, ids)]
    # A smooth texture with waves of about 20 mm, so that a parcel has a lowest tenth.
    waves = np.sin(points @ np.array([0.31, 0.17, 0.11])) * np.cos(
        points @ np.array([0.1, 0.27, 0.2])
    )
    side = 1.0 if hemi is Hemi.LEFT else -1.0
    return points, values + side * _TEXTURE * waves


def _write_norms(head: SyntheticHead, simulation: Simulation, folder: Path) -> Path:
    rng = np.random.default_rng(7)
    columns = [
        feature_name(Hemi.LEFT if i < 2000 else Hemi.RIGHT, head.names[i]) for i in simulation.ids
    ]
    rows = []
    for k in range(CONTROLS):
        age, sex = float(np.round(rng.uniform(20, 60), 1)), ("F", "M")[k % 2]
        shift = -0.001 * (age - _AGE) + (0.01 if sex == "M" else 0.0)
        values = simulation.base + shift + _SD * rng.standard_normal(len(columns))
        row: dict[str, object] = {"id": f"sim{k:03d}", "age": age, "sex": sex, "site": "simulated"}
        rows.append(row | dict(zip(columns, map(float, values), strict=True)))
    table = folder / "controls_SYNTHETIC.tsv"
    table.write_bytes(table_bytes(["id", "age", "sex", "site", *columns], rows))
    path = folder / "SYNTHETIC.norms"
    save_norms(fit_norms(table, synthetic=True), path)
    return path
