"""A BOLD run from disk: repetition time, orientation, streaming, and every refusal."""

from __future__ import annotations

import gzip
import json
import resource
import struct
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest
from nibabel.gifti import GiftiDataArray, GiftiImage, GiftiMetaData
from real_files import real_data

from tmsplan.base.errors import AmbiguityError, DomainError, InputError
from tmsplan.patient.cifti_series import open_dtseries
from tmsplan.patient.series_mask import brain_of, series_mask
from tmsplan.patient.series_open import SeriesFiles, open_series
from tmsplan.patient.series_read import first_volumes, read_series, read_sides
from tmsplan.patient.series_write import volume_bytes
from tmsplan.patient.tr import decide_tr, task_of
from tmsplan.space import Frame, Hemi, Scanner
from tmsplan.space.frame import template_frame

SCANNER = Frame(Scanner, "sub-01")
SHAPE = (20, 23, 18)
AFFINE = np.array([[-3.0, 0, 0, 30], [0, 2.9, -0.7, -33], [0, 0.8, 3.1, -22], [0, 0, 0, 1]])
AFFINE[:3, 2] *= 3.0 / np.linalg.norm(AFFINE[:3, 2])
AFFINE[:3, 1] = np.cross(AFFINE[:3, 2], AFFINE[:3, 0]) / 3.0


def data(volumes: int = 24, dtype: type = np.int16) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(900, 40, size=(*SHAPE, volumes)).astype(dtype)


def write(
    path, values, *, tr: float = 2.0, unit: str = "sec", slope: float | None = None, **sidecar
):
    image = nib.Nifti1Image(values, AFFINE)
    image.header.set_data_dtype(values.dtype)
    image.set_sform(AFFINE, 1)
    image.set_qform(AFFINE, 1)
    image.header.set_xyzt_units("mm", unit)
    image.header["pixdim"][4] = tr
    nib.save(image, path)
    if slope is not None:
        edit(path, 112, struct.pack("<ff", slope, 7.0))
    if sidecar:
        path.with_name(path.name.split(".")[0] + ".json").write_text(json.dumps(sidecar))
    return path


def edit(path, at: int, content: bytes) -> None:
    """Change bytes of a gzipped file's content."""
    whole = bytearray(gzip.decompress(path.read_bytes()))
    whole[at : at + len(content)] = content
    path.write_bytes(gzip.compress(bytes(whole)))


def opened(path, **kw):
    return open_series(path, scanner=SCANNER, **kw)


def some() -> np.ndarray:
    return np.random.default_rng(1).random(SHAPE) < 0.3


# Repetition time


def test_header_and_sidecar_that_agree(tmp_path) -> None:
    run = opened(write(tmp_path / "a.nii.gz", data(), tr=1.4, RepetitionTime=1.4))
    assert run.tr_s == 1.4
    assert run.tr_because == "the header of a.nii.gz, RepetitionTime of a.json"
    assert run.minutes == pytest.approx(24 * 1.4 / 60)


def test_a_header_alone_is_believed_unless_it_says_one(tmp_path) -> None:
    assert opened(write(tmp_path / "a.nii.gz", data(), tr=0.8)).tr_s == 0.8
    with pytest.raises(AmbiguityError, match=r"exactly 1 s.*--tr SECONDS"):
        opened(write(tmp_path / "b.nii.gz", data(), tr=1.0))
    confirmed = write(tmp_path / "c.nii.gz", data(), tr=1.0, RepetitionTime=1.0)
    assert opened(confirmed).tr_s == 1.0


def test_milliseconds_are_honoured_where_they_are_declared(tmp_path) -> None:
    assert opened(write(tmp_path / "a.nii.gz", data(), tr=1400, unit="msec")).tr_s == 1.4
    assert opened(write(tmp_path / "b.nii.gz", data(), tr=1.4e6, unit="usec")).tr_s == 1.4
    with pytest.raises(AmbiguityError, match=r"1400 s, which looks like milliseconds"):
        opened(write(tmp_path / "c.nii.gz", data(), tr=1400))


