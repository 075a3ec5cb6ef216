"""plan.json: survives, says one thing, and refuses what was changed."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from export.plan_builder import build_plan, planned_on_head, round_scene

from tmsplan.base import FrameError, InputError, Params, sha256_bytes
from tmsplan.base.provenance import InputFile
from tmsplan.plan import Plan, load_plan, save_plan
from tmsplan.plan.record import plan_from_record, plan_to_record
from tmsplan.plan.scene_store import load_scene, scene_bytes
from tmsplan.plan.store import as_stored, plan_bytes
from tmsplan.space import Frame, Hemi, Scanner

COUPLING = {
    "method": "map", "unit": "1", "higher_means": "more coupled", "space": "surface",
    "params": {}, "source": "a test",
}  # fmt: skip
NORMS = {
    "id": "0123", "sha256": "0" * 64, "n_reference": 120, "tier": "usable",
    "age_range": [20.0, 60.0], "sites": [], "transferred": False,
}  # fmt: skip


@pytest.fixture
def plan() -> Plan:
    """Two targets and a scene, named by its hash as `make` does it."""
    scene = round_scene()
    base = build_plan(planned_on_head(Hemi.LEFT), planned_on_head(Hemi.RIGHT), scene=scene)
    record = InputFile("scene", "scene.npz", sha256_bytes(scene_bytes(scene)))
    return replace(
        base,
        inputs=(*base.inputs, record),
        caveats=("Superiority is not established.",),
        coupling=COUPLING,
        norms=NORMS,
    )


def test_a_plan_survives_its_file_byte_for_byte(plan, tmp_path) -> None:
    save_plan(plan, tmp_path)
    again = load_plan(tmp_path)
    assert plan_bytes(again) == (tmp_path / "plan.json").read_bytes()
    assert again.scene is not None
    assert scene_bytes(again.scene) == (tmp_path / "scene.npz").read_bytes()


def test_numbers_are_rounded_once_and_for_all(plan) -> None:
    once = as_stored(plan)
    assert plan_bytes(as_stored(once)) == plan_bytes(once) == plan_bytes(plan)


def test_keys_are_sorted_and_numbers_finite(plan) -> None:
    text = plan_bytes(plan).decode()
    data = json.loads(text)
    assert list(data) == sorted(data)
    assert "NaN" not in text
    assert "Infinity" not in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(schema=2), r"plan\.json: schema 2\. Expected .* of schema 1"),
        (lambda d: d.pop("caveats"), "'caveats' is a required property"),
        (lambda d: d.update(extra=1), "'extra' was unexpected"),
        (lambda d: d["targets"][0].update(hemi="L"), "at targets/0/hemi: 'L' is not one of"),
        (lambda d: d["targets"][0]["pose"].update(axes="localite"), "at targets/0/pose/axes"),
        (lambda d: d["targets"][0].update(point_mm=[1, 2]), "at targets/0/point_mm"),
        (lambda d: d["frame"].update(kind="Tkras"), "at frame/kind"),
        (lambda d: d["patient"].update(id="a/../b"), "at patient/id"),
        (lambda d: d.update(labels=["REAL"]), "at labels/0"),
        (lambda d: d["tripwires"][0].update(status="passed"), "at tripwires/0/status"),
    ],
)
def test_what_was_changed_by_hand_is_refused(plan, tmp_path, change, message) -> None:
    save_plan(plan, tmp_path)
    data = json.loads((tmp_path / "plan.json").read_text())
    change(data)
    (tmp_path / "plan.json").write_text(json.dumps(data))
    with pytest.raises(InputError, match=message):
        load_plan(tmp_path)


def test_a_mirrored_pose_in_the_file_is_refused(plan, tmp_path) -> None:
    save_plan(plan, tmp_path)
    data = json.loads((tmp_path / "plan.json").read_text())
    for row in data["targets"][0]["pose"]["matrix"][:3]:
        row[0] *= -1
    (tmp_path / "plan.json").write_text(json.dumps(data))
    with pytest.raises(InputError, match=r"mirrors space.*pose of plan\.json"):
        load_plan(tmp_path)


def test_the_scene_of_another_plan_is_refused(plan, tmp_path) -> None:
    save_plan(plan, tmp_path)
    other = round_scene((0.0, 0.0, 1.0))
    (tmp_path / "scene.npz").write_bytes(scene_bytes(other))
    with pytest.raises(InputError, match=r"scene\.npz: its hash is not the one that plan\.json"):
        load_plan(tmp_path)
    data = scene_bytes(other)
    with pytest.raises(InputError, match=r"it is in .*, not in sub-99/Scanner"):
        load_scene(data, sha256_bytes(data), Frame(Scanner, "sub-99"))


def test_a_plan_without_its_scene_still_opens(plan, tmp_path) -> None:
    save_plan(plan, tmp_path)
    (tmp_path / "scene.npz").unlink()
    assert load_plan(tmp_path / "plan.json").scene is None


def test_coordinates_must_be_in_the_scanner_frame(plan) -> None:
    record = plan_to_record(plan)
    record["frame"] = {**record["frame"], "kind": "Tkras"}  # type: ignore[dict-item]
    with pytest.raises(FrameError, match="coordinates are in 'Tkras', not in Scanner"):
        plan_from_record(record)


def test_an_overridden_parameter_comes_back_overridden(plan) -> None:
    changed = replace(plan, params=Params().overriding({"standoff": 7.0}))
    again = as_stored(changed)
    assert again.params.standoff.value == 7.0
    assert again.params.standoff.overridden
    assert not again.params.reach.overridden


def test_the_scene_keeps_24_bits_of_each_coordinate(plan) -> None:
    data = scene_bytes(plan.scene)
    again = load_scene(data, sha256_bytes(data), plan.frame)
    a = plan.scene.scalp.points.mm(plan.frame)
    # float32 keeps 24 bits: 200 mm to 1.5e-5 mm.
    np.testing.assert_allclose(again.scalp.points.mm(plan.frame), a, atol=1.6e-5)
