"""Write InVesalius' marker file, version 5, with both of its coordinate systems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...plan.plan import Plan
from ...space.frame import CoilSimnibs, Scanner
from ...space.transform import Rigid
from ..files import number
from ..names import coil_name, cortex_name
from .image import RecordedImage

__all__ = ["AXES", "COLUMNS", "Axes", "invesalius_bytes"]

Floats = NDArray[np.float64]
Axes = tuple[tuple[float, float, float, float], ...]

#: Columns: InVesalius' coil axes in terms of SimNIBS' ones. x away from the handle (SimNIBS' y),
#: y to the coil's left (SimNIBS' x), z out of the head.
AXES: Axes = ((0, 1, 0, 0), (1, 0, 0, 0), (0, 0, -1, 0), (0, 0, 0, 1))

COLUMNS = (
    *("marker_id", "x", "y", "z", "alpha", "beta", "gamma", "r", "g", "b", "size", "label"),
    *("x_seed", "y_seed", "z_seed", "is_target", "is_point_of_interest", "session_id"),
    *("x_cortex", "y_cortex", "z_cortex", "alpha_cortex", "beta_cortex", "gamma_cortex"),
    *("marker_type", "z_rotation", "z_offset", "mep_value", "brain_target_list", "timestamp"),
    *("x_world", "y_world", "z_world", "alpha_world", "beta_world", "gamma_world"),
)
_FIRST_LINE = "##INVESALIUS3_MARKER_FILE_5"
_BRAIN_TARGET, _COIL_TARGET = "2", "3"
_GREEN, _YELLOW = ("0.0", "1.0", "0.0"), ("1.0", "1.0", "0.0")
#: 1e-6 deg at 250 mm is 4e-6 mm.
_DECIMALS = 6
#: Relative difference between pixdim and the affine's own voxel size that float32 explains.
_SAME_ZOOM = 1e-4
#: Below this cosine of beta, alpha and gamma turn about one axis; all of it is put into alpha.
_GIMBAL = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """The image as InVesalius holds it: reordered to RAS, measured in mm along its axes.

    `world_axes` are its unit axes as columns, `origin` its first voxel, both in scanner RAS;
    `y_length_mm` runs from the first to the last voxel of its second axis.
    """

    world_axes: Floats
    origin: Floats
    y_length_mm: float


def invesalius_bytes(plan: Plan, image: RecordedImage, axes: Axes) -> bytes:
    """Return the file: per target one coil target (``_coil``) and one brain target (``_ctx``).

    Parameters
    ----------
    plan : Plan
    image : RecordedImage
        Of the T1 that InVesalius loads.
    axes : 4 rows of 4
        InVesalius' coil axes in SimNIBS' ones, as columns.

    Raises
    ------
    InputError
        If InVesalius would take another voxel size than the affine's, or a name cannot stand in
        the file.
    """
    grid = _grid(image)
    lines = [_FIRST_LINE, "\t".join(f'"{c}"' for c in COLUMNS)]
    lines.extend("\t".join(row) for row in _rows(plan, grid, axes))
    return ("\n".join(lines) + "\n").encode()


def _rows(plan: Plan, grid: _Grid, axes: Axes) -> Iterator[list[str]]:
    marker = 0
    for planned in plan.targets:
        pose = planned.pose.scanner_from_coil
        world = _turned(pose, axes)
        cortex = planned.target.point.mm(plan.frame)[0]
        at_cortex = world.copy()
        at_cortex[:3, 3] = cortex
        for name, m, kind, colour in (
            (coil_name(plan, planned), world, _COIL_TARGET, _GREEN),
            (cortex_name(plan, planned), at_cortex, _BRAIN_TARGET, _YELLOW),
        ):
            yield [
                str(marker),
                *_six(_invesalius_position(m[:3, 3], grid), grid.world_axes.T @ m[:3, :3]),
                *(*colour, "2.0", f'"{name}"', "0.0", "0.0", "0.0", "False", "False", "1"),
                *(number(v, _DECIMALS) for v in _invesalius_position(cortex, grid)),
                *("None", "None", "None"),
                *(kind, "0.0", "0.0", "None", "[]", '""'),
                *_six(m[:3, 3], m[:3, :3]),
            ]
            marker += 1


def _turned(pose: Rigid[Scanner, CoilSimnibs], axes: Axes) -> Floats:
    return np.asarray(pose.matrix(pose.dst, pose.src) @ np.array(axes, dtype=np.float64))


def _invesalius_position(world_mm: Floats, grid: _Grid) -> Floats:
    x, y, z = grid.world_axes.T @ (world_mm - grid.origin)
    return np.array([x, grid.y_length_mm - y, z])


def _six(position: Floats, rotation: Floats) -> list[str]:
    return [number(v, _DECIMALS) for v in (*position, *_static_xyz_deg(rotation))]


def _static_xyz_deg(r: Floats) -> tuple[float, float, float]:
    """Return alpha, beta, gamma of Rz(gamma) Ry(beta) Rx(alpha), degrees."""
    cosine = float(np.hypot(r[0, 0], r[1, 0]))
    beta = np.arctan2(-r[2, 0], cosine)
    if cosine > _GIMBAL:
        alpha, gamma = np.arctan2(r[2, 1], r[2, 2]), np.arctan2(r[1, 0], r[0, 0])
    else:
        alpha, gamma = np.arctan2(-r[1, 2], r[1, 1]), 0.0
    a, b, c = np.degrees([alpha, beta, gamma])
    return float(a), float(b), float(c)


def _grid(image: RecordedImage) -> _Grid:
    """Reorder the image as nibabel's closest-canonical rule does, and drop the voxel sizes."""
    zooms = np.linalg.norm(image.affine[:3, :3], axis=0)
    unit = image.affine[:3, :3] / zooms
    world_axes, origin = np.empty((3, 3)), image.affine[:3, 3].copy()
    y_length_mm, reordered, free = 0.0, False, unit.copy()
    for axis in range(3):
        world = int(np.abs(free[:, axis]).argmax())
        free[world] = 0
        backward = unit[world, axis] < 0
        length_mm = float(zooms[axis] * (image.shape[axis] - 1))
        world_axes[:, world] = -unit[:, axis] if backward else unit[:, axis]
        if backward:
            origin += unit[:, axis] * length_mm
        if world == 1:
            y_length_mm = length_mm
        reordered |= backward or world != axis
    if not reordered:
        # Else the header is written anew from the affine, and the two cannot differ.
        _require_zooms(image, zooms)
    if np.linalg.det(world_axes) < 0:
        raise InputError(
            f"{image.name}: its voxel axes cannot be reordered to right, front and top without "
            f"a mirror. Expected a grid less than 45 deg oblique. Resample the T1."
        )
    return _Grid(world_axes, origin, y_length_mm)


def _require_zooms(image: RecordedImage, zooms: Floats) -> None:
    if float(np.abs(image.zooms / zooms - 1).max()) > _SAME_ZOOM:
        shown = " x ".join(f"{z:g}" for z in image.zooms)
        own = " x ".join(f"{z:g}" for z in zooms)
        raise InputError(
            f"{image.name}: its header says {shown} mm voxels (pixdim) and its affine {own} mm. "
            f"InVesalius measures with pixdim, so every target would be displaced. Expected one "
            f"voxel size. Rewrite the T1's header."
        )
