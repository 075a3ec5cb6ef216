"""What a whole plan measures, on the page: head, tape, field, cloud, other targets, scalp maps."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import numpy as np
import page_plan
import pytest
from scipy.spatial import KDTree
from test_view_page import Reader

from tmsplan.plan.plan import Plan
from tmsplan.target.exclusions import REASONS
from tmsplan.target.ranking import Statement
from tmsplan.view.bake import bake_scene
from tmsplan.view.facts import plan_head, target_facts
from tmsplan.view.mz3 import read_mz3
from tmsplan.view.page import render_page
from tmsplan.view.page_blocks import scene_blocks
from tmsplan.view.page_data import page_data
from tmsplan.view.page_head import landmark_rows, tape_sheets
from tmsplan.view.page_meshes import scalp_mz3
from tmsplan.view.page_others import compared_with_all, other_rows
from tmsplan.view.page_scalp import map_data, map_legends
from tmsplan.view.page_statements import grouped_statements
from tmsplan.view.page_targets import target_cards
from tmsplan.view.words import reason_words, say

FRAME = page_plan.FRAME


@pytest.fixture(scope="module")
def plan() -> Plan:
    return page_plan.full_plan()


@pytest.fixture(scope="module")
def page(plan: Plan) -> str:
    return render_page(replace(plan, scene=None), {})


@pytest.fixture(scope="module")
def data(plan: Plan) -> dict:
    return page_data(plan)


@pytest.fixture(scope="module")
def mapped(plan: Plan) -> Plan:
    return page_plan.with_maps(plan)


def words_of(part: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", part).split())


def section(page: str, heading: str) -> str:
    rest = page[page.index(f'<h2 id="{heading}">') :]
    return words_of(rest[: rest.index("<h2", 10)])


def test_side_point_depth_doubt_and_f3_stand_before_the_details(page: str, plan: Plan) -> None:
    first = words_of(page[: page.index('id="h-details"')])
    x, y, z = plan.targets[0].target.point.mm(FRAME)[0]
    depth = plan.targets[0].pose.depth_mm
    for text in (
        "LEFT", f"x = {x:.1f}, y = {y:.1f}, z = {z:.1f}", f"{depth:.1f} mm deep",
        "may move 18 mm", "From Beam F3 (B) 16.4 mm cortex; scalp 15.9 mm", say("not-proven"),
    ):  # fmt: skip
        assert text in first, text


def test_a_card_says_site_distance_and_unverified(page: str) -> None:
    guided, standard = (
        words_of(card.split("</button>")[0])
        for card in page.split('<button type="button" class="card')[1:]
    )
    assert "12 mm from F5" in guided
    assert "16.4 mm from Beam F3 (B)" in guided
    assert "unverified" not in guided
    assert "Beam F3, electrode position on the scalp unverified" in standard
    assert "16.4 mm from A" in standard


def test_beam_f3_is_named_even_where_it_has_no_card(plan: Plan) -> None:
    beam = plan.targets[1]
    hidden = replace(plan, targets=plan.targets[:1], others=(beam,), comparisons=(), scene=None)
    (card,) = target_cards(hidden, {}, compared_with_all(hidden))
    apart = float(plan.targets[0].target.point.distances(beam.target.point)[0])
    assert card["apart"] == f"{apart:.1f} mm from Beam F3"
    assert (card["reference"].title, card["reference"].mm) == ("From Beam F3", f"{apart:.1f} mm")


def test_targets_that_cannot_be_told_apart_are_said_so(plan: Plan) -> None:
    near = replace(plan.comparisons[0], euclidean_mm=4.0, within_navigation_error=True)
    cards = target_cards(replace(plan, comparisons=(near,), scene=None), {})
    assert cards[0]["reference"].note == "within 6 mm: navigation cannot tell them apart"


def test_how_the_coil_is_held_is_said_only_where_it_is_not_flat(plan: Plan) -> None:
    guided, standard = (target_facts(plan, t, plan_head(plan)) for t in plan.targets)
    assert guided.held == (
        "coil 4.0 mm off the scalp, 3.0 mm of hair, lifted 2.5 mm, tilted 6 deg"
    )
    assert guided.handle_how == "45 deg, by hand"
    assert standard.held == "coil 4.0 mm off the scalp"
    assert guided.spread_parts == (
        "17.7 mm by a second scan, 2.1 mm by other controls, if another region then comes first"
    )


def test_the_field_is_a_share_and_never_a_dose(page: str, plan: Plan) -> None:
    text = section(page, "h-field")
    assert say("field-no-dose") in text
    assert page_plan.NO_DOSE in text
    assert "98 % 4.3 x = -40.0, y = 20.0, z = 30.0 0.98 n/a 2 % shell" in text
    assert "84 % 6.8 x = -40.0, y = 20.0, z = 30.0 0.84 55 % 2 % shell" in text
    strip = words_of(page[page.index('<div class="poses">') : page.index('id="h-details"')])
    assert "98 % of its peak strongest 4.3 mm away; shell model, not a dose" in strip
    none = replace(plan, scene=None, targets=tuple(replace(t, field=None) for t in plan.targets))
    assert say("no-field") in section(render_page(none, {}), "h-field")


def test_the_tape_is_read_out_once_a_target_and_landmarks_once(page: str, plan: Plan) -> None:
    text = section(page, "h-tape")
    assert text.count("Lay the tape from nasion to inion; draw a cross.") == 2
    assert text.count("10.5 cm 11.8 cm") == 2
    assert text.count("why of inion") == 1
    assert "LOW CONFIDENCE in inion:" in text
    assert [r.doubt for r in landmark_rows(plan)].count("marked by a person") == 1
    assert [r.low for r in landmark_rows(plan)].count(True) == 1
    bare = tape_sheets(replace(plan, targets=(replace(plan.targets[0], tape=None),)))
    assert bare[0].steps == ()


def test_a_head_that_was_not_measured_says_why(plan: Plan) -> None:
    why = "no landmark could be found: the T1 ends at the brow."
    said = replace(plan.ranking, statements=(Statement("head-not-measured", why),))
    text = section(render_page(replace(plan, head=None, scene=None, ranking=said), {}), "h-tape")
    assert why in text
    said = replace(plan.ranking, statements=())
    text = section(render_page(replace(plan, head=None, scene=None, ranking=said), {}), "h-tape")
    assert say("no-head") in text


def test_every_statement_is_there_once_and_under_its_topic(page: str, plan: Plan) -> None:
    groups = {g.title: g.lines for g in grouped_statements(plan)}
    assert list(groups) == [
        say("topic-limits"), say("topic-head"), say("topic-field"), say("topic-from"),
    ]  # fmt: skip
    limits = groups[say("topic-limits")]
    assert limits[0] == ("NO PRECISION IS CLAIMED: it would move by 18 mm.", True)
    assert groups[say("topic-field")] == ((page_plan.NO_DOSE, False),)
    assert ("Unsorted.", False) in groups[say("topic-from")]
    assert groups[say("topic-head")][0] == (say("tape-low", names="inion"), True)
    printed = Reader(page).text
    for statement in plan.ranking.statements:
        assert statement.id == "landmarks" or statement.text in printed
    without = grouped_statements(replace(plan, head=None))
    lines = [text for g in without for text, _ in g.lines]
    assert sorted(lines) == sorted(s.text for s in plan.ranking.statements)


def test_other_standard_targets_are_in_order_of_distance(page: str, plan: Plan) -> None:
    near, far = other_rows(plan, compared_with_all(plan))
    assert (near["id"], near["name"], near["status"]) == ("near", "A near one", "unverified")
    assert (far["id"], far["status"]) == ("far", "verified")
    here = plan.targets[0].target.point
    for row, planned in ((near, plan.others[1]), (far, plan.others[0])):
        assert row["cortex"] == f"{float(here.distances(planned.target.point)[0]):.1f}"
    assert section(page, "h-others").index("A near one") < section(page, "h-others").index("A far")


def test_without_a_guided_target_others_have_no_distance(plan: Plan) -> None:
    alone = replace(plan, targets=plan.targets[1:], comparisons=())
    assert compared_with_all(alone) is None
    rows = other_rows(alone, None)
    assert [r["id"] for r in rows] == ["far", "near"]
    assert {r["cortex"] for r in rows} == {say("missing")}


def test_the_comparison_says_field_network_and_scalp(page: str) -> None:
    assert "16.4 n/a 15.9 15.9 10 10 55 % yes yes no -3.40 / -1.70" in section(page, "h-compare")


def test_the_cloud_is_the_plans_and_is_seen_on_the_cortex(plan: Plan, data: dict) -> None:
    guided, standard = data["targets"]
    cloud = plan.targets[0].target.cloud.mm(FRAME)
    assert np.abs(np.array(guided["cloud"]) - cloud).max() <= 0.05
    assert (standard["cloud"], standard["cloudSeen"]) == ([], [])
    cortex = bake_scene(plan.scene).cortex.left.points.mm(FRAME)
    away, _ = KDTree(cortex).query(np.array(guided["cloudSeen"]))
    assert np.abs(away - 0.6).max() < 0.15
    assert len(guided["cloudSeen"]) == page_plan.CLOUD


def test_sites_and_landmarks_are_the_plans(data: dict) -> None:
    assert {s["name"]: s["point"] for s in data["sites"]} == {
        "F3": [-52, 50, 50], "F5": [-66, 45, 25], "Cz": [0, -10, 105],
    }  # fmt: skip
    names = [m["name"] for m in data["landmarks"]]
    assert sorted(names) == ["inion ±25 mm", "left ear ±8 mm", "nasion ±6 mm", "right ear"]


def test_maps_travel_with_the_scalp_and_their_colours_are_fixed(mapped: Plan) -> None:
    scalp = read_mz3(base64.b64decode(scene_blocks(mapped)["scalp"]))
    maps = {m["id"]: k for k, m in enumerate(map_data(mapped))}
    assert list(maps) == ["depth", "reach", "z-under", "tolerability"]
    x, _, z = scalp.vertices.T
    depth = scalp.layers[maps["depth"]]
    assert np.isnan(depth[z < -8]).all()
    assert set(depth[(z > 8) & (x < -8)]) == {12.0}
    reach = scalp.layers[maps["reach"]]
    assert set(reach[(z > 8) & (x > 68)]) == {1.0}
    assert np.isnan(reach[(z > 8) & (x < 50)]).all()
    first = map_data(mapped)[maps["depth"]]
    assert (first["low"], first["high"]) == (10, 40)
    assert len(first["table"]) % 3 == 0
    assert scalp_mz3(bake_scene(mapped.scene).scalp, mapped.scene.scalp.points).layers is None
    assert "scalp" not in scene_blocks(mapped, share=True)


def test_a_legend_names_what_is_there_and_nothing_else(mapped: Plan) -> None:
    legends = {m.id: m for m in map_legends(mapped)}
    assert [w for _, w in legends["reach"].colours] == [
        reason_words("too-deep"), reason_words("under-the-head"),
    ]  # fmt: skip
    assert legends["depth"].ticks[0] == "10"
    assert legends["depth"].ticks[-1] == "40"
    assert legends["z-under"].name == "deviation under the coil"
    share = render_page(mapped, {}, share=True)
    assert 'id="choose-map"' not in share
    assert 'id="choose-map"' in render_page(mapped, {})


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_of_a_ranking_has_words(code: str) -> None:
    assert reason_words(code) != code
    assert " " in reason_words(code)
