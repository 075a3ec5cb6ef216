"""The SYNTHETIC plan with more standard targets, some on top of each other, and a cloud."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scene_plan

from tmsplan.plan.plan import Plan
from tmsplan.space import Hemi, Points
from tmsplan.surface import Field, Labels

#: Id, name, side, about where. The first three lie within millimetres of the guided target.
OTHERS = (
    ("beam-f3", "Beam F3, electrode position on the scalp", Hemi.LEFT, (-40, 38, 32)),
    ("mni-group", "Group target (Fox 2012)", Hemi.LEFT, (-42, 43, 28)),
    ("sgacc", "Individual target, most anticorrelated", Hemi.LEFT, (-44, 40, 29)),
    ("five-cm-rule", "5 cm rule on the scalp", Hemi.LEFT, (-42, 19, 50)),
    ("tpj-right", "Right temporoparietal junction", Hemi.RIGHT, (54, -50, 28)),
)


def with_others(plan: Plan) -> Plan:
    """Return the plan with `OTHERS` as its other targets and a cloud at its guided one."""
    others = [
        scene_plan.planned(plan.scene, hemi, at, id=name, kind="standard", name=title)
        for name, title, hemi, at in OTHERS
    ]
    guided = plan.targets[0]
    xyz = plan.scene.cortex.left.pial.points.mm(plan.frame)
    near = np.linalg.norm(xyz - guided.target.point.mm(plan.frame), axis=1) < 9
    cloud = Points(xyz[near], plan.frame)
    target = replace(guided.target, cloud=cloud, spread_mm=5.0)
    first = replace(guided, target=target)
    return replace(plan, targets=(first, *plan.targets[1:]), others=tuple(others))


def scalp_fields(plan: Plan) -> dict[str, Field | Labels]:
    """Return made-up maps of the scalp: z and depth of height, and skin where no coil is held."""
    scalp = plan.scene.scalp
    height = scalp.points.mm(plan.frame)[:, 2]
    low = height < np.quantile(height, 0.4)
    share = np.clip((height - height[~low].min()) / np.ptp(height[~low]), 0, 1)
    values = np.where(low, np.nan, share)
    side = np.sign(scalp.points.mm(plan.frame)[:, 0])
    ids = low.astype(np.int32)
    return {
        "depth": Field(10 + 30 * values, scalp.domain, "depth", "mm"),
        "z_under": Field(5 * values * side, scalp.domain, "z under the coil", "1"),
        "tolerability": Field(values, scalp.domain, "tolerability", "1"),
        "reach": Labels(ids, scalp.domain, {1: "under-the-head"}),
    }
