"""A plan on a round head, whose distances are chords and arcs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import round_head
from export.plan_builder import (
    CORTEX_MM,
    FRAME,
    SCALP_MM,
    STANDOFF_MM,
    build_plan,
    planned_from_matrix,
)

from tmsplan.plan.plan import Plan, PlannedTarget
from tmsplan.plan.scene import Scene, SceneCortex
from tmsplan.space import Hemi, Points
from tmsplan.surface import Domain, Field, Labels, Pair, Surface
from tmsplan.target.ranking import RankedParcel

COUPLING = {
    "method": "map", "unit": "1", "higher_means": "more coupled", "space": "surface",
    "params": {}, "source": "a test",
}  # fmt: skip
NORMS = {
    "id": "0123", "sha256": "0" * 64, "n_reference": 120, "tier": "usable",
    "age_range": [20.0, 60.0], "sites": [], "transferred": False,
}  # fmt: skip
#: The mid-cortex lies half way between balls of 70 and 74 mm.
THICK_MM = 4.0


def ball(radius: float, domain: Domain) -> Surface:
    v, f = round_head.sphere(4)
    return Surface(Points(v * radius, FRAME), f, domain)


def scene() -> Scene:
    """A round head: each hemisphere is a whole ball, so that every way on it is an arc."""
    v, _ = round_head.sphere(4)

    def half(hemi: Hemi) -> SceneCortex:
        domain = Domain("fsnative", len(v), hemi, "sub-01")
        pial = ball(CORTEX_MM + THICK_MM / 2, domain)
        nothing = Field(np.zeros(len(v)), domain, "sulc", "mm")
        return SceneCortex(
            pial, nothing, nothing, Labels(np.zeros(len(v), dtype=np.int32), domain, {}),
            white=ball(CORTEX_MM - THICK_MM / 2, domain),
        )  # fmt: skip

    skin = ball(SCALP_MM, Domain("scalp", len(v), None, "sub-01"))
    return Scene(FRAME, Pair(half(Hemi.LEFT), half(Hemi.RIGHT)), skin)


def vertex_near(direction) -> int:
    v, _ = round_head.sphere(4)
    return int(np.argmax(v @ (np.array(direction) / np.linalg.norm(direction))))


def held(
    name: str, direction, turn_deg: float = 0.0, *, kind: str = "standard", **target: object
) -> PlannedTarget:
    """A coil over a vertex of the round head, turned about its own axis."""
    v, _ = round_head.sphere(4)
    vertex = vertex_near(direction)
    out = v[vertex]
    ahead = np.array([0.0, 1.0, 0.0]) - out * out[1]
    ahead /= np.linalg.norm(ahead)
    aside = np.cross(ahead, -out)
    a = np.radians(turn_deg)
    y = np.cos(a) * ahead + np.sin(a) * aside
    m = np.eye(4)
    m[:3, :3] = np.column_stack([np.cross(y, -out), y, -out])
    m[:3, 3] = (SCALP_MM + STANDOFF_MM) * out
    hemi = Hemi.LEFT if out[0] <= 0 else Hemi.RIGHT
    planned = planned_from_matrix(m, hemi, name=name, target_id=name)
    point = Points(CORTEX_MM * out, FRAME)
    changed = {"kind": kind, "vertex": vertex, "point": point, **target}
    return replace(planned, target=replace(planned.target, **changed))


GUIDED = (-0.5, 0.6, 0.62)


def row(parcel: int, network: str | None) -> RankedParcel:
    return RankedParcel(
        rank=1, parcel_id=parcel, name="r", hemi=Hemi.LEFT, network=network, value=0.1, z=-2.0,
        z_low=-3.0, z_high=-1.0, z_shrunk=-1.0, centile=2.0, q=0.1, p_top=0.9, n=300,
        coverage=1.0, candidate=True, reachable=True, reasons=(),
    )  # fmt: skip


def compared_plan() -> Plan:
    """One guided target, one standard one shown, three others placed."""
    guided = held("coupling-1", GUIDED, kind="coupling", parcel_id=1, z=-3.0)
    near = held("mni-sgacc-group", (-0.5, 0.63, 0.6), 30, parcel_id=1, z=-3.0)
    far = held("beam-f3", (-0.3, -0.2, 0.95), parcel_id=2, z=0.5)
    across = held("beam-f4", (0.5, 0.6, 0.62), parcel_id=3, z=0.1)
    half_round = held("f3-cortical", (-0.51, 0.58, 0.63), 180, parcel_id=1, z=-3.0)
    base = build_plan(guided, near, scene=scene())
    ranking = replace(base.ranking, rows=(row(1, "FP"), row(2, "FP"), row(3, None)))
    return replace(base, ranking=ranking, others=(far, across, half_round))
