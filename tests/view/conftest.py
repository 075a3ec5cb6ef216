"""One baked SYNTHETIC scene for all tests of the view room: baking takes seconds."""

from __future__ import annotations

import pytest
import scene_plan

from tmsplan.plan.plan import Plan
from tmsplan.view.bake import BakedScene
from tmsplan.view.pictures import ready_scene


@pytest.fixture(scope="session")
def plan() -> Plan:
    return scene_plan.plan()


@pytest.fixture(scope="session")
def baked(plan: Plan) -> BakedScene:
    return ready_scene(plan)
