"""visor2's exchange file: the vendor's example, the fingerprint, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from export.plan_builder import (
    AFFINES,
    FRAME,
    G1,
    build_plan,
    planned_from_matrix,
    t1_input,
)
from hypothesis import given, settings
from strategies import quaternions, rotation

from tmsplan.base.errors import ChiralityError, FrameError, InputError, TripwireError
from tmsplan.export import export_formats
from tmsplan.export.visor2 import Visor2Format
from tmsplan.export.visor2.read import (
    ImageInfo,
    Visor2File,
    parse_visor2,
    require_image,
    visor2_poses,
)
from tmsplan.export.visor2.write import fingerprint
from tmsplan.space import CoilSimnibs, Frame

FORMAT = Visor2Format()
COIL = Frame(CoilSimnibs, "MagStim_D70")
EXAMPLE = "ioJson3DMarker_example_SimNIBS.mrk"
#: The image of the vendor's example, from its fingerprint by hand: half a turn about y, qfac -1.
EXAMPLE_AFFINE = np.array([[-1, 0, 0, 90], [0, 1, 0, -126], [0, 0, 1, -172], [0, 0, 0, 1.0]])


@pytest.fixture
def plan():
    return build_plan(planned_from_matrix(G1))


def image_of(affine: np.ndarray) -> dict[str, list[float]]:
    """What nibabel puts into a header: another program's answer."""
    import nibabel as nib

    header = nib.Nifti1Header()
    header.set_qform(affine, 1)
    return {
        "NIfTI_quatern": [float(header[f"quatern_{c}"]) for c in "bcd"],
        "NIfTI_qoffset": [float(header[f"qoffset_{c}"]) for c in "xyz"],
        "NIfTI_pixdim": [float(v) for v in header["pixdim"][:4]],
    }


# The vendor's file -----------------------------------------------------------------------------


def test_the_vendor_s_example(neuronav: Path) -> None:
    file = parse_visor2(neuronav / EXAMPLE)
    names = [f"CoilMarker_{k}" for k in range(1, 7)]
    assert [n for n, _ in file.targets] == [*names[:3], "", *names[3:]]
    require_image(file, "T1.nii", EXAMPLE_AFFINE)
    first = visor2_poses(file, scanner=FRAME, coil=COIL)[0].scanner_from_coil.matrix(FRAME, COIL)
    np.testing.assert_allclose(
        first,
        [
            [-0.55403229, 0.25881905, 0.79124012, -70.0],
            [0.14845251, 0.96592583, -0.21201215, -10.0],
            [-0.81915204, 0.0, -0.57357644, 60.0],
            [0, 0, 0, 1],
        ],
        atol=1e-8,
    )


def test_every_coil_of_the_example_looks_into_the_head(neuronav: Path) -> None:
    for pose in visor2_poses(parse_visor2(neuronav / EXAMPLE), scanner=FRAME, coil=COIL):
        m = pose.scanner_from_coil.matrix(FRAME, COIL)
        assert m[:3, 2] @ -m[:3, 3] / np.linalg.norm(m[:3, 3]) > 0.9
        assert m[1, 1] > 0.9, "the handle is behind"


def test_our_fingerprint_of_that_image_is_the_vendor_s(neuronav: Path) -> None:
    stated = json.loads((neuronav / EXAMPLE).read_text())["Configuration"]["AssociatedImageInfo"]
    assert fingerprint(EXAMPLE_AFFINE) == stated


def test_our_file_has_the_vendor_s_keys_and_no_other(plan, neuronav: Path, tmp_path: Path) -> None:
    (path,) = FORMAT.write(plan, tmp_path)

    def keys(value: object) -> object:
        if isinstance(value, dict):
            return {k: keys(v) for k, v in value.items()}
        return [keys(value[0])] if isinstance(value, list) else type(value).__name__

    assert keys(json.loads(path.read_text())) == keys(json.loads((neuronav / EXAMPLE).read_text()))


# Fingerprint -----------------------------------------------------------------------------------


@pytest.mark.parametrize("stored", AFFINES)
def test_fingerprint_is_what_nibabel_writes(stored: str) -> None:
    ours, theirs = fingerprint(AFFINES[stored]), image_of(AFFINES[stored])
    for key in ours:
        np.testing.assert_allclose(ours[key], theirs[key], atol=1e-6, err_msg=key)


