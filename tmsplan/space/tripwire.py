"""The tripwires of geometry: predicates that run on every plan and cannot be skipped.

Each returns a `Tripwire`. One without its input is *not run*, never *passed*. Why each limit
is where it is: docs/decisions/0008.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..base.errors import TripwireError
from ..base.param import Param
from .frame import K, Scanner
from .grid import Volume
from .midplane import Midplane
from .points import Points, Vectors
from .side import Hemi

__all__ = [
    "Tripwire",
    "map_belongs",
    "not_run",
    "own_side_ribbon",
    "pose_on_scalp",
    "read_back",
    "require_all",
    "sides_in_order",
    "surfaces_follow_t1",
    "target_on_its_side",
    "template_near_cortex",
]

Status = Literal["pass", "fail", "not-run"]

#: aparc+aseg / ribbon labels of cortical grey matter: whole hemisphere, or 1000s and 2000s.
_LEFT_CORTEX, _RIGHT_CORTEX = 3, 42
#: Shifts that a true registration must beat or equal (TP-D01), mm.
_NEAR_MM = 8.0


@dataclass(frozen=True, slots=True)
class Tripwire:
    """The outcome of one predicate; `value` and `limit` are None where it did not run."""

    id: str
    status: Status
    value: float | None
    limit: float | None
    why: str

    def __str__(self) -> str:
        numbers = "" if self.value is None else f" {self.value:.3f} (limit {self.limit:g})"
        return f"{self.id} {self.status}{numbers}: {self.why}"


def not_run(tripwire_id: str, why: str) -> Tripwire:
    """Return the record of a predicate whose input is missing."""
    return Tripwire(tripwire_id, "not-run", None, None, why)


def require_all(tripwires: Sequence[Tripwire]) -> None:
    """Raise if one failed.

    Raises
    ------
    TripwireError
        Lists every failed predicate with its value, limit and reason.
    """
    failed = [t for t in tripwires if t.status == "fail"]
    if failed:
        lines = "\n".join(f"  {t}" for t in failed)
        raise TripwireError(
            f"{len(failed)} tripwire(s) failed; nothing is exported.\n{lines}\n"
            f"Run 'tmsplan explain {failed[0].id}' for what it means and what to do."
        )


def _judge(tripwire_id: str, value: float, limit: float, ok: bool, why: str) -> Tripwire:
    good = bool(ok and np.isfinite(value))
    return Tripwire(tripwire_id, "pass" if good else "fail", float(value), float(limit), why)


def own_side_ribbon(
    left_mid: Points[K], right_mid: Points[K], ribbon: Volume[K], limit: Param
) -> Tripwire:
    """TP-F01: share of mid-cortex vertices in their own side's cortical ribbon.

    Parameters
    ----------
    left_mid, right_mid : Points
        Vertices half way between white and pial surface.
    ribbon : Volume
        Labels of aparc+aseg or ribbon.mgz; 3 and 1000-1999 are left cortex, 42 and 2000-2999
        right cortex.
    limit : Param
        The mean of both hemispheres must reach it.
    """
    hits = {
        Hemi.LEFT: _is_cortex(ribbon.at_nearest(left_mid, outside=0), Hemi.LEFT).mean(),
        Hemi.RIGHT: _is_cortex(ribbon.at_nearest(right_mid, outside=0), Hemi.RIGHT).mean(),
    }
    value = float(np.mean(list(hits.values())))
    why = (
        f"left {hits[Hemi.LEFT]:.3f}, right {hits[Hemi.RIGHT]:.3f} of mid-cortex vertices in "
        f"their own side's cortical ribbon"
    )
    return _judge("TP-F01", value, limit.value, value >= limit.value, why)


def _is_cortex(labels: np.ndarray, hemi: Hemi) -> np.ndarray:
    if hemi is Hemi.LEFT:
        return np.asarray((labels == _LEFT_CORTEX) | ((labels >= 1000) & (labels < 2000)))
    return np.asarray((labels == _RIGHT_CORTEX) | ((labels >= 2000) & (labels < 3000)))


def sides_in_order(left_mid: Points[Scanner], right_mid: Points[Scanner]) -> Tripwire:
    """TP-F02: mean x of the left hemisphere is smaller than of the right one (RAS, mm)."""
    frame = left_mid.frame
    gap = float(right_mid.mm(frame)[:, 0].mean() - left_mid.mm(frame)[:, 0].mean())
    why = f"the right hemisphere lies {gap:.1f} mm to the right of the left one"
    return _judge("TP-F02", gap, 0.0, gap > 0, why)


def target_on_its_side(
    targets: Sequence[tuple[str, Points[Scanner], Hemi]], plane: Midplane[Scanner]
) -> Tripwire:
    """TP-F03: every target lies on the side that its label says.

    Parameters
    ----------
    targets : sequence of (name, point, hemisphere)
    plane : Midplane
        From both surfaces of the same patient.
    """
    if not targets:
        return not_run("TP-F03", "the plan has no target")
    depth = [_own_side_mm(plane, point, hemi) for _, point, hemi in targets]
    worst = int(np.argmin(depth))
    name, _, hemi = targets[worst]
    why = f"{name} is labelled {hemi} and lies {depth[worst]:.1f} mm on the {hemi} side"
    return _judge("TP-F03", depth[worst], 0.0, depth[worst] > 0, why)


def _own_side_mm(plane: Midplane[Scanner], point: Points[Scanner], hemi: Hemi) -> float:
    right = float(plane.right_mm(point)[0])
    return right if hemi is Hemi.RIGHT else -right


def pose_on_scalp(
    name: str,
    *,
    into_head: Vectors[Scanner],
    inward_normal: Vectors[Scanner],
    standoff_error_mm: float,
    depth_mm: float,
    limits: tuple[Param, Param, Param],
) -> Tripwire:
    """TP-F04: z into the head, centre outside the scalp by the standoff, target within reach.

    Parameters
    ----------
    name : str
        The target's name.
    into_head, inward_normal : Vectors
        z of the pose, and the mean inward normal of the scalp under it.
    standoff_error_mm : float
        Signed distance of the centre outside the scalp, less the standoff asked for.
    depth_mm : float
        From the scalp point to the cortical target.
    limits : (Param, Param, Param)
        Largest tilt (deg), contact error (mm) and depth (mm).
    """
    tilt_max, contact, reach = limits
    cosine = float(into_head.units().dot(inward_normal.units())[0])
    tilt = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    ok = (
        tilt <= tilt_max.value
        and abs(standoff_error_mm) <= contact.value
        and depth_mm <= reach.value
    )
    why = (
        f"{name}: z is {tilt:.1f} deg from the scalp's inward normal (limit {tilt_max.value:g}), "
        f"standoff off by {standoff_error_mm:.2f} mm (limit {contact.value:g}), target "
        f"{depth_mm:.1f} mm under the scalp (limit {reach.value:g})"
    )
    return _judge("TP-F04", tilt, tilt_max.value, ok, why)


def read_back(
    worst_mm: float, worst_deg: float, files: int, limits: tuple[Param, Param]
) -> Tripwire:
    """TP-F05: every export was read back by its independent reader and equals the pose."""
    if files == 0:
        return not_run("TP-F05", "nothing was exported")
    mm, deg = limits
    ok = worst_mm <= mm.value and worst_deg <= deg.value
    why = (
        f"{files} file(s) read back: at most {worst_mm:.5f} mm (limit {mm.value:g}) and "
        f"{worst_deg:.5f} deg (limit {deg.value:g}) from the plan"
    )
    return _judge("TP-F05", worst_mm, mm.value, ok, why)


def template_near_cortex(
    probes: Sequence[tuple[str, float]], limit: Param, route: str
) -> Tripwire:
    """TP-F06: template points lie near cortex of the named side.

    Parameters
    ----------
    probes : sequence of (name, mm)
        Distance of each warped point to the nearest vertex of its named hemisphere.
    limit : Param
        No probe may be farther.
    route : str
        How the points came to the patient; printed.
    """
    worst, mm = max(probes, key=lambda p: p[1])
    why = f"{worst} lies {mm:.1f} mm from cortex of its side, the worst of {len(probes)} ({route})"
    return _judge("TP-F06", mm, limit.value, mm <= limit.value, why)


def map_belongs(
    covered: Volume[Scanner], mid_cortex: Points[Scanner], plane: Midplane[Scanner], limit: Param
) -> Tripwire:
    """TP-D01: the map covers the cortex inside its field of view, better than wrong hypotheses.

    Parameters
    ----------
    covered : Volume of bool
        Where the map has a value.
    mid_cortex : Points
        Mid-cortex vertices of both hemispheres.
    plane : Midplane
        For the mirrored hypothesis.
    limit : Param
        Share of vertices inside the field of view that must be covered.
    """
    share = _covered_share(covered, mid_cortex)
    rivals = {
        "mirrored": _covered_share(covered, _mirrored(mid_cortex, plane)),
        **{
            f"shifted {_NEAR_MM:g} mm along {axis}": _covered_share(
                covered, _shifted(mid_cortex, v)
            )
            for axis, v in _shifts().items()
        },
    }
    rival = max(rivals, key=lambda k: rivals[k])
    ok = share >= limit.value and share >= rivals[rival] - 0.005
    why = (
        f"the map covers {share:.3f} of mid-cortex inside its field of view; the best wrong "
        f"hypothesis ({rival}) covers {rivals[rival]:.3f}"
    )
    return _judge("TP-D01", share, limit.value, ok, why)


def surfaces_follow_t1(shares: Mapping[Hemi, float], limit: Param) -> Tripwire:
    """TP-D02: the white surfaces follow the grey-white boundary of the T1.

    Parameters
    ----------
    shares : mapping of Hemi to share
        Of each white surface, where the T1 is brighter 1 mm inside than 1 mm outside.
    limit : Param
        Both sides must reach it.
    """
    value = min(shares.values())
    parts = ", ".join(f"{hemi} {share:.3f}" for hemi, share in shares.items())
    why = (
        f"the T1 is brighter inside than outside at {parts} of the white surface (one person in "
        f"one frame reaches 0.99; different people, tkRAS, LPS or a mirror stay under 0.7)"
    )
    return _judge("TP-D02", value, limit.value, value >= limit.value, why)


def _covered_share(covered: Volume[Scanner], points: Points[Scanner]) -> float:
    ijk, inside = covered.grid.nearest(points)
    if not inside.any():
        return 0.0
    return float(covered.data[tuple(ijk[inside].T)].mean())


def _mirrored(points: Points[Scanner], plane: Midplane[Scanner]) -> Points[Scanner]:
    normal = plane.to_right.components(points.frame)
    return points - Vectors(2 * plane.right_mm(points)[:, None] * normal, points.frame)


def _shifted(points: Points[Scanner], shift: np.ndarray) -> Points[Scanner]:
    return points + Vectors(shift, points.frame)


def _shifts() -> dict[str, np.ndarray]:
    return {
        f"{sign}{axis}": direction * unit * _NEAR_MM
        for sign, direction in (("+", 1.0), ("-", -1.0))
        for axis, unit in zip("xyz", np.eye(3), strict=True)
    }
