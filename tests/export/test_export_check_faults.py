"""Every class of fault: found in a file that has it, and in none that has not."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from export_check_head import (
    BRAINSIGHT,
    LOCALITE,
    LPS,
    brainsight_text,
    bumpy_scalp,
    good_poses,
    localite_text,
    plan_of,
    report_of,
    t1_facts,
)
from plan_builder import AFFINES

from tmsplan.base.errors import AmbiguityError, InputError
from tmsplan.export.check import FAULTS, check_pose
from tmsplan.export.check.faults import CAUSES
from tmsplan.export.check.formats import CHECKED_FORMATS
from tmsplan.export.registry import navigator_formats
from tmsplan.space import Points

SCALP = bumpy_scalp()
GOOD = good_poses(SCALP, 12, seed=1)
N_FILES = 20


def copies() -> np.ndarray:
    return GOOD.copy()


def with_centre(change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    m = copies()
    m[:, :3, 3] = change(m[:, :3, 3])
    return m


def along_z(mm: float) -> np.ndarray:
    m = copies()
    m[:, :3, 3] += mm * m[:, :3, 2]
    return m


def sheared() -> np.ndarray:
    m = copies()
    m[:, :3, 0] += 0.01 * m[:, :3, 1]
    return m


def identity() -> np.ndarray:
    m = copies()
    m[3] = BRAINSIGHT  # the writer of the test multiplies it away again
    return m


def transposed() -> str:
    vendor = copies() @ BRAINSIGHT
    vendor[:, :3, :3] = vendor[:, :3, :3].transpose(0, 2, 1)
    return brainsight_text(vendor, axes=np.eye(4))


def missing() -> str:
    head, row, *rest = brainsight_text(GOOD).rpartition("target number 11")
    cells = rest[0].split("\t")
    return head + row + "\t".join([*cells[:4], "(null)", *cells[5:]])


def shifted(*mm: float) -> np.ndarray:
    return with_centre(lambda c: c + np.array(mm))


def metres_lps() -> np.ndarray:
    m = LPS @ GOOD
    m[:, :3, 3] /= 1000
    return m


WRONG_SIDES = [f"{'right' if m[0, 3] < 0 else 'left'} {k}" for k, m in enumerate(GOOD)]
MIRROR = np.diag([-1.0, 1.0, 1.0, 1.0])

#: What the file is, which id must be found, and which other causes it may be taken for.
BROKEN = {
    "header of another intent": (brainsight_text(GOOD, system="NIfTI:Aligned"), "CP-W01", ()),
    "header of the other form": (
        brainsight_text(GOOD, system="NIfTI:S:Aligned", version=14), "CP-W01", ()),
    "Brainsight's own system": (brainsight_text(GOOD, system="Brainsight"), "CP-W03", ()),
    "world without a form": (brainsight_text(GOOD, system="World"), "CP-W03", ()),
    "Localite in MNI": (localite_text(GOOD, space="MNI"), "CP-W03", ()),
    "outside the image": (brainsight_text(shifted(0, 0, 300)), "CP-W05",
                          ("CP-W07",)),
    "LPS read as RAS": (brainsight_text(LPS @ GOOD), "CP-W06", ()),
    "RAS read as LPS": (localite_text(GOOD, space="LPS"), "CP-W06", ()),
    "another head": (brainsight_text(shifted(0, 20, 70)), "CP-W07", ()),
    "metres": (brainsight_text(with_centre(lambda c: c / 1000)), "CP-U01", ()),
    "metres, LPS": (brainsight_text(metres_lps()), "CP-U01", ("CP-W06",)),
    "null in a row": (missing(), "CP-M01", ()),
    "sheared": (brainsight_text(sheared()), "CP-M02", ()),
    "scaled": (brainsight_text(copies() * [1.01, 1.01, 1.01, 1]), "CP-M02", ()),
    "mirrored world": (brainsight_text(MIRROR @ GOOD), "CP-M03", ()),
    "one axis negated": (brainsight_text(GOOD @ MIRROR), "CP-M03", ()),
    "x of the centre negated": (brainsight_text(with_centre(lambda c: c * [-1, 1, 1])), "CP-M03",
                                ()),
    "rotation transposed": (transposed(), "CP-M04", ()),
    "untracked": (brainsight_text(identity()), "CP-M05", ()),
    "SimNIBS axes in Brainsight": (brainsight_text(GOOD, axes=np.eye(4)), "CP-A01", ()),
    "Localite axes in Brainsight": (brainsight_text(GOOD, axes=LOCALITE), "CP-A01", ()),
    "Brainsight axes in Localite": (localite_text(GOOD, axes=BRAINSIGHT), "CP-A01", ()),
    "SimNIBS axes in Localite": (localite_text(GOOD, axes=np.eye(4)), "CP-A01", ()),
    "inside the head": (brainsight_text(along_z(25)), "CP-P01", ()),
    "far off": (brainsight_text(along_z(-40)), "CP-P02", ("CP-W07",)),
    "z out": (brainsight_text(GOOD, axes=np.eye(4)), "CP-P03", ("CP-A01",)),
    "z along": (brainsight_text(GOOD, axes=LOCALITE), "CP-P06", ("CP-A01",)),
    "side exchanged": (brainsight_text(GOOD, names=WRONG_SIDES), "CP-P05", ()),
    "cortex outside": (
        brainsight_text(along_z(-10), names=[f"t {k}_ctx" for k in range(12)]), "CP-P07", ()),
    "name twice": (brainsight_text(GOOD, names=["a b", "A  b", *"cdefghijkl"]), "CP-N01", ()),
    "padded": (brainsight_text(GOOD, names=["0F3", *"bcdefghijkl"]), "CP-N02", ()),
    "unescaped &": (localite_text(GOOD, names=["a & b", *"bcdefghijkl"], escaped=False),
                    "CP-N03", ()),
    "unescaped quote": (localite_text(GOOD, names=['a "b" c', *"bcdefghijkl"], escaped=False),
                        "CP-N03", ()),
    "unescaped <": (localite_text(GOOD, names=["a < b", *"bcdefghijkl"], escaped=False),
                    "CP-N03", ()),
    "invisible": (localite_text(GOOD, names=["a\u202eb", *"bcdefghijkl"]), "CP-N04", ()),
    "nothing": (brainsight_text(GOOD[:0]), "CP-R02", ()),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_fault_is_found_and_taken_for_no_other(case, tmp_path) -> None:
    text, expected, also = BROKEN[case]
    report = report_of(text, tmp_path, scalp=SCALP)
    assert expected in report.ids, str(report)
    assert set(report.ids) & set(CAUSES) <= {expected, *also}
    assert report.is_clean == (expected in {"CP-N04", "CP-R02"})


def test_the_good_files_of_the_same_hands_have_no_fault(tmp_path) -> None:
    for text in (
        brainsight_text(GOOD),
        localite_text(GOOD),
        localite_text(LPS @ GOOD, space="LPS"),
    ):
        report = report_of(text, tmp_path, scalp=SCALP)
        assert report.ids == (), str(report)
        assert len(report.poses) == len(GOOD)


def test_every_class_has_a_file_that_has_it() -> None:
    elsewhere = {"CP-W02", "CP-W04", "CP-W08", "CP-W09", "CP-U02", "CP-P04", "CP-R01"}
    assert {f.id for f in FAULTS} == {expected for _, expected, _ in BROKEN.values()} | elsewhere


def test_the_best_reading_is_told_with_numbers(tmp_path) -> None:
    report = report_of(brainsight_text(LPS @ GOOD), tmp_path, scalp=SCALP)
    declared, best, *_ = report.outcomes
    assert best.reading.words == "as LPS coordinates"
    assert (best.sitting, declared.sitting < 9) == (12, True)
    # 1 to 15 mm off and tilted up to 20 deg is how the poses were made.
    assert 0.5 < np.median(best.seat.gap_mm) < 15
    assert best.seat.tilt_deg.max() < 21
    assert "12 of 12 on the scalp" in str(report)


def test_a_t1_without_codes_and_one_with_two_forms(tmp_path) -> None:
    text = brainsight_text(GOOD)
    assert report_of(text, tmp_path, scalp=SCALP, t1=t1_facts(0, 0)).ids == ("CP-W02",)
    assert report_of(text, tmp_path, scalp=SCALP, t1=t1_facts(2, 1)).ids == ()
    report = report_of(text, tmp_path, scalp=SCALP, t1=t1_facts(None, None))
    assert report.ids == ()
    assert any("no NIfTI codes" in line for line in report.cannot_know)


def test_a_tilted_coil_is_a_notice_with_its_angle(tmp_path) -> None:
    m = copies()
    m[:, :3, :3] = m[:, :3, :3] @ _about_x(np.radians(50))
    report = report_of(brainsight_text(m), tmp_path, scalp=SCALP)
    assert set(report.ids) <= {"CP-P04", "CP-P06"}
    assert report.faults[-1].id == "CP-P04"
    assert "CP-P04" in str(report)


def _about_x(a: float) -> np.ndarray:
    c, s = np.cos(a), np.sin(a)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def test_recorded_poses_in_the_air_are_a_notice_where_others_are_on_the_head(tmp_path) -> None:
    m = copies()
    m[:3, :3, 3] -= 80 * m[:3, :3, 2]
    text = brainsight_text(m).replace("# Target Name", "# Sample Name")
    assert report_of(text, tmp_path, scalp=SCALP).ids == ("CP-R01",)
    m = along_z(-40)
    text = brainsight_text(m).replace("# Target Name", "# Sample Name")
    assert "CP-P02" in report_of(text, tmp_path, scalp=SCALP).ids


def test_readings_that_cannot_be_told_apart_are_said(tmp_path) -> None:
    top = GOOD[[int(GOOD[:, 2, 3].argmax())]]
    report = report_of(brainsight_text(top), tmp_path, scalp=SCALP)
    assert report.ids == ()
    assert any("sit on the scalp just as well when read" in line for line in report.cannot_know)
    whole = report_of(brainsight_text(GOOD), tmp_path, scalp=SCALP)
    assert not any("LPS coordinates" in line for line in whole.cannot_know)


def written(name: str, folder, affine=AFFINES["ras"]):
    paths = navigator_formats().get(name).write(plan_of(GOOD, affine), folder)
    return paths[0]


def test_a_fingerprint_of_another_image_is_found(tmp_path) -> None:
    path = written("visor2", tmp_path)
    assert check_pose(path, t1=t1_facts(), scalp=SCALP).ids == ()
    content = json.loads(path.read_text())
    content["Configuration"]["AssociatedImageInfo"]["NIfTI_qoffset"][1] += 3.0
    path.write_text(json.dumps(content))
    report = check_pose(path, t1=t1_facts(), scalp=SCALP)
    assert report.ids == ("CP-W04",)
    assert "3.0 mm elsewhere" in str(report)


@pytest.mark.parametrize("grid", ["ras", "las", "oblique"])
def test_a_fingerprint_fits_its_own_image_however_it_is_stored(grid, tmp_path) -> None:
    if grid == "oblique":
        path = written("visor2", tmp_path, AFFINES[grid])
        report = check_pose(path, t1=t1_facts(affine=AFFINES[grid]), scalp=None)
        assert "CP-W04" not in report.ids
        return
    path = written("visor2", tmp_path, AFFINES[grid])
    assert check_pose(path, t1=t1_facts(affine=AFFINES[grid]), scalp=SCALP).ids == ()


def test_another_sha_is_a_notice(tmp_path) -> None:
    path = written("tsv", tmp_path)
    path.write_text(path.read_text().replace("ab" * 32, "cd" * 32))
    report = check_pose(path, t1=t1_facts(), scalp=SCALP)
    assert (report.ids, report.is_clean) == (("CP-W09",), True)


def test_radians_in_a_format_of_degrees(tmp_path) -> None:
    path = written("invesalius", tmp_path)
    assert check_pose(path, t1=t1_facts(), scalp=SCALP).ids == ()
    first, header, *rows = path.read_text().splitlines()
    columns = [c.strip('"') for c in header.split("\t")]
    turned = [columns.index(c) for c in columns if c.startswith(("alpha", "beta", "gamma"))]
    out = []
    for row in rows:
        cells = row.split("\t")
        for k in turned:
            if cells[k].strip('"') not in {"None", "N/A"}:
                cells[k] = repr(float(np.radians(float(cells[k]))))
        out.append("\t".join(cells))
    path.write_text("\n".join([first, header, *out]) + "\n")
    report = check_pose(path, t1=t1_facts(), scalp=SCALP)
    assert set(report.ids) & set(CAUSES) == {"CP-U02"}
    assert "CP-U02" in check_pose(path, t1=t1_facts(), scalp=None).ids


def test_two_systems_that_contradict_each_other(tmp_path) -> None:
    path = written("invesalius", tmp_path)
    first, header, *rows = path.read_text().splitlines()
    at = [c.strip('"') for c in header.split("\t")].index("x")
    coil = next(k for k, row in enumerate(rows) if '_coil"' in row)
    cells = rows[coil].split("\t")
    cells[at] = str(float(cells[at]) + 5)
    rows[coil] = "\t".join(cells)
    path.write_text("\n".join([first, header, *rows]) + "\n")
    assert check_pose(path, t1=t1_facts(), scalp=SCALP).ids == ("CP-W08",)


def test_without_a_scalp_only_what_can_be_known(tmp_path) -> None:
    good = report_of(brainsight_text(GOOD), tmp_path, scalp=None)
    assert good.ids == ()
    assert any("--scalp" in line for line in good.cannot_know)
    assert all(p.gap_mm is None for p in good.poses)
    out = report_of(brainsight_text(GOOD, axes=np.eye(4)), tmp_path, scalp=None)
    assert out.ids == ("CP-P03",)
    metres = report_of(brainsight_text(with_centre(lambda c: c / 1000)), tmp_path, scalp=None)
    assert "CP-U01" in metres.ids


def test_a_scalp_of_another_world_is_refused(tmp_path) -> None:
    far = SCALP.with_points(Points(SCALP.points.mm(SCALP.frame) + 400, SCALP.frame))
    with pytest.raises(InputError, match=r"of the scalp lies in sub-01_T1w\.nii\.gz"):
        report_of(brainsight_text(GOOD), tmp_path, scalp=far)


def test_what_is_no_navigator_file_is_refused_with_the_list(tmp_path) -> None:
    with pytest.raises(
        InputError, match=r"of no format that tmsplan knows\. Expected one of: Brain"
    ):
        report_of("a letter\n", tmp_path, scalp=None)
    with pytest.raises(InputError, match="neither UTF-8 text nor a MATLAB 5 file"):
        report_of(b"\xff\xfe\x00garbage", tmp_path, scalp=None)
    bomb = '<!DOCTYPE a [<!ENTITY b "c">]><InstrumentMarkerList coordinateSpace="RAS"/>'
    with pytest.raises(InputError, match="declares XML entities"):
        report_of(bomb, tmp_path, scalp=None)


def test_two_formats_in_one_file_are_refused(tmp_path) -> None:
    both = "# <InstrumentMarkerList\n" + brainsight_text(GOOD)
    with pytest.raises(AmbiguityError, match="fits Brainsight text and Localite XML"):
        report_of(both, tmp_path, scalp=None)


READABLE = ("brainsight", "brainsight-v12", "tsv", "localite-gum", "localite-instrument-lps",
            "visor2", "invesalius", "navinibs", "nibs-bids", "simnibs", "simnibs-mat",
            "json-plain")  # fmt: skip


@pytest.mark.parametrize("name", READABLE)
def test_our_own_exports_have_no_fault_and_one_format_each(name, tmp_path) -> None:
    path = written(name, tmp_path)
    report = check_pose(path, t1=t1_facts(), scalp=SCALP)
    assert report.ids == (), str(report)
    assert sum(p.kind == "pose" for p in report.poses) == len(GOOD)
    assert report.outcomes[0].sitting == len(GOOD)
    if path.suffix != ".mat":
        assert sum(f.looks_like(path.read_text()) for f in CHECKED_FORMATS) == 1


def false_alarms(name: str, folder, seeds: range) -> list[tuple[int, tuple[str, ...]]]:
    found = []
    for seed in seeds:
        sub = folder / str(seed)
        sub.mkdir()
        n = 1 + seed % 3
        poses = good_poses(SCALP, n, seed=1000 + seed)
        path = navigator_formats().get(name).write(plan_of(poses), sub)[0]
        report = check_pose(path, t1=t1_facts(), scalp=SCALP)
        if report.ids:
            found.append((seed, report.ids))
    return found


@pytest.mark.parametrize("name", ["brainsight", "brainsight-v12", "tsv"])
def test_random_good_files_raise_no_alarm(name, tmp_path) -> None:
    assert false_alarms(name, tmp_path, range(N_FILES)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", READABLE)
def test_500_random_good_files_raise_no_alarm(name, tmp_path) -> None:
    assert false_alarms(name, tmp_path, range(500)) == []
