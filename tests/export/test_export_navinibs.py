"""NaviNIBS' targets file: keys, axes, and what its reader refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from export.plan_builder import G1, build_plan, planned_from_matrix, planned_on_head, renamed

from tmsplan.base.errors import ChiralityError, FrameError, InputError, TripwireError
from tmsplan.export.formats.navinibs import FORMAT, NavinibsFormat
from tmsplan.export.verify import export_formats
from tmsplan.space import Hemi

#: Arguments that NaviNIBS' Target accepts from a file; it refuses any other.
KNOWN = {"key", "targetCoord", "entryCoord", "angle", "depthOffset", "coilToMRITransf"}


@pytest.fixture
def plan():
    return build_plan(planned_from_matrix(G1), labels=("COMPOSITE", "EXPLORATORY"))


def test_g1_by_hand(plan, tmp_path: Path) -> None:
    """-y runs along the handle (backward), so y leads forward; -z into the head, so z leads up.

    x = y cross z then leads right: the rotation is 1, the origin the coil's centre.
    """
    (path,) = FORMAT.write(plan, tmp_path)
    content = json.loads(path.read_bytes())
    assert content["targets"] == [
        {
            "key": "COMPOSITE EXPLORATORY left: Beam F3_coil",
            "targetCoord": [-1.2, -15.8, 98.0],
            "entryCoord": [-1.2, -15.8, 116.0],
            "depthOffset": 4.0,
            "coilToMRITransf": [
                [1.0, 0.0, 0.0, -1.2],
                [0.0, 1.0, 0.0, -15.8],
                [0.0, 0.0, 1.0, 120.0],
                [0, 0, 0, 1],
            ],
        }
    ]
    assert set(content["targets"][0]) <= KNOWN
    assert content["labels"] == ["COMPOSITE", "EXPLORATORY"]
    assert content["T1"] == {"name": "sub-01_T1w.nii.gz", "sha256": "ab" * 32}
    assert "-0.0" not in path.read_text()


def test_the_file_is_ascii_because_it_is_opened_in_the_system_s_encoding(tmp_path: Path) -> None:
    odd = build_plan(renamed(planned_on_head(Hemi.LEFT), "zażółć 前頭葉"))
    (path,) = FORMAT.write(odd, tmp_path)
    assert path.read_bytes().isascii()
    assert FORMAT.read(path, odd)[0].name == "SYNTHETIC left: zażółć 前頭葉_coil"


def test_a_bare_list_is_read_and_a_foreign_key_gives_no_cortex(plan, tmp_path: Path) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    target = json.loads(path.read_bytes())["targets"][0] | {"key": "Target-1"}
    path.write_text(json.dumps([target]))
    assert [p.name for p in FORMAT.read(path, plan)] == ["Target-1"]


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"coilToMRITransf": None}, InputError, "'coilToMRITransf' is None. Expected 4 x 4"),
        ({"coilToMRITransf": [[1, 0], [0, 1]]}, InputError, "Expected 4 x 4 finite numbers"),
        (
            {"coilToMRITransf": [[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]},
            ChiralityError,
            r"target 1 \(.*_coil\): the three axes are left-handed",
        ),
        (
            {"coilToMRITransf": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [-1, -15, 120, 1]]},
            InputError,
            "It is transposed|The matrix is transposed",
        ),
        (
            {"coilToMRITransf": [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]]},
            InputError,
            "are not a rotation",
        ),
        ({"targetCoord": ["a", 1, 2]}, InputError, "'targetCoord' is .* Expected 3 finite"),
        ({"key": ""}, InputError, "target 1: it has no 'key'"),
    ],
)
def test_a_target_that_was_changed_is_refused(plan, tmp_path: Path, change, error, match) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    content = json.loads(path.read_bytes())
    content["targets"][0] |= change
    path.write_text(json.dumps(content))
    with pytest.raises(error, match=match):
        FORMAT.read(path, plan)


def test_another_t1_is_refused(plan, tmp_path: Path) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    path.write_text(path.read_text().replace("abab", "cdcd"))
    with pytest.raises(FrameError, match=r"made for a T1 with SHA-256 cdcd.* begins with abab"):
        FORMAT.read(path, plan)


@pytest.mark.parametrize("text", ["{}", "3", '{"targets": {}}'])
def test_a_file_without_targets_is_refused(plan, tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"x.json: there is no list of targets"):
        FORMAT.read(path, plan)


@pytest.mark.parametrize(
    "axes",
    [
        ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
        ((1, 0, 0, 0), (0, -1, 0, 0), (0, 0, -1, 0), (0, 0, 0, 1)),
    ],
)
def test_a_writer_with_other_axes_does_not_get_past_the_reader(tmp_path: Path, axes) -> None:
    with pytest.raises(TripwireError, match="TP-F05 fail: navinibs"):
        export_formats(build_plan(), tmp_path / "out", {"navinibs": NavinibsFormat(axes)})
    assert not (tmp_path / "out").exists()
