"""The inner surface of the skull, as FreeSurfer's watershed or another program left it."""

from __future__ import annotations

import numpy as np

from ..base.errors import refuse_file
from ..base.param import Param
from ..space.frame import Scanner
from ..surface.check import check_closed
from ..surface.domain import Domain
from ..surface.formats import RawMesh
from ..surface.pair import Pair
from ..surface.proximity import closest_on_faces
from ..surface.surface import Surface
from .patient import Cortex
from .placement import Placement

__all__ = ["HOLDS_CORTEX", "build_inner_skull"]

#: Least share of the mid-cortex inside. Watershed may cut a gyrus, never a tenth of a brain:
#: then the surface is another person's, or in another frame.
HOLDS_CORTEX = Param(0.95, "share", 0.5, 1.0, "docs/decisions/0021")
_SAMPLES = 1000


def build_inner_skull(
    mesh: RawMesh, placement: Placement, cortex: Pair[Cortex]
) -> Surface[Scanner]:
    """Return the inner skull in the scanner frame: closed, outward, around the cortex.

    Raises
    ------
    InputError
        If the mesh is open or inside out, or much of the cortex sticks out of it.
    """
    domain = Domain("inner-skull", len(mesh.xyz), None, placement.scanner.owner)
    skull = Surface(placement.points(mesh), mesh.faces, domain)
    check_closed(skull, f"inner skull ({mesh.name})")
    for hemi, side in cortex.sides():
        stride = max(1, len(side.pial) // _SAMPLES)
        points = side.mid.points.take(np.arange(0, len(side.pial), stride))
        inside = float((closest_on_faces(skull, points).signed_mm < 0).mean())
        if inside < HOLDS_CORTEX.value:
            raise refuse_file(
                mesh.name,
                f"{100 * (1 - inside):.0f} % of the {hemi} cortex is outside the inner skull",
                "an inner skull that holds the brain",
                "It is of another person or frame; remove it, or name the right one: "
                "inner_skull in patient.toml",
            )
    return skull
