"""Targets beside each other: closed forms on a round head, names, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from export.plan_builder import CORTEX_MM, FRAME, SCALP_MM, build_plan
from plan.compare_builder import COUPLING, GUIDED, NORMS, compared_plan, held, scene

from tmsplan.base import InputError
from tmsplan.base.errors import AmbiguityError
from tmsplan.base.table import read_table
from tmsplan.plan.compare_along import along_mm
from tmsplan.plan.compare_plan import compare
from tmsplan.plan.plan import Comparison, Plan, PlannedTarget
from tmsplan.plan.store import as_stored
from tmsplan.space import Hemi, Points
from tmsplan.surface import Domain, Surface
from tmsplan.target.ranking import Statement


@pytest.fixture
def plan() -> Plan:
    return compared_plan()


def by_name(plan: Plan, *names: str) -> dict[str, Comparison]:
    return {r.planned.target.id: r.with_guided for r in compare(plan, names).rows}


def angle(a: PlannedTarget, b: PlannedTarget) -> float:
    u, v = (t.target.point.mm(FRAME)[0] / CORTEX_MM for t in (a, b))
    return float(np.arccos(np.clip(u @ v, -1, 1)))


def test_straight_lines_are_chords_and_ways_are_arcs(plan) -> None:
    found = by_name(plan, "all")
    for other in (*plan.targets[1:], *plan.others):
        pair, a = found[other.target.id], angle(plan.targets[0], other)
        assert pair.euclidean_mm == pytest.approx(2 * CORTEX_MM * np.sin(a / 2), abs=1e-6)
        assert pair.scalp_mm == pytest.approx(2 * SCALP_MM * np.sin(a / 2), abs=1e-6)
        # Flat triangles lie under their ball: ways over them are a little short.
        assert pair.scalp_geodesic_mm == pytest.approx(SCALP_MM * a, rel=0.004, abs=0.01)
        if other.target.hemi is Hemi.LEFT:
            assert pair.geodesic_mm == pytest.approx(CORTEX_MM * a, rel=0.004, abs=0.01)
        else:
            assert pair.geodesic_mm is None


def test_the_turn_is_that_of_the_coil_and_half_a_turn_counts_as_none() -> None:
    guided = held("coupling-1", GUIDED, kind="coupling")
    turned = [held(n, GUIDED, d) for n, d in (("beam-f3", 40), ("ba9", 180), ("ba46", 220))]
    found = by_name(build_plan(guided, *turned, scene=scene()), "all")
    for name, turn, axis in (("beam-f3", 40, 40), ("ba9", 180, 0), ("ba46", 140, 40)):
        assert found[name].angle_deg == pytest.approx(turn, abs=1e-6)
        assert found[name].axis_angle_deg == pytest.approx(axis, abs=1e-5)
        assert found[name].euclidean_mm == 0
        assert found[name].geodesic_mm == 0


def test_rows_are_sorted_and_say_parcel_network_and_z(plan) -> None:
    rows = compare(plan).rows
    mm = [r.with_guided.euclidean_mm for r in rows]
    assert mm == sorted(mm)
    found = by_name(plan, "all")
    assert found["mni-sgacc-group"].same_parcel
    assert not found["beam-f3"].same_parcel
    assert found["beam-f3"].same_network is True
    assert found["beam-f4"].same_network is None
    assert (found["beam-f3"].z_a, found["beam-f3"].z_b) == (-3.0, 0.5)


def test_targets_within_the_error_of_navigation_are_named(plan) -> None:
    found = compare(plan)
    assert set(found.alike) == {"mni-sgacc-group", "f3-cortical"}
    said = "\n".join(found.statements())
    assert "Cannot be told apart from coupling-1, within 6 mm" in said
    groups = [set(group) for group in found.alike_standards()]
    assert groups == [{"f3-cortical", "mni-sgacc-group"}]
    tight = replace(plan, params=plan.params.overriding({"navigation_error": 1.0}))
    assert compare(tight).alike == ()
    assert "All of them lie more than 1 mm" in compare(tight).statements()[0]


def test_two_f3_are_told_apart(plan) -> None:
    assert any("Two places are called F3" in s for s in compare(plan).statements())
    assert not any("called F3" in s for s in compare(plan, ["beam-f3"]).statements())


def test_names_and_aliases_choose_and_repeat_nothing(plan) -> None:
    chosen = compare(plan, ["f3-scalp", "beam-f3", "fox-2012-efficacy"]).rows
    assert [r.planned.target.id for r in chosen] == ["mni-sgacc-group", "beam-f3"]
    assert len(compare(plan, "all").rows) == len(compare(plan, []).rows) == 4
    assert len(compare(plan, "beam-f3").rows) == 1


def test_refusals_say_what_to_do(plan) -> None:
    with pytest.raises(InputError, match=r"called 'beam-f5'\. Did you mean 'beam-f"):
        compare(plan, ["beam-f5"])
    with pytest.raises(AmbiguityError, match="'f3' names two places"):
        compare(plan, ["f3"])
    with pytest.raises(InputError, match=r"'ba9' has no place .* --against ba9 .* Placed are bea"):
        compare(plan, ["ba9"])
    with pytest.raises(InputError, match="'all' was asked for beside names"):
        compare(plan, ["all", "beam-f3"])
    with pytest.raises(InputError, match="has placed no standard target"):
        compare(replace(plan, targets=plan.targets[:1], others=()))
    with pytest.raises(InputError, match="no guided target, so there is nothing to hold"):
        compare(replace(plan, targets=plan.targets[1:]))


def test_the_plans_own_reason_is_given(plan) -> None:
    why = "ba9 was not placed: no route to MNI; m1-hand-left was not placed: 44 mm deep."
    ranking = replace(plan.ranking, statements=(Statement("standard-not-placed", why),))
    plan = replace(plan, ranking=ranking)
    with pytest.raises(InputError, match=r"'ba9' has no place .*: no route to MNI\. Placed"):
        compare(plan, ["ba9"])
    with pytest.raises(InputError, match=r"'m1-hand-left' has no place .*: 44 mm deep\. Placed"):
        compare(plan, ["m1-hand-left"])


def test_an_overlap_of_fields_is_carried_over_either_way_round(plan) -> None:
    known = by_name(plan, "mni-sgacc-group")["mni-sgacc-group"]
    for pair in (known, replace(known, a=known.b, b=known.a)):
        stored = replace(plan, comparisons=(replace(pair, efield_overlap=0.62),))
        found = by_name(stored, "all")
        assert found["mni-sgacc-group"].efield_overlap == 0.62
        assert found["beam-f3"].efield_overlap is None
        assert "0.62" in str(compare(stored))


def test_without_a_scene_or_its_white_surfaces_nothing_is_invented(plan) -> None:
    bare = compare(replace(plan, scene=None))
    assert all(r.with_guided.geodesic_mm is None for r in bare.rows)
    assert all(r.with_guided.scalp_geodesic_mm is None for r in bare.rows)
    assert any("no scene beside it" in s for s in bare.statements())
    old = plan.scene.cortex.map(lambda c: replace(c, white=None))
    first = compare(replace(plan, scene=replace(plan.scene, cortex=old)), ["beam-f3"]).rows[0]
    assert first.with_guided.geodesic_mm is None
    assert first.with_guided.scalp_geodesic_mm is not None


def test_the_table_and_the_text_carry_labels_and_numbers(plan, tmp_path) -> None:
    found = compare(plan)
    file = tmp_path / "compare.tsv"
    file.write_bytes(found.to_tsv())
    table = read_table(file)
    assert table.texts("labels") == ("SYNTHETIC",) * 4
    assert table.texts("id") == tuple(r.planned.target.id for r in found.rows)
    assert table.numbers("euclidean_mm") == pytest.approx(
        [r.with_guided.euclidean_mm for r in found.rows]
    )
    text = str(found)
    assert text.startswith("*** SYNTHETIC ***\ncoupling-1")
    assert "beam-f4 (right)" in text
    assert "which one is better" in text


def test_new_columns_survive_plan_json(plan) -> None:
    known = tuple(r.with_guided for r in compare(plan).rows)
    shown = tuple(c for c in known if c.b == "mni-sgacc-group")
    full = replace(
        plan, comparisons=shown, caveats=("c",), coupling=COUPLING, norms=NORMS, scene=None
    )
    again = as_stored(full).comparisons[0]
    assert again.scalp_geodesic_mm == pytest.approx(shown[0].scalp_geodesic_mm, abs=1e-8)
    assert again.axis_angle_deg == pytest.approx(30, abs=5)
    assert again.same_network is True


def test_ways_start_and_end_inside_triangles() -> None:
    v, f = np.array([[0, 0, 0], [90, 0, 0], [90, 60, 0], [0, 60, 0.0]]), [[0, 1, 2], [0, 2, 3]]
    sheet = Surface(Points(v, FRAME), f, Domain("scalp", 4, None, "sub-01"))
    ends = Points([[80, 50, 0], [10.5, 10, 0], [10, 50, 0], [90, 60, 0], [10, 10, 0]], FRAME)
    start = Points([10, 10, 0], FRAME)
    straight = start.distances(ends)
    # A corner is moved into its triangle by a thousandth of it, and so is a place met twice.
    np.testing.assert_allclose(along_mm(sheet, start, ends), straight, atol=0.2)
    np.testing.assert_allclose(along_mm(sheet, start, ends)[:3], straight[:3], atol=0.06)


def test_a_way_over_an_edge_is_longer_than_the_line_through_the_air() -> None:
    v = np.array([[0, 0, 0], [50, 0, 0], [50, 50, 0], [0, 50, 0], [50, 0, -50], [50, 50, -50.0]])
    f = [[0, 1, 2], [0, 2, 3], [1, 4, 5], [1, 5, 2]]
    roof = Surface(Points(v, FRAME), f, Domain("scalp", 6, None, "sub-01"))
    way = along_mm(roof, Points([20, 25, 0], FRAME), Points([50, 25, -30], FRAME))
    assert way[0] == pytest.approx(60.0, abs=0.05)
