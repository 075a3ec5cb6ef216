"""A head whose skin is known, and what scanners and defacers do to images of heads.

SYNTHETIC: the skin is fsaverage's (MNE), filled with dermis, fat, dark skull and brain at fixed
depths. Every degradation acts on voxels and returns a new image; none knows of the package.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import ndimage

from tmsplan.plan.synthetic_head import fsaverage_head
from tmsplan.space import Affine, Frame, Points, Scanner, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.surface import Domain, Surface
from tmsplan.surface.proximity import closest_on_faces

HEAD = Frame(Scanner, "phantom")
#: Centre of the brain and the height of the brow, mm.
BROW_MM = 30.0


@cache
def skin() -> Surface[Scanner]:
    """Return the truth: fsaverage's skin, closed, 4062 triangles."""
    head = fsaverage_head()
    domain = Domain("skin", len(head.scalp), None, "phantom")
    return Surface(Points(head.scalp, HEAD), head.scalp_faces, domain)


@cache
def _depth(step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return mm under the skin on a RAS grid (negative in air), and the grid's affine."""
    low = np.array([-104.0, -140.0, -120.0])
    n = np.ceil((np.array([106.0, 124.0, 120.0]) - low) / step).astype(int)
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = low
    at = np.stack(
        np.meshgrid(*[low[k] + step * np.arange(n[k]) for k in range(3)], indexing="ij"), -1
    )
    inside = _stencil(low, n, step)
    out = np.where(
        inside,
        ndimage.distance_transform_edt(inside),
        -ndimage.distance_transform_edt(~inside),
    ) * step  # fmt: skip
    near = np.abs(out) < 1.3 * step
    exact = closest_on_faces(skin(), Points(at[near], HEAD)).signed_mm
    out[near] = -exact
    return out, affine


def _stencil(low: np.ndarray, n: np.ndarray, step: float) -> np.ndarray:
    import pyvista as pv
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    surface = skin()
    faces = np.column_stack([np.full(len(surface.faces), 3), surface.faces]).ravel()
    mesh = pv.PolyData(surface.points.mm(HEAD), faces)
    stencil = vtk.vtkPolyDataToImageStencil()
    stencil.SetInputData(mesh)
    stencil.SetOutputOrigin(*low)
    stencil.SetOutputSpacing(step, step, step)
    stencil.SetOutputWholeExtent(0, n[0] - 1, 0, n[1] - 1, 0, n[2] - 1)
    image = vtk.vtkImageStencilToImage()
    image.SetInputConnection(stencil.GetOutputPort())
    image.SetInsideValue(1)
    image.SetOutsideValue(0)
    image.SetOutputScalarTypeToUnsignedChar()
    image.Update()
    flat = vtk_to_numpy(image.GetOutput().GetPointData().GetScalars())
    return flat.reshape(tuple(n), order="F").astype(bool)


def values_at(depth: np.ndarray, step: float) -> np.ndarray:
    """Return a T1's brightness by depth under the skin; the edge is blurred over a voxel."""
    value = 80 / (1 + np.exp(-depth / (0.3 * step)))
    value = np.where((depth > 3.5) & (depth <= 7), 190.0, value)
    value = np.where((depth > 7) & (depth <= 13), 14.0, value)
    return np.where(depth > 13, 110.0, value)


def phantom(*, step: float = 1.5, noise: float = 2.5, seed: int = 3) -> Volume[Scanner]:
    """Return the intact head's T1 in RAS, with Rician noise."""
    depth, affine = _depth(step)
    return volume(noisy(values_at(depth, step), noise, seed), affine)


def depth_of(step: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Return mm under the skin, and the RAS coordinate of each voxel."""
    depth, affine = _depth(step)
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in depth.shape], indexing="ij"), -1)
    return depth, ijk @ affine[:3, :3].T + affine[:3, 3]


def noisy(value: np.ndarray, sd: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    real = value + rng.normal(0, sd, value.shape)
    return np.hypot(real, rng.normal(0, sd, value.shape)).astype(np.float32)


def volume(data: np.ndarray, affine: np.ndarray) -> Volume[Scanner]:
    claim = Affine.claim(affine, dst=HEAD, src=Frame(Voxel, "phantom T1w"), because="made")
    return Volume(np.ascontiguousarray(data, dtype=np.float32), Grid(data.shape, claim))


def flattened(step: float, *, pressed: bool) -> tuple[Volume[Scanner], Surface[Scanner]]:
    """A head with a flat left temple, and its skin: pressed on a pad, or cut with noise beyond.

    Both have the same shape, 0.25 mm (SD) off a plane; only what lies under it differs: skin,
    fat, bone and brain in layers along the plane, or across it.
    """
    depth, world = depth_of(step)
    left = 63.0 + 0.5 * np.sin(world[..., 1] / 7) * np.cos(world[..., 2] / 7)
    along = left + world[..., 0]
    value = values_at(np.minimum(depth, along) if pressed else depth, step)
    t1 = volume(noisy(np.where(along < 0, 0, value), 2.5, 3), _depth(step)[1])
    surface = skin()
    xyz = surface.points.mm(HEAD).copy()
    limit = -63.0 - 0.5 * np.sin(xyz[:, 1] / 7) * np.cos(xyz[:, 2] / 7)
    xyz[:, 0] = np.maximum(xyz[:, 0], limit)
    return t1, surface.with_points(Points(xyz, HEAD))


# What scanners and defacers do. Each takes a volume of the phantom and returns another.


def biased(t1: Volume[Scanner], direction: tuple[float, float, float], low: float = 0.3):
    """Coil sensitivity: from 1 down to `low` across the head, along a world direction."""
    along = _world(t1) @ (np.array(direction) / np.linalg.norm(direction))
    gain = np.clip((along + 90.0) / 180.0, 0, 1)
    return _with(t1, t1.data * (low + (1 - low) * gain))


def zeroed(t1: Volume[Scanner], where: np.ndarray) -> Volume[Scanner]:
    """A defacer's cut: 0 wherever the mask is set."""
    return _with(t1, np.where(where, 0, t1.data))


def face_plane(t1: Volume[Scanner]) -> np.ndarray:
    """All below and in front of an oblique plane from brow to chin."""
    w = _world(t1)
    return (w[..., 1] > 55) & (w[..., 1] - 0.4 * w[..., 2] > 62)


def face_ball(t1: Volume[Scanner]) -> np.ndarray:
    """A curved mask: a ball of 70 mm round a point in front of the mouth."""
    return np.linalg.norm(_world(t1) - np.array([0.0, 125.0, -45.0]), axis=-1) < 70


def blurred(t1: Volume[Scanner], where: np.ndarray, sigma_mm: float = 5.0) -> Volume[Scanner]:
    """A defacer that blurs inside its mask instead of zeroing."""
    soft = ndimage.gaussian_filter(np.asarray(t1.data), sigma_mm / _steps(t1))
    return _with(t1, np.where(where, soft, t1.data))


def zeroed_air(t1: Volume[Scanner], below: float = 12.0) -> Volume[Scanner]:
    """A scanner's background mask: all air 0."""
    head = ndimage.binary_dilation(np.asarray(t1.data) > 30, iterations=1)
    return _with(t1, np.where(head & (np.asarray(t1.data) > below), t1.data, 0))


def cropped(t1: Volume[Scanner], side: str, mm: float) -> Volume[Scanner]:
    """A field of view that ends `mm` (RAS coordinate) on one side: 'x+', 'y-', 'z+' ..."""
    axis, up = "xyz".index(side[0]), side[1] == "+"
    m = affine_of(t1)
    index = round((mm - m[axis, 3]) / m[axis, axis])
    keep = [slice(None)] * 3
    keep[axis] = slice(0, index) if up else slice(index, None)
    moved = m.copy()
    if not up:
        moved[axis, 3] += index * m[axis, axis]
    return volume(np.asarray(t1.data)[tuple(keep)], moved)


def helmet(t1: Volume[Scanner], gap: float = 7.0, bright: float = 90.0) -> Volume[Scanner]:
    """A shell 3 mm thick, `gap` mm off the skin, over the crown; 2 of 100 of it missing."""
    depth, world = depth_of(float(_steps(t1)[0]))
    shell = (depth < -gap) & (depth > -gap - 3) & (world[..., 2] > 10)
    return _with(t1, np.where(shell, np.maximum(t1.data, bright), t1.data))


def headphones(t1: Volume[Scanner], gap: float = 5.0) -> Volume[Scanner]:
    """Two bright rings beside the ears."""
    depth, world = depth_of(float(_steps(t1)[0]))
    r = np.hypot(world[..., 1] + 5, world[..., 2] + 30)
    ring = (depth < -gap) & (depth > -gap - 8) & (r > 22) & (r < 36) & (abs(world[..., 0]) > 60)
    return _with(t1, np.where(ring, 120, t1.data))


def capsule(t1: Volume[Scanner], centre: tuple[float, float, float]) -> Volume[Scanner]:
    """A vitamin capsule, 16 x 8 x 8 mm of oil in a thin dark wall, on the skin near a point."""
    d = (_world(t1) - capsule_at(centre)) / np.array([4.0, 8.0, 4.0])
    return _with(t1, np.where(np.linalg.norm(d, axis=-1) < 1, 220, t1.data))


def capsule_at(centre: tuple[float, float, float]) -> np.ndarray:
    """Where the capsule's middle lies: 4.5 mm off the skin nearest to `centre`."""
    found = closest_on_faces(skin(), Points([centre], HEAD))
    foot = found.points.mm(HEAD)[0]
    out = np.array(centre) - foot
    sign = np.sign(found.signed_mm[0])
    return foot + 4.5 * sign * out / np.linalg.norm(out)


def wrapped(t1: Volume[Scanner], mm: float = 20.0) -> Volume[Scanner]:
    """Phase wrap along y: the foremost `mm` of the head reappears behind it."""
    data = np.asarray(t1.data)
    step = float(_steps(t1)[1])
    front = int(np.flatnonzero((data > 30).any(axis=(0, 2)))[-1])
    keep = front - round(mm / step)
    out = np.roll(data, data.shape[1] - 1 - keep, axis=1)
    m = affine_of(t1)
    m[1, 3] -= (data.shape[1] - 1 - keep) * step
    return volume(out, m)


def ghosted(t1: Volume[Scanner], share: float = 0.08) -> Volume[Scanner]:
    """A ghost of the head, half a field of view away along y."""
    data = np.asarray(t1.data)
    return _with(t1, data + share * np.roll(data, data.shape[1] // 2, axis=1))


def stored(t1: Volume[Scanner], order: tuple[int, int, int], flips: tuple[int, int, int]):
    """The same image with its axes permuted and turned."""
    data = np.transpose(np.asarray(t1.data), order)
    m = affine_of(t1)[:, [*order, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            data = np.flip(data, axis)
            m[:3, 3] += m[:3, axis] * (data.shape[axis] - 1)
            m[:3, axis] *= -1
    return volume(data, m)


def thick(t1: Volume[Scanner], axis: int = 2, times: int = 2) -> Volume[Scanner]:
    """Slices `times` as thick: means of neighbours."""
    data = np.moveaxis(np.asarray(t1.data), axis, 0)
    n = len(data) // times * times
    mean = data[:n].reshape(-1, times, *data.shape[1:]).mean(axis=1)
    m = affine_of(t1).copy()
    m[:3, 3] += m[:3, axis] * (times - 1) / 2
    m[:3, axis] *= times
    return volume(np.moveaxis(mean, 0, axis), m)


def _with(t1: Volume[Scanner], data: np.ndarray) -> Volume[Scanner]:
    return Volume(np.ascontiguousarray(data, dtype=np.float32), t1.grid)


def affine_of(t1: Volume[Scanner]) -> np.ndarray:
    return t1.grid.world_from_voxel.matrix(t1.grid.world, t1.grid.voxel).copy()


def _steps(t1: Volume[Scanner]) -> np.ndarray:
    return np.linalg.norm(affine_of(t1)[:3, :3], axis=0)


def _world(t1: Volume[Scanner]) -> np.ndarray:
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in t1.data.shape], indexing="ij"), -1)
    m = affine_of(t1)
    return ijk @ m[:3, :3].T + m[:3, 3]