@pytest.mark.parametrize(
    ("tr", "sidecar", "words"),
    [
        (1.0, {"RepetitionTime": 1.4}, r"1 s in the header of a\.nii\.gz, 1\.4 s in Rep.*--tr"),
        (2.0, {"RepetitionTime": 2.003}, "stated differently"),
        (0.0, {"RepetitionTime": 2000}, "looks like milliseconds"),
        (0.0, {}, r"no repetition time in header or sidecar.*tr = SECONDS"),
        (0.01, {}, "Expected 0.1 to 20 s"),
    ],
)
def test_doubt_is_refused_with_the_flag(tmp_path, tr, sidecar, words) -> None:
    with pytest.raises(AmbiguityError, match=words):
        opened(write(tmp_path / "a.nii.gz", data(), tr=tr, **sidecar))


def test_rounding_is_no_disagreement(tmp_path) -> None:
    assert opened(write(tmp_path / "a.nii.gz", data(), tr=0.72, RepetitionTime=0.7205)).tr_s


@pytest.mark.parametrize(
    ("sidecar", "words"),
    [
        ({"RepetitionTime": "2"}, "RepetitionTime is '2'. Expected seconds"),
        ({"RepetitionTime": -2}, "seconds above 0"),
        ({"VolumeTiming": [0, 2, 5]}, "not evenly spaced"),
    ],
)
def test_a_sidecar_that_says_no_time(tmp_path, sidecar, words) -> None:
    with pytest.raises(InputError, match=words):
        opened(write(tmp_path / "a.nii.gz", data(), **sidecar))
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(InputError, match=r"a JSON list.*one JSON object"):
        opened(tmp_path / "a.nii.gz")


def test_a_declared_time_decides_and_says_what_it_overrules(tmp_path) -> None:
    path = write(tmp_path / "a.nii.gz", data(), tr=1.0, RepetitionTime=1.4)
    run = opened(path, tr_s=1.4)
    assert (run.tr_s, run.tr_because) == (
        1.4, "declared; overruled: 1 s in the header of a.nii.gz",
    )  # fmt: skip
    with pytest.raises(InputError, match=r"declared repetition time is 1400 s.*in seconds"):
        opened(path, tr_s=1400)


def test_excitations_of_a_3d_sequence_are_no_repetition_time(tmp_path) -> None:
    said = {"RepetitionTime": 2.0, "RepetitionTimeExcitation": 0.008, "MRAcquisitionType": "3D"}
    assert opened(write(tmp_path / "a.nii.gz", data(), **said)).tr_s == 2.0


def test_several_statements_are_all_shown() -> None:
    with pytest.raises(AmbiguityError, match=r"1 s in the header.*2 s in x, 3 s in y"):
        decide_tr("a.nii", 1.0, {"x": 2.0, "y": 3.0}, None)


def test_the_task_is_carried(tmp_path) -> None:
    run = opened(write(tmp_path / "sub-01_task-rest_bold.nii.gz", data()))
    assert run.task == "rest"
    assert task_of(tmp_path / "a.nii", {"ProtocolName": "func_task-oneback_run-1"}) == "oneback"
    assert task_of(tmp_path / "a.nii", {"TaskName": "eyes open"}) == "eyes open"
    assert task_of(tmp_path / "a.nii", {}) == ""


# Reading


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32, ">i2", np.float64])
def test_masked_voxels_equal_nibabel(tmp_path, name, dtype) -> None:
    values = data(volumes=37, dtype=np.dtype(dtype))
    path = write(tmp_path / name, values)
    mask = some()
    found = read_series(opened(path), mask)
    assert found.dtype == np.float32
    expected = np.asarray(nib.load(path).dataobj)[mask].astype(np.float32)
    np.testing.assert_array_equal(found, expected)


def test_scaling_is_applied(tmp_path) -> None:
    path = write(tmp_path / "a.nii.gz", data(), slope=0.25)
    mask = some()
    np.testing.assert_allclose(read_series(opened(path), mask), data()[mask] * 0.25 + 7, rtol=1e-6)


def test_the_grid_is_the_header_s(tmp_path) -> None:
    run = opened(write(tmp_path / "a.nii.gz", data()))
    matrix = run.grid.world_from_voxel.matrix(SCANNER, run.grid.voxel)
    np.testing.assert_allclose(matrix, AFFINE, atol=1e-4)
    assert run.grid.shape == SHAPE


