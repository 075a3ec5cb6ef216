"""The shared form: nothing of whom it is, in text or packed; no face; the rest as it was."""

from __future__ import annotations

import base64
import gzip
import re
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scene_plan

from tmsplan.base.errors import InputError, UsageError
from tmsplan.base.provenance import InputFile
from tmsplan.coil.head import Landmarks
from tmsplan.plan.measured_head import HeadRecord
from tmsplan.plan.plan import Export, Plan
from tmsplan.plan.scene import Scene
from tmsplan.space import Frame, Points, Scanner, Tripwire, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.space.transform import Affine
from tmsplan.target.ranking import Statement
from tmsplan.view.page import render_page
from tmsplan.view.report import write_report
from tmsplan.view.share import share_plan, shared_page, write_share
from tmsplan.view.share_cut import FacePlane, face_plane, faceless

pytestmark = pytest.mark.slow  # pages of a whole plan, unpacked and searched

#: fsaverage's own landmarks in the world of its head surface, mm (mne.coreg fiducials).
NASION, INION = (1.5, 85.1, -34.8), (2.0, -115.0, -22.0)
LPA, RPA = (-80.6, -29.1, -41.3), (84.4, -28.6, -41.3)
#: Higher than the plane by this: a page that refines the mesh lets its rim sink a little.
RIM_MM = 2.0
BLOCK = re.compile(r'<script type="text/plain" id="block-([\w-]+)">([^<]*)</script>')
PRIVATE = (
    "demo-01", "Mueller_Anna_T1w.nii.gz", "Mueller_Anna", "round_secret_fc.tsv",
    "demo-01_brainsight.txt", "4be190c7", "4be1 90c7", "77d2", "4b" * 32, "5c" * 32, "6d" * 32,
    "7e" * 32, "ab" * 32, "2026-11-21", "1949-02-03", "Dr. Strange",
)  # fmt: skip


def _t1(frame: Frame[Scanner]) -> Volume[Scanner]:
    affine = np.diag([60.0, 60.0, 60.0, 1.0])
    affine[:3, 3] = -90
    voxel = Frame(Voxel, f"{frame.owner}:scene-t1")
    claim = Affine.claim(affine, dst=frame, src=voxel, because="made up")
    return Volume(np.full((4, 4, 4), 120, np.uint8), Grid((4, 4, 4), claim))


@pytest.fixture(scope="module")
def secret(plan: Plan) -> Plan:
    """The plan of the view tests with private strings in every place that can hold text."""
    says = Statement(
        "scans", "Mueller_Anna_T1w.nii.gz of demo-01, born 1949-02-03, has 4be190c7" + "0" * 52
        + "77d2; the demonstration and demo-010 are others.",
    )  # fmt: skip
    moved = Statement(
        "moved", "MOVED BY HAND on 2026-11-21T12:00:00Z Dr. Strange moved left front (left) by "
        "3.0 mm, from (1.0, 2.0, 3.0) to (1.0, 2.0, 6.0) mm, demo-01/Scanner RAS.",
    )  # fmt: skip
    lines = (*plan.ranking.statements, says, moved)
    wires = (
        *plan.tripwires,
        Tripwire("TP-D01", "pass", 0.9, 0.8, "Mueller_Anna_T1w.nii.gz: the map covers 0.9"),
    )
    return replace(
        plan,
        inputs=(
            InputFile("t1w", "Mueller_Anna_T1w.nii.gz", "4b" * 32),
            InputFile("fc", "sub/round_secret_fc.tsv", "5c" * 32),
        ),
        exports=(*plan.exports, Export("tsv", "navigation/tsv/demo-01_x.tsv", "8f" * 32, 0, 0)),
        ranking=replace(plan.ranking, statements=lines, why=plan.ranking.why + " (demo-01)"),
        tripwires=wires,
        caveats=(*plan.caveats, "COMPOSITE: maps of sub-demo-01."),
        qc={"notes": "read from round_secret_fc.tsv on 2026-11-21"},
        scene=replace(plan.scene, t1=_t1(plan.frame)),
    )


@pytest.fixture(scope="module")
def shared(secret: Plan) -> Plan:
    return share_plan(secret, label="case-7")


@pytest.fixture(scope="module")
def page(secret: Plan, shared: Plan) -> str:
    return shared_page(secret, shared, {}, {})


def blocks(page: str) -> dict[str, bytes]:
    """Every packed part, decoded by hand."""
    found = {name: gzip.decompress(base64.b64decode(text)) for name, text in BLOCK.findall(page)}
    images = re.findall(r"data:image/[a-z]+;base64,([A-Za-z0-9+/=]+)", page)
    return {**found, **{f"image-{k}": base64.b64decode(t) for k, t in enumerate(images)}}