@settings(max_examples=300, deadline=None)
@given(q=quaternions)
def test_fingerprint_of_any_turn_gives_the_image_back(q) -> None:
    import nibabel as nib

    for mirror in (1, -1):
        affine = np.eye(4)
        affine[:3, :3] = rotation(q) @ np.diag([0.8, 0.9, 1.1 * mirror])
        affine[:3, 3] = (-91.5, 126.25, -72)
        info = fingerprint(affine)
        header = nib.Nifti1Header()
        header["pixdim"][:4] = info["NIfTI_pixdim"]
        for letter, value in zip("bcd", info["NIfTI_quatern"], strict=True):
            header[f"quatern_{letter}"] = value
        for letter, value in zip("xyz", info["NIfTI_qoffset"], strict=True):
            header[f"qoffset_{letter}"] = value
        header["qform_code"] = 1
        # The header keeps float32; where a is near 0 its digits are lost in 1 - b2 - c2 - d2.
        np.testing.assert_allclose(header.get_qform(), affine, atol=2e-3)


@pytest.mark.parametrize(
    ("diagonal", "quatern"),
    [((-1, -1, 1), [0, 0, 1]), ((-1, 1, -1), [0, 1, 0]), ((1, -1, -1), [1, 0, 0])],
)
def test_half_turns_have_the_sign_of_the_nifti_reference(diagonal, quatern) -> None:
    assert fingerprint(np.diag([*diagonal, 1.0]))["NIfTI_quatern"] == quatern


@pytest.mark.parametrize(
    ("key", "k", "add", "what"),
    [
        ("NIfTI_qoffset", 0, 5e-3, "offset"),
        ("NIfTI_pixdim", 2, 1e-4, "voxel size"),
        ("NIfTI_quatern", 1, 1e-4, "turn"),
    ],
)
def test_a_file_for_another_t1_is_refused(plan, key, k, add, what, tmp_path: Path) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    root = json.loads(path.read_text())
    root["Configuration"]["AssociatedImageInfo"][key][k] += add
    path.write_text(json.dumps(root))
    with pytest.raises(FrameError, match=f"its image has the {what} .* belong to another T1"):
        FORMAT.read(path, plan)


def test_rounding_of_a_header_is_not_another_t1(plan, tmp_path: Path) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    root = json.loads(path.read_text())
    root["Configuration"]["AssociatedImageInfo"]["NIfTI_qoffset"][0] += 5e-6
    path.write_text(json.dumps(root))
    assert len(FORMAT.read(path, plan)) == 1


def test_a_left_handed_and_a_right_handed_image_are_two(plan, tmp_path: Path) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    las = build_plan(planned_from_matrix(G1), inputs=[t1_input(affine=AFFINES["las"])])
    with pytest.raises(FrameError, match="its image has the"):
        FORMAT.read(path, las)


# What a T1 must have ---------------------------------------------------------------------------


def test_a_t1_without_qform_is_refused(tmp_path: Path) -> None:
    plan = build_plan(inputs=[t1_input(0, 1)])
    with pytest.raises(InputError, match=r"the qform is not set \(code 0\). visor2 recognises"):
        FORMAT.write(plan, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_sheared_t1_is_refused(tmp_path: Path) -> None:
    sheared = AFFINES["ras"].copy()
    sheared[0, 1] = 0.01
    with pytest.raises(InputError, match=r"not square to each other .*which a qform cannot hold"):
        FORMAT.write(build_plan(inputs=[t1_input(affine=sheared)]), tmp_path)


def test_the_copy_beside_the_plan_is_the_image(tmp_path: Path) -> None:
    mgz = t1_input(None, None, name="T1.mgz", affine=AFFINES["oblique"])
    copy = t1_input(1, 1, role="t1w-navigator", name="T1_nav.nii.gz", affine=AFFINES["oblique"])
    (path,) = FORMAT.write(build_plan(inputs=[mgz, copy]), tmp_path)
    stated = json.loads(path.read_text())["Configuration"]["AssociatedImageInfo"]
    assert stated == fingerprint(AFFINES["oblique"])


# Refusals --------------------------------------------------------------------------------------


def edited(plan, tmp_path: Path, old: str, new: str) -> Path:
    (path,) = FORMAT.write(plan, tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        ('"simnibs"', '"visor2"', InputError, "marker 1: CoilAxesConvention is 'visor2'"),
        ('"mm"', '"m"', InputError, "marker 1: PositionalUnit is 'm'. Expected 'mm'"),
        ("ASSOCIATED_IMAGE", "MNI", InputError, "marker 1: CoordinateSystem is 'MNI'"),
        ('"TargetMarkers"', '"Markers"', InputError, "there is no list 'TargetMarkers'"),
        ('"CoilPose"', '"Pose"', InputError, "marker 1, CoilPose is no JSON object"),
        ("120.0", "NaN", InputError, "NaN is not allowed"),
        ("120.0", "1e999", InputError, "is not .4, 4. finite numbers"),
        ("120.0", "true", InputError, "is not .4, 4. finite numbers"),
        ("120.0", "1" + "0" * 400, InputError, "is not .4, 4. finite numbers"),
        ("120.0", "120.0, 0", InputError, "is not .4, 4. finite numbers"),
        ('"Name": "', '"Name": 1, "N": "', InputError, "marker 1: its Name is no text"),
        ("-1.0", "1.0", ChiralityError, "left would become right"),
        ("-1.0", "-1.01", InputError, "the three axes are not a rotation"),
        ("NIfTI_quatern", "quatern", InputError, "NIfTI_quatern is not .3,. finite numbers"),
    ],
)
def test_what_was_changed_is_refused(plan, old, new, error, match, tmp_path: Path) -> None:
    with pytest.raises(error, match=match):
        FORMAT.read(edited(plan, tmp_path, old, new), plan)


