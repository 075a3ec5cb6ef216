"""All targets in one picture: who is named, how far, on which side, and nothing overlaps."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import many_targets
import numpy as np
import pytest
import scene_plan

from tmsplan.base.errors import InputError
from tmsplan.plan.plan import Plan
from tmsplan.view import plot_targets
from tmsplan.view.bake import BakedScene
from tmsplan.view.callouts import STANDARD


@pytest.fixture(scope="module")
def many(plan: Plan) -> Plan:
    return many_targets.with_others(plan)


@pytest.fixture(scope="module")
def figure(many: Plan, baked: BakedScene):
    return plot_targets(many, baked)


def test_every_target_is_named_with_its_side_in_words(many: Plan, figure) -> None:
    words = [t.get_text() for t in figure.texts]
    for planned in (*many.targets, *many.others):
        assert f"{planned.target.name}, {planned.target.hemi}" in words
    assert words.count("L") == words.count("R") == 2
    assert "SYNTHETIC" in words
    assert any("Research use only" in w for w in words)


def test_millimetres_are_straight_ones_to_the_guided_target(many: Plan, figure) -> None:
    lines = {}
    for text in figure.texts:
        lines.setdefault(round(text.get_position()[1], 6), []).append(text.get_text())
    guided, frame = many.targets[0], many.frame
    for planned in many.others:
        (row,) = (r for r in lines.values() if f"{planned.target.name}, " in r[0])
        found = [float(w) for w in row if re.fullmatch(r"\d+\.\d", w)]
        pairs = (
            (planned.target.point, guided.target.point),
            (planned.pose.scalp_point, guided.pose.scalp_point),
        )
        expected = [np.linalg.norm(a.mm(frame) - b.mm(frame)) for a, b in pairs]
        assert found == pytest.approx(expected, abs=0.051)


def test_no_two_words_cover_each_other(figure) -> None:
    figure.canvas.draw()
    boxes = [t.get_window_extent() for t in figure.texts]
    for i, a in enumerate(boxes):
        assert a.x0 >= 0
        assert a.x1 <= figure.bbox.x1
        for b in boxes[i + 1 :]:
            assert not a.overlaps(b), (a, b)


def test_lines_of_the_list_are_apart(many: Plan, figure) -> None:
    names = {f"{t.target.name}, {t.target.hemi}" for t in (*many.targets, *many.others)}
    y = sorted(t.get_position()[1] * 890 for t in figure.texts if t.get_text() in names)
    assert min(b - a for a, b in pairwise(y)) > 20


def test_a_target_behind_the_head_is_hollow_and_the_guided_one_is_full(figure) -> None:
    from matplotlib.patches import Circle

    circles = [a for a in figure.get_children() if isinstance(a, Circle)]
    assert len(circles) == 2 * 7
    hollow = [c for c in circles if c.get_linestyle() not in ("-", "solid")]
    assert hollow  # the right temporoparietal junction, from the front left
    from matplotlib.colors import to_hex

    assert {to_hex(c.get_edgecolor()) for c in hollow} == {STANDARD}
    yellow = [c for c in circles if to_hex(c.get_facecolor()) == "#ffcf1a"]
    assert len(yellow) == 2


def test_the_left_target_is_nearer_to_the_l(many: Plan, baked: BakedScene) -> None:
    for first in (many.targets[0], many.targets[1]):
        one = replace(many, targets=(first,), others=())
        drawn = plot_targets(one, baked)
        from matplotlib.patches import Circle

        height = 890
        dots = [a.center for a in drawn.get_children() if isinstance(a, Circle)]
        at = {}
        for text in drawn.texts:
            if text.get_text() in ("L", "R"):
                x, y = text.get_position()
                at.setdefault(text.get_text(), []).append((x * drawn.bbox.x1, y * height))
        own = "L" if str(first.target.hemi) == "left" else "R"
        other = "R" if own == "L" else "L"
        for k, dot in enumerate(dots):
            near = np.linalg.norm(np.subtract(dot, at[own][k]))
            assert near < np.linalg.norm(np.subtract(dot, at[other][k]))


def test_a_plan_without_a_target_is_refused(plan: Plan, baked: BakedScene) -> None:
    with pytest.raises(InputError, match="demo-01: the plan holds no target"):
        plot_targets(replace(plan, targets=()), baked)


def test_a_plan_without_its_scene_is_refused() -> None:
    with pytest.raises(InputError, match="demo-01: the plan was opened without the geometry"):
        plot_targets(scene_plan.plan(with_scene=False))
