"""A target moved by hand: pose, z, checks and record against closed forms."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import round_head
import round_plan

from tmsplan.base.errors import InputError, UsageError
from tmsplan.base.provenance import sha256_bytes
from tmsplan.patient import Patient
from tmsplan.plan.move import Move, move_target, with_moves
from tmsplan.plan.move_ground import MoveGround, move_ground
from tmsplan.plan.move_record import require_operator, signed
from tmsplan.plan.plan import Plan
from tmsplan.plan.store import load_plan, plan_bytes, save_plan
from tmsplan.space import Hemi, Points
from tmsplan.surface import Domain, Pair

STANDOFF_MM = 4.0
#: The scalp's triangles lie this much inside its sphere (5 subdivisions of an icosahedron).
SAGITTA_MM = 0.08


@pytest.fixture(scope="module")
def plan() -> Plan:
    return round_plan.plan()


@pytest.fixture(scope="module")
def ground(plan: Plan) -> MoveGround:
    return move_ground(plan)


def at(*xyz: float) -> Points:
    return Points(xyz, round_head.FRAME)


def test_the_pose_on_a_round_head_has_a_closed_form(plan: Plan, ground: MoveGround) -> None:
    move = move_target(plan.targets[0], at(-55, -30, 35), ground, plan)
    after = move.after
    xyz = after.target.point.mm(plan.frame)[0]
    mid = ground.mid.left.points.mm(plan.frame)
    np.testing.assert_array_equal(xyz, mid[after.target.vertex])
    out = xyz / np.linalg.norm(xyz)
    radius = round_head.SCALP_MM
    np.testing.assert_allclose(
        after.pose.centre.mm(plan.frame)[0], out * (radius + STANDOFF_MM), atol=0.6
    )
    assert abs(after.pose.depth_mm - (radius - np.linalg.norm(xyz))) < SAGITTA_MM
    matrix = after.pose.scanner_from_coil.matrix(plan.frame, after.pose.scanner_from_coil.src)
    np.testing.assert_allclose(matrix[:3, 2], -out, atol=0.01)
    assert after.pose.handle_deg == 45.0
    assert after.pose.coil == "figure8-70mm"


def test_snapped_to_the_cortex_under_the_click(plan: Plan, ground: MoveGround) -> None:
    pial = ground.patient.cortex.left.pial.points.mm(plan.frame)
    vertex = 777
    outside = pial[vertex] + (pial[vertex] - (-round_head.CENTRE_MM, 0, 0)) * 0.02
    if outside[0] > -5:
        pytest.fail("the test needs a vertex well on the left")
    move = move_target(plan.targets[0], at(*outside), ground, plan)
    assert move.after.target.vertex == vertex
    assert move.snapped_mm == pytest.approx(np.linalg.norm(outside - pial[vertex]), abs=1e-6)
    old = plan.targets[0].target.point.mm(plan.frame)[0]
    new = move.after.target.point.mm(plan.frame)[0]
    assert move.mm == pytest.approx(np.linalg.norm(new - old))


def test_z_is_that_of_the_new_region_and_of_its_5_mm(plan: Plan, ground: MoveGround) -> None:
    inside = move_target(plan.targets[0], at(-55, -40, 30), ground, plan)
    assert (inside.after.target.parcel_id, inside.after.target.z) == (round_plan.BACK[0], 1.0)
    assert inside.z_5mm == pytest.approx(1.0)
    border = move_target(plan.targets[0], at(-60, 0.5, 30), ground, plan)
    assert border.z_5mm is not None
    assert -2.5 < border.z_5mm < 1.0


def test_what_belonged_to_the_computed_point_is_gone(plan: Plan, ground: MoveGround) -> None:
    target = move_target(plan.targets[0], at(-55, -40, 30), ground, plan).after.target
    assert (target.spread_mm, target.score_5mm, target.cloud) == (None, None, None)
    assert dict(target.spread_parts) == {}
    assert target.id == "coupling-1-moved"
    assert re.fullmatch(r"left front \(moved [\d.]+ mm by hand\)", target.name)
    assert target.provenance.startswith("moved by hand")
    assert "lowest coupling" in target.why


def test_another_handle_angle_is_kept(plan: Plan, ground: MoveGround) -> None:
    first = plan.targets[0]
    turned = replace(first, pose=replace(first.pose, handle_deg=90.0))
    pose = move_target(turned, at(-55, -40, 30), ground, plan).after.pose
    assert pose.handle_deg == 90.0
    assert "as asked for" in pose.handle


@pytest.mark.parametrize(
    ("xyz", "message"),
    [
        ((-85, 60, 70), r"lies 5\d mm from the cortex. Expected at most 20 mm"),
        ((50, 40, 30), "lies on the RIGHT and left front on the LEFT"),
    ],
)
def test_a_click_that_was_not_meant(plan: Plan, ground: MoveGround, xyz, message) -> None:
    with pytest.raises(InputError, match=message):
        move_target(plan.targets[0], at(*xyz), ground, plan)


def test_a_click_where_the_other_hemisphere_bulges_over(plan: Plan, ground: MoveGround) -> None:
    right, shift = ground.patient.cortex.right, np.array([-8.0, 0, 0])

    def bulging(surface):
        return surface.with_points(Points(surface.points.mm(plan.frame) + shift, plan.frame))

    over = replace(right, pial=bulging(right.pial), white=bulging(right.white))
    patient = replace(ground.patient, cortex=Pair(ground.patient.cortex.left, over))
    with pytest.raises(InputError, match="nearest to it belongs to the right hemisphere"):
        move_target(plan.targets[0], at(-6, 0, 0), replace(ground, patient=patient), plan)


def moved(plan: Plan, ground: MoveGround, xyz=(-55, -30, 35)) -> tuple[Plan, dict[str, Move]]:
    moves = {"coupling-1": move_target(plan.targets[0], at(*xyz), ground, plan)}
    return with_moves(plan, moves, ground), moves


def test_checks_and_comparisons_are_of_the_new_point(plan: Plan, ground: MoveGround) -> None:
    new, moves = moved(plan, ground)
    assert [t.target.id for t in new.targets] == ["coupling-1-moved", "beam-f3"]
    assert new.exports == ()
    found = {t.id: t for t in new.tripwires}
    assert set(found) == {"TP-F01", "TP-F03", "TP-F04"}  # TP-F05 is for files not yet written
    assert all("before the move" not in t.why for t in new.tripwires)
    assert (found["TP-F03"].status, found["TP-F04"].status) == ("pass", "pass")
    (row,) = new.comparisons
    a, b = (t.target.point.mm(plan.frame)[0] for t in new.targets)
    assert row.euclidean_mm == pytest.approx(np.linalg.norm(a - b))
    assert row.geodesic_mm is not None
    assert row.geodesic_mm > row.euclidean_mm
    again = with_moves(replace(new, targets=plan.targets, comparisons=(row,)), moves, ground)
    assert again.comparisons == (row,)


def test_too_deep_fails_the_tripwire(plan: Plan, ground: MoveGround) -> None:
    # The medial face of the hemisphere: far from every place of the scalp.
    new, _ = moved(plan, ground, (-4, 0, 0))
    found = {t.id: t for t in new.tripwires}
    assert found["TP-F04"].status == "fail"
    assert "left front (moved" in found["TP-F04"].why


def test_the_record_says_who_moved_what_from_where(plan, ground, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    new, moves = moved(plan, ground)
    saved = signed(new, plan, moves, ground, "A. Smith")
    folder = tmp_path / "moved"
    folder.mkdir()
    save_plan(saved, folder)
    back = load_plan(folder)
    first = back.ranking.statements[0]
    old, point = (
        p.point.mm(plan.frame)[0] for p in (plan.targets[0].target, back.targets[0].target)
    )
    said = (
        f"A. Smith moved left front (left) by {np.linalg.norm(point - old):.1f} mm, from "
        f"({old[0]:.1f}, {old[1]:.1f}, {old[2]:.1f}) to ({point[0]:.1f}, {point[1]:.1f}, "
        f"{point[2]:.1f}) mm, round/Scanner RAS."
    )
    assert first.id == "moved"
    assert said in first.text
    assert "MOVED BY HAND on 2027-01-15T08:00:00Z" in first.text
    assert "Not worked out again: whether skin lies under the coil." in first.text
    assert {s.id for s in back.ranking.statements} == {"moved", "research-use"}
    parent = back.input("moved-from")
    assert parent is not None
    assert parent.sha256 == sha256_bytes(plan_bytes(plan))
    assert back.created == "2027-01-15T08:00:00Z"
    np.testing.assert_allclose(
        back.targets[0].pose.centre.mm(plan.frame), new.targets[0].pose.centre.mm(plan.frame)
    )


def test_a_moved_standard_target_leaves_the_words_about_the_guided_point(plan, ground) -> None:
    moves = {"beam-f3": move_target(plan.targets[1], at(-50, 50, 20), ground, plan)}
    saved = signed(with_moves(plan, moves, ground), plan, moves, ground, "Zoë")
    assert [s.id for s in saved.ranking.statements] == [
        "moved", "coordinate", "spread-no-claim", "research-use",
    ]  # fmt: skip
    assert saved.targets[1].target.provenance == "moved by hand, no longer: made up"


def test_moved_twice_keeps_both_records_and_one_name(plan: Plan, ground: MoveGround) -> None:
    new, moves = moved(plan, ground)
    first = signed(new, plan, moves, ground, "A")
    again = {"coupling-1-moved": move_target(first.targets[0], at(-50, 35, 35), ground, first)}
    second = signed(with_moves(first, again, ground), first, again, ground, "B")
    target = second.targets[0].target
    assert target.id == "coupling-1-moved"
    assert target.name.count("moved") == 1
    assert [s.id for s in second.ranking.statements].count("moved") == 2
    assert [i.role for i in second.inputs].count("moved-from") == 1


@pytest.mark.parametrize("name", ["", " A", "A\nB", "A\u202eB", "<b>", "x" * 65, "A;B"])
def test_an_operator_that_cannot_stand_in_a_record(name: str) -> None:
    with pytest.raises(UsageError, match=r"--operator .*: write 1 to 64 letters"):
        require_operator(name)


def test_nothing_moved_is_nothing_to_save(plan: Plan, ground: MoveGround) -> None:
    with pytest.raises(InputError, match="no target was moved"):
        signed(plan, plan, {}, ground, "A")


def test_source_must_be_the_head_of_the_plan(plan: Plan) -> None:
    head = round_plan.patient()
    other = replace(head, t1w=replace(head.t1w, sha256="b2" * 32))
    with pytest.raises(InputError, match="the T1 of SOURCE has SHA-256 b2b2b2b2b2b2"):
        move_ground(plan, other)
    with pytest.raises(InputError, match="the left surface of SOURCE is not the one"):
        move_ground(plan, replace(head, cortex=head.cortex.map(_pushed)))
    with pytest.raises(InputError, match="the left surface of SOURCE is not the one"):
        move_ground(plan, replace(head, cortex=Pair(_halved(head), head.cortex.right)))


def _pushed(part):
    step = np.array([0.0, 0.1, 0.0])
    pial = Points(part.pial.points.mm(round_head.FRAME) + step, round_head.FRAME)
    return replace(part, pial=part.pial.with_points(pial))


def _halved(head: Patient):
    part = head.cortex.left
    v, f = round_head.sphere(3)
    domain = Domain("fsnative", len(v), Hemi.LEFT, "round")
    small = type(part.pial)(Points(v * 30 + (-34, 0, 0), round_head.FRAME), f, domain)
    return replace(part, pial=small, white=small, fields={})


def test_source_adds_where_the_scalp_is_no_skin(plan: Plan) -> None:
    # The T1 of the round head shows no skin at all, and that is what has to be said.
    ground = move_ground(plan, round_plan.patient())
    new, moves = moved(plan, ground)
    saved = signed(new, plan, moves, ground, "A. Smith")
    ids = [s.id for s in saved.ranking.statements]
    assert "scalp-unseen" in ids
    assert "whether skin lies" not in saved.ranking.statements[0].text


def test_a_plan_without_its_geometry_is_refused(plan: Plan) -> None:
    with pytest.raises(InputError, match=r"scene.npz: is not beside plan.json"):
        move_ground(replace(plan, scene=None))
    bare = plan.scene.cortex.map(lambda c: replace(c, white=None))
    with pytest.raises(InputError, match="holds no white surface or no T1"):
        move_ground(replace(plan, scene=replace(plan.scene, cortex=bare)))
