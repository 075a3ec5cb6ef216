"""The exchange with SimNIBS: what is asked, what is accepted, what is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import record_simnibs as rs
import round_head as rh

from tmsplan.base.errors import FrameError, InputError, MissingPartError
from tmsplan.coil.efield.measures import check_field
from tmsplan.coil.efield.simnibs_read import ENGINE, read_result
from tmsplan.coil.efield.simnibs_run import run_job, simnibs_python
from tmsplan.coil.efield.simnibs_write import FILES, job_bytes, points_bytes, write_job
from tmsplan.coil.efield.source import coil_source
from tmsplan.coil.efield.sphere import sphere_field
from tmsplan.coil.pose import CoilPose
from tmsplan.space.frame import Frame, Scanner
from tmsplan.space.points import Points, Vectors
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Rigid


@pytest.fixture(scope="module")
def patient():
    return rs.patient()


@pytest.fixture
def recorded(tmp_path):
    shutil.copytree(rs.RECORDED, tmp_path / "job")
    return tmp_path / "job"


def words(folder, name: str) -> dict:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def rewrite(folder, name: str, **changes) -> None:
    text = json.dumps({**words(folder, name), **changes})
    (folder / name).write_text(text, encoding="utf-8")


def test_the_recorded_job_is_the_one_written_today(tmp_path, patient) -> None:
    """Byte by byte but for the coil, whose last digits may differ between machines."""
    paths = write_job(tmp_path / "job", rs.poses(), patient)
    assert [p.name for p in paths] == list(FILES)
    assert points_bytes(patient) == (rs.RECORDED / "points.csv").read_bytes()
    ours, theirs = words(tmp_path / "job", "job.json"), words(rs.RECORDED, "job.json")
    del ours["coil_sha256"], theirs["coil_sha256"]
    assert ours == theirs


def test_the_recorded_answer_is_the_field_of_the_sphere(patient, recorded) -> None:
    """Ours from filaments and elliptic integrals; the file's from dipoles and Sarvas."""
    result = read_result(recorded, patient)
    assert "not SimNIBS" in result.made_by
    assert result.coil == rs.COIL
    points = patient.mid_points().mm(rh.FRAME) * 1e-3
    for name, pose in rs.poses().items():
        matrix = np.array(pose.scanner_from_coil.matrix(rh.FRAME, pose.scanner_from_coil.src))
        matrix[:3, 3] *= 1e-3
        expected = sphere_field(coil_source(rs.COIL), matrix, np.zeros(3), points, result.didt)
        largest = float(np.linalg.norm(expected, axis=1).max())
        assert np.abs(result.field[name] - expected).max() < 1e-5 * largest


def test_the_answer_goes_through_the_same_measures(patient, recorded) -> None:
    result = read_result(recorded, patient)
    strength = result.strength("over the left")
    row = int(np.argmax(strength.left.values))
    place = patient.cortex.left.mid.points.mm(rh.FRAME)[row]
    found = check_field(strength, patient.cortex, rh.target(place, Hemi.LEFT), engine=ENGINE)
    assert found.share_of_peak == pytest.approx(1)
    assert found.record()["engine"] == "simnibs"
    assert result.missing(Hemi.LEFT, "over the left") == 0
    assert strength.left.values.max() > 1.3 * strength.right.values.max()
    with pytest.raises(
        InputError, match=r"no pose is called 'aside'\. Expected one of over the l"
    ):
        result.strength("aside")


def test_the_script_runs_and_its_answer_is_read(tmp_path, patient) -> None:
    """The very file that SimNIBS' interpreter gets, with a stand-in for its modules."""
    write_job(tmp_path / "job", rs.poses(), patient)
    done = rs.run(tmp_path / "job")
    assert done.returncode == 0, done.stderr
    result = read_result(tmp_path / "job", patient)
    old = read_result(rs.RECORDED, patient)
    for name in rs.poses():
        assert result.field[name] == pytest.approx(old.field[name], abs=1e-6)