def test_the_normal_page_holds_what_the_shared_one_must_not(secret: Plan) -> None:
    page = render_page(secret, {})
    for private in ("demo-01", "Mueller_Anna_T1w.nii.gz", "4be1 90c7", "1949-02-03"):
        assert private in page
    assert {"t1", "scalp"} <= set(blocks(page))


@pytest.mark.parametrize("private", PRIVATE)
def test_nothing_private_is_anywhere_in_its_bytes(page: str, private: str) -> None:
    text = BLOCK.sub("", page)
    if private not in {"77d2"}:  # four digits of a hash may be anywhere by chance
        raw = private.encode()
        assert private not in text.replace("demo-010", "")
        assert not [name for name, data in blocks(page).items() if raw in data]
    assert f"… {private}" not in text


def test_the_rest_is_said_and_whole(page: str, secret: Plan) -> None:
    assert "TMS plan of case-7" in page
    assert page.count("SHARED FORM") == 2
    assert "Left out: the T1 and its slices; the face" in page
    assert "the demonstration and demo-010 are others" in page  # other words are not touched
    assert "MOVED BY HAND: a person moved left front" in page
    assert "Keep it as you keep the scans" not in page
    assert "Plan made" not in page
    for planned in secret.targets:
        x, y, z = planned.pose.centre.mm(secret.frame)[0]
        assert f"x = {x:.1f}, y = {y:.1f}, z = {z:.1f}" in page


def _vertices(mz3: bytes) -> np.ndarray:
    """Vertices of an MZ3 mesh, read by its published layout."""
    magic, _, faces, vertices, skip = np.frombuffer(mz3, "<u2,<u2,<u4,<u4,<u4", 1)[0]
    assert magic == 0x5A4D
    start = 16 + int(skip) + 12 * int(faces)
    return np.frombuffer(mz3, "<f4", 3 * int(vertices), start).reshape(-1, 3).astype(float)


def test_no_t1_and_no_scalp_below_the_cut(page: str, secret: Plan) -> None:
    found = blocks(page)
    assert set(found) == {"left", "right", "scalp"}
    plane = face_plane(secret)
    xyz = _vertices(found["scalp"])
    heights = plane.above_mm(Points(xyz, secret.frame))
    assert heights.min() > 0
    assert heights.max() > 40  # the crown is there
    assert not re.search(rb"n\+1\x00|ni1\x00", b"".join(found.values()))  # no NIfTI at all


def _with_head(plan: Plan, doubt: float) -> Plan:
    names = ("nasion", "inion", "lpa", "rpa")
    marks = Landmarks(
        *(Points(xyz, plan.frame) for xyz in (NASION, INION, LPA, RPA)),
        how="found",
        confidence_mm=dict.fromkeys(names, doubt),
        why=dict.fromkeys(names, "made up"),
    )
    return replace(plan, head=HeadRecord(marks, {}, {}))


def test_no_landmark_and_no_site_draws_the_face(plan: Plan) -> None:
    """Nasion, ears and low 10-10 sites lie below the cut; so do the tapes that start there."""
    shared = share_plan(plan)
    assert shared.head is None
    assert all(t.tape is None for t in shared.targets)
    assert "landmarks" not in {s.id for s in shared.ranking.statements}


@pytest.mark.parametrize("doubt", [None, float("nan"), 12.0])
def test_no_eye_nose_or_ear_is_above_the_plane(plan: Plan, doubt: float | None) -> None:
    placed = plan if doubt is None else _with_head(plan, doubt)
    plane = face_plane(placed)

    def height(*xyz: float) -> float:
        return float(plane.above_mm(Points(xyz, plan.frame))[0])

    # fsaverage's head: nasion, brow 15 mm over it, tops of the ears 35 mm over the tragi.
    assert height(*NASION) < -25
    assert height(0, 88, -20) < -5
    assert height(-82, -35, -6) < 0
    assert height(82, -35, -6) < 0
    assert height(0, 0, 95) > 50  # and most of the crown stays
    xyz = placed.scene.scalp.points.mm(plan.frame)
    front = xyz[(np.abs(xyz[:, 0]) < 20)]
    nose = front[np.argmax(front[:, 1])]
    assert height(*nose) < 0


def test_doubtful_landmarks_raise_the_cut(plan: Plan) -> None:
    sure, unsure = (face_plane(_with_head(plan, mm)) for mm in (float("nan"), 12.0))
    assert float(sure.above_mm(unsure.point)[0]) == pytest.approx(12.0)


def test_wrong_landmarks_cannot_lower_the_cut_to_the_face(plan: Plan) -> None:
    placed = _with_head(plan, float("nan"))
    marks = placed.head.landmarks
    low = {
        k: Points(np.add(p.mm(plan.frame)[0], (0, 0, -90)), plan.frame)
        for k, p in marks.named().items()
    }
    fallen = replace(placed, head=HeadRecord(replace(marks, **low), {}, {}))
    plane = face_plane(fallen)
    assert float(plane.above_mm(Points((0, 88, -30), plan.frame))[0]) < 0


