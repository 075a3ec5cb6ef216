"""The closed surface at one half of an edge function: one part, no handles, facing out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..space.frame import Frame, Scanner, Voxel
from ..space.grid import Grid
from ..space.transform import Affine
from ..surface.check import check_closed
from ..surface.domain import Domain
from ..surface.surface import Surface
from .voxel_mask import filled

__all__ = ["closed_contour"]

Floats = NDArray[np.float32]

_HALF = 0.5
_SMOOTHING_STEPS = 10
#: Value of what is sealed: the surface passes half way to the next voxel of air.
_FILLED = 0.75
#: Closings tried until the surface has no handle; ears and a cut face make some.
_SEALING_MM = (4.0, 8.0, 13.0, 20.0)


def closed_contour(
    implicit: Floats, affine: NDArray[np.float64], world: Frame[Scanner]
) -> Surface[Scanner]:
    """Return the contour at one half after the least closing that leaves no handle or tunnel.

    Parameters
    ----------
    implicit : (i, j, k) float32
        1 in the head, 0 in air, one half at the skin; 0 on its border.
    affine : (4, 4)
        World from index of `implicit`; cubic voxels.
    world : Frame of Scanner

    Raises
    ------
    InputError
        If no closing up to 20 mm makes the surface simple.
    """
    voxel_mm = float(np.linalg.norm(affine[:3, 0]))
    surface = _contour(implicit, affine, world)
    for radius in _SEALING_MM:
        if _handles(surface) == 0:
            break
        surface = _contour(_sealed(implicit, radius / voxel_mm), affine, world)
    check_closed(surface, "scalp made from the T1")
    return surface


def _handles(surface: Surface[Scanner]) -> int:
    edges = 3 * len(surface.faces) // 2
    return 1 - (len(surface) - edges + len(surface.faces)) // 2


def _sealed(implicit: Floats, radius: float) -> Floats:
    """Fill what lies behind openings narrower than twice `radius`; the edge itself stays."""
    from scipy import ndimage

    inside = implicit >= _HALF
    grown = ndimage.distance_transform_edt(~inside) <= radius
    # At full resolution: closing by a ball adds nothing to convex skin, so the skin stays.
    closed = ndimage.distance_transform_edt(filled(grown)) > radius
    added = filled(closed | inside) & ~inside
    return np.asarray(np.where(added, np.maximum(implicit, _FILLED), implicit), dtype=np.float32)


def _contour(
    implicit: Floats, affine: NDArray[np.float64], world: Frame[Scanner]
) -> Surface[Scanner]:
    import pyvista as pv

    image = pv.ImageData(dimensions=implicit.shape)
    image.point_data["f"] = implicit.ravel(order="F")
    mesh = image.contour([_HALF], scalars="f", method="flying_edges")
    mesh = mesh.connectivity("largest").clean()
    mesh = mesh.smooth_taubin(n_iter=_SMOOTHING_STEPS, pass_band=0.1)
    faces = np.asarray(mesh.faces).reshape(-1, 4)[:, 1:].astype(np.int32)
    grid = Grid(
        implicit.shape,
        Affine.claim(
            affine,
            dst=world,
            src=Frame(Voxel, f"{world.owner} scalp grid"),
            because="own cubic grid along the axes of the T1",
        ),
    )
    points = grid.centres(np.asarray(mesh.points, dtype=np.float64))
    surface = Surface(points, faces, Domain("scalp", len(points), None, world.owner))
    if surface.signed_volume() < 0:
        surface = Surface(points, faces[:, ::-1], surface.domain)
    return surface
