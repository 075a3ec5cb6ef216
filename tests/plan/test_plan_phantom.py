"""The anchored phantom through the whole chain: left is left in everything that leaves it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import phantom
import pytest
from tolerances import EQUIVARIANT_MM

import tmsplan as tp
from tmsplan.norms import fit_norms
from tmsplan.patient import load_patient
from tmsplan.patient.patient import Patient
from tmsplan.plan.make import make_plan
from tmsplan.plan.options import Options
from tmsplan.plan.plan import Plan, PlannedTarget
from tmsplan.plan.store import load_plan
from tmsplan.space import Hemi

# No field: tests/plan/test_plan_field.py has one; here every plan is made many times.
OPTIONS = Options(atlas="aparc", against=("mni-sgacc-group",), efield="none")


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    @cache
    def one(variant: str) -> tuple[Patient, Plan]:
        base = phantom.anchored()
        c, s = np.cos(0.3), np.sin(0.3)
        turn = np.array([[c, -s, 0, 12.5], [s, c, 0, -7.25], [0, 0, 1, 21.0], [0, 0, 0, 1]])
        made, where = {
            "anchored": (base, None),
            "mirrored": (phantom.mirrored(base), None),
            "permuted": (phantom.permuted(base), None),
            "moved": (phantom.moved(base, turn), None),
            "LAS": (base, phantom.storage("LAS")),
            "PSR": (base, phantom.storage("PSR")),
            "oblique": (base, phantom.storage("LAS", angle=0.35)),
        }[variant]
        source, controls = phantom.write(made, tmp_path_factory.mktemp(variant), where)
        patient = load_patient(source)
        return patient, make_plan(patient, fit_norms(controls, synthetic=True), OPTIONS)

    return one


def guided(plan: Plan) -> PlannedTarget:
    return next(t for t in plan.targets if t.target.kind == "coupling")


def mm(plan: Plan) -> dict[str, np.ndarray]:
    t = guided(plan)
    pose = t.pose.scanner_from_coil
    return {
        "cortex": t.target.point.mm(plan.frame)[0],
        "scalp": t.pose.scalp_point.mm(plan.frame)[0],
        "coil": t.pose.centre.mm(plan.frame)[0],
        "axes": pose.matrix(plan.frame, pose.src)[:3, :3] * 100,  # a hundredth: 0.006 deg
    }


def test_the_patch_is_found_on_the_left(planned) -> None:
    _, plan = planned("anchored")
    first = plan.ranking.rows[0]
    assert (first.parcel_id, first.hemi) == (phantom.PLANTED, Hemi.LEFT)
    assert plan.ranking.verdict == "target"
    assert guided(plan).target.hemi is Hemi.LEFT
    assert guided(plan).target.parcel_id == phantom.PLANTED
    assert mm(plan)["cortex"][0] < 0
    status = {t.id: t.status for t in plan.tripwires}
    assert status.pop("TP-D01") == "not-run"  # the map is per vertex, no image
    assert set(status.values()) == {"pass"}


def test_the_mirror_image_is_found_on_the_right_and_mirrors_the_pose(planned) -> None:
    _, plan = planned("anchored")
    _, other = planned("mirrored")
    first = other.ranking.rows[0]
    assert (first.parcel_id, first.hemi) == (phantom.PLANTED + 1000, Hemi.RIGHT)
    assert guided(other).target.hemi is Hemi.RIGHT
    a, b = mm(plan), mm(other)
    for key in ("cortex", "scalp", "coil"):
        np.testing.assert_allclose(b[key], a[key] * (-1, 1, 1), atol=EQUIVARIANT_MM)
    # y and z of the coil are mirrored; x is not: it stays the third of a right-handed frame.
    np.testing.assert_allclose(b["axes"][:, 1:], a["axes"][:, 1:] * [[-1], [1], [1]], atol=0.01)
    np.testing.assert_allclose(b["axes"][:, 0], -a["axes"][:, 0] * (-1, 1, 1), atol=0.01)


@pytest.mark.parametrize("variant", ["permuted", "LAS", "PSR", "oblique"])
def test_order_and_storage_do_not_matter(planned, variant) -> None:
    _, plan = planned("anchored")
    _, other = planned(variant)
    for key, value in mm(plan).items():
        np.testing.assert_allclose(mm(other)[key], value, atol=EQUIVARIANT_MM, err_msg=key)
    assert [r.parcel_id for r in other.ranking.rows] == [r.parcel_id for r in plan.ranking.rows]


def test_the_target_moves_along_with_the_head(planned) -> None:
    _, plan = planned("anchored")
    _, other = planned("moved")
    c, s = np.cos(0.3), np.sin(0.3)
    turn, shift = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), np.array([12.5, -7.25, 21.0])
    a, b = mm(plan), mm(other)
    for key in ("cortex", "scalp", "coil"):
        np.testing.assert_allclose(b[key], turn @ a[key] + shift, atol=EQUIVARIANT_MM)
    np.testing.assert_allclose(b["axes"], turn @ a["axes"], atol=0.01)


@pytest.mark.parametrize(("variant", "sign"), [("anchored", -1), ("mirrored", 1)])
def test_the_side_in_the_navigators_own_text(planned, variant, sign, tmp_path) -> None:
    """Read by eye, so to say: no reader of ours touches the file."""
    _, plan = planned(variant)
    (export,) = tp.export_plan(plan, tmp_path / "nav", ["brainsight"])
    text = (tmp_path / "nav" / export.file).read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    mine = [r for r in rows if "rostralmiddlefrontal" in r[0]]
    assert len(mine) == 2  # coil and cortex
    assert all(np.sign(float(r[1])) == sign for r in mine)
    assert all("SYNTHETIC" in r[0] for r in rows)
    side = "left" if sign < 0 else "right"
    assert all(side in r[0] for r in mine)


@pytest.mark.parametrize("variant", ["anchored", "mirrored"])
def test_the_side_in_the_pictures(planned, variant) -> None:
    """In VTK's own pixels: marker and patch are at their letter, L is where left must be."""
    from tmsplan.view.draw import render
    from tmsplan.view.look import TARGET_RGB
    from tmsplan.view.pictures import VIEWS, camera_for, letters_for, ready_scene

    _, plan = planned(variant)
    target, baked = guided(plan), ready_scene(plan)
    hemi = target.target.hemi
    assert hemi is (Hemi.LEFT if variant == "anchored" else Hemi.RIGHT)
    view = next(v for v in VIEWS if v.id == "cortex")
    camera = camera_for(view, target, baked, size=(560, 480))
    image = render(baked, target.target, target.pose, camera, head=None, coil=None).astype(float)
    letters = {x.hemi: np.array([x.x, x.y]) for x in letters_for(camera, view, target, baked)}
    red, green, low = image[..., 0], image[..., 1], image[..., 2]
    yellow = (
        (red > 140) & (abs(green / np.maximum(red, 1) - TARGET_RGB[1]) < 0.1) & (low < 0.25 * red)
    )
    patch = (low > red + 60) & (low > 90)
    marker = np.median(np.nonzero(yellow)[::-1], axis=1)
    blue = np.transpose(np.nonzero(patch)[::-1])
    assert yellow.sum() > 12
    assert np.linalg.norm(marker - letters[hemi]) < np.linalg.norm(marker - letters[hemi.other])
    assert patch.sum() > 200
    # The marker is on the only abnormal patch: blue pixels right beside it.
    assert np.linalg.norm(blue - marker, axis=1).min() < 20
    # Seen from the front, the patient's left is on the right of the picture, for both.
    assert letters[Hemi.LEFT][0] > letters[Hemi.RIGHT][0]


def test_the_same_inputs_give_the_same_bytes(planned, tmp_path, monkeypatch) -> None:
    from tmsplan.cli.outputs import Destination, write_plan

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    patient, plan = planned("anchored")
    out = []
    for name in ("one", "two"):
        again = make_plan(patient, _norms(tmp_path / name), OPTIONS)
        write_plan(again, patient, Destination(tmp_path / name / "out"))
        out.append((tmp_path / name / "out" / "SHA256SUMS").read_text())
    assert out[0] == out[1]
    assert guided(plan).target.vertex == guided(again).target.vertex
    reopened = load_plan(tmp_path / "two" / "out")
    assert reopened.scene is not None
    np.testing.assert_array_equal(mm(reopened)["coil"], mm(again)["coil"])


def _norms(folder: Path):
    folder.mkdir()
    _, controls = phantom.write(phantom.anchored(), folder / "src")
    return fit_norms(controls, synthetic=True)