def test_a_voxel_with_a_hole_is_missing_as_a_whole(tmp_path) -> None:
    values = data(dtype=np.float32)
    values[3, 4, 5, 7], values[6, 7, 8, 0] = np.nan, np.inf
    mask = np.ones(SHAPE, bool)
    found = read_series(opened(write(tmp_path / "a.nii.gz", values)), mask)
    broken = np.isnan(found)
    assert (broken.any(axis=1) == broken.all(axis=1)).all()
    where = np.zeros(SHAPE, bool)
    where[mask] = broken.all(axis=1)
    assert np.argwhere(where).tolist() == [[3, 4, 5], [6, 7, 8]]
    with pytest.raises(InputError, match="no voxel has numbers in all volumes"):
        read_series(opened(write(tmp_path / "b.nii.gz", values * np.nan)), mask)


def test_the_mean_of_the_first_volumes(tmp_path) -> None:
    run = opened(write(tmp_path / "a.nii.gz", data()))
    np.testing.assert_allclose(first_volumes(run, 5), data()[..., :5].mean(axis=-1))
    np.testing.assert_allclose(first_volumes(run, 99), data().mean(axis=-1))


def damaged(path, how: str) -> None:
    whole = path.read_bytes()
    if how == "crc":
        path.write_bytes(whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:])
    elif how == "cut":
        path.write_bytes(whole[: len(whole) * 2 // 3])
    elif how == "end":
        path.write_bytes(whole[:-8])
    elif how == "flip":
        middle = len(whole) // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0x55]) + whole[middle + 1 :])
    elif how == "short":
        path.write_bytes(gzip.compress(gzip.decompress(whole)[:-5000]))
    else:
        path.write_bytes(gzip.compress(gzip.decompress(whole) + bytes(2 << 20)))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("crc", "gzip"),
        ("cut", "gzip"),
        ("end", "gzip"),
        ("flip", "gzip|truncated"),
        ("short", r"truncated: \d+ of \d+ bytes"),
        ("more", "trailing data of more than 1 MB"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path, how, words) -> None:
    path = write(tmp_path / "a.nii.gz", data())
    run = opened(path)
    damaged(path, how)
    with pytest.raises(InputError, match=rf"a\.nii\.gz: .*({words})"):
        read_series(run, np.ones(SHAPE, bool))


def test_a_header_that_declares_too_much(tmp_path) -> None:
    path = write(tmp_path / "a.nii.gz", data())
    edit(path, 40, struct.pack("<5h", 4, 20, 23, 18, 32000))
    edit(path, 42, struct.pack("<3h", 3000, 3000, 3000))
    with pytest.raises(InputError, match=r"dim declares \d+ bytes; the file has"):
        opened(path)


def test_a_file_that_changed_since_it_was_opened(tmp_path) -> None:
    run = opened(write(tmp_path / "a.nii.gz", data()))
    write(tmp_path / "a.nii.gz", data(volumes=30))
    with pytest.raises(InputError, match="has changed; start again"):
        read_series(run, np.ones(SHAPE, bool))


def no_orientation(path) -> None:
    edit(path, 252, struct.pack("<hh", 0, 0))


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (no_orientation, "no orientation"),
        (lambda p: edit(p, 252, struct.pack("<hh", 4, 4)), "MNI 152 template space"),
        (lambda p: edit(p, 123, bytes([1 | 8])), "unit is the metre"),
        (lambda p: edit(p, 123, bytes([2 | 32])), "fourth axis is no time"),
        (lambda p: edit(p, 70, struct.pack("<hh", 32, 64)), "datatype is complex"),
        (lambda p: p.write_bytes(gzip.decompress(p.read_bytes())), "not a gzip stream"),
    ],
)
def test_headers_are_checked_as_those_of_single_images(tmp_path, break_it, words) -> None:
    path = write(tmp_path / "a.nii.gz", data())
    break_it(path)
    with pytest.raises(InputError, match=words):
        opened(path)


