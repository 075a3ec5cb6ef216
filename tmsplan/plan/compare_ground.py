"""How two targets of one head are measured against each other, from a patient or a scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..space.frame import CoilSimnibs, Scanner
from ..space.points import Points
from ..space.testing import pose_difference
from ..space.transform import Rigid
from ..surface.geodesic import geodesic_mm
from ..surface.pair import Pair
from ..surface.surface import Surface
from ..target.ranking import Ranking
from .compare_along import along_mm
from .plan import Comparison, PlannedTarget
from .scene import Scene, SceneCortex

__all__ = ["Ground", "ground_of_scene", "networks_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The surfaces that distances are measured along, and what else a pair is held against.

    Parameters
    ----------
    mid : Pair of Surface, or None
        Half way between white and pial; None where it is not known.
    scalp : Surface or None
    networks : mapping of parcel id to name
        Only of parcels whose network is known.
    navigation_mm : float
        Two cortical points nearer than this cannot be told apart by a navigated coil.
    """

    mid: Pair[Surface[Scanner]] | None
    scalp: Surface[Scanner] | None
    networks: Mapping[int, str]
    navigation_mm: float

    def rows(self, a: PlannedTarget, others: Sequence[PlannedTarget]) -> list[Comparison]:
        """Return one target beside each of some others, in their order.

        A distance along a surface is None where there is no way or no surface.
        """
        if not others:
            return []
        cortex, scalp = self._along_cortex(a, others), self._along_scalp(a, others)
        return [
            self._row(a, b, on_cortex, on_scalp)
            for b, on_cortex, on_scalp in zip(others, cortex, scalp, strict=True)
        ]

    def _row(
        self, a: PlannedTarget, b: PlannedTarget, on_cortex: float | None, on_scalp: float | None
    ) -> Comparison:
        straight = float(a.target.point.distances(b.target.point)[0])
        turn, axis = _angles(a.pose.scanner_from_coil, b.pose.scanner_from_coil)
        here, there = a.target.parcel_id, b.target.parcel_id
        return Comparison(
            a=a.target.id,
            b=b.target.id,
            euclidean_mm=straight,
            geodesic_mm=on_cortex,
            scalp_mm=float(a.pose.scalp_point.distances(b.pose.scalp_point)[0]),
            angle_deg=turn,
            same_parcel=here is not None and here == there,
            within_navigation_error=straight <= self.navigation_mm,
            z_a=a.target.z,
            z_b=b.target.z,
            scalp_geodesic_mm=on_scalp,
            axis_angle_deg=axis,
            same_network=self._same_network(here, there),
        )

    def _same_network(self, here: int | None, there: int | None) -> bool | None:
        known = [self.networks.get(k) for k in (here, there) if k is not None]
        if len(known) < 2 or None in known:
            return None
        return known[0] == known[1]

    def _along_cortex(
        self, a: PlannedTarget, others: Sequence[PlannedTarget]
    ) -> list[float | None]:
        out: list[float | None] = [None] * len(others)
        beside = [i for i, b in enumerate(others) if b.target.hemi is a.target.hemi]
        if self.mid is None or not beside:
            return out
        ends = [others[i].target.vertex for i in beside]
        lengths = geodesic_mm(self.mid.side(a.target.hemi), a.target.vertex, ends)
        for i, mm in zip(beside, lengths, strict=True):
            out[i] = float(mm)
        return out

    def _along_scalp(
        self, a: PlannedTarget, others: Sequence[PlannedTarget]
    ) -> list[float | None]:
        if self.scalp is None:
            return [None] * len(others)
        frame = self.scalp.frame
        ends = np.vstack([b.pose.scalp_point.mm(frame) for b in others])
        lengths = along_mm(self.scalp, a.pose.scalp_point, Points(ends, frame))
        return [float(mm) for mm in lengths]


def ground_of_scene(scene: Scene | None, ranking: Ranking, navigation_mm: float) -> Ground:
    """Return what a plan's own files can be measured with.

    Parameters
    ----------
    scene : Scene or None
        Without one, nothing can be measured along a surface; one of the first format has no
        white surface, and so no mid-cortex.
    ranking : Ranking
    navigation_mm : float
    """
    networks = networks_of(ranking)
    if scene is None:
        return Ground(None, None, networks, navigation_mm)
    left, right = (_mid(c) for _, c in scene.cortex.sides())
    mid = None if left is None or right is None else Pair(left, right)
    return Ground(mid, scene.scalp, networks, navigation_mm)


def _mid(cortex: SceneCortex) -> Surface[Scanner] | None:
    if cortex.white is None:
        return None
    return cortex.pial.with_points(cortex.white.points.midway(cortex.pial.points))


def networks_of(ranking: Ranking) -> dict[int, str]:
    """Return the network of each parcel that has one."""
    return {r.parcel_id: r.network for r in ranking.rows if r.network}


def _angles(a: Rigid[Scanner, CoilSimnibs], b: Rigid[Scanner, CoilSimnibs]) -> tuple[float, float]:
    """Return the turn between two poses, and the smaller one of b and b turned half round.

    A figure-of-eight held the other way round (y against y) drives the current backward along
    the same line: of a biphasic pulse that is the same field.
    """
    _, turn = pose_difference(a, b)
    half = Rigid.claim(
        np.diag([-1.0, -1.0, 1.0, 1.0]), dst=b.src, src=b.src, because="half a turn about coil z"
    )
    _, turned = pose_difference(a, b @ half)
    return turn, min(turn, turned)
