"""Standard targets: their files, the route to a patient, and the tripwire of that route."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import round_head as rh
from ecog_head import ECOG, ecog_patient, talairach

from tmsplan.base import InputError, Params
from tmsplan.base.errors import AmbiguityError, FrameError
from tmsplan.space.frame import Frame, Mni305, Mni2009cAsym, MniNlin6Asym, template_frame
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine
from tmsplan.space.warp import PointWarp
from tmsplan.target import standard_targets
from tmsplan.target.standard_targets import (
    load_standard,
    place_standard,
    read_standard,
    standard_names,
)
from tmsplan.target.template import (
    PROBES,
    mni305_from_mni152,
    target_in_template,
    to_patient,
    tripwire_template,
)
from tmsplan.target.two_f3 import two_f3_line

P = Params()
MNI305 = Frame(Mni305, "template")
SIX = Frame(MniNlin6Asym, "template")
NINE = Frame(Mni2009cAsym, "template")
FOLDER = Path(standard_targets.__file__).with_name("standard")


# --- the files -----------------------------------------------------------------------------


def test_the_published_points() -> None:
    """Copied by hand from the list of facts, not from the files."""
    expected = {
        "ba46": (-44, 40, 29), "ba9": (-36, 39, 43),
        "f3-cortical": (-37, 26, 49), "five-cm-average": (-41, 16, 54),
        "mni-sgacc-group": (-38, 44, 26), "fox-2012-peak": (-44, 38, 34),
        "weigand-2018": (-42, 44, 30), "fitzgerald-2009": (-46, 45, 38),
        "rusjan-2010": (-50, 30, 36),
        "herbsman-2009-a": (-46, 23, 49), "herbsman-2009-b": (-47, 24, 48),
        "siddiqi-dysphoric": (-32, 44, 34), "siddiqi-anxiosomatic": (0, 48, 46),
        "right-dlpfc-mirror": (38, 44, 26), "right-dlpfc-list": (42, 40, 26),
        "dmpfc": (0, 50, 30), "pre-sma": (0, 18, 58),
        "m1-hand-left": (-37, -21, 58), "m1-hand-right": (37, -21, 58),
        "ipl-left": (-47, -68, 36), "stg-left": (-52, -20, 6),
        "tpj-left": (-48, -62, 30), "tpj-right": (50, -60, 34),
        "tpj-right-anterior": (54, -44, 18),
    }  # fmt: skip
    assert {n: load_standard(n).mni for n in standard_names()} == expected


def test_the_rules_on_the_scalp() -> None:
    rules = {n: str(load_standard(n).rule) for n in standard_names("scalp")}
    assert rules == {
        "beam-f3": "Beam's measurements, program form",
        "beam-f3-simple": "Beam's measurements, simple form",
        "beam-f3-adjusted": "Beam's measurements, program form, adjusted",
        "beam-f4": "Beam's measurements, program form",
        "beam-f4-simple": "Beam's measurements, simple form",
        "beam-f4-adjusted": "Beam's measurements, program form, adjusted",
        "five-cm-rule": "5 cm forward along the scalp from m1-hand-left",
        "five-and-a-half-cm-rule": "5.5 cm forward along the scalp from m1-hand-left",
        "six-cm-rule": "6 cm forward along the scalp from m1-hand-left",
        "parietal-p3": "P3 (10-10)",
        "parietal-p4": "P4 (10-10)",
        "t3p3": "T7 to P3, half way",
    }
    assert standard_names("bold") == ("sgacc-individual",)


def test_nothing_unread_is_called_verified() -> None:
    """One rule was read in its source; every other target says so in its name."""
    verified = {n for n in standard_names("any") if load_standard(n).status == "verified"}
    assert verified == {"five-cm-rule"}
    for name in standard_names("any"):
        standard = load_standard(name)
        assert standard.shown.endswith("(unverified)") == (name not in verified)
        assert standard.status in standard.pedigree


def test_f3_on_the_cortex_is_not_f3_on_the_scalp() -> None:
    """31 mm apart: the electrode of template caps is at (-49.10, 52.45, 39.28)."""
    gap = np.linalg.norm(np.subtract(load_standard("f3-cortical").mni, (-49.10, 52.45, 39.28)))
    assert gap == pytest.approx(31, abs=0.5)
    cortical, scalp = load_standard("f3-cortical"), load_standard("beam-f3")
    assert "not the scalp position F3" in cortical.how
    assert "cortex" in cortical.title
    assert "scalp" in scalp.title
    assert all(any("31 mm apart" in c for c in one.conflicts) for one in (cortical, scalp))


@pytest.mark.parametrize("name", ["f3", "F3"])
def test_f3_alone_is_refused_with_both(name: str) -> None:
    with pytest.raises(AmbiguityError, match=rf"'{name}' names two places, tens of millimetres "
                       r"apart\. Write 'beam-f3' for the electrode position on the patient's "
                       r"scalp, or 'f3-cortical' for a point of a group's cortex"):  # fmt: skip
        load_standard(name)


def test_f4_alone_is_refused_with_both() -> None:
    with pytest.raises(AmbiguityError, match=r"Write 'beam-f4' .* or 'right-dlpfc-mirror'"):
        load_standard("f4")


def test_the_two_f3_of_one_plan_are_told_apart() -> None:
    here, there = rh.target([-40, 50, 40], Hemi.LEFT), rh.target([-40, 30, 55], Hemi.LEFT)
    both = [replace(here, id="beam-f3"), replace(there, id="f3-cortical")]
    assert "lie 25 mm apart" in str(two_f3_line(both))
    assert two_f3_line(both[:1]) is None
    assert two_f3_line(both[1:]) is None


def test_an_alias_is_the_same_target() -> None:
    assert load_standard("f3-scalp") is load_standard("beam-f3")
    assert load_standard("cash-f3") is load_standard("f3-cortical")
    assert load_standard("5cm").name == "five-cm-rule"


def test_what_is_no_point_is_not_placed_as_one() -> None:
    with pytest.raises(InputError, match=r"'beam-f3' is no point of a template but a scalp rule"):
        place_standard("beam-f3", rh.head())
    with pytest.raises(InputError, match=r"'sgacc-individual' is no point .* own BOLD"):
        place_standard("sgacc-individual", rh.head())


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no standard target called 'ba-9'\. Did you mean 'ba9'"):
        load_standard("ba-9")


BA9 = "ba9"
WRONG = [
    (BA9, 'name = "ba9"', 'name = "ba10"', r"ba9\.toml: name is 'ba10'\. Expected 'ba9'"),
    (BA9, 'hemi = "left"', 'hemi = "right"', r"mni x is -36 and hemi is right"),
    (BA9, 'hemi = "left"', 'hemi = "both"', r"'both' names no side"),
    (BA9, 'kind = "cortex"', 'kind = "brain"', r"kind is 'brain'\. Expected cortex, scalp, bold"),
    (BA9, 'kind = "cortex"', 'kind = "scalp"', r"missing or unknown: frame_assumed, mni, rule"),
    (BA9, 'frame = "MNI152NLin6Asym"', 'frame = "MNI152"', r"frame is 'MNI152'"),
    (BA9, 'frame = "MNI152NLin6Asym"', 'frame = "scalp rule"', r"frame is 'scalp rule'"),
    (BA9, "frame_assumed = true", 'frame_assumed = "yes"', r"frame_assumed is 'yes'"),
    (BA9, 'status = "unverified"', 'status = "sure"', r"status is 'sure'"),
    (BA9, 'status = "unverified"', 'status = "verified"', r"verified_by is ''\. Expected where"),
    (BA9, 'verified_by = ""', 'verified_by = "Table 1"', r"empty if and only if unverified"),
    (BA9, 'status = "unverified"', "", r"missing or unknown: status"),
    (BA9, "aliases = []", "aliases = []\nradius = 3", r"unknown: radius"),
    (BA9, "aliases = []", 'aliases = "nine"', r"aliases is 'nine'\. Expected a list of words"),
    (BA9, "conflicts = []", 'conflicts = [""]', r"conflicts is \[''\]"),
    (BA9, 'source = "doi:10.1016/j.biopsych.2012.04.028"', 'source = "Fox"', r"source is 'Fox'"),
    (BA9, "mni = [-36.0, 39.0, 43.0]", "mni = [-36.0, 39.0]", r"mni is \[-36\.0, 39\.0\]"),
    (BA9, "mni = [-36.0, 39.0, 43.0]", 'mni = ["a", 1, 2]', r"Expected three numbers"),
    (BA9, "mni = [-36.0, 39.0, 43.0]", "mni = [", r"cannot be read"),
    ("beam-f3", 'by = "beam"', 'by = "eye"', r"rule\.by is 'eye'\. Expected beam, along, sites"),
    ("beam-f3", 'form = "program"', 'form = "new"', r"rule\.form is 'new'"),
    ("beam-f3", "adjusted = false", "adjusted = 0", r"rule\.adjusted is 0"),
    ("beam-f3", "adjusted = false", "", r"missing or unknown: adjusted"),
    ("six-cm-rule", "= 60.0", "= 6.0", r"rule\.distance_mm is 6\.0\. Expected 30 to 100 mm"),
    ("six-cm-rule", 'start = "m1-hand-left"', 'start = ""', r"rule\.start is ''"),
    ("t3p3", '["T7", "P3"]', "[]", r"rule\.sites is \[\]\. Expected one or two names"),
]


@pytest.mark.parametrize(("name", "line", "instead", "message"), WRONG)
def test_a_wrong_file_is_refused(
    tmp_path, name: str, line: str, instead: str, message: str
) -> None:
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    assert line in text
    (tmp_path / f"{name}.toml").write_text(text.replace(line, instead), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_standard(tmp_path / f"{name}.toml")


def test_a_list_without_a_paper_cannot_be_verified(tmp_path) -> None:
    text = (FOLDER / "pre-sma.toml").read_text(encoding="utf-8")
    text = text.replace('status = "unverified"', 'status = "verified"')
    text = text.replace('verified_by = ""', 'verified_by = "a list"')
    (tmp_path / "pre-sma.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"or 'no paper: \.\.\.' of an unverified target"):
        read_standard(tmp_path / "pre-sma.toml")


# --- templates -----------------------------------------------------------------------------


def test_mni305_to_mni152_as_other_software_has_it() -> None:
    """Worked example in the manual of the R package freesurferformats (mni152reg).

    The published matrix has 4 decimals: 5e-5 of 10 + 20 + 35 mm.
    """
    back = mni305_from_mni152().inverse() @ Points([10.0, -20.0, 35.0], MNI305)
    np.testing.assert_allclose(back.mm(SIX)[0], [10.695, -18.409, 36.137], atol=4e-3)


def route(frame, matrix=None):
    """A scanner-from-template edge of the round head."""
    m = np.eye(4) if matrix is None else matrix
    return Affine.claim(m, dst=rh.FRAME, src=frame, because="made up")


def with_routes(*edges):
    patient = rh.head()
    tree = patient.tree
    for edge in edges:
        tree = tree.with_edge(edge)
    return type(patient)(**{**{k: getattr(patient, k) for k in patient.__slots__}, "tree": tree})


def shift(x: float, y: float, z: float) -> np.ndarray:
    m = np.eye(4)
    m[:3, 3] = x, y, z
    return m


def test_the_same_template_is_preferred() -> None:
    patient = with_routes(route(SIX, shift(1, 0, 0)), route(NINE, shift(0, 2, 0)), route(MNI305))
    placed = to_patient((-40, 30, 20), "MNI152NLin6Asym", patient, assumed=True)
    np.testing.assert_allclose(placed.point.mm(rh.FRAME)[0], [-39, 30, 20])
    assert placed.route == "MNI152NLin6Asym, the patient's own transform"


@pytest.mark.parametrize(
    ("have", "asked"), [(NINE, "MNI152NLin6Asym"), (SIX, "MNI152NLin2009cAsym")]
)
def test_the_other_mni152_only_for_a_point_of_unknown_version(have, asked: str) -> None:
    patient = with_routes(route(have, shift(0, 2, 0)))
    placed = to_patient((-40, 30, 20), asked, patient, assumed=True)
    np.testing.assert_allclose(placed.point.mm(rh.FRAME)[0], [-40, 32, 20])
    assert "does not say which MNI152" in placed.route
    with pytest.raises(FrameError, match=f"round: no route from {asked}"):
        to_patient((-40, 30, 20), asked, patient, assumed=False)


def test_through_mni305() -> None:
    patient = with_routes(route(MNI305))
    placed = to_patient((10.695, -18.409, 36.137), "MNI152NLin6Asym", patient, assumed=False)
    np.testing.assert_allclose(placed.point.mm(rh.FRAME)[0], [10, -20, 35], atol=4e-3)
    assert "FreeSurfer's affine" in placed.route


def test_without_a_route_nothing_is_placed_and_nothing_passes() -> None:
    patient = rh.head()
    with pytest.raises(FrameError, match=r"no route from MNI152NLin6Asym .*talairach\.xfm"):
        place_standard("ba9", patient)
    assert tripwire_template(patient, P).status == "not-run"
    assert target_in_template(Points([0, 0, 0], rh.FRAME), patient) == (None, None)


def test_a_point_of_the_patient_in_its_template() -> None:
    point = Points([-40, 30, 20], rh.FRAME)
    patient = with_routes(route(MNI305, shift(0, 0, 5)))
    found, name = target_in_template(point, patient)
    assert name == "MNI305"
    np.testing.assert_allclose(found.mm(MNI305)[0], [-40, 30, 15])
    patient = with_routes(route(MNI305), route(NINE, shift(0, 0, 7)))
    found, name = target_in_template(point, patient)
    assert name == "MNI152NLin2009cAsym"
    np.testing.assert_allclose(found.mm(template_frame(name))[0], [-40, 30, 13])


# --- a real head ---------------------------------------------------------------------------


def test_the_group_target_lands_in_left_middle_frontal_cortex(ecog) -> None:
    """Known anatomy: aparc+aseg calls the place rostral or caudal middle frontal, left."""
    import nibabel as nib

    patient = ecog_patient(ecog)
    image = nib.load(ecog / "mri/aparc+aseg.mgz")
    back = np.linalg.inv(image.affine)
    for name in ("mni-sgacc-group", "ba46", "weigand-2018", "f3-cortical", "ba9"):
        target = place_standard(name, patient)
        xyz = target.point.mm(patient.scanner)[0]
        label = int(image.dataobj[tuple(np.rint(back[:3, :3] @ xyz + back[:3, 3]).astype(int))])
        assert label in {1003, 1027}, (name, label)  # caudal and rostral middle frontal, left
        assert target.hemi is Hemi.LEFT
        snapped = float(target.provenance.split("snapped by ")[1].split(" mm")[0])
        assert snapped < 5
        assert "unverified" in target.provenance
        assert "MNI152NLin6Asym (assumed)" in target.provenance


def test_there_and_back_through_mni305(ecog) -> None:
    """The target's template point is the published one, up to the snap."""
    patient = ecog_patient(ecog)
    target = place_standard("mni-sgacc-group", patient)
    found, name = target_in_template(target.point, patient)
    assert name == "MNI305"
    mni152 = mni305_from_mni152().inverse() @ found
    assert mni152.distances(Points([-38, 44, 26], SIX))[0] < 2