def test_a_run_in_a_template_is_opened_in_its_frame_only(tmp_path) -> None:
    path = write(tmp_path / "a.nii.gz", data())
    edit(path, 252, struct.pack("<hh", 4, 4))
    run = open_series(path, scanner=template_frame("MNI152NLin2009cAsym"))
    assert run.grid.world == template_frame("MNI152NLin2009cAsym")
    mask = some()
    np.testing.assert_array_equal(read_series(run, mask), data()[mask])
    with pytest.raises(InputError, match="MNI 152 template space"):
        opened(path)


def test_qform_and_sform_that_disagree(tmp_path) -> None:
    path = write(tmp_path / "a.nii.gz", data())
    edit(path, 280, struct.pack("<4f", 3.0, 0, 0, -30))
    with pytest.raises(AmbiguityError, match="exchange left and right"):
        opened(path)
    run = opened(path, use_form="qform")
    assert "chosen by use_form" in run.grid.world_from_voxel.because[0]
    assert read_series(run, some()).shape == (some().sum(), 24)


def test_what_is_no_run(tmp_path) -> None:
    with pytest.raises(InputError, match=r"3 dimensions.*a series of volumes"):
        opened(write(tmp_path / "a.nii.gz", data()[..., 0]))
    huge = write(tmp_path / "b.nii.gz", data())
    edit(huge, 280, struct.pack("<12f", *(100 * AFFINE[:3]).ravel()))
    edit(huge, 252, struct.pack("<hh", 0, 1))
    edit(huge, 80, struct.pack("<3f", 300, 300, 300))
    with pytest.raises(InputError, match="voxel size is"):
        opened(huge)
    with pytest.raises(InputError, match="no such file"):
        opened(tmp_path / "c.nii.gz")
    with pytest.raises(InputError, match="a surface for both"):
        opened(write(tmp_path / "d.nii.gz", data()), files=SeriesFiles(right=tmp_path / "e"))
    with pytest.raises(InputError, match="Use open_dtseries"):
        opened(tmp_path / "x.dtseries.nii")


