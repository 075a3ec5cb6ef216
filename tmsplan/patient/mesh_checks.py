"""Whether meshes can be a cortex and a scalp, before anything is measured on them."""

from __future__ import annotations

import numpy as np

from ..base.errors import InputError, refuse_file
from ..space.frame import Scanner
from ..surface.check import CORTEX_EXTENT_MM, check_closed
from ..surface.pair import Pair
from ..surface.surface import Surface
from .patient import Cortex

__all__ = ["require_cortex", "require_scalp"]

#: Share of vertices at which pial lies outside white, along white's normal. Real surfaces
#: reach 0.99; exchanged ones stay below 0.1.
PIAL_OUTSIDE = 0.9
#: Share of pial vertices inside the scalp. One real head: 1.000, the nearest 9 mm deep.
SCALP_ENCLOSES = 0.995
#: Every so many pial vertices are held against the scalp; 20 000 of a real cortex.
_STRIDE = 10
_LEAST = 2000


def require_cortex(
    white: Surface[Scanner], pial: Surface[Scanner], names: tuple[str, str]
) -> None:
    """Refuse meshes that are no cortex: open, of impossible size, or not one sheet.

    Parameters
    ----------
    white, pial : Surface
    names : (str, str)
        Base names of their files, for messages.

    Raises
    ------
    InputError
        Names the file, what was found and what it may mean.
    """
    check_closed(pial, f"pial ({names[1]})", extent_mm=CORTEX_EXTENT_MM)
    owner, hemi = pial.domain.owner, pial.domain.hemi
    # With equal triangles white is closed if pial is; its shape is held against pial below.
    if len(white) != len(pial) or not np.array_equal(white.faces, pial.faces):
        check_closed(white, f"white ({names[0]})", extent_mm=CORTEX_EXTENT_MM)
        same = ", but their triangles (faces) differ" if len(white) == len(pial) else ""
        raise InputError(
            f"{owner}: {hemi} pial ({names[1]}) has {len(pial)} vertices and {hemi} white "
            f"({names[0]}) has {len(white)}{same}. They must come from one recon-all run; re-run "
            f"it or pass matching files."
        )
    outward = (pial.points - white.points).dot(white.vertex_normals())
    share = float((outward >= 0).mean())
    if share < PIAL_OUTSIDE:
        raise InputError(
            f"{owner}: the {hemi} pial surface ({names[1]}) lies inside the white surface "
            f"({names[0]}) at {100 * (1 - share):.0f} % of vertices. Expected pial outside white. "
            f"The files do not match: exchanged, in different frames, or of different people."
        )


def require_scalp(scalp: Surface[Scanner], cortex: Pair[Cortex], name: str) -> None:
    """Refuse a scalp that is open, of impossible size, or not around the cortex.

    A pial vertex is inside if it lies behind the scalp's nearest vertex; scalp meshes are
    smooth enough for that at the depth of the brain.

    Raises
    ------
    InputError
        Names the file and how much of which hemisphere sticks out.
    """
    from scipy.spatial import cKDTree

    check_closed(scalp, f"scalp ({name})")
    frame = scalp.frame
    skin, outward = scalp.points.mm(frame), scalp.vertex_normals().components(frame)
    tree = cKDTree(skin)
    for hemi, side in cortex.sides():
        stride = max(1, min(_STRIDE, len(side.pial) // _LEAST))
        brain = side.pial.points.mm(frame)[::stride]
        _, near = tree.query(brain)
        inside = float((((skin[near] - brain) * outward[near]).sum(axis=1) > 0).mean())
        if inside < SCALP_ENCLOSES:
            raise refuse_file(
                name,
                f"{100 * (1 - inside):.1f} % of the {hemi} cortex is outside the scalp",
                "a scalp that encloses the brain",
                "Scalp and brain do not align: they are of different people or frames",
            )