def test_the_right_route_passes(ecog) -> None:
    wire = tripwire_template(ecog_patient(ecog), P)
    assert wire.status == "pass"
    assert wire.value < 6
    assert "worst of 8" in wire.why


def edge(folder, change: np.ndarray):
    """The talairach route followed by a change in the scanner."""
    right = np.linalg.inv(talairach(folder))
    return Affine.claim(change @ right, dst=ECOG, src=MNI305, because="altered")


def test_wrong_routes_fail(ecog) -> None:
    inverted = Affine.claim(talairach(ecog), dst=ECOG, src=MNI305, because="inverted")
    lps = edge(ecog, np.diag([-1.0, -1.0, 1.0, 1.0]))
    aside = edge(ecog, shift(20, 0, 0))
    raised = edge(ecog, shift(0, 0, 20))
    for wrong in (inverted, lps, aside, raised):
        wire = tripwire_template(ecog_patient(ecog, wrong), P)
        assert wire.status == "fail", wire


def test_a_mirrored_route_names_the_side(ecog) -> None:
    """Only a warp can mirror: an affine that does is refused when it is claimed."""
    right = np.linalg.inv(talairach(ecog))

    def mirror(xyz: np.ndarray) -> np.ndarray:
        flipped = xyz * [-1, 1, 1]
        return flipped @ right[:3, :3].T + right[:3, 3]

    warp = PointWarp.claim(mirror, dst=ECOG, src=MNI305, because="mirrored")
    wire = tripwire_template(ecog_patient(ecog, warp), P)
    assert wire.status == "fail"
    assert "lies nearer to the" in wire.why
    assert "hemisphere than to the" in wire.why


def test_probes_are_symmetric() -> None:
    """A one-sided set could not see an exchange of sides twice over."""
    left = {xyz for _, hemi, xyz in PROBES if hemi is Hemi.LEFT}
    right = {(-x, y, z) for _, hemi, (x, y, z) in PROBES if hemi is Hemi.RIGHT}
    assert left == right
    assert all(x < 0 for x, _, _ in left)