def test_the_cut_follows_the_plane_exactly(plan: Plan) -> None:
    scene: Scene = plan.scene
    plane = face_plane(plan)
    cut = faceless(scene, plane, Frame(Scanner, "x"))
    before = plane.above_mm(scene.scalp.points)
    after = FacePlane(
        Points(plane.point.mm(plan.frame), cut.frame),
        type(plane.up)(plane.up.components(plan.frame), cut.frame),
        "",
    ).above_mm(cut.scalp.points)
    assert after.min() > RIM_MM - 1e-6
    assert (after > RIM_MM + 1e-6).sum() == (
        before > RIM_MM + 1e-6
    ).sum()  # nothing above was lost
    assert cut.t1 is None
    assert cut.frame == Frame(Scanner, "x")
    xyz = scene.cortex.left.pial.points.mm(plan.frame)
    np.testing.assert_array_equal(cut.cortex.left.pial.points.mm(cut.frame), xyz)
    assert cut.cortex.left.pial.domain.owner == "x"


def test_a_shared_plan_has_no_way_back(shared: Plan, secret: Plan) -> None:
    assert (shared.patient_id, shared.frame.owner, shared.created) == ("case-7", "case-7", "")
    assert shared.t1_sha256 == ""
    assert shared.claims == ()
    assert {i.name for i in shared.inputs} == {"left out"}
    assert all(i.image is None for i in shared.inputs)
    assert "curve" not in shared.norms  # it holds the person's age
    for old, new in zip(secret.targets, shared.targets, strict=True):
        np.testing.assert_allclose(
            new.pose.centre.mm(shared.frame), old.pose.centre.mm(secret.frame), atol=1e-8
        )


def test_a_string_that_was_forgotten_is_found(secret: Plan, shared: Plan) -> None:
    leaky = replace(shared, caveats=("demo-01",))
    with pytest.raises(InputError, match=r"still holds a name of the patient of 7 characters"):
        shared_page(secret, leaky, {}, {})
    leaky = replace(shared, caveats=("see " + "5c" * 32,))
    with pytest.raises(InputError, match=r"still holds a text of 64 characters"):
        shared_page(secret, leaky, {}, {})


def test_a_string_that_is_packed_is_found_too(secret: Plan) -> None:
    from tmsplan.view.share_words import private_of, require_clean

    private = private_of(secret, "case-7")
    packed = base64.b64encode(gzip.compress(b"\x00" * 64 + b"Mueller_Anna_T1w.nii.gz")).decode()
    with pytest.raises(InputError, match=r"still holds a text of 23 characters"):
        require_clean(f"<p>{packed}</p>", private, ())
    require_clean("<p>nothing</p>", private, ())


def test_an_id_that_is_a_word_of_the_page_is_refused(plan: Plan) -> None:
    with pytest.raises(InputError, match="the patient id 'left' is a word that the page uses"):
        share_plan(replace(plan, patient_id="left"))


def test_a_number_as_id_does_not_touch_numbers(plan: Plan) -> None:
    odd = replace(plan, patient_id="120", scene=None)
    shared = share_plan(odd, label="case-7")
    assert "1 of 120 controls" in shared.ranking.why
    assert shared.patient_id == "case-7"


@pytest.mark.parametrize("label", ["", "a b", "x" * 65, "<b>", "a/b"])
def test_a_label_that_cannot_stand_for_an_id(plan: Plan, label: str) -> None:
    with pytest.raises(UsageError, match="write 1 to 64 letters, digits and hyphens"):
        share_plan(plan, label=label)


def test_the_id_itself_is_no_label(plan: Plan) -> None:
    with pytest.raises(InputError, match="is the patient's own id"):
        share_plan(plan, label="demo-01")


def test_every_writer_keeps_the_page_to_its_owner(tmp_path: Path) -> None:
    plan = scene_plan.plan(with_scene=False)
    write_share(plan, tmp_path / "share.html", label="case-7")
    write_report(plan, tmp_path / "report")
    for page in (tmp_path / "share.html", tmp_path / "report" / "report.html"):
        assert stat.S_IMODE(page.stat().st_mode) == 0o600


@pytest.mark.slow
def test_with_pictures_that_have_no_face_either(secret: Plan, tmp_path: Path) -> None:
    page = write_share(secret, tmp_path / "share.html", label="case-7").read_text()
    found = blocks(page)
    assert sum(name.startswith("image-") for name in found) >= 4 * len(secret.targets)
    for private in PRIVATE:
        assert not [
            n for n, data in found.items() if len(private) > 5 and private.encode() in data
        ]