def test_memory_stays_near_the_masked_series(tmp_path) -> None:
    """240 volumes of 64 cubed in a mask of an eighth: 30 MB, where the whole is 240 MB."""
    shape = (64, 64, 64)
    values = np.random.default_rng(0).integers(0, 900, (*shape, 240), dtype=np.int16)
    image = nib.Nifti1Image(values, np.diag([3.0, 3, 3, 1]))
    image.header["pixdim"][4] = 2.0
    nib.save(image, tmp_path / "a.nii")
    del values, image
    script = (
        "import resource, sys, numpy as np; from pathlib import Path\n"
        "from tmsplan.patient.series_open import open_series\n"
        "from tmsplan.patient.series_read import read_series\n"
        "from tmsplan.space import Frame, Scanner\n"
        "run = open_series(Path(sys.argv[1]), scanner=Frame(Scanner, 'a'))\n"
        "mask = np.zeros((64, 64, 64), bool); mask[:32, :32, :32] = True\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "out = read_series(run, mask)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, out.nbytes // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a.nii")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    grown, held = map(int, done.stdout.split())
    assert held == 32**3 * 240 * 4 // 1024
    assert grown < 1.5 * held
    assert resource  # the same measure as in benchmarks/alff.py


# Masks


def test_a_mask_must_be_on_the_grid_and_binary(tmp_path) -> None:
    path = write(tmp_path / "a.nii.gz", data())
    mask = some().astype(np.uint8)

    def with_mask(values, affine=AFFINE):
        image = nib.Nifti1Image(values, affine)
        image.set_sform(affine, 1)
        nib.save(image, tmp_path / "mask.nii.gz")
        return opened(path, files=SeriesFiles(mask=tmp_path / "mask.nii.gz"))

    run = with_mask(mask)
    found, because = series_mask(run)
    np.testing.assert_array_equal(found, mask.astype(bool))
    assert because == "the run's own mask"
    moved = AFFINE.copy()
    moved[0, 3] += 1
    with pytest.raises(InputError, match="on another grid than the run's"):
        with_mask(mask, moved)
    with pytest.raises(InputError, match="on another grid than the run's"):
        with_mask(mask[:-1])
    with pytest.raises(InputError, match="a probability is no mask"):
        with_mask(mask * 0.5)
    with pytest.raises(InputError, match="the mask is empty"):
        read_series(run, np.zeros(SHAPE, bool))
    with pytest.raises(InputError, match=r"mask of int64.*true or false"):
        read_series(run, mask.astype(np.int64))


def small_blob() -> np.ndarray:
    mean = np.random.default_rng(0).uniform(0, 8, (40, 40, 40))
    mean[18:22, 18:22, 18:22] = 900
    return mean


@pytest.mark.parametrize(
    ("mean", "words"),
    [
        (np.random.default_rng(0).normal(size=(20, 20, 20)), r"\d\d % of its voxels are neg"),
        (np.zeros((20, 20, 20)), "all voxels are alike"),
        (small_blob(), r"0\.4 % of the field of view stand out"),
    ],
)
def test_what_holds_no_brain(mean, words) -> None:
    with pytest.raises(InputError, match=rf"a.nii: no brain was found.*{words}.*Give a mask"):
        brain_of(mean, "a.nii")


def test_real_brain_is_found_in_a_run_without_a_mask() -> None:
    folder = real_data("studyforrest")
    run = opened(folder / "bold.nii.gz", tr_s=2.0)
    mask, because = series_mask(run)
    assert "compute_epi_mask" in because
    litres = mask.sum() * 3 * 3 * 3.3e-6
    assert 1.2 < litres < 1.7


def test_real_run_says_three_repetition_times() -> None:
    folder = real_data("studyforrest")
    with pytest.raises(
        AmbiguityError,
        match=r"1\.79355 s in the header.*1\.79355 s in RepetitionTime.*2 s in Repetition",
    ):
        opened(folder / "bold.nii.gz")
    run = opened(folder / "bold.nii.gz", tr_s=2.0)
    assert (run.task, run.n_volumes, run.tr_s) == ("oneback", 156, 2.0)
    mask = np.zeros(run.grid.shape, bool)
    mask[20:60:7, 20:60:5, 10:30:3] = True
    expected = np.asarray(nib.load(folder / "bold.nii.gz").dataobj)[mask]
    np.testing.assert_array_equal(read_series(run, mask), expected.astype(np.float32))


# Surfaces


def mgh(path, values: np.ndarray, tr_ms: float = 0.0):
    image = nib.MGHImage(values[:, None, None, :].astype(np.float32), np.eye(4))
    image.header["tr"] = tr_ms
    nib.save(image, path)
    return path


def cube(path):
    nib.save(nib.MGHImage(np.ones((4, 4, 4, 3), np.float32), np.eye(4)), path)
    return path


def gifti(path, values: np.ndarray, side: str = "CortexLeft"):
    arrays = [GiftiDataArray(v.astype(np.float32), "NIFTI_INTENT_TIME_SERIES") for v in values.T]
    meta = GiftiMetaData({"AnatomicalStructurePrimary": side})
    nib.save(GiftiImage(meta=meta, darrays=arrays), path)
    return path


def test_real_surface_run_of_one_side() -> None:
    folder = real_data("lemon_sub-010188_fsa5")
    path, sidecar = next(folder.glob("*.mgz")), next(folder.glob("*.json"))
    with pytest.raises(AmbiguityError, match=r"1 s in the header of .*1\.4 s in RepetitionTime"):
        opened(path, files=SeriesFiles(sidecar=sidecar))
    with pytest.raises(AmbiguityError, match="exactly 1 s"):
        opened(path)
    run = opened(path, tr_s=1.4, files=SeriesFiles(sidecar=sidecar))
    assert (run.kind, run.hemis, run.mesh.left) == ("surface", (Hemi.LEFT,), "fsaverage5")
    sides = read_sides(run)
    assert list(sides) == [Hemi.LEFT]
    expected = np.asarray(nib.load(path).dataobj).reshape(10242, 652, order="F")
    np.testing.assert_array_equal(sides[Hemi.LEFT], expected)


def test_both_sides_of_a_surface_run(tmp_path) -> None:
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(2, 10242, 9)).astype(np.float32)
    one = mgh(tmp_path / "lh.bold.mgz", left, 2000)
    two = mgh(tmp_path / "rh.bold.mgz", right, 2000)
    run = opened(one, files=SeriesFiles(right=two))
    assert (run.tr_s, run.n_volumes) == (2.0, 9)
    sides = read_sides(run)
    np.testing.assert_array_equal(sides[Hemi.LEFT], left)
    np.testing.assert_array_equal(sides[Hemi.RIGHT], right)
    with pytest.raises(DomainError, match="left first, then right"):
        opened(two, files=SeriesFiles(right=one))
    short = mgh(tmp_path / "rh.short.mgz", right[:, :8], 2000)
    with pytest.raises(DomainError, match=r"9 volumes.*8 .*one run"):
        opened(one, files=SeriesFiles(right=short))
    other = mgh(tmp_path / "rh.other.mgz", rng.normal(size=(300, 9)), 2000)
    with pytest.raises(DomainError, match=r"on fsaverage5, rh\.other\.mgz on fsnative"):
        opened(one, files=SeriesFiles(right=other))
    mgh(two, right[:, :8], 2000)
    with pytest.raises(DomainError, match="right has 8 volumes, the run 9"):
        read_sides(run)


