"""The scalp from a T1 alone: where intensity falls to half of the skin's own level.

Contouring a mask puts the skin almost a millimetre too far out; the intensity itself places it
between voxels. The mask only says which side is head: it closes nostrils, ears and the dark
skull, and leaves noise and wrapped signal outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from ..space.frame import Frame, Scanner, Voxel
from ..space.grid import Grid, Volume
from ..space.transform import Affine
from ..surface.check import check_closed
from ..surface.domain import Domain
from ..surface.field import Field
from ..surface.surface import Surface
from .scalp_cut import cut_vertices

__all__ = ["MadeScalp", "scalp_from_t1"]

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

#: Working grid. A T1 has about 1 mm; finer voxels add noise and time, no place.
GRID = Param(1.2, "mm", 0.8, 2.0, "docs/decisions/0017")
#: The skin ends where intensity is this share of the skin's own level: half, by symmetry of a
#: blurred step.
EDGE_SHARE = Param(0.5, "share", 0.3, 0.7, "docs/decisions/0017")
#: Radius of the closing: bridges nostrils, ear canals and a thin dark helmet.
CLOSING = Param(8.0, "mm", 2, 20, "docs/decisions/0017")
#: The skin's level is averaged over this distance: coils make it vary over centimetres.
LEVEL_MM = 12.0
#: Depths between which the skin's level is measured: the dermis. The fat below it is two to
#: three times brighter in a T1, and half of fat lies under the skin's edge, not at it.
_SKIN_MM = (1.2, 3.0)
#: A light blur takes single voxels out; it does not move the half level of a straight edge.
_BLUR_VOXELS = 0.6
#: The filled head begins this far under the edge, so that it never decides where the skin is.
_FILL_MM = 2.5
_SMOOTHING_STEPS = 10
#: Value of what is sealed: the surface passes half way to the next voxel of air.
_FILLED = 0.75
#: Closings tried until the surface has no handle; ears and a cut face make some.
_SEALING_MM = (4.0, 8.0, 13.0)
#: A head has more than this; a phantom, a hand or noise has less.
LEAST_LITRES = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class MadeScalp:
    """A scalp surface made from a T1.

    Parameters
    ----------
    surface : Surface of Scanner
        Closed, triangles facing out, mm.
    cut : Field
        1 where the surface is no skin but a plane of the image: the end of the field of view
        or of a removed face; 0 elsewhere.
    """

    surface: Surface[Scanner]
    cut: Field


def scalp_from_t1(t1: Volume[Scanner]) -> MadeScalp:
    """Return the outer skin of a head, closed, to a fraction of a voxel.

    Air and head are told apart by Otsu's threshold on a lightly blurred image; the largest part
    is closed by 8 mm and its holes are filled. Intensity is divided by the local level of the
    skin, so that coil sensitivity does not move the edge, and contoured at one half.

    Parameters
    ----------
    t1 : Volume of Scanner
        Any orientation, with or without a face. Bias correction is not needed.

    Returns
    -------
    MadeScalp
        In the frame of `t1`.

    Raises
    ------
    InputError
        If there is no head in the image: nothing brighter than air, or less than a litre of it.
    """
    data, affine = _working_grid(t1)
    level = _otsu(data)
    head = _head_mask(data > level, CLOSING.value / GRID.value)
    litres = float(head.sum()) * GRID.value**3 / 1e6
    if litres < LEAST_LITRES:
        raise InputError(
            f"{t1.grid.world.owner}: the T1 shows {litres:.2f} litres brighter than air. Expected "
            f"a head, more than {LEAST_LITRES:g} litre. Pass a whole-head T1 that is not "
            f"skull-stripped or masked."
        )
    implicit = _edge_function(data, head)
    surface = _simple_surface(implicit, affine, t1.grid.world)
    return MadeScalp(surface, _cut_field(surface, t1))


def _working_grid(t1: Volume[Scanner]) -> tuple[Floats, NDArray[np.float64]]:
    """Return the image on cubic voxels along its own axes, padded by air, and its affine."""
    from scipy import ndimage

    grid = t1.grid
    world = grid.world_from_voxel.matrix(grid.world, grid.voxel)
    zooms = np.linalg.norm(world[:3, :3], axis=0)
    step = GRID.value / zooms
    blur = np.sqrt(np.maximum(step**2 - 1, 0.0)) * 0.4
    data = np.nan_to_num(t1.data.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if (blur > 0).any():
        data = ndimage.gaussian_filter(data, blur)
    pad = round(CLOSING.value / GRID.value) + 3
    shape = tuple(int(np.ceil(n / s)) + 2 * pad for n, s in zip(data.shape, step, strict=True))
    # Beyond the field of view there is nothing: the head ends there in a flat plane.
    out = ndimage.affine_transform(
        data, step, -pad * step, output_shape=shape, order=1, mode="constant", cval=0.0
    )
    affine = world.copy()
    affine[:3, :3] = world[:3, :3] * step
    affine[:3, 3] = world[:3, 3] - affine[:3, :3] @ np.full(3, float(pad))
    return np.asarray(out, dtype=np.float32), affine


def _otsu(data: Floats) -> float:
    """Return Otsu's threshold between air and head (doi:10.1109/TSMC.1979.4310076)."""
    top = float(np.quantile(data[data > 0], 0.99)) if (data > 0).any() else 0.0
    if top <= 0:
        raise InputError(
            "the T1 holds no positive value, so no head. Pass a T1-weighted image of a head."
        )
    # Very bright fat and vessels would pull the threshold up.
    counts, edges = np.histogram(np.clip(data, 0, top), bins=256)
    middle = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    mass = np.cumsum(counts * middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (mass / below - (mass[-1] - mass) / above) ** 2
    # Half of it: dark skin at the far end of a surface coil is still far above air.
    return float(middle[int(np.nanargmax(between))]) * 0.5


def _head_mask(bright: Bools, closing: float) -> Bools:
    """Return the head: its edge on the fine grid, closing and filling at half of it."""
    from scipy import ndimage

    # Filled before it is opened: skin is thinner than two coarse voxels and would be taken
    # off, and then the brain under the dark skull would be the largest part.
    solid = _filled(ndimage.binary_closing(_halved(bright)))
    opened = ndimage.binary_opening(solid)  # cuts threads of noise and wrap
    labels, n = ndimage.label(opened)
    if n == 0:
        return np.zeros_like(bright)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    part = ndimage.binary_dilation(labels == int(sizes.argmax())) & solid
    closed = _closed(part, closing / 2)
    core = _doubled(ndimage.binary_erosion(closed), bright.shape)
    near = _doubled(ndimage.binary_dilation(closed), bright.shape)
    return np.asarray(ndimage.binary_fill_holes((bright & near) | core), dtype=np.bool_)


def _closed(mask: Bools, radius: float) -> Bools:
    """Close by a ball and fill. Distances make the ball: exact and fast for a large one."""
    from scipy import ndimage

    grown = ndimage.distance_transform_edt(~mask) <= radius
    closed = ndimage.distance_transform_edt(_filled(grown)) > radius
    return _filled(closed | mask)


def _filled(mask: Bools) -> Bools:
    """Fill closed holes, and holes of every slice: the neck is open where the image ends."""
    from scipy import ndimage

    out = np.asarray(ndimage.binary_fill_holes(mask), dtype=np.bool_)
    for axis in range(3):
        slices = np.moveaxis(out, axis, 0)
        for plane in slices:
            if plane.any():
                plane[:] = ndimage.binary_fill_holes(plane)
    return out


def _halved(mask: Bools) -> Bools:
    """Return where at least half of each 2 x 2 x 2 block is set."""
    i, j, k = (n // 2 for n in mask.shape)
    blocks = mask[: 2 * i, : 2 * j, : 2 * k].reshape(i, 2, j, 2, k, 2)
    return np.asarray(blocks.sum(axis=(1, 3, 5)) >= 4)


def _doubled(mask: Bools, shape: tuple[int, ...]) -> Bools:
    out = np.zeros(shape, dtype=np.bool_)
    fine = mask.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    out[: fine.shape[0], : fine.shape[1], : fine.shape[2]] = fine
    return out


def _edge_function(data: Floats, head: Bools) -> Floats:
    """Return intensity in units of the local skin: 1 inside, 0 in air, one half at the edge."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(head) * GRID.value
    low, high = _SKIN_MM
    skin = (depth > low) & (depth <= high)
    sigma = LEVEL_MM / GRID.value
    weight = ndimage.gaussian_filter(skin.astype(np.float32), sigma)
    total = ndimage.gaussian_filter(np.where(skin, data, 0).astype(np.float32), sigma)
    level = total / np.maximum(weight, 1e-6)
    level = np.maximum(level, float(np.quantile(level[skin], 0.02)))
    out = np.clip(data / level, 0, 1)
    out[~ndimage.binary_dilation(head, iterations=2)] = 0  # wrap, ghosts and noise
    inside = np.clip((depth - _FILL_MM / 2) / _FILL_MM, 0, 1)
    smooth = ndimage.gaussian_filter(np.maximum(out, inside), _BLUR_VOXELS)
    return np.asarray(smooth, dtype=np.float32)


def _simple_surface(
    implicit: Floats, affine: NDArray[np.float64], world: Frame[Scanner]
) -> Surface[Scanner]:
    """Return the contour after the least closing that leaves no handle or tunnel."""
    surface = _contour(implicit, affine, world)
    for radius in _SEALING_MM:
        if _handles(surface) == 0:
            break
        surface = _contour(_sealed(implicit, radius / GRID.value), affine, world)
    check_closed(surface, "scalp made from the T1")
    return surface


def _handles(surface: Surface[Scanner]) -> int:
    edges = 3 * len(surface.faces) // 2
    return 1 - (len(surface) - edges + len(surface.faces)) // 2


def _sealed(implicit: Floats, radius: float) -> Floats:
    """Fill what lies behind openings narrower than twice `radius`; the edge itself stays."""
    from scipy import ndimage

    inside = implicit >= EDGE_SHARE.value
    grown = ndimage.distance_transform_edt(~inside) <= radius
    # At full resolution: closing by a ball adds nothing to convex skin, so the skin stays.
    closed = ndimage.distance_transform_edt(ndimage.binary_fill_holes(grown)) > radius
    filled = ndimage.binary_fill_holes(closed | inside) & ~inside
    return np.asarray(np.where(filled, np.maximum(implicit, _FILLED), implicit), dtype=np.float32)


def _contour(
    implicit: Floats, affine: NDArray[np.float64], world: Frame[Scanner]
) -> Surface[Scanner]:
    import pyvista as pv

    image = pv.ImageData(dimensions=implicit.shape)
    image.point_data["f"] = implicit.ravel(order="F")
    mesh = image.contour([EDGE_SHARE.value], scalars="f", method="flying_edges")
    mesh = mesh.connectivity("largest").clean()
    mesh = mesh.smooth_taubin(n_iter=_SMOOTHING_STEPS, pass_band=0.1)
    faces = np.asarray(mesh.faces).reshape(-1, 4)[:, 1:].astype(np.int32)
    grid = Grid(
        implicit.shape,
        Affine.claim(
            affine,
            dst=world,
            src=Frame(Voxel, f"{world.owner} scalp grid"),
            because=f"own {GRID.value:g} mm grid along the axes of the T1",
        ),
    )
    points = grid.centres(np.asarray(mesh.points, dtype=np.float64))
    surface = Surface(points, faces, Domain("scalp", len(points), None, world.owner))
    if surface.signed_volume() < 0:
        surface = Surface(points, faces[:, ::-1], surface.domain)
    return surface


def _cut_field(surface: Surface[Scanner], t1: Volume[Scanner]) -> Field:
    cut: Any = cut_vertices(surface, t1)
    return Field(cut.astype(np.float64), surface.domain, "cut", "1")
