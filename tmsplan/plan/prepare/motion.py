"""Rigid realignment of a BOLD run to its own reference volume, by Gauss-Newton least squares.

The inverse compositional form: gradients and the normal matrix are those of the reference and
are made once, so that a step costs one interpolation. 156 volumes take seconds where a general
registration needs a second or more each (benchmarks/prepare.py).

Source: Baker and Matthews 2004, Int J Comput Vis 56:221-255 (the inverse compositional form).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Motion", "framewise_displacement", "realign", "rigid_matrix"]

Floats = NDArray[np.float64]

#: Sphere of Power et al., mm (doi:10.1016/j.neuroimage.2011.10.018).
HEAD_RADIUS_MM = 50.0
#: Steps end when no parameter moves the edge of a head by more than this.
STOP_MM = 0.005
STEPS = 25
#: Every second voxel along each axis of the reference: 20 000 and more stay.
_STRIDE = 2
_BLUR_MM = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where the head was at each volume.

    Parameters
    ----------
    parameters : (t, 6) float64
        x, y, z in mm and rotations about x, y, z in radians, about the middle of the reference;
        the map of reference points to the volume's.
    centre : (3,) float64
        That middle, RAS mm.
    """

    parameters: Floats
    centre: Floats

    def matrix(self, volume: int) -> Floats:
        """Return the (4, 4) map of points of the reference to where they are in `volume`."""
        return rigid_matrix(self.parameters[volume], self.centre)


def rigid_matrix(p: Floats, centre: Floats) -> Floats:
    """Return the rigid (4, 4) matrix of six parameters about `centre`; Rz Ry Rx."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(p[3:]), np.sin(p[3:])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    out = np.eye(4)
    out[:3, :3] = about_z @ about_y @ about_x
    out[:3, 3] = p[:3] + centre - out[:3, :3] @ centre
    return out


def framewise_displacement(parameters: Floats) -> Floats:
    """Return Power's framewise displacement, mm; the first volume has none (NaN).

    Source: doi:10.1016/j.neuroimage.2011.10.018
    """
    size = np.array([1.0, 1.0, 1.0, *[HEAD_RADIUS_MM] * 3])
    moved = np.abs(np.diff(parameters, axis=0)) @ size
    return np.concatenate([[np.nan], moved])


def realign(series: NDArray[np.float32], affine: Floats, reference: int) -> Motion:
    """Return the motion of every volume against one volume of the same run.

    Parameters
    ----------
    series : (i, j, k, t) float32
    affine : (4, 4)
        RAS mm from voxel indices.
    reference : int
        Which volume the others are compared with.
    """
    from scipy.ndimage import map_coordinates

    zooms = np.linalg.norm(affine[:3, :3], axis=0)
    fixed = _blurred(series[..., reference], zooms)
    index, world = _sample(fixed, affine)
    centre = world.mean(axis=0)
    jacobian = _jacobian(fixed, affine, index, world - centre)
    target = np.asarray(map_coordinates(fixed, index.T, order=1), dtype=np.float64)
    solve = np.asarray(np.linalg.pinv(np.column_stack([jacobian, target])), dtype=np.float64)
    back = np.asarray(np.linalg.inv(affine), dtype=np.float64)
    found = np.zeros((series.shape[3], 6))
    # Neighbours in time are near: each volume starts where the one before it ended.
    for order in (range(reference + 1, series.shape[3]), range(reference - 1, -1, -1)):
        matrix: Floats = np.eye(4)
        for t in order:
            moving = _blurred(series[..., t], zooms)
            matrix = _one(moving, (world, target, solve, back, centre), matrix)
            found[t] = _parameters(matrix, centre)
    return Motion(found, centre)


def _blurred(volume: NDArray[np.float32], zooms: Floats) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(volume.astype(np.float32), _BLUR_MM / 2.355 / zooms))


def _sample(fixed: NDArray[np.float32], affine: Floats) -> tuple[Floats, Floats]:
    """Return indices and positions of the voxels that are compared: inside the head."""
    grid = np.stack(
        np.meshgrid(*[np.arange(2, n - 2, _STRIDE) for n in fixed.shape], indexing="ij"), -1
    )
    index = grid.reshape(-1, 3)
    bright = np.asarray(fixed[tuple(index.T)] > 0.3 * float(np.quantile(fixed, 0.95)))
    index = index[bright].astype(np.float64)
    return index, index @ affine[:3, :3].T + affine[:3, 3]


def _jacobian(fixed: NDArray[np.float32], affine: Floats, index: Floats, arm: Floats) -> Floats:
    """Return how each of six parameters changes the reference at the sampled places."""
    at = tuple(index.astype(np.intp).T)
    steps = [np.asarray(np.gradient(fixed.astype(np.float64), axis=k)) for k in range(3)]
    slope = np.stack([g[at] for g in steps], axis=1) @ np.linalg.inv(affine[:3, :3])
    return np.column_stack([slope, np.cross(arm, slope)])


def _one(
    moving: NDArray[np.float32],
    known: tuple[Floats, Floats, Floats, Floats, Floats],
    start: Floats,
) -> Floats:
    from scipy.ndimage import map_coordinates, spline_filter

    world, target, solve, back, centre = known
    coefficients = spline_filter(moving, order=3, output=np.float32)
    matrix = start
    for _ in range(STEPS):
        ijk = (world @ matrix[:3, :3].T + matrix[:3, 3]) @ back[:3, :3].T + back[:3, 3]
        value = map_coordinates(coefficients, ijk.T, order=3, prefilter=False, mode="nearest")
        # The seventh unknown is the volume's overall brightness.
        step = (solve @ (value - target))[:6]
        matrix = matrix @ np.linalg.inv(rigid_matrix(step, centre))
        if float(np.abs(step[:3]).max() + HEAD_RADIUS_MM * np.abs(step[3:]).max()) < STOP_MM:
            break
    return np.asarray(matrix)


def _parameters(matrix: Floats, centre: Floats) -> Floats:
    r = matrix[:3, :3]
    angles = (np.arctan2(r[2, 1], r[2, 2]), -np.arcsin(r[2, 0]), np.arctan2(r[1, 0], r[0, 0]))
    return np.array([*(matrix[:3, 3] + r @ centre - centre), *angles])
