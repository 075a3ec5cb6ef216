"""Labels beside each other, and which dots the camera sees: known answers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize

from tmsplan.plan.plan import Plan
from tmsplan.space import Points
from tmsplan.view.bake import BakedScene
from tmsplan.view.callouts import spread_out
from tmsplan.view.camera import aim
from tmsplan.view.sight import cover, in_sight


def test_labels_that_have_room_stay_where_they_want_to_be() -> None:
    wanted = np.array([50.0, 10.0, 90.0])
    assert spread_out(wanted, 20, 0, 100).tolist() == wanted.tolist()


def test_two_labels_at_one_place_move_apart_equally() -> None:
    assert spread_out(np.array([40.0, 40.0]), 10, 0, 100).tolist() == [35.0, 45.0]


def test_a_pool_at_the_edge_stays_inside() -> None:
    assert spread_out(np.array([1.0, 2.0, 3.0]), 10, 0, 100).tolist() == [0.0, 10.0, 20.0]
    assert spread_out(np.array([99.0, 99.0]), 10, 0, 100).tolist() == [90.0, 100.0]


def test_more_labels_than_fit_come_nearer_to_each_other_and_stay_in_order() -> None:
    placed = spread_out(np.linspace(40, 60, 21), 30, 0, 100)
    assert np.diff(placed) == pytest.approx(np.full(20, 5.0))
    assert (placed[0], placed[-1]) == pytest.approx((0, 100))


def test_no_label_is_no_place() -> None:
    assert spread_out(np.empty(0), 10, 0, 100).size == 0


@pytest.mark.parametrize("seed", range(5))
def test_places_are_those_of_a_general_optimiser(seed: int) -> None:
    wanted, gap = np.random.default_rng(seed).uniform(0, 200, 9), 18.0
    placed = spread_out(wanted, gap, 0, 200)
    order = np.argsort(wanted)
    apart = [
        {"type": "ineq", "fun": lambda p, i=i, j=j: p[j] - p[i] - gap} for i, j in pairwise(order)
    ]
    found = minimize(
        lambda p: ((p - wanted) ** 2).sum(), placed + 0.5, method="SLSQP",
        bounds=[(0, 200)] * 9, constraints=apart, options={"ftol": 1e-10},
    )  # fmt: skip
    assert np.diff(placed[order]).min() > gap - 1e-9
    assert ((placed - wanted) ** 2).sum() == pytest.approx(found.fun, rel=1e-4)


def test_the_near_side_is_seen_and_the_far_side_is_not(plan: Plan, baked: BakedScene) -> None:
    head, skin = baked.head, baked.scalp.points
    camera = aim(head.front, head.up, skin, size=(400, 400), margins=(10, 10, 10, 10))
    right = (skin - head.middle).dot(head.right)
    front = (skin - head.centre).dot(head.front)
    middle = np.abs(right) < 25
    # The back of the head, not the neck: that one ends in a hole.
    middle &= np.abs((skin - head.centre).dot(head.up)) < 60
    nose, back = np.argmax(np.where(middle, front, -1e9)), np.argmin(np.where(middle, front, 1e9))
    dots = Points(skin.mm(plan.frame)[[nose, back]], plan.frame)
    assert in_sight(camera, cover(baked.scalp), dots, slack_mm=5).tolist() == [True, False]
    beside = dots.take(0) + head.right * 400.0
    assert in_sight(camera, cover(baked.scalp), beside, slack_mm=5).tolist() == [True]
