"""Hypothesis strategies for geometry: rotations, frames, rigid maps, points."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tmsplan.space import Frame, Scanner, Tkras

SCANNER = Frame(Scanner, "sub-01")
OTHER = Frame(Scanner, "sub-02")
TKRAS = Frame(Tkras, "sub-01")


def rotation(q: tuple[float, float, float, float]) -> np.ndarray:
    """Return the rotation matrix of a quaternion (w, x, y, z) of any length."""
    w, x, y, z = np.array(q) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


quaternions = st.tuples(*[st.floats(-1, 1) for _ in range(4)]).filter(
    lambda q: np.linalg.norm(q) > 0.1
)
shifts = st.tuples(*[st.floats(-200, 200) for _ in range(3)])


@st.composite
def rigid_matrices(draw) -> np.ndarray:
    m = np.eye(4)
    m[:3, :3] = rotation(draw(quaternions))
    m[:3, 3] = draw(shifts)
    return m


@st.composite
def affine_matrices(draw) -> np.ndarray:
    """Invertible affines without a mirror: rotation x scale x mild shear."""
    m = draw(rigid_matrices())
    scale = np.diag(draw(st.tuples(*[st.floats(0.5, 3) for _ in range(3)])))
    shear = np.eye(3)
    shear[0, 1] = draw(st.floats(-0.3, 0.3))
    m[:3, :3] = m[:3, :3] @ scale @ shear
    return m


point_arrays = st.lists(shifts, min_size=1, max_size=8).map(np.array)
