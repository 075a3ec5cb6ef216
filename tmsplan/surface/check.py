"""Whether a surface is what it is said to be: closed, whole, right side out, of human size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from ..space.frame import K
from .surface import Surface
from .topology import components, directed_edges

__all__ = ["CORTEX_EXTENT_MM", "SCALP_EXTENT_MM", "check_closed", "check_cortex"]

Extent = tuple[Param, Param]

#: Longest side of the box around one hemisphere: about 150 mm in an adult. The shortest side is
#: not judged: an adult's white surface is 62 mm wide, a child's is narrower.
CORTEX_EXTENT_MM: Extent = (
    Param(60.0, "mm", 10, 250, "docs/decisions/0008"),
    Param(250.0, "mm", 60, 500, "docs/decisions/0008"),
)
#: The same for the skin of a head, which may reach down to the shoulders.
SCALP_EXTENT_MM: Extent = (
    Param(100.0, "mm", 10, 350, "docs/decisions/0008"),
    Param(350.0, "mm", 100, 600, "docs/decisions/0008"),
)


def check_cortex(surface: Surface[K]) -> None:
    """Raise unless `surface` is a closed cortical hemisphere of human size.

    FreeSurfer's white and pial surfaces are; a surface whose medial wall was cut away is not.

    Raises
    ------
    InputError
        As `check_closed`.
    """
    check_closed(surface, "cortex", extent_mm=CORTEX_EXTENT_MM)


def check_closed(surface: Surface[K], what: str, *, extent_mm: Extent = SCALP_EXTENT_MM) -> None:
    """Raise unless `surface` is one closed sphere-like surface, right side out, of human size.

    Coordinates are finite and triangle indices in range already: `Points` and `Surface` refuse
    anything else. Checked here, in this order: every vertex has a triangle; every edge has two
    triangles, which agree in direction; one part; V - E + F = 2; positive volume; extent.

    Parameters
    ----------
    surface : Surface
    what : str
        How to call it in messages, for example ``"scalp"``.
    extent_mm : (Param, Param)
        Least and greatest allowed length of the longest side of the box around it.

    Raises
    ------
    InputError
        Names the first predicate that fails, what was found, and what it may mean.
    """
    who = f"{what} of {surface.domain}"
    _require_used(surface, who)
    edges = _require_two_triangles(surface, who)
    parts = int(components(surface).max()) + 1
    if parts != 1:
        raise InputError(
            f"{who}: it falls into {parts} connected components; expected one. Keep the "
            f"largest, or make the surface again."
        )
    euler = len(surface) - edges + len(surface.faces)
    if euler != 2:
        raise InputError(
            f"{who}: V - E + F is {euler}; expected 2. It has {(2 - euler) // 2} handle(s) or "
            f"tunnel(s): the topology was not corrected."
        )
    _require_outward(surface, who)
    _require_size(surface, who, extent_mm)


def _require_used(surface: Surface[K], who: str) -> None:
    lone = np.flatnonzero(np.bincount(surface.faces.ravel(), minlength=len(surface)) == 0)
    if len(lone):
        raise InputError(
            f"{who}: {len(lone)} vertices have no triangle, the first is {lone[0]}; expected "
            f"none. The surface was cut or filtered; pass the whole one."
        )


def _require_two_triangles(surface: Surface[K], who: str) -> int:
    """Return the number of edges, or refuse."""
    n = len(surface)
    edges = directed_edges(surface.faces).astype(np.int64)
    ends = np.sort(edges, axis=1)
    count = _run_lengths(ends[:, 0] * n + ends[:, 1])
    open_edges, crowded = int((count == 1).sum()), int((count > 2).sum())
    if open_edges or crowded:
        raise InputError(
            f"{who}: {open_edges} edges have one triangle and {crowded} have more than two; "
            f"expected two at every edge. It has holes or is stuck together; make it again, or "
            f"pass the uncut surface."
        )
    turned = len(edges) - len(_run_lengths(edges[:, 0] * n + edges[:, 1]))
    if turned:
        raise InputError(
            f"{who}: at {turned} edges two triangles are not oriented consistently; expected "
            f"none. Triangles were flipped or two files were mixed."
        )
    return len(count)


def _run_lengths(keys: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return how often each distinct key occurs. Sorting: ten times faster than np.unique."""
    ordered = np.sort(keys)
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
    return np.diff(starts, append=len(ordered))


def _require_outward(surface: Surface[K], who: str) -> None:
    volume = surface.signed_volume()
    if volume <= 0:
        raise InputError(
            f"{who}: the enclosed volume is {volume / 1000:.1f} cm³, so its triangles face "
            f"inward and a coil placed by them would point out of the head. It is inside out: "
            f"its coordinates were mirrored, or the order of the triangles' corners reversed."
        )


def _require_size(surface: Surface[K], who: str, extent_mm: Extent) -> None:
    least, greatest = extent_mm
    sides = np.ptp(surface.points.mm(surface.frame), axis=0)
    if not least.value <= sides.max() <= greatest.value:
        x, y, z = sides
        raise InputError(
            f"{who}: its extent is {x:.4g} x {y:.4g} x {z:.4g} mm; expected the longest side "
            f"between {least.value:g} and {greatest.value:g} mm. The unit may be wrong (metres, "
            f"voxels), or a vertex is displaced."
        )
