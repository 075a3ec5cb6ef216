"""Every pair of targets of one plan beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from ..base.params import Params
from ..patient.patient import Patient
from ..space.testing import pose_difference
from ..surface.geodesic import geodesic_mm
from .plan import Comparison, PlannedTarget

__all__ = ["compare_targets"]


def compare_targets(
    patient: Patient, targets: Sequence[PlannedTarget], params: Params
) -> tuple[Comparison, ...]:
    """Return one row per pair of targets.

    Distances in mm: straight between the cortical points, along the mid-cortex surface where
    both lie on one hemisphere (None otherwise), and straight between the scalp points. The
    angle is the turn from one pose to the other. Two targets nearer to each other than the
    error of navigation cannot be told apart; they are marked.
    """
    return tuple(_pair(patient, a, b, params) for a, b in combinations(targets, 2))


def _pair(patient: Patient, a: PlannedTarget, b: PlannedTarget, params: Params) -> Comparison:
    straight = float(a.target.point.distances(b.target.point)[0])
    _, angle = pose_difference(a.pose.scanner_from_coil, b.pose.scanner_from_coil)
    same = a.target.parcel_id is not None and a.target.parcel_id == b.target.parcel_id
    return Comparison(
        a=a.target.id,
        b=b.target.id,
        euclidean_mm=straight,
        geodesic_mm=_geodesic(patient, a, b),
        scalp_mm=float(a.pose.scalp_point.distances(b.pose.scalp_point)[0]),
        angle_deg=angle,
        same_parcel=same,
        within_navigation_error=straight <= params.navigation_error.value,
        z_a=a.target.z,
        z_b=b.target.z,
    )


def _geodesic(patient: Patient, a: PlannedTarget, b: PlannedTarget) -> float | None:
    if a.target.hemi is not b.target.hemi:
        return None
    mid = patient.cortex.side(a.target.hemi).mid
    return float(geodesic_mm(mid, a.target.vertex, [b.target.vertex])[0])
