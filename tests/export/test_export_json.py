"""Plain JSON: frames in words, full precision, and what its reader refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from export.plan_builder import G1, build_plan, planned_from_matrix, planned_on_head

from tmsplan.base.errors import ChiralityError, FrameError, InputError
from tmsplan.export.formats.json_plain import FORMAT
from tmsplan.space import Hemi
from tmsplan.space.testing import pose_difference


@pytest.fixture
def plan():
    return build_plan(planned_from_matrix(G1), labels=("COMPOSITE", "EXPLORATORY"))


def content_of(plan, folder: Path) -> tuple[Path, dict]:
    (path,) = FORMAT.write(plan, folder)
    return path, json.loads(path.read_bytes())


def test_g1_in_words_and_numbers(plan, tmp_path: Path) -> None:
    _, content = content_of(plan, tmp_path)
    assert (content["format"], content["version"]) == ("tmsplan-poses", 1)
    assert content["labels"] == ["COMPOSITE", "EXPLORATORY"]
    (target,) = content["targets"]
    pose = target["coil"]["scanner_from_coil"]
    assert pose["matrix"] == G1.tolist()
    assert pose["dst"] == {"kind": "Scanner", "owner": "sub-01", "axes": "RAS", "unit": "mm"}
    assert pose["src"]["axes"] == "coil: z into the head, y away from the handle"
    assert target["coil"]["name"] == "COMPOSITE EXPLORATORY left: Beam F3_coil"
    assert target["cortex"]["name"] == "COMPOSITE EXPLORATORY left: Beam F3_ctx"
    assert target["cortex"]["point"]["xyz"] == [[-1.2, -15.8, 98.0]]
    assert target["scalp"]["point"]["xyz"] == [[-1.2, -15.8, 116.0]]


def test_nothing_is_rounded(tmp_path: Path) -> None:
    plan = build_plan(planned_on_head(Hemi.LEFT))
    path, _ = content_of(plan, tmp_path)
    pose = FORMAT.read(path, plan)[0].scanner_from_coil
    assert pose_difference(pose, plan.targets[0].pose.scanner_from_coil) == (0.0, 0.0)


def changed(content: dict, keys: tuple, value: object) -> dict:
    inner = content
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return content


POSE = ("targets", 0, "coil", "scanner_from_coil")
POINT = ("targets", 0, "cortex", "point")


@pytest.mark.parametrize(
    ("keys", "value", "error", "match"),
    [
        (("format",), "other", InputError, "it is no plain pose file"),
        (("version",), 2, InputError, "it is no plain pose file"),
        (("t1",), None, InputError, "'t1' is None. Expected an object"),
        (("t1", "sha256"), "cd" * 32, FrameError, "made for a T1 with SHA-256 cdcd"),
        (("targets",), 3, InputError, "'targets' is no list of objects"),
        (("targets", 0, "coil"), [], InputError, "target 1: 'coil' is"),
        (("targets", 0, "coil", "name"), "", InputError, "'name' is ''. Expected a text"),
        ((*POSE, "matrix"), [[1]], InputError, "is no 4 x 4 list of numbers"),
        ((*POSE, "matrix"), None, InputError, "None is no 4 x 4 list of numbers"),
        ((*POSE, "matrix", 0, 0), 1.0, ChiralityError, "mirrors space"),
        ((*POSE, "matrix", 0, 0), "-1", InputError, "is no 4 x 4 list of numbers"),
        ((*POSE, "rigid"), False, InputError, "said not to be rigid"),
        ((*POSE, "dst", "owner"), "sub-02", FrameError, "the data say sub-02/Scanner"),
        ((*POSE, "dst", "axes"), "LPS", FrameError, "has axes 'RAS', but the data say 'LPS'"),
        ((*POSE, "src", "kind"), "CoilBrainsight", FrameError, "a CoilBrainsight frame has axes"),
        ((*POINT, "xyz"), [[1, 2]], InputError, "is no 1 x 3 list of numbers"),
        ((*POINT, "frame", "kind"), "Tkras", FrameError, "the data say sub-01/Tkras"),
        ((*POINT, "frame", "kind"), "MNI", FrameError, "'MNI' is no kind of frame"),
    ],
)
def test_what_was_changed_is_refused(plan, tmp_path: Path, keys, value, error, match) -> None:
    path, content = content_of(plan, tmp_path)
    path.write_text(json.dumps(changed(content, keys, value)))
    with pytest.raises(error, match=match):
        FORMAT.read(path, plan)
