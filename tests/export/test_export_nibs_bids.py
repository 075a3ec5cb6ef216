"""NIBS-BIDS draft v6.3: columns, side files, labels, and what its reader refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from export.plan_builder import G1, build_plan, planned_from_matrix, t1_input

from tmsplan.base import read_table
from tmsplan.base.errors import ChiralityError, FrameError, InputError
from tmsplan.export.formats.nibs_bids import FORMAT
from tmsplan.export.nibs_bids.write import COLUMNS


@pytest.fixture
def plan():
    return build_plan(planned_from_matrix(G1), labels=("COMPOSITE", "EXPLORATORY"))


def test_three_files_and_only_the_table_holds_poses(plan, tmp_path: Path) -> None:
    files = FORMAT.write(plan, tmp_path)
    assert [p.name for p in files] == [
        "sub-01_task-tmsplan_markers.tsv",
        "sub-01_task-tmsplan_markers.json",
        "sub-01_task-tmsplan_coordsystem.json",
    ]
    assert [len(FORMAT.read(p, plan)) for p in files] == [2, 0, 0]


def test_g1_by_hand(plan, tmp_path: Path) -> None:
    """The draft's matrix is SimNIBS': G1's columns are x -1 0 0, y 0 1 0, z 0 0 -1."""
    table = read_table(FORMAT.write(plan, tmp_path)[0])
    row = {c: table.texts(c)[0] for c in table.columns}
    assert row["nibs_position_id"] == "beam-f3"
    assert row["nibs_element_id"] == "figure8-70mm"
    assert row["position_label"] == "COMPOSITE EXPLORATORY left: Beam F3_coil"
    assert row["position_description"] == "COMPOSITE EXPLORATORY standard target, left"
    assert row["target_label"] == "COMPOSITE EXPLORATORY left: Beam F3_ctx"

    def triple(column: str) -> list[float]:
        return [float(row[f"{column}_{c}"]) for c in "xyz"]

    assert triple("element_centre") == [-1.2, -15.8, 120]
    assert [triple(f"element_{c}dir") for c in "xyz"] == [[-1, 0, 0], [0, 1, 0], [0, 0, -1]]
    assert triple("target") == [-1.2, -15.8, 98]
    assert float(row["element_distance"]) == 4.0


def test_side_files_say_draft_t1_axes_and_every_column(plan, tmp_path: Path) -> None:
    _, sidecar, system = FORMAT.write(plan, tmp_path)
    assert set(json.loads(sidecar.read_bytes())) == set(COLUMNS)
    content = json.loads(system.read_bytes())
    assert content["NIBSCoordinateSystem"] == "IndividualMRI"
    assert content["NIBSCoordinateUnits"] == "mm"
    assert content["IntendedFor"] == "bids::sub-01/anat/sub-01_T1w.nii.gz"
    assert content["Draft"] == "NIBS-BIDS (BEP037) draft v6.3"
    words = content["NIBSCoordinateSystemDescription"]
    assert words.startswith("COMPOSITE EXPLORATORY planned positions. RAS, mm")
    assert "y away from the handle" in words


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("sub-01_ses-a_acq-x_T1w.nii.gz", "bids::sub-01/ses-a/anat/sub-01_ses-a_acq-x_T1w.nii.gz"),
        ("T1.nii.gz", None),
    ],
)
def test_the_image_is_named_only_where_its_place_is_known(tmp_path: Path, name, uri) -> None:
    plan = build_plan(planned_from_matrix(G1), inputs=[t1_input(name=name)])
    content = json.loads(FORMAT.write(plan, tmp_path)[2].read_bytes())
    assert content.get("IntendedFor") == uri


def test_a_patient_id_that_is_no_label_is_refused(plan, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'sub_01' is no BIDS label"):
        FORMAT.write(replace(plan, patient_id="sub_01"), tmp_path)


@pytest.mark.parametrize("bad", ["a|b", " ", "a\tb"])
def test_a_target_id_that_breaks_references_is_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(InputError, match=r"the target id .* stands twice, is empty, or holds"):
        FORMAT.write(build_plan(planned_from_matrix(G1, target_id=bad)), tmp_path)


def test_two_targets_of_one_id_are_refused(tmp_path: Path) -> None:
    twins = planned_from_matrix(G1), planned_from_matrix(G1, name="other")
    with pytest.raises(InputError, match="'beam-f3' stands twice"):
        FORMAT.write(build_plan(*twins), tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new", "error", "match"),
    [
        (2, '"mm"', '"m"', FrameError, "'NIBSCoordinateUnits' is 'm'. Expected 'mm'"),
        (2, "IndividualMRI", "MNI152NLin2009cAsym", FrameError, "'NIBSCoordinateSystem' is 'MNI"),
        (2, "abab", "cdcd", FrameError, "'AnatomicalImage.SHA256' is 'cdcd"),
        (0, "figure8", "figure9", FrameError, "row 2 is for the coil 'figure9-70mm'"),
        (0, "-1.000000000", "1.000000000", ChiralityError, "row 2: .* left would become right"),
        (0, "\t1.000000000", "\t1.100000000", InputError, "are not a rotation"),
        (0, "120.000000000", "n/a", InputError, "'element_centre_z' holds 'n/a'"),
        (0, "element_xdir_x", "coil_xdir_x", InputError, "no column 'element_xdir_x'"),
    ],
)
def test_what_was_changed_is_refused(plan, tmp_path: Path, file, old, new, error, match) -> None:
    files = FORMAT.write(plan, tmp_path)
    text = files[file].read_text()
    assert old in text
    files[file].write_text(text.replace(old, new, 1))
    with pytest.raises(error, match=match):
        FORMAT.read(files[0], plan)


def test_a_table_without_its_coordinate_system_is_refused(plan, tmp_path: Path) -> None:
    table, _, system = FORMAT.write(plan, tmp_path)
    system.unlink()
    with pytest.raises(InputError, match=r"coordsystem.json: cannot be read"):
        FORMAT.read(table, plan)
