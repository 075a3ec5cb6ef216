"""What a plan leaves for the pictures."""

from __future__ import annotations

import numpy as np

from ..atlas.atlas import Atlas
from ..norms.deviations import Deviations
from ..patient.patient import Cortex, Patient
from ..space.side import Hemi
from ..surface.field import Field, Labels
from ..surface.pair import Pair
from ..surface.parcels import feature_name
from .scene import Scene, SceneCortex

__all__ = ["scene_of"]


def scene_of(patient: Patient, atlas: Atlas, unusual: Deviations) -> Scene | None:
    """Return cortex, scalp and deviations as they are drawn; None without a scalp."""
    if patient.scalp is None:
        return None
    z = unusual.by_feature()
    by_id = {p.id: z[name].z for p in atlas.parcels if (name := feature_name(p.hemi, p.name)) in z}

    def half(hemi: Hemi) -> SceneCortex:
        cortex, labels = patient.cortex.side(hemi), atlas.labels.side(hemi)
        return SceneCortex(cortex.pial, _sulc(cortex), _painted(labels, by_id), labels)

    return Scene(patient.scanner, Pair(half(Hemi.LEFT), half(Hemi.RIGHT)), patient.scalp)


def _sulc(cortex: Cortex) -> Field:
    found = cortex.fields.get("sulc")
    return found or Field(np.zeros(len(cortex.pial)), cortex.domain, "sulc", "mm")


def _painted(labels: Labels, values: dict[int, float]) -> Field:
    ids, where = np.unique(labels.ids, return_inverse=True)
    per_id = np.array([values.get(int(i), np.nan) for i in ids])
    return Field(per_id[where], labels.domain, "z", "1")