@pytest.mark.parametrize(
    ("key", "value", "match"),
    [
        ("NIfTI_pixdim", [0, 0, 0, 0], "voxels of no size: no image"),
        ("NIfTI_quatern", [1, 1, 0], "NIfTI_quatern is longer than 1"),
    ],
)
def test_a_fingerprint_of_nothing_is_refused(plan, key, value, match, tmp_path: Path) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    root = json.loads(path.read_text())
    root["Configuration"]["AssociatedImageInfo"][key] = value
    path.write_text(json.dumps(root))
    with pytest.raises(InputError, match=match):
        parse_visor2(path)


def test_a_transposed_matrix_is_refused(plan, tmp_path: Path) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    root = json.loads(path.read_text())
    pose = root["TargetMarkers"][0]["CoilTarget"]["CoilPose"]
    pose["RigidTransformMatrix4x4"] = np.transpose(pose["RigidTransformMatrix4x4"]).tolist()
    path.write_text(json.dumps(root))
    with pytest.raises(InputError, match=r"the last row is .* The matrix is transposed"):
        FORMAT.read(path, plan)


def test_markers_of_another_kind_are_counted(plan, tmp_path: Path) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    root = json.loads(path.read_text())
    root["TargetMarkers"].append({"HeadMarker": {}})
    path.write_text(json.dumps(root))
    file = parse_visor2(path)
    assert (len(file.targets), file.others) == (1, 1)


@pytest.mark.parametrize("turned", [(-1, 1, -1), (1, -1, -1), (-1, -1, 1)])
def test_wrong_axes_fire(plan, turned, tmp_path: Path) -> None:
    axes = tuple(tuple(float(v) for v in row) for row in np.diag([*turned, 1]))
    with pytest.raises(TripwireError, match=r"TP-F05 fail: bad.*180\.0"):
        export_formats(plan, tmp_path / "navigation", {"bad": Visor2Format(axes)})
    assert list(tmp_path.iterdir()) == []


def test_a_conformed_volume_of_freesurfer_is_recognised() -> None:
    """LIA is a half turn: the quaternion's fourth number hangs on rounding of the other three."""
    noise = np.array([[0.0, 3e-8, -2e-8], [2e-8, 0.0, 1e-8], [-1e-8, 2e-8, 0.0]])
    affine = np.eye(4)
    affine[:3, :3] = np.array([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]]) + noise
    affine[:3, 3] = (128.2, -138.4, 135.7)
    said = fingerprint(affine)
    image = ImageInfo(*(np.array(said[f"NIfTI_{k}"]) for k in ("quatern", "qoffset", "pixdim")))
    file = Visor2File(Path("x.mrk"), image, (), 0)
    require_image(file, "T1.nii.gz", affine)
    mirrored = affine @ np.diag([-1.0, 1, 1, 1])
    with pytest.raises(FrameError, match="Expected the same image"):
        require_image(file, "T1.nii.gz", mirrored)
