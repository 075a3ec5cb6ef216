"""3D Slicer: markups in LPS, and transforms that ITK itself reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from export.plan_builder import G1, build_plan, many_targets, planned_from_matrix, random_poses
from scipy.linalg import polar

from tmsplan.base.errors import ChiralityError, FrameError, InputError
from tmsplan.export.formats.slicer_markups import FORMAT as MARKUPS
from tmsplan.export.formats.slicer_transform import FORMAT as TRANSFORM
from tmsplan.export.slicer import itk_matrix
from tmsplan.space.testing import assert_pose_close

LPS = np.diag([-1.0, -1, 1, 1])


@pytest.fixture
def plan():
    return build_plan(planned_from_matrix(G1), labels=("COMPOSITE", "EXPLORATORY"))


def test_g1_as_markups_by_hand(plan, tmp_path: Path) -> None:
    """x and y change sign: the centre is 1.2 15.8 120.

    The axes stand as columns: x -1 0 0 becomes 1 0 0, y 0 1 0 becomes 0 -1 0, z stays 0 0 -1.
    """
    (path,) = MARKUPS.write(plan, tmp_path)
    content = json.loads(path.read_bytes())
    assert content["@schema"].endswith("markups-schema-v1.0.3.json#")
    coil, cortex = content["markups"]
    for one in (coil, cortex):
        assert (one["type"], one["coordinateSystem"], one["coordinateUnits"], one["locked"]) == (
            "Fiducial",
            "LPS",
            "mm",
            True,
        )
        (point,) = one["controlPoints"]
        assert point["orientation"] == [1, 0, 0, 0, -1, 0, 0, 0, -1]
        assert point["positionStatus"] == "defined"
    assert coil["controlPoints"][0]["position"] == [1.2, 15.8, 120]
    assert cortex["controlPoints"][0]["position"] == [1.2, 15.8, 98]
    names = [m["controlPoints"][0]["label"] for m in (coil, cortex)]
    assert names == [f"COMPOSITE EXPLORATORY left: Beam F3_{e}" for e in ("coil", "ctx")]
    assert coil["name"] == "COMPOSITE EXPLORATORY sub-01 coil"


def test_ras_markups_are_read_as_ras(plan, tmp_path: Path) -> None:
    (path,) = MARKUPS.write(plan, tmp_path)
    content = json.loads(path.read_bytes())
    for one in content["markups"]:
        one["coordinateSystem"] = "RAS"
        one["controlPoints"][0]["position"] = [-1.2, -15.8, 120]
        one["controlPoints"][0]["orientation"] = [-1, 0, 0, 0, 1, 0, 0, 0, -1]
    path.write_text(json.dumps(content))
    pose = MARKUPS.read(path, plan)[0].scanner_from_coil
    np.testing.assert_allclose(pose.matrix(pose.dst, pose.src), G1, atol=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        ('"LPS"', '"0"', FrameError, "its coordinates are '0' in 'mm'"),
        ('"coordinateUnits": "mm"', '"coordinateUnits": "um"', FrameError, "'LPS' in 'um'"),
        ("abab", "cdcd", FrameError, "made for a T1 with SHA-256 cdcd"),
        ('"controlPoints"', '"points"', InputError, "list 1: it has no 'controlPoints'"),
        ('"label": "C', '"Label": "C', InputError, "list 1, point 1: it has no 'label'"),
        ('"position"', '"place"', InputError, "'position' is None. Expected 3 finite numbers"),
        ("15.8", "[15.8]", InputError, "'position' is .* Expected 3 finite numbers"),
        ('"markups"', '"marks"', InputError, "there are no 'markups'"),
    ],
)
def test_markups_that_were_changed_are_refused(
    plan, tmp_path: Path, old, new, error, match
) -> None:
    (path,) = MARKUPS.write(plan, tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(error, match=match):
        MARKUPS.read(path, plan)


def test_mirrored_markups_are_refused(plan, tmp_path: Path) -> None:
    (path,) = MARKUPS.write(plan, tmp_path)
    content = json.loads(path.read_bytes())
    content["markups"][0]["controlPoints"][0]["orientation"][0] = -1
    path.write_text(json.dumps(content))
    with pytest.raises(ChiralityError, match=r"point 1 \(COMPOSITE .*left would become right"):
        MARKUPS.read(path, plan)


def test_g1_as_transform_by_hand(plan, tmp_path: Path) -> None:
    """The pose P has rotation diag(-1, 1, -1) and centre -1.2 -15.8 120.

    Its inverse has the same rotation and the shift -diag(-1, 1, -1) c = -1.2 15.8 120. In LPS x
    and y of the shift change sign, 1.2 -15.8 120; a diagonal rotation stays as it is.
    """
    (path,) = TRANSFORM.write(plan, tmp_path)
    assert path.name == "sub-01_COMPOSITE_EXPLORATORY_left_beam-f3_coil.tfm"
    lines = path.read_text().split("\n")
    assert lines[0] == "#Insight Transform File V1.0"
    assert "# Name: COMPOSITE EXPLORATORY left: Beam F3_coil" in lines
    assert lines[-4:] == [
        "Transform: AffineTransform_double_3_3",
        "Parameters: "
        + " ".join(f"{v}.000000000000" for v in (-1, 0, 0, 0, 1, 0, 0, 0, -1))
        + " 1.200000000000 -15.800000000000 120.000000000000",
        "FixedParameters: 0 0 0",
        "",
    ]


#: A transform that Slicer saved and the matrix that it showed, rounded, before saving
#: (discourse.slicer.org, topic 270).
SLICER_FILE = (
    "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
    "Parameters: -0.12281062601468536 0.9902729990354874 0.06989222618721933 -0.9559259621663395 "
    "-0.0968506562880039 -0.26898522478338405 -0.2598992353790456 -0.09944665326067206 "
    "0.9609182640368552 -64.32660836989362 -696.1487386450094 -130.6846842169375\n"
    "FixedParameters: 0 0 0\n"
)
SLICER_SHOWED = [[-0.12, -0.96, 0.26, 710], [0.99, -0.1, 0.1, 19], [-0.07, 0.27, 0.96, -58]]


def test_a_transform_that_slicer_saved_is_what_slicer_showed(tmp_path: Path) -> None:
    path = tmp_path / "LinearTransform_3.tfm"
    path.write_text(SLICER_FILE)
    shown = np.array(SLICER_SHOWED)
    matrix = LPS @ np.linalg.inv(itk_matrix(path)) @ LPS
    # Slicer showed two decimals of the axes and whole millimetres.
    np.testing.assert_allclose(matrix[:3, :3], shown[:, :3], atol=0.006)
    np.testing.assert_allclose(matrix[:3, 3], shown[:, 3], atol=0.5)


def test_the_reader_takes_what_slicer_saved_as_slicer_showed_it(plan, tmp_path: Path) -> None:
    """The same file, its axes made square: as saved they shear by 0.0045, which no coil does."""
    path = tmp_path / "LinearTransform_3.tfm"
    path.write_text(SLICER_FILE)
    with pytest.raises(InputError, match=r"LinearTransform_3.tfm: .* differs from 1 by 0.0045"):
        TRANSFORM.read(path, plan)
    file = itk_matrix(path)
    square = polar(file[:3, :3])[0]
    twelve = " ".join(f"{v:.17g}" for v in (*square.ravel(), *file[:3, 3]))
    head, _, tail = SLICER_FILE.partition("Parameters: ")
    path.write_text(f"{head}Parameters: {twelve}\n{tail.split(chr(10), 1)[1]}")
    (pose,) = TRANSFORM.read(path, plan)
    assert pose.name == "LinearTransform_3"
    rigid = pose.scanner_from_coil
    matrix, shown = rigid.matrix(rigid.dst, rigid.src), np.array(SLICER_SHOWED)
    np.testing.assert_allclose(matrix[:3, :3], shown[:, :3], atol=0.008)
    # 0.0023 rad of squaring at 712 mm.
    np.testing.assert_allclose(matrix[:3, 3], shown[:, 3], atol=2.2)


def test_itk_reads_the_inverse_pose_in_lps(tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    plan = build_plan(*many_targets(random_poses(20, seed=3)))
    for planned, path in zip(plan.targets, TRANSFORM.write(plan, tmp_path), strict=True):
        itk = sitk.ReadTransform(str(path))
        pose = planned.pose.scanner_from_coil.matrix(
            plan.frame, planned.pose.scanner_from_coil.src
        )
        for in_coil in ([0, 0, 0, 1], [10, -20, 30, 1]):
            in_world = LPS @ pose @ in_coil
            np.testing.assert_allclose(
                itk.TransformPoint(in_world[:3].tolist()), (LPS @ in_coil)[:3], atol=1e-8
            )


def test_a_centre_is_folded_in_as_itk_does(plan, tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    (pose,) = random_poses(1, seed=9)
    itk = sitk.AffineTransform(3)
    itk.SetMatrix(pose[:3, :3].ravel().tolist())
    itk.SetCenter([11.0, -22.0, 33.0])
    itk.SetTranslation([5.0, 6.0, -7.0])
    path = tmp_path / "centred.tfm"
    sitk.WriteTransform(itk, str(path))
    assert "FixedParameters: 11 -22 33" in path.read_text()
    for point in ([0.0, 0.0, 0.0], [40.0, 50.0, -60.0]):
        ours = itk_matrix(path) @ [*point, 1]
        np.testing.assert_allclose(ours[:3], itk.TransformPoint(point), atol=1e-9)
    # The pose is that map undone, seen in RAS.
    (read,) = TRANSFORM.read(path, plan)
    rigid = read.scanner_from_coil
    np.testing.assert_allclose(
        rigid.matrix(rigid.dst, rigid.src), LPS @ np.linalg.inv(itk_matrix(path)) @ LPS, atol=1e-9
    )


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        ("#Insight", "Insight", InputError, "it begins with 'Insight"),
        ("AffineTransform_", "Euler3DTransform_", InputError, "its transform is 'Euler3D"),
        ("abab", "cdcd", FrameError, "made for a T1 with SHA-256 cdcd"),
        ("Parameters: -1.0", "Parameters: 1.0", ChiralityError, "left would become right"),
        ("Parameters: -1.0", "Parameters: -1.1", InputError, "are not a rotation"),
        ("Parameters: -1.0", "Parameters: ", InputError, "are not a rotation"),
        ("120.000000000000", "", InputError, "Parameters hold .* Expected 12 finite numbers"),
        ("FixedParameters: 0 0 0", "FixedParameters: 0 0", InputError, "Expected 3 finite"),
        (
            "FixedParameters: 0 0 0",
            "FixedParameters: 0 0 0\nTransform: x",
            InputError,
            "'Transform' stands twice",
        ),
    ],
)
def test_a_transform_that_was_changed_is_refused(
    plan, tmp_path: Path, old, new, error, match
) -> None:
    (path,) = TRANSFORM.write(plan, tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(error, match=match):
        TRANSFORM.read(path, plan)


@pytest.mark.parametrize("bad", ["../x", "a b", "", "a" * 101, ".x", "f3\u00e9"])
def test_an_id_that_is_no_file_name_is_refused(tmp_path: Path, bad: str) -> None:
    plan = build_plan(planned_from_matrix(G1, target_id=bad))
    with pytest.raises(InputError, match="cannot be part of a file name"):
        TRANSFORM.write(plan, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_ids_that_differ_in_case_are_refused(tmp_path: Path) -> None:
    twins = (
        planned_from_matrix(G1, target_id="f3"),
        planned_from_matrix(G1, target_id="F3", name="other"),
    )
    with pytest.raises(InputError, match="two targets would be written to one file"):
        TRANSFORM.write(build_plan(*twins), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_several_targets_come_back_from_their_own_files(tmp_path: Path) -> None:
    plan = build_plan()
    for planned, path in zip(plan.targets, TRANSFORM.write(plan, tmp_path), strict=True):
        (pose,) = TRANSFORM.read(path, plan)
        assert str(planned.target.hemi) in path.name
        assert_pose_close(
            pose.scanner_from_coil, planned.pose.scanner_from_coil, mm=1e-9, deg=1e-6
        )
