"""Variants for hair and for reversed current: geometry, names, refusals, export."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from export.plan_builder import (
    G1,
    STANDOFF_MM,
    build_plan,
    planned_from_matrix,
    round_scene,
)

from tmsplan.base.errors import InputError, TripwireError
from tmsplan.export import export_plan, navigator_formats
from tmsplan.export.guards import require_exportable
from tmsplan.export.names import coil_name
from tmsplan.export.series import hair_series, with_reversed
from tmsplan.space import Rigid


def matrix(planned) -> np.ndarray:
    pose = planned.pose.scanner_from_coil
    return pose.matrix(pose.dst, pose.src)


def ids(plan) -> list[str]:
    return [p.target.id for p in plan.targets]


def test_hair_lifts_g1_straight_up() -> None:
    """G1's z points down, so 3 mm of hair raise its centre from 120 to 123; nothing turns."""
    plan = hair_series(build_plan(planned_from_matrix(G1)), [3.0])
    original, lifted = plan.targets
    np.testing.assert_array_equal(matrix(original), G1)
    expected = G1.copy()
    expected[2, 3] = 123
    np.testing.assert_allclose(matrix(lifted), expected, atol=1e-12)
    assert coil_name(plan, lifted) == "SYNTHETIC left: Beam F3_hair3.0mm_coil"
    assert lifted.target.id == "beam-f3_hair3.0mm"
    assert lifted.pose.standoff_mm == STANDOFF_MM + 3
    np.testing.assert_array_equal(
        lifted.target.point.mm(plan.frame), original.target.point.mm(plan.frame)
    )


def test_each_variant_belongs_to_its_own_target() -> None:
    plain = build_plan()
    plan = hair_series(plain, [4.5, 1.5])
    assert ids(plan) == [
        *("coupling-left", "coupling-right"),
        *("coupling-left_hair1.5mm", "coupling-right_hair1.5mm"),
        *("coupling-left_hair4.5mm", "coupling-right_hair4.5mm"),
    ]
    assert plan.targets[:2] == plain.targets
    by_id = {p.target.id: p for p in plain.targets}
    for variant in plan.targets[2:]:
        stem, mark = variant.target.id.rsplit("_", 1)
        original, mm = by_id[stem], float(mark.removeprefix("hair").removesuffix("mm"))
        assert variant.target.hemi is original.target.hemi
        assert variant.target.name == f"{original.target.name}_{mark}"
        shift = matrix(variant)[:3, 3] - matrix(original)[:3, 3]
        # Outward, along the scalp's normal on this round head, by exactly the step.
        normal = original.pose.scalp_normal.components(plan.frame)[0]
        np.testing.assert_allclose(shift, mm * normal, atol=1e-12)
        np.testing.assert_allclose(matrix(variant)[:3, :3], matrix(original)[:3, :3], atol=1e-15)


def test_all_sixteen_steps_and_zero_adds_nothing() -> None:
    steps = np.arange(0, 7.51, 0.5).tolist()
    plan = hair_series(build_plan(planned_from_matrix(G1)), steps)
    assert len(plan.targets) == 1 + 15
    heights = [matrix(p)[2, 3] for p in plan.targets]
    np.testing.assert_allclose(heights, 120 + np.array(steps), atol=1e-12)


@pytest.mark.parametrize(
    ("steps", "match"),
    [
        ([8.0], r"a step of 8 mm for hair. Expected 0 to 7.5 mm"),
        ([7.6], "Expected 0 to 7.5 mm"),
        ([-0.5], "a step of -0.5 mm"),
        ([float("nan")], "Expected 0 to 7.5 mm"),
        ([float("inf")], "Expected 0 to 7.5 mm"),
        ([1.2], r"a step of 1.2 mm for hair. Expected a multiple of 0.5 mm"),
        ([1.5, 1.5], "given twice"),
        ([], "no step for hair was given"),
    ],
)
def test_steps_that_are_no_hair_are_refused(steps, match) -> None:
    with pytest.raises(InputError, match=match):
        hair_series(build_plan(), steps)


def test_reversed_g1_has_x_and_y_turned_and_nothing_else() -> None:
    """The handle of G1 points backward; reversed it points forward: y is 0 -1 0, x is 1 0 0."""
    plan = with_reversed(build_plan(planned_from_matrix(G1)))
    original, turned = plan.targets
    np.testing.assert_array_equal(matrix(original), G1)
    np.testing.assert_allclose(matrix(turned)[:3, :3], np.diag([1, -1, -1]), atol=1e-15)
    np.testing.assert_array_equal(matrix(turned)[:3, 3], G1[:3, 3])
    assert coil_name(plan, turned) == "SYNTHETIC left: Beam F3_REVERSED_coil"
    assert turned.pose.handle_deg == original.pose.handle_deg - 180


def test_hair_first_then_reversed_names_both() -> None:
    plan = with_reversed(hair_series(build_plan(planned_from_matrix(G1)), [1.5]))
    assert ids(plan) == [
        "beam-f3",
        "beam-f3_hair1.5mm",
        "beam-f3_REVERSED",
        "beam-f3_hair1.5mm_REVERSED",
    ]
    np.testing.assert_allclose(matrix(plan.targets[3])[:3, 3], [-1.2, -15.8, 121.5], atol=1e-12)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (lambda p: hair_series(p, [1.5]), lambda p: hair_series(p, [3.0])),
        (with_reversed, with_reversed),
        (with_reversed, lambda p: hair_series(p, [1.5])),
    ],
)
def test_a_variant_of_a_variant_is_refused(first, second) -> None:
    with pytest.raises(InputError, match=r"is a variant already \((hair1.5mm|REVERSED)\)"):
        second(first(build_plan()))


def test_a_target_that_is_called_like_a_variant_is_refused() -> None:
    plan = build_plan(planned_from_matrix(G1, name="Beam F3_hair3.0mm"))
    with pytest.raises(InputError, match=r"'Beam F3_hair3.0mm' is a variant already"):
        hair_series(plan, [1.5])


def test_the_guards_accept_every_step_and_still_refuse_25_mm() -> None:
    every = hair_series(build_plan(scene=round_scene()), np.arange(0.5, 7.51, 0.5).tolist())
    require_exportable(with_reversed(every))
    # 15 mm, the largest standoff, and 7.5 mm of hair stay below the guard's 25 mm; it still bites.
    floating = replace(
        build_plan().targets[0], pose=_lifted(build_plan().targets[0], 26.0 - STANDOFF_MM)
    )
    with pytest.raises(TripwireError, match=r"TP-F04 fail: .* lies 26.0 mm from its scalp point"):
        require_exportable(build_plan(floating))


def _lifted(planned, mm: float):
    pose = planned.pose.scanner_from_coil
    higher = matrix(planned).copy()
    higher[:3, 3] -= mm * higher[:3, 2]
    claimed = Rigid.claim(higher, dst=pose.dst, src=pose.src, because="test: a coil that floats")
    return replace(planned.pose, scanner_from_coil=claimed)


@pytest.mark.parametrize("name", navigator_formats().names())
def test_the_series_leaves_in_every_format(name: str, tmp_path: Path) -> None:
    plan = with_reversed(hair_series(build_plan(scene=round_scene()), [3.0, 7.5]))
    exports = export_plan(plan, tmp_path / "navigation", [name])
    assert max(e.reread_max_mm for e in exports) <= 1e-4
    assert len(plan.targets) == 12