def test_a_job_without_an_answer_says_what_to_run(recorded, patient) -> None:
    (recorded / "result.json").unlink()
    with pytest.raises(InputError, match=r"result\.json: it is missing.*simnibs_python"):
        read_result(recorded, patient)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("result.json", {"names": ["over the right", "over the left"]}, "its names is"),
        ("result.json", {"coil_sha256": "0" * 64}, "its coil_sha256 is 0000"),
        ("result.json", {"schema": "other"}, r"its schema is other\. Expected tmsplan-simnibs-r"),
        ("job.json", {"t1_sha256": "1" * 64}, "its T1 is 1111"),
        ("job.json", {"didt_a_per_s": 2e6}, "its job_sha256 is"),
        ("job.json", {"points_sha256": "2" * 64}, "its cortex is 2222"),
    ],
)
def test_an_answer_to_another_question_is_refused(
    recorded, patient, name, changes, message
) -> None:
    rewrite(recorded, name, **changes)
    with pytest.raises(InputError, match=message):
        read_result(recorded, patient)


def test_a_moved_cortex_is_another_question(recorded, patient) -> None:
    turn = np.eye(4)
    turn[0, 3] = 0.5
    with pytest.raises(InputError, match="its cortex is"):
        read_result(recorded, rh.moved(patient, turn))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e[:1], r"of shape \(1, \d+, 3\)"),
        (lambda e: np.where(np.arange(e.shape[1])[:, None] % 2, e, np.nan), "50 % of the cortex"),
        (lambda e: e * 1e3, r"the largest component is 83\d\.\d+ V/m"),
        (lambda e: e * 0, "the largest component is 0 V/m"),
        (lambda e: e.astype(np.int32), "int32 of shape"),
    ],
)
def test_what_is_no_field_of_this_head_is_refused(recorded, patient, change, message) -> None:
    np.save(recorded / "field.npy", change(np.load(recorded / "field.npy")))
    _sign(recorded)
    with pytest.raises(InputError, match=message):
        read_result(recorded, patient)


def test_nothing_in_the_files_is_executed(recorded, patient) -> None:
    np.save(recorded / "field.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    _sign(recorded)
    with pytest.raises(InputError, match=r"field\.npy: no NumPy array .*allow_pickle"):
        read_result(recorded, patient)


def _sign(folder) -> None:
    digest = hashlib.sha256((folder / "field.npy").read_bytes()).hexdigest()
    rewrite(folder, "result.json", field_sha256=digest)


def test_an_old_folder_is_not_written_into(recorded, patient) -> None:
    with pytest.raises(InputError, match="job: it exists already"):
        write_job(recorded, rs.poses(), patient)


def test_poses_of_two_coils_or_of_none_are_refused(tmp_path, patient) -> None:
    two = rs.poses()
    two["over the right"] = replace(two["over the right"], coil="figure8-75mm")
    with pytest.raises(InputError, match=r"of 2 coils \(figure8-70mm, figure8-75mm\)"):
        write_job(tmp_path / "job", two, patient)
    with pytest.raises(InputError, match=r"of 0 coils \(no pose\)"):
        write_job(tmp_path / "job", {}, patient)
    assert not (tmp_path / "job").exists()


def test_a_pose_of_another_patient_is_refused(patient) -> None:
    other = Frame(Scanner, "sub-02")
    pose = rs.poses()["over the left"].scanner_from_coil
    strange = Rigid.claim(pose.matrix(rh.FRAME, pose.src), dst=other, src=pose.src, because="test")
    wrong = CoilPose(
        strange, rs.COIL, Points([0, 0, 90], other), Vectors([0, 0, 1], other), 7, 2, 0
    )
    with pytest.raises(FrameError, match="sub-02"):
        job_bytes({"a": wrong}, patient, b"", b"")


def test_without_simnibs_it_says_what_to_install(monkeypatch, recorded, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        MissingPartError, match=r"no 'simnibs_python' on the PATH\. Install SimNIBS 4"
    ):
        run_job(recorded, tmp_path)
    assert MissingPartError.exit_code == 5


def test_a_run_that_fails_says_its_last_words(monkeypatch, recorded, tmp_path) -> None:
    """An executable that fails as SimNIBS would without a head model."""
    program = tmp_path / "bin/simnibs_python"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\necho 'starting' >&2\necho 'IOError: no m2m folder' >&2\nexit 3\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")
    assert simnibs_python() == program
    with pytest.raises(InputError, match="SimNIBS stopped with code 3: IOError: no m2m folder"):
        run_job(recorded, tmp_path)
    with pytest.raises(InputError, match="m2m_nobody: there is no such folder"):
        run_job(recorded, tmp_path / "m2m_nobody")
