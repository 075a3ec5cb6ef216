"""TP-F04 sees a wrong pose, whoever made it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import round_head as rh
from ecog_head import ecog_patient

from tmsplan.base import Params
from tmsplan.coil.check import tripwire_pose
from tmsplan.coil.place import place_coil
from tmsplan.coil.scalp import scalp_of
from tmsplan.space.points import Vectors
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Rigid
from tmsplan.target.standard_targets import place_standard, standard_names

P = Params()
TARGET = rh.target([-32, 34, 48], Hemi.LEFT)


@pytest.fixture(scope="module")
def placed():
    patient = rh.head(rh.scalp(bumps=2.0))
    skin = scalp_of(patient)
    pose = place_coil(TARGET, skin, midplane=patient.midplane(), coil="figure8-70mm", params=P)
    return pose, skin


def turned(about: str, degrees: float) -> np.ndarray:
    a = np.radians(degrees)
    i, j = {"x": (1, 2), "y": (2, 0)}[about]
    m = np.eye(4)
    m[[i, j], [i, j]] = np.cos(a)
    m[i, j], m[j, i] = -np.sin(a), np.sin(a)
    return m


def along_z(mm: float) -> np.ndarray:
    m = np.eye(4)
    m[2, 3] = mm
    return m


def altered(pose, change: np.ndarray):
    """The pose with a change in coil axes, which says of itself that all is well."""
    old = pose.scanner_from_coil
    matrix = old.matrix(old.dst, old.src) @ change
    return replace(
        pose,
        scanner_from_coil=Rigid.claim(matrix, dst=old.dst, src=old.src, because="altered"),
        scalp_normal=-Vectors(matrix[:3, 2], old.dst),
        depth_mm=15.0,
    )


def test_our_own_pose_passes(placed) -> None:
    pose, skin = placed
    wire = tripwire_pose(pose, TARGET, skin, P)
    assert wire.status == "pass"
    assert wire.value < 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (turned("x", 180), "z is 1[78]"),  # out of the head
        (turned("y", 40), "z is (3[89]|4[01])"),  # tilted
        (along_z(5.5), r"standoff off by -5\.\d\d mm"),  # into the head
        (along_z(4.0 + 4.0), r"standoff off by -[78]\.\d\d mm"),  # 4 mm under the skin
        (along_z(-3.0), r"standoff off by (2\.9|3\.0)\d mm"),  # in the air
    ],
)
def test_a_wrong_pose_fails(placed, change: np.ndarray, why: str) -> None:
    pose, skin = placed
    wire = tripwire_pose(altered(pose, change), TARGET, skin, P)
    assert wire.status == "fail"
    assert re.search(why, wire.why), wire.why


def test_a_target_out_of_reach_fails(placed) -> None:
    pose, skin = placed
    deep = rh.target([-20, 21, 30], Hemi.LEFT)
    wire = tripwire_pose(pose, deep, skin, P)
    assert wire.status == "fail"
    assert "mm under the scalp (limit 30)" in wire.why


def test_poses_of_all_standard_targets_on_a_real_head_pass(ecog) -> None:
    patient = ecog_patient(ecog)
    skin, plane = scalp_of(patient), patient.midplane()
    for name in standard_names():
        target = place_standard(name, patient)
        pose = place_coil(target, skin, midplane=plane, coil="figure8-70mm", params=P)
        wire = tripwire_pose(pose, target, skin, P)
        assert wire.status == "pass", wire
        assert wire.value < 5
        handle = -pose.scanner_from_coil.matrix(patient.scanner, pose.scanner_from_coil.src)[:3, 1]
        lateral = -1 if target.hemi is Hemi.LEFT else 1
        assert handle[0] * lateral > 0, f"{name}: the handle goes to the target's own side"
        # On the forehead backward is up, at the back of the head it is down.
        if abs(pose.scalp_normal.dot(skin.forward)[0]) < 0.3:
            assert handle[1] < 0, f"{name}: and back"
