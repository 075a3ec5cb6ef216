"""matsimnibs as JSON and as MATLAB file: golden pose, same bytes, and what is refused."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from export.plan_builder import FRAME, G1, build_plan, planned_from_matrix
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from tmsplan.base.errors import ChiralityError, FrameError, InputError, TripwireError
from tmsplan.base.mat5 import read_mat5
from tmsplan.export import export_formats
from tmsplan.export.simnibs import SimnibsJsonFormat, SimnibsMatFormat
from tmsplan.export.simnibs.read import parse_simnibs_mat, simnibs_poses
from tmsplan.space import CoilSimnibs, Frame

JSON, MAT = SimnibsJsonFormat(), SimnibsMatFormat()
COIL = Frame(CoilSimnibs, "figure8-70mm")


@pytest.fixture
def plan():
    return build_plan(planned_from_matrix(G1))


def mat_file(folder: Path, **variables) -> Path:
    path = folder / "x.mat"
    savemat(path, variables)
    return path


def poses(path: Path):
    return simnibs_poses(parse_simnibs_mat(path), scanner=FRAME, coil=COIL)


# Written ---------------------------------------------------------------------------------------


def test_golden_pose_in_the_json(plan, tmp_path: Path) -> None:
    (path,) = JSON.write(plan, tmp_path)
    root = json.loads(path.read_text())
    assert root["positions"] == [
        {"name": "SYNTHETIC left: Beam F3_coil", "matsimnibs": G1.tolist()}
    ]
    assert (root["unit"], root["frame_axes"], root["t1_sha256"]) == ("mm", "RAS", "ab" * 32)
    assert root["coil_axes"] == "simnibs: x = y cross z, y away from the handle, z into the head"


def test_golden_pose_in_the_mat_as_matlab_users_load_it(tmp_path: Path) -> None:
    plan = build_plan()
    (path,) = MAT.write(plan, tmp_path)
    raw = loadmat(path, simplify_cells=True)
    assert raw["matsimnibs"].shape == (4, 4, 2)
    assert raw["names"].tolist() == [
        "SYNTHETIC left: left prefrontal_coil",
        "SYNTHETIC right: right prefrontal_coil",
    ]
    for k, planned in enumerate(plan.targets):
        pose = planned.pose.scanner_from_coil
        expected = pose.matrix(FRAME, pose.src)
        np.testing.assert_allclose(raw["matsimnibs"][:, :, k], expected, atol=1e-9)


def test_the_mat_header_holds_no_date_and_no_platform(plan, tmp_path: Path) -> None:
    (path,) = MAT.write(plan, tmp_path)
    data = path.read_bytes()
    assert data[:116] == b"MATLAB 5.0 MAT-file, tmsplan".ljust(116)
    assert data[124:128] == b"\x00\x01IM"


# Read ------------------------------------------------------------------------------------------


def test_one_matrix_of_somebody_s_script(tmp_path: Path) -> None:
    (pose,) = poses(mat_file(tmp_path, matsimnibs=G1))
    assert pose.name == ""
    np.testing.assert_array_equal(pose.scanner_from_coil.matrix(FRAME, COIL), G1)


def test_a_compressed_file_and_names_in_other_scripts(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    names = np.array(["zażółć", "前頭葉"], dtype=object)
    savemat(path, {"matsimnibs": np.dstack([G1, G1]), "names": names}, do_compression=True)
    assert [p.name for p in poses(path)] == ["zażółć", "前頭葉"]


BENT = G1 + np.array([[0, 0.01, 0, 0]] + [[0] * 4] * 3)
FLIPPED = G1 @ np.diag([-1, 1, 1, 1])
CELLS = np.array([G1, {"a": 1}], dtype=object)


@pytest.mark.parametrize(
    ("variables", "error", "match"),
    [
        ({"matsimnibs": G1.T}, InputError, "the last row is .* The matrix is transposed"),
        ({"matsimnibs": BENT}, InputError, "position 1: the three axes are not a rotation"),
        ({"matsimnibs": FLIPPED}, ChiralityError, "left would become right"),
        ({"matsimnibs": G1 * np.nan}, InputError, "holds values that are not finite"),
        ({"matsimnibs": G1[:3]}, InputError, r"matsimnibs is \(3, 4\)"),
        ({"matsimnibs": "G1"}, InputError, "matsimnibs is absent or no numbers"),
        ({"matsimnibs": G1 + 1j}, InputError, "matsimnibs holds complex numbers"),
        ({"m": G1}, InputError, "matsimnibs is absent"),
        ({"matsimnibs": CELLS}, InputError, "a cell holds neither numbers nor texts"),
        ({"matsimnibs": {"a": G1}}, InputError, "matsimnibs holds neither numbers nor texts"),
        ({"matsimnibs": G1, "unit": ["mm", "km"]}, InputError, "unit is no single row of text"),
        ({"matsimnibs": G1, "unit": 1.0}, InputError, "unit is no text"),
        ({"matsimnibs": G1, "unit": "m"}, FrameError, "unit is 'm'. Expected 'mm'"),
        ({"matsimnibs": G1, "frame_axes": "LPS"}, FrameError, "frame_axes is 'LPS'"),
        ({"matsimnibs": G1, "frame": "sub-02/Scanner"}, FrameError, "frame is 'sub-02/Scanner'"),
        ({"matsimnibs": G1, "coil_axes": "localite"}, FrameError, "coil axes are 'localite'"),
        ({"matsimnibs": np.dstack([G1, G1]), "names": np.array(["a"], dtype=object)},
         InputError, "1 names for 2 matrices"),
    ],
)  # fmt: skip
def test_what_is_no_pose_is_refused(variables, error, match, tmp_path: Path) -> None:
    with pytest.raises(error, match=match):
        poses(mat_file(tmp_path, **variables))


@pytest.mark.parametrize(
    "value",
    [np.arange(6, dtype="i2").reshape(2, 3), np.float32([1.5, -2]), np.uint8([[7]]), 1e-300],
)
def test_numbers_are_what_scipy_reads(value, tmp_path: Path) -> None:
    for packed in (False, True):
        path = tmp_path / "x.mat"
        savemat(path, {"a": np.asarray(value, dtype=float), "b": value}, do_compression=packed)
        found = read_mat5(path, ("a",))
        np.testing.assert_array_equal(found["a"], loadmat(path)["a"])


def test_a_corrupt_and_a_cut_off_compressed_variable_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    savemat(path, {"matsimnibs": G1}, do_compression=True)
    whole = path.read_bytes()
    path.write_bytes(whole[:160] + b"\xff" + whole[161:])
    with pytest.raises(InputError, match="a compressed variable is corrupt"):
        read_mat5(path, ("matsimnibs",))
    size = len(whole) - 136
    path.write_bytes(whole[:132] + (size - 9).to_bytes(4, "little") + whole[136:-9])
    with pytest.raises(InputError, match="a compressed variable is too large or cut off"):
        read_mat5(path, ("matsimnibs",))


def test_a_compressed_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    savemat(path, {"matsimnibs": np.zeros((4, 4, 600_000))}, do_compression=True)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="a compressed variable is too large or cut off"):
        read_mat5(path, ("matsimnibs",))


def test_what_is_no_mat_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    with pytest.raises(InputError, match=r"x.mat: cannot be read .FileNotFoundError"):
        poses(path)
    path.write_bytes(b"\x89HDF\r\n")
    with pytest.raises(InputError, match=r"x.mat: no MATLAB 5 file"):
        poses(path)
    with path.open("wb") as stream:
        stream.truncate((64 << 20) + 1)
    with pytest.raises(InputError, match=r"67108865 bytes. Expected at most 64 MiB"):
        poses(path)


def test_a_few_bytes_that_declare_a_giant_are_refused(tmp_path: Path) -> None:
    small = io.BytesIO()
    savemat(small, {"matsimnibs": np.dstack([G1] * 3)})
    dims = np.array([4, 4, 3], dtype="<i4").tobytes()
    giant = np.array([4, 4, 2**31 - 1], dtype="<i4").tobytes()
    assert small.getvalue().count(dims) == 1
    path = tmp_path / "x.mat"
    path.write_bytes(small.getvalue().replace(dims, giant))
    with pytest.raises(
        InputError, match=r"matsimnibs declares .4, 4, 2147483647. numbers and holds 384 bytes"
    ):
        poses(path)


@pytest.mark.parametrize(
    ("fmt", "old", "new"),
    [(JSON, b"abab", b"cdcd"), (MAT, b"abab", b"cdcd")],
    ids=["json", "mat"],
)
def test_a_file_for_another_t1_is_refused(plan, fmt, old, new, tmp_path: Path) -> None:
    (path,) = fmt.write(plan, tmp_path)
    data = path.read_bytes()
    # scipy stores plain texts with two bytes per letter.
    wide = old if old in data else old.decode().encode("utf-16-le")
    other = new if old in data else new.decode().encode("utf-16-le")
    assert wide in data
    path.write_bytes(data.replace(wide, other, 1))
    with pytest.raises(FrameError, match="it is for the T1 with SHA-256 cdcd"):
        fmt.read(path, plan)


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        ('"positions"', '"poses"', InputError, "there is no list 'positions'"),
        ('"name"', '"n"', InputError, "position 1 has no name"),
        ("120.0", '"120"', InputError, "position 1: matsimnibs is not 4 rows of 4 numbers"),
        ("120.0", "120.0, 1", InputError, "position 1: matsimnibs is not 4 rows of 4 numbers"),
        ("120.0", "1e999", InputError, "position 1: matsimnibs is not 4 rows of 4 numbers"),
        ("-1.0", "1.0", ChiralityError, "left would become right"),
        ("simnibs:", "brainsight:", FrameError, "its coil axes are 'brainsight'"),
    ],
)
def test_an_edited_json_is_refused(plan, old, new, error, match, tmp_path: Path) -> None:
    (path,) = JSON.write(plan, tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(error, match=match):
        JSON.read(path, plan)


@pytest.mark.parametrize("kind", [SimnibsJsonFormat, SimnibsMatFormat])
@pytest.mark.parametrize("turned", [(-1, 1, -1), (1, -1, -1), (-1, -1, 1)])
def test_wrong_axes_fire(plan, kind, turned, tmp_path: Path) -> None:
    axes = tuple(tuple(float(v) for v in row) for row in np.diag([*turned, 1]))
    with pytest.raises(TripwireError, match=r"TP-F05 fail: bad.*180\.0"):
        export_formats(plan, tmp_path / "navigation", {"bad": kind(axes)})
    assert list(tmp_path.iterdir()) == []


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.integers(116, 900), new=st.binary(min_size=1, max_size=8))
def test_bytes_put_anywhere_are_read_or_refused(plan, tmp_path: Path, start, new) -> None:
    path = tmp_path / "sub-01_matsimnibs.mat"
    path.unlink(missing_ok=True)
    MAT.write(plan, tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:start] + new + data[start + len(new) :])
    try:
        found = poses(path)
    except InputError:
        return
    assert all(np.isfinite(p.scanner_from_coil.matrix(FRAME, COIL)).all() for p in found)
