"""Pictures against stored ones, within a tolerance that another Mesa passes and a shift fails."""

from __future__ import annotations

from dataclasses import replace

import golden_pictures as golden
import pytest
import scene_plan

from tmsplan.plan.plan import Plan
from tmsplan.view import VIEWS, draw_picture
from tmsplan.view.bake import BakedScene

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", golden.NAMES)
def test_the_picture_is_the_stored_one(plan: Plan, baked: BakedScene, name: str) -> None:
    mean, edge = golden.difference(golden.drawn(name, plan, baked), golden.stored(name))
    assert mean < golden.MEAN_LEVELS
    assert edge < golden.EDGE_LEVELS


@pytest.mark.parametrize("name", golden.NAMES)
def test_a_mirrored_picture_would_be_noticed(name: str) -> None:
    image = golden.stored(name)
    mean, edge = golden.difference(image[:, ::-1], image)
    assert mean > golden.MEAN_LEVELS
    assert edge > golden.EDGE_LEVELS


@pytest.mark.parametrize("view", VIEWS, ids=lambda v: v.id)
def test_a_target_12_mm_away_would_be_noticed(plan: Plan, baked: BakedScene, view) -> None:
    other = scene_plan.planned(plan.scene, plan.targets[0].target.hemi, (-40, 34, 34))
    apart = other.target.point.distances(plan.targets[0].target.point)[0]
    assert apart < 16
    target = replace(other.target, name=plan.targets[0].target.name)
    moved = replace(other, target=target)
    image = golden.pixels(draw_picture(plan, moved, view, baked, size=golden.SIZE))
    _, edge = golden.difference(image, golden.stored(view.id))
    assert edge > golden.EDGE_LEVELS