def test_gifti_series_have_no_time_of_their_own(tmp_path) -> None:
    values = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    path = gifti(tmp_path / "sub-01_hemi-L_bold.func.gii", values)
    with pytest.raises(AmbiguityError, match="no repetition time"):
        opened(path)
    run = opened(path, tr_s=0.8)
    assert (run.mesh.left, run.n_volumes) == ("fsnative", 7)
    np.testing.assert_array_equal(read_sides(run)[Hemi.LEFT], values)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda d: mgh(d / "bold.mgz", np.ones((5, 3))), "which hemisphere it is"),
        (lambda d: cube(d / "lh.a.mgz"), r"surface series, \(n, 1, 1, t\)"),
        (
            lambda d: mgh(d / "lh.space-fsaverage5_bold.mgz", np.ones((5, 3))),
            "5 vertices, but its name says fsaverage5",
        ),
        (lambda d: gifti(d / "hemi-L_a.func.gii", np.ones((5, 1))), "one array a volume"),
    ],
)
def test_surface_runs_that_are_refused(tmp_path, make, words) -> None:
    with pytest.raises(InputError, match=words):
        opened(make(tmp_path), tr_s=2.0)


def test_a_mask_beside_a_surface_run_is_not_ignored(tmp_path) -> None:
    path = mgh(tmp_path / "lh.a.mgz", np.ones((5, 3)), 2000)
    mask = SeriesFiles(mask=tmp_path / "brain.nii.gz")
    words = r"lh\.a\.mgz: a run on surfaces, with the mask brain\.nii\.gz\. Expected no mask"
    with pytest.raises(InputError, match=words):
        opened(path, files=mask)
    with pytest.raises(InputError, match=r"with the mask brain\.nii\.gz"):
        open_dtseries(tmp_path / "a.dtseries.nii", files=mask)


def test_a_cut_surface_run(tmp_path) -> None:
    path = mgh(tmp_path / "lh.a.mgh", np.ones((500, 9)))
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(InputError, match=r"truncated: 9000 of \d+ bytes"):
        opened(path, tr_s=2.0)


def test_kinds_are_not_mixed_up(tmp_path) -> None:
    volume = opened(write(tmp_path / "a.nii.gz", data()))
    surface = opened(mgh(tmp_path / "lh.b.mgh", np.ones((5, 3)) * [1, 2, 3]), tr_s=2.0)
    with pytest.raises(InputError, match="expected one on the cortex"):
        read_sides(volume)
    with pytest.raises(InputError, match="expected a volume series"):
        read_series(surface, some())


# Writing


def test_a_map_is_read_back_where_it_was(tmp_path) -> None:
    from tmsplan.space import Volume

    run = opened(write(tmp_path / "a.nii.gz", data()))
    values = np.random.default_rng(0).normal(size=SHAPE)
    values[0, 0, 0] = np.nan
    stored = volume_bytes(Volume(values, run.grid))
    (tmp_path / "map.nii.gz").write_bytes(stored)
    image = nib.load(tmp_path / "map.nii.gz")
    np.testing.assert_array_equal(image.get_fdata(), values.astype(np.float32))
    np.testing.assert_allclose(image.affine, AFFINE, atol=1e-4)
    assert (image.header["sform_code"], image.header["qform_code"]) == (1, 0)
    assert volume_bytes(Volume(values.copy(), run.grid)) == stored
