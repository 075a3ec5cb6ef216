"""The drawn coil: its handle, face and sizes, in coil axes and on the patient."""

from __future__ import annotations

import numpy as np
import pytest
import scene_plan

from tmsplan.plan.plan import Plan
from tmsplan.space import CoilSimnibs, Frame, Points, Rigid, Scanner, Vectors
from tmsplan.view.coil_model import FIGURE8_70MM, casing, ghost_paths, solid_paths
from tmsplan.view.facts import handle_words, plan_head


def in_coil(plan: Plan, points: Points[Scanner]) -> np.ndarray:
    pose = plan.targets[0].pose.scanner_from_coil
    return (pose.inverse() @ points).mm(pose.src)


def test_the_handle_extends_along_minus_y_and_away_from_the_head(plan: Plan) -> None:
    handle = next(p for p in solid_paths(plan.targets[0].pose) if p.part == "handle")
    xyz = in_coil(plan, handle.line)
    assert xyz[-1, 1] == pytest.approx(-140)
    assert (np.diff(xyz[:, 1]) < 0).all()
    assert (np.diff(xyz[:, 2]) < 0).all()  # z points into the head


def test_rings_have_the_magstims_diameters_and_meet_at_the_centre(plan: Plan) -> None:
    rings = [p for p in ghost_paths(plan.targets[0].pose) if p.part == "ring"]
    diameters = sorted(round(float(np.ptp(in_coil(plan, r.line)[:, 1])), 1) for r in rings)
    assert diameters == [56.0, 56.0, 87.0, 87.0]
    assert sorted(float(in_coil(plan, r.line)[:, 0].mean()) > 0 for r in rings) == [0, 0, 1, 1]


def test_no_part_of_the_casing_is_on_the_heads_side_of_the_face(plan: Plan) -> None:
    for part in casing(plan.targets[0].pose):
        z = in_coil(plan, Points(part.reshape(-1, 3), plan.frame))[:, 2]
        assert z.max() == pytest.approx(0, abs=1e-9)
        assert z.min() >= -FIGURE8_70MM.hub_thickness - 1e-9


def test_the_handle_is_said_in_the_patients_directions(plan: Plan) -> None:
    left, right = plan.targets
    assert handle_words(left, plan_head(plan)) == "back and to the left"
    assert handle_words(right, plan_head(plan)) == "back and to the right"


def test_a_pose_of_another_patient_is_not_drawn_on_this_one(plan: Plan) -> None:
    from dataclasses import replace

    from tmsplan.base.errors import FrameError

    other = Frame(Scanner, "other")
    pose = Rigid.claim(np.eye(4), dst=other, src=Frame(CoilSimnibs, "c"), because="test")
    stray = replace(
        plan.targets[0].pose,
        scanner_from_coil=pose,
        scalp_point=Points([0, 0, 0], other),
        scalp_normal=Vectors([0, 0, 1], other),
    )
    line = next(iter(ghost_paths(stray))).line
    with pytest.raises(FrameError, match="other/Scanner"):
        line.mm(scene_plan.FRAME)
