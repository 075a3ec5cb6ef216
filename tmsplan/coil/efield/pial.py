"""Two compartments: fluid inside the skull, and the brain inside the patient's own pia."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...base.param import Param
from ...patient.patient import Patient
from ...space.frame import Scanner
from ...space.points import Points
from ...surface import Surface, closest_on_faces
from .cache import entry_key
from .charges import system_matrix
from .coarse import coarse
from .head import ChargedHead
from .inner_skull import InnerSkull
from .layer import Boundary, layer_of
from .mid_cortex import anchored, sheet_of
from .shell import SHELL_TRIANGLES, deep_enough, kept_near, shell_boundary, untrusted_note
from .solve import KrylovSolver
from .statement import ENGINES

__all__ = [
    "CSF",
    "FLUID_GAP",
    "GREY",
    "PIAL_TRIANGLES",
    "PIA_DEPTH",
    "PialHead",
    "pia_under",
    "pial_head",
]

Bools = NDArray[np.bool_]

#: Conductivities of the fluid and of grey matter.
CSF = Param(1.65, "S/m", 0.1, 2.5, "doi:10.1109/TMI.2003.817787; SimNIBS default")
GREY = Param(0.275, "S/m", 0.05, 1.0, "doi:10.1109/TMI.2003.817787; SimNIBS default")
#: Fluid that the model keeps between pia and inner skull, where the surfaces touch or cross.
FLUID_GAP = Param(1.0, "mm", 0.2, 3.0, "docs/decisions/0022")
#: Under the coarse pia, from where a field is trusted: the edges of its triangles, where a uniform
#: charge has an infinite field, otherwise hold the peak.
PIA_DEPTH = Param(0.4, "mm", 0.1, 2.0, "docs/decisions/0022")
#: Beside an edge of the skull's mesh the way in from one triangle ends close to the next one.
_ROUNDS = 3
#: Of one hemisphere's pia: with the inner skull 30,700 in all, 3.8 GB in single precision.
PIAL_TRIANGLES = 12_790


class PialHead(ChargedHead):
    """Inner skull and pia as boundaries: orientation and gyri show."""

    engine: ClassVar[str] = "shell+pial"
    leaves_out: ClassVar[str] = ENGINES["shell+pial"]


def pial_head(
    patient: Patient,
    skull: InnerSkull,
    root: Path | None,
    *,
    csf: Param = CSF,
    grey: Param = GREY,
    triangles: int = PIAL_TRIANGLES,
) -> PialHead:
    """Return the two-compartment model of a patient.

    Parameters
    ----------
    patient : Patient
    skull : InnerSkull
        Of this patient.
    root : Path or None
        Cache folder.
    csf, grey : Param
        Conductivities; equal ones give the shell model's field.
    triangles : int
        Of each hemisphere's pia.
    """
    shell = coarse(skull.surface, SHELL_TRIANGLES, "inner skull")
    made = {
        hemi: pia_under(shell, coarse(c.pial, triangles, "pia"))
        for hemi, c in patient.cortex.sides()
    }
    pia = [surface for surface, _ in made.values()]
    boundaries = [shell_boundary(shell, csf.value)]
    for surface in pia:
        points = surface.points.mm(surface.frame) * 1e-3
        boundaries.append(Boundary(points, surface.faces, grey.value, csf.value))
    layer = layer_of(boundaries)
    sheet = sheet_of(patient.cortex)
    depth_m = np.concatenate([d.values for _, d in skull.depth.sides()]) * 1e-3
    deep = deep_enough(skull, layer_of(boundaries[:1]).edge_m)
    inside = np.concatenate(
        [_inside(c.mid.points, s) for (_, c), s in zip(patient.cortex.sides(), pia, strict=True)]
    )
    parts = {"corners": layer.corners_m, "contrast": layer.contrast, "mid": sheet.points_m}
    key = entry_key(patient.id, {"engine": "shell+pial", "depth": depth_m, **parts})

    def build() -> KrylovSolver:
        return KrylovSolver(system_matrix(layer, kept_near(layer, root, key)))

    moved = sum(count for _, count in made.values())
    notes = (
        skull.how,
        untrusted_note(depth_m, deep & inside),
        (
            f"{moved} of {sum(map(len, pia))} vertices of the coarse pia were moved to "
            f"{FLUID_GAP.value:g} mm under the inner skull"
        ),
    )
    return PialHead(
        patient, layer, anchored(sheet, depth_m, deep & inside), build, root, key, notes
    )


def pia_under(shell: Surface[Scanner], pia: Surface[Scanner]) -> tuple[Surface[Scanner], int]:
    """Return the pia with its vertices at least `FLUID_GAP` under the shell, and how many moved.

    Each too shallow vertex goes straight in along the shell's normal at its nearest place: not
    to that place, which several of them may share.

    Parameters
    ----------
    shell : Surface
        Inner skull.
    pia : Surface
        Of one hemisphere, mm.
    """
    xyz = pia.points.mm(pia.frame)
    moved = np.zeros(len(pia), dtype=bool)
    for _ in range(_ROUNDS):
        contact = closest_on_faces(shell, Points(xyz, pia.frame))
        way = np.maximum(contact.signed_mm + FLUID_GAP.value, 0.0)
        moved |= way > 0
        cross = shell.face_cross()[contact.faces]
        xyz = xyz - way[:, None] * cross / np.linalg.norm(cross, axis=1, keepdims=True)
    return pia.with_points(Points(xyz, pia.frame)), int(moved.sum())


def _inside(points: Points[Scanner], pia: Surface[Scanner]) -> Bools:
    return np.asarray(closest_on_faces(pia, points).signed_mm < -PIA_DEPTH.value)
