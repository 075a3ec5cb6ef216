"""From parsed InVesalius markers to poses. Derived from the words of the format.

What is used here, and nothing from the writer: a marker lies at mm along the axes of the image
after it was reordered to run right, front and top, with y counted from the last voxel; its
angles turn about the fixed axes x, y, z of that image, in this order, y not reversed; the coil's
x points away from the handle and its z away from the head.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError, InputError
from ...space.frame import CoilSimnibs, Frame, Scanner
from ...space.transform import Rigid
from ..protocol import ReadPose
from .image import RecordedImage
from .parse import InvesaliusMarker

__all__ = ["invesalius_poses"]

Floats = NDArray[np.float64]

#: Fiducials and landmarks are places without a coil.
_WITH_POSE = (2, 3, 4)
_INTERNAL = ("x", "y", "z", "alpha", "beta", "gamma")
#: Six decimals of both systems, through a rotation and a sum of three.
_AGREE_MM, _AGREE = 1e-4, 1e-6


def invesalius_poses(
    markers: Sequence[InvesaliusMarker],
    image: RecordedImage,
    *,
    scanner: Frame[Scanner],
    coil: Frame[CoilSimnibs],
) -> tuple[ReadPose, ...]:
    """Return the poses of brain targets, coil targets and coil poses in tmsplan's own axes.

    InVesalius itself reads only its internal coordinates, so they are what counts; the world
    coordinates beside them must say the same for the plan's T1.

    Raises
    ------
    FrameError
        If the two systems of a row disagree: the file belongs to another T1.
    InputError
        If one of the twelve numbers is missing or no number.
    """
    steps = _steps(image)
    return tuple(
        _pose(marker, image, steps, scanner, coil)
        for marker in markers
        if marker.kind in _WITH_POSE
    )


def _pose(
    marker: InvesaliusMarker,
    image: RecordedImage,
    steps: Sequence[tuple[int, bool]],
    scanner: Frame[Scanner],
    coil: Frame[CoilSimnibs],
) -> ReadPose:
    inside = _numbers(marker, _INTERNAL)
    centre = _world_point(inside[:3], image, steps)
    axes = _world_directions(image, steps) @ _turn(inside[3:])
    _require_world(marker, centre, axes)
    away_from_handle, into_head = axes[:, 0], -axes[:, 2]
    m = np.eye(4)
    m[:3, 0] = np.cross(away_from_handle, into_head)
    m[:3, 1], m[:3, 2], m[:3, 3] = away_from_handle, into_head, centre
    because = f"{marker.where}: InVesalius' x leads away from the handle, z out of the head"
    return ReadPose(marker.label, Rigid.claim(m, dst=scanner, src=coil, because=because))


def _steps(image: RecordedImage) -> list[tuple[int, bool]]:
    """Return, for right, front and top, the array axis that leads there and whether backward."""
    direction = image.affine[:3, :3] / np.linalg.norm(image.affine[:3, :3], axis=0)
    leads_to: dict[int, tuple[int, bool]] = {}
    for axis in range(3):
        # The rule takes array axes in order, each to the nearest direction still free.
        best = max(
            (w for w in range(3) if w not in leads_to), key=lambda w: abs(direction[w, axis])
        )
        leads_to[best] = (axis, bool(direction[best, axis] < 0))
    return [leads_to[w] for w in range(3)]


def _world_point(mm: Floats, image: RecordedImage, steps: Sequence[tuple[int, bool]]) -> Floats:
    """Go from mm to array indices, one axis at a time, and from there to the world."""
    index = np.empty(3)
    for world, (axis, backward) in enumerate(steps):
        last = image.shape[axis] - 1
        voxels = mm[world] / float(np.linalg.norm(image.affine[:3, axis]))
        # Reversed by InVesalius along y, and by the reordering where the axis ran backward.
        reversed_twice = (world == 1) == backward
        index[axis] = voxels if reversed_twice else last - voxels
    return np.asarray(image.affine[:3, :3] @ index + image.affine[:3, 3])


def _world_directions(image: RecordedImage, steps: Sequence[tuple[int, bool]]) -> Floats:
    columns = []
    for axis, backward in steps:
        along = image.affine[:3, axis] / np.linalg.norm(image.affine[:3, axis])
        columns.append(-along if backward else along)
    return np.column_stack(columns)


def _turn(degrees: Floats) -> Floats:
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_euler("xyz", degrees, degrees=True).as_matrix())


def _require_world(marker: InvesaliusMarker, centre: Floats, axes: Floats) -> None:
    stated = _numbers(marker, tuple(f"{c}_world" for c in _INTERNAL))
    off_mm = float(np.abs(stated[:3] - centre).max())
    off = float(np.abs(_turn(stated[3:]) - axes).max())
    if not (off_mm <= _AGREE_MM and off <= _AGREE):
        raise FrameError(
            f"{marker.where}: its own coordinates and its world coordinates differ by "
            f"{off_mm:.3f} mm and {np.degrees(off):.3f} deg for the plan's T1. Expected one "
            f"place. The file was made for another T1, or edited."
        )


def _numbers(marker: InvesaliusMarker, columns: Sequence[str]) -> Floats:
    texts = [marker.cells.get(c) for c in columns]
    try:
        values = np.array([np.nan if t is None else float(t) for t in texts])
    except ValueError:
        values = np.array([np.nan])
    if not np.isfinite(values).all():
        raise InputError(
            f"{marker.where}: {', '.join(columns)} hold {', '.join(map(repr, texts))}. Expected "
            f"six finite numbers. Save the markers again with the T1's NIfTI project open."
        )
    return values
