"""One compartment: everything inside the skull conducts alike, the skull does not at all."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...patient.patient import Patient
from ...space.frame import Scanner
from ...surface import Surface
from .cache import Arrays, cached, entry_key
from .charges import NearField, near_interaction, system_matrix
from .coarse import coarse
from .head import ChargedHead
from .inner_skull import InnerSkull
from .layer import Boundary, Layer, layer_of
from .mid_cortex import TRUSTED_FROM, anchored, sheet_of
from .solve import DirectSolver, direct_solver
from .statement import ENGINES

__all__ = [
    "BRAIN_S_PER_M",
    "SHELL_TRIANGLES",
    "ShellHead",
    "deep_enough",
    "kept_near",
    "shell_boundary",
    "shell_head",
    "untrusted_note",
]

Floats = NDArray[np.float64]

#: Of the inner skull: with 5,120 the field is right to 0.6 % from 2 mm below it.
SHELL_TRIANGLES = 5120
#: Any positive value gives the same field: there is no second conductor to compare with.
BRAIN_S_PER_M = 0.33


class ShellHead(ChargedHead):
    """The inner skull as the only boundary. Its |E| hardly depends on the coil's angle."""

    engine: ClassVar[str] = "shell"
    leaves_out: ClassVar[str] = ENGINES["shell"]


def shell_head(patient: Patient, skull: InnerSkull, root: Path | None) -> ShellHead:
    """Return the one-compartment model of a patient.

    Parameters
    ----------
    patient : Patient
    skull : InnerSkull
        Of this patient, scanner axes.
    root : Path or None
        Cache folder.
    """
    surface = coarse(skull.surface, SHELL_TRIANGLES, "inner skull")
    layer = layer_of([shell_boundary(surface, BRAIN_S_PER_M)])
    sheet = sheet_of(patient.cortex)
    depth_m = np.concatenate([d.values for _, d in skull.depth.sides()]) * 1e-3
    trusted = deep_enough(skull, layer.edge_m)
    key = entry_key(
        patient.id,
        {"engine": "shell", "corners": layer.corners_m, "mid": sheet.points_m, "depth": depth_m},
    )

    def build() -> DirectSolver:
        return direct_solver(system_matrix(layer, kept_near(layer, root, key)))

    notes = (skull.how, untrusted_note(depth_m, trusted))
    return ShellHead(patient, layer, anchored(sheet, depth_m, trusted), build, root, key, notes)


def shell_boundary(surface: Surface[Scanner], inside: float) -> Boundary:
    """Return the inner skull as the boundary of a conductor against an insulator."""
    return Boundary(surface.points.mm(surface.frame) * 1e-3, surface.faces, inside, 0.0)


def kept_near(layer: Layer, root: Path | None, key: str) -> NearField:
    """Return the near interactions of a layer, kept under the head's key."""

    def make() -> Arrays:
        flux = near_interaction(layer).flux
        return {
            "data": flux.data.astype(np.float32),
            "columns": flux.indices.astype(np.int32),
            "starts": flux.indptr.astype(np.int64),
        }

    kept = cached(root, entry_key("", {"near of": key}), make)
    return NearField.of(kept["data"], kept["columns"], kept["starts"])


def deep_enough(skull: InnerSkull, edge_m: float) -> NDArray[np.bool_]:
    """Return which mid-cortex vertices, left first, the inner skull's own mesh does not disturb.

    As `InnerSkull.trusted`, and in any case `TRUSTED_FROM` of the mesh's edge.
    """
    both = [
        skull.trusted(hemi) & (depth.values * 1e-3 >= TRUSTED_FROM.value * edge_m)
        for hemi, depth in skull.depth.sides()
    ]
    return np.concatenate(both)


def untrusted_note(depth_m: Floats, trusted: NDArray[np.bool_]) -> str:
    """Return a sentence on how many vertices are not trusted, and why."""
    outside = int((depth_m < 0).sum())
    return (
        f"{len(trusted) - int(trusted.sum())} of {len(trusted)} mid-cortex vertices have no "
        f"field: {outside} lie outside the inner skull, the rest too close to it for its mesh or "
        f"outside the model's grey matter; the nearest lies {1e3 * depth_m.min():.1f} mm under it"
    )
