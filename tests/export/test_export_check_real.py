"""Files that vendors wrote, and good poses on a real head."""

from __future__ import annotations

import numpy as np
import pytest
from ecog_head import ECOG, ecog_patient
from export_check_head import brainsight_text, good_poses
from plan_builder import FRAME

from tmsplan.base.errors import TripwireError
from tmsplan.cli.verbs_pose import Anatomy, read_anatomy, run_check_pose
from tmsplan.export.check import T1Facts, check_pose
from tmsplan.export.check.formats import read_raw
from tmsplan.export.check.readings import Reading, scanner_poses

#: File, what it is, how many poses, and how many of them with axes of a coil on a head.
VENDOR = [
    ("niiImage_niftialignedcoord.txt", "Brainsight text, version 7", 7 + 101),
    ("niiImage_niftialigned_q_coord_v14.txt", "Brainsight text, version 14", 2 + 3),
    ("niiImage_niftialignedcoord_empty.txt", "Brainsight text, version 7", 0),
    ("RAS_InstrumentMarker20170316160859032.xml", "Localite InstrumentMarkerList", 6),
    ("TriggerMarkers_Coil1_20210409170817799.xml", "Localite TriggerMarkerList", 8),
    ("ioJson3DMarker_example_SimNIBS.mrk", "visor2 exchange (.mrk)", 7),
    ("neuronav_coil_test.stmpx", "Softaxic stmpx", 4),
]


@pytest.fixture(scope="module")
def head(ecog):
    patient = ecog_patient(ecog)
    t1 = T1Facts("T1.mgz", patient.t1w.volume.grid, None, None, "0" * 64)
    return t1, patient.scalp


@pytest.mark.parametrize(("name", "form", "n"), VENDOR)
def test_vendor_files_are_read_and_have_no_fault_of_their_own(name, form, n, neuronav, head):
    t1, scalp = head
    report = check_pose(neuronav / name, t1=t1, scalp=scalp)
    assert (report.format, len(report.poses)) == (form, n)
    # They are of other heads, so only what does not depend on the head may be judged.
    own = {"CP-M01", "CP-M02", "CP-M03", "CP-M04", "CP-M05", "CP-A01", "CP-U01", "CP-U02",
           "CP-N01", "CP-N02", "CP-N03", "CP-W03", "CP-P03"}  # fmt: skip
    assert set(report.ids) & own == set(), str(report)


def test_golden_poses_of_the_facts_in_simnibs_axes(neuronav) -> None:
    file = read_raw(neuronav / "niiImage_niftialignedcoord.txt")
    pose = next(p for p in file.poses if p.name == "Sample 1" and p.kind == "pose")
    (m,) = scanner_poses([pose], Reading("RAS", "brainsight"))
    rows = [[-0.712, 0.321, 0.624], [-0.013, 0.883, -0.469], [-0.702, -0.342, -0.624]]
    assert m[:3, :3] == pytest.approx(np.array(rows))
    file = read_raw(neuronav / "neuronav_coil_test.stmpx")
    (m, *_) = scanner_poses(file.poses, Reading("RAS", "softaxic"))
    assert m[0] == pytest.approx([-0.335503, -0.171625, 0.926273, -51.3255])
    # Hand-checkable pose G1 in Localite's axes, LPS.
    local = np.array([[0, 0, 1, 1.2], [0, 1, 0, 15.8], [-1, 0, 0, 120], [0, 0, 0, 1.0]])
    from tmsplan.export.check.raw import RawPose

    (m,) = scanner_poses([RawPose("", "", "pose", local)], Reading("LPS", "localite"))
    assert m == pytest.approx(
        np.array([[-1, 0, 0, -1.2], [0, 1, 0, -15.8], [0, 0, -1, 120], [0, 0, 0, 1]])
    )


def test_poses_on_a_real_head_are_clean_and_lps_is_found(head, tmp_path) -> None:
    t1, scalp = head
    poses = good_poses(scalp, 60, seed=5, lowest=0.45)
    path = tmp_path / "targets.txt"
    for k in range(10):
        path.write_text(brainsight_text(poses[6 * k : 6 * k + 6]))
        assert check_pose(path, t1=t1, scalp=scalp).ids == ()
    path.write_text(brainsight_text(np.diag([-1.0, -1, 1, 1]) @ poses))
    assert "CP-W06" in check_pose(path, t1=t1, scalp=scalp).ids
    path.write_text(brainsight_text(poses, axes=np.eye(4)))
    assert "CP-A01" in check_pose(path, t1=t1, scalp=scalp).ids


@pytest.mark.slow
def test_500_files_on_a_real_head_raise_no_alarm(head, tmp_path) -> None:
    t1, scalp = head
    poses = good_poses(scalp, 500, seed=6, lowest=0.45)
    path = tmp_path / "targets.txt"
    found = []
    for k, m in enumerate(poses):
        path.write_text(brainsight_text(m[None]))
        found += [(k, i) for i in check_pose(path, t1=t1, scalp=scalp).ids]
    assert found == []


def test_the_verb_reads_head_and_file_and_stops_with_4(ecog, head, tmp_path, capsys) -> None:
    files = Anatomy(ecog / "mri/T1.mgz", ecog / "bem/watershed/sample_ecog_outer_skin_surface")
    t1, scalp = read_anatomy(files)
    place = head[1].points.mm(ECOG)
    assert scalp.points.mm(t1.frame) == pytest.approx(place, abs=1e-3)
    poses = good_poses(head[1], 6, seed=8, lowest=0.45)
    path = tmp_path / "targets.txt"
    path.write_text(brainsight_text(poses))
    report = run_check_pose(path, files, as_json=True)
    assert report.is_clean
    assert '"clean": true' in capsys.readouterr().out
    path.write_text(brainsight_text(poses, axes=np.eye(4)))
    with pytest.raises(TripwireError, match=r"CP-A01.*Do not aim with this file") as caught:
        run_check_pose(path, files, as_json=False)
    assert caught.value.exit_code == 4
    assert caught.value.details["clean"] is False
    out = capsys.readouterr().out
    assert "CP-A01  the coil axes are those of another vendor" in out
    assert "What this check cannot know" in out
    assert FRAME.owner not in out
