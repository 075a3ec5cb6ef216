"""Comparison helpers for tests, here and elsewhere: they know frames and symmetries."""

from __future__ import annotations

import numpy as np

from .transform import D, Rigid, S

__all__ = ["assert_pose_close", "pose_difference"]


def pose_difference(a: Rigid[D, S], b: Rigid[D, S]) -> tuple[float, float]:
    """Return the distance (mm) and the rotation angle (deg) between two poses.

    Both must map between the same two frames. Angles below about 1e-6 deg are resolved: the
    small-angle form is used instead of the arc cosine, which loses half the digits near 0.
    """
    ma, mb = a.matrix(b.dst, b.src), b.matrix(a.dst, a.src)
    mm = float(np.linalg.norm(ma[:3, 3] - mb[:3, 3]))
    chord = float(np.linalg.norm(ma[:3, :3] - mb[:3, :3])) / (2 * np.sqrt(2))
    return mm, float(np.degrees(2 * np.arcsin(min(1.0, chord))))


def assert_pose_close(a: Rigid[D, S], b: Rigid[D, S], *, mm: float, deg: float) -> None:
    """Raise AssertionError unless two poses agree within `mm` and `deg`."""
    off_mm, off_deg = pose_difference(a, b)
    if off_mm > mm or off_deg > deg:
        raise AssertionError(
            f"poses differ by {off_mm:.6f} mm (limit {mm:g}) and {off_deg:.6f} deg (limit {deg:g})"
        )
