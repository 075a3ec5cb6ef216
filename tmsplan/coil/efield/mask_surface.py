"""From a mask, or from points inside a brain, to the smooth surface around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...base.param import Param
from ...space.frame import Frame, Scanner, Voxel
from ...space.grid import Grid, Volume
from ...space.points import Points
from ...space.transform import Affine
from ...surface.domain import Domain
from ...surface.surface import Surface

__all__ = ["surface_of_points", "surface_of_volume"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Radius of the closing: wider than a sulcus or the gap between the hemispheres.
CLOSING = Param(10.0, "mm", 2, 30, "docs/decisions/0021")
_STEP_MM = 1.5
_COARSER = 4
_BLUR_MM = 2.0
_SMOOTHING_STEPS = 20
#: What lies deeper than this under the convex hull of the cortex is inside the skull: the hull
#: spans the hollow below the brain, between temporal lobe and cerebellum.
HULL_DEPTH = Param(20.0, "mm", 10, 40, "anatomy: the hollow of the skull base under the brain")
#: A brain has more than this; a wrong mask or a phantom's single voxel has less.
_LEAST_LITRES = 0.3


def surface_of_volume(volume: Volume[Scanner], *, grown_mm: float) -> Surface[Scanner]:
    """Return the surface around all non-zero voxels, closed by 10 mm and grown.

    Parameters
    ----------
    volume : Volume of Scanner
        A mask or labels; 0 and NaN are background.
    grown_mm : float

    Raises
    ------
    InputError
        If less than 0.3 litres are not 0.
    """
    ijk = np.argwhere(np.nan_to_num(volume.data) != 0)
    if len(ijk) == 0:
        raise InputError(f"{volume}: every voxel is 0. Expected a mask of the brain.")
    # Eight points a voxel: at the corners of a half-sized cube they reach every finer voxel.
    corners = (np.indices((2, 2, 2)).reshape(3, -1).T - 0.5) / 2
    points = (ijk[:, None, :] + corners[None]).reshape(-1, 3)
    return surface_of_points(volume.grid.centres(points), grown_mm=grown_mm)


def surface_of_points(points: Points[Scanner], *, grown_mm: float) -> Surface[Scanner]:
    """Return the surface around a cloud of points, closed by 10 mm and grown; as above."""
    frame = points.frame
    xyz = points.mm(frame)
    pad = CLOSING.value + grown_mm + 6
    low = xyz.min(axis=0) - pad
    shape = tuple(int(n) for n in np.ceil((np.ptp(xyz, axis=0) + 2 * pad) / _STEP_MM))
    mask = np.zeros(shape, dtype=np.bool_)
    mask[tuple(np.rint((xyz - low) / _STEP_MM).astype(np.intp).T)] = True
    mask |= _deep_in_hull(xyz - low, shape)
    closed = _closed(mask)
    litres = float(closed.sum()) * _STEP_MM**3 / 1e6
    if litres < _LEAST_LITRES:
        raise InputError(
            f"{frame.owner}: the brain has {litres:.2f} litres. Expected more than "
            f"{_LEAST_LITRES:g}. Check the mask or the unit of the surfaces."
        )
    affine = np.diag([_STEP_MM] * 3 + [1.0])
    affine[:3, 3] = low
    # A voxel counts if any point is in it, so the shape has grown by half a voxel already.
    return _contour(_distance(closed) - grown_mm + _STEP_MM / 2, affine, frame)


def _deep_in_hull(xyz: Floats, shape: tuple[int, ...]) -> Bools:
    """Return the voxels deep in the convex hull of a brain.

    Labels of the cortex alone are a hollow shell that is open below; its middle is brain, too.
    """
    from scipy.spatial import ConvexHull, QhullError

    try:
        planes = ConvexHull(xyz).equations
    except QhullError:  # a few points, or all in a plane: nothing is deep in that
        return np.zeros(shape, dtype=np.bool_)
    # A quarter of the grid in each direction: the depth is a round number, not a boundary.
    axes = [np.arange(0, n, _COARSER) * _STEP_MM for n in shape]
    outside = np.full([len(a) for a in axes], -np.inf)
    for a, b, c, d in planes:
        along = a * axes[0][:, None, None] + b * axes[1][None, :, None] + c * axes[2] + d
        np.maximum(outside, along, out=outside)
    deep = outside <= -HULL_DEPTH.value
    for axis in range(3):
        deep = deep.repeat(_COARSER, axis=axis)
    return np.asarray(deep[: shape[0], : shape[1], : shape[2]])


def _closed(mask: Bools) -> Bools:
    """Close by a ball, fill, keep the largest part."""
    from scipy import ndimage

    radius = CLOSING.value / _STEP_MM
    grown = ndimage.binary_fill_holes(ndimage.distance_transform_edt(~mask) <= radius)
    closed = ndimage.distance_transform_edt(grown) > radius
    labels, _ = ndimage.label(ndimage.binary_fill_holes(closed | mask))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == int(sizes.argmax()), dtype=np.bool_)


def _distance(mask: Bools) -> Floats:
    """Return the smoothed distance from the mask's edge in mm, negative inside."""
    from scipy import ndimage

    out = ndimage.distance_transform_edt(~mask) - ndimage.distance_transform_edt(mask)
    # Half a voxel: distances are to centres, the edge lies between them.
    edge = out + np.where(mask, 0.5, -0.5)
    return np.asarray(ndimage.gaussian_filter(edge * _STEP_MM, _BLUR_MM / _STEP_MM))


def _contour(distance: Floats, affine: Floats, world: Frame[Scanner]) -> Surface[Scanner]:
    import pyvista as pv

    image = pv.ImageData(dimensions=distance.shape)
    image.point_data["d"] = distance.ravel(order="F")
    mesh = image.contour([0.0], scalars="d", method="flying_edges")
    mesh = mesh.connectivity("largest").clean().smooth_taubin(n_iter=_SMOOTHING_STEPS)
    faces = np.asarray(mesh.faces).reshape(-1, 4)[:, 1:].astype(np.int32)
    grid = Grid(
        distance.shape,
        Affine.claim(
            affine,
            dst=world,
            src=Frame(Voxel, f"{world.owner} inner-skull grid"),
            because=f"own {_STEP_MM:g} mm grid along the scanner's axes",
        ),
    )
    points = grid.centres(np.asarray(mesh.points, dtype=np.float64))
    surface = Surface(points, faces, Domain("inner-skull", len(points), None, world.owner))
    if surface.signed_volume() < 0:
        surface = Surface(points, faces[:, ::-1], surface.domain)
    return surface
