"""Real connectomes of the tumour data set, and a borrowed head for their regions."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import tmsplan as tp
from tmsplan.atlas import load_atlas
from tmsplan.coupling import Regions
from tmsplan.patient import Connectome, Patient
from tmsplan.patient.connectome import read_connectome


def people(folder: Path) -> list[str]:
    """Names of the 19, controls first."""
    return sorted(p.name for p in folder.iterdir() if p.is_dir())


def real_connectome(folder: Path, person: str) -> Connectome:
    """Weights, and the region series of FC.mat."""
    return read_connectome(
        folder / person / "weights.txt",
        folder / person / "FC.mat",
        folder / "region_labels.txt",
        fc_key=f"{person}T1_ROIts_DK68",
    )


@cache
def borrowed_head(head: Path) -> tuple[Patient, Regions]:
    """One real head and its own Desikan regions."""
    patient = tp.load_patient(head)
    atlas = load_atlas("aparc", patient)
    keys = {p.id: (p.hemi, p.name) for p in atlas.parcels}
    return patient, Regions(atlas.name, atlas.labels, keys)
