"""``[landmarks]`` of patient.toml: all four, in a named frame, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from tmsplan.base.errors import InputError
from tmsplan.patient.landmarks import place_landmarks
from tmsplan.patient.placement import Placement
from tmsplan.patient.toml import read_patient_toml
from tmsplan.space import Frame, Rigid, Scanner, Tkras

FOUR = {
    "nasion": "[1.5, 85.0, -34.0]",
    "inion": "[0, -117, -40]",
    "lpa": "[-80, -29.0, -41.0]",
    "rpa": "[84.0, -28.5, -41.0]",
    "frame": '"scanner"',
}
SCANNER = Frame(Scanner, "sub-01")


def recipe(folder, **changed):
    table = {k: v for k, v in (FOUR | changed).items() if v is not None}
    path = folder / "patient.toml"
    path.write_text(
        'id = "sub-01"\n[anatomy]\nfreesurfer = "fs"\nt1w = "T1.nii.gz"\n[landmarks]\n'
        + "\n".join(f"{k} = {v}" for k, v in table.items())
    )
    for part in ("mri", "surf"):
        (folder / "fs" / part).mkdir(parents=True, exist_ok=True)
    (folder / "fs/mri/orig.mgz").touch()
    for name in ("lh.white", "lh.pial", "rh.white", "rh.pial"):
        (folder / "fs/surf" / name).touch()
    return read_patient_toml(path)


def test_they_are_read_and_placed_in_the_scanner(tmp_path):
    given = recipe(tmp_path).landmarks
    placed = place_landmarks(given, Placement(SCANNER, None, None), "sub-01")
    assert set(placed) == {"nasion", "inion", "lpa", "rpa"}
    np.testing.assert_array_equal(placed["lpa"].mm(SCANNER)[0], (-80, -29, -41))


def test_surface_ras_goes_through_the_volume(tmp_path):
    given = recipe(tmp_path, frame='"tkras"').landmarks
    shift = np.eye(4)
    shift[:3, 3] = (1, 2, 3)
    way = Rigid.claim(shift, dst=SCANNER, src=Frame(Tkras, "sub-01"), because="a test")
    placed = place_landmarks(given, Placement(SCANNER, way, None), "sub-01")
    np.testing.assert_allclose(placed["lpa"].mm(SCANNER)[0], (-79, -27, -38))


def test_surface_ras_without_a_volume_is_refused(tmp_path):
    given = recipe(tmp_path, frame='"tkras"').landmarks
    with pytest.raises(InputError, match=r"sub-01: the landmarks are in FreeSurfer surface RAS"):
        place_landmarks(given, Placement(SCANNER, None, None), "sub-01")


def test_without_the_table_there_are_none():
    assert place_landmarks(None, Placement(SCANNER, None, None), "sub-01") == {}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"inion": None}, r"\[landmarks\] has no 'inion'"),
        ({"frame": None}, r"no 'frame'.*frame = .scanner."),
        ({"nose": "[1, 2, 3]"}, r"unknown key 'nose'"),
        ({"frame": '"mni"'}, r"landmarks.frame is 'mni'"),
        ({"lpa": "[1, 2]"}, r"landmarks.lpa is \[1, 2\]"),
        ({"lpa": '[1, 2, "3"]'}, r"landmarks.lpa is .*three numbers in mm"),
        ({"lpa": "[1, 2, nan]"}, r"landmarks.lpa is .*three numbers"),
        ({"lpa": "[1, 2, true]"}, r"landmarks.lpa is .*three numbers"),
    ],
)
def test_what_is_no_landmark_is_refused(tmp_path, changed, message):
    with pytest.raises(InputError, match=message):
        recipe(tmp_path, **changed)
