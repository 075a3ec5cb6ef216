"""Runs that are damaged, endless or not what they say: each refused, each file named."""

from __future__ import annotations

import gzip
import os
import shutil
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from fmriprep_folder import N_VOLUMES, per_vertex, write_anat, write_run
from small_head import N, write_freesurfer

from tmsplan.base.errors import AmbiguityError, InputError
from tmsplan.patient import load_patient
from tmsplan.patient.series_open import open_series
from tmsplan.patient.series_read import read_series, read_sides
from tmsplan.space import Frame, Hemi, Scanner

STEM = "sub-01_task-rest"
BOLD = f"{STEM}_space-T1w_desc-preproc_bold"


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("hostile")
    folder = write_anat(root / "fmriprep", write_freesurfer(root / "sub-01"))
    write_run(folder)
    return folder


@pytest.fixture
def func(whole, tmp_path) -> Path:
    """Return func/ of a folder whose run may be broken; anat/ is the one of everybody."""
    folder = tmp_path / "fmriprep"
    (folder / "sub-01").mkdir(parents=True)
    shutil.copy(whole / "dataset_description.json", folder)
    (folder / "sub-01/anat").symlink_to(whole / "sub-01/anat")
    shutil.copytree(whole / "sub-01/func", folder / "sub-01/func")
    return folder / "sub-01/func"


def load(func: Path):
    return load_patient(func.parents[1], subject="01")


def test_linked_folders_and_files_are_read_as_what_they_link_to(func, tmp_path) -> None:
    image = func / f"{BOLD}.nii.gz"
    shutil.move(image, tmp_path / "annexed")
    image.symlink_to(tmp_path / "annexed")
    assert load(func).bold.n_volumes == N_VOLUMES


@pytest.mark.parametrize("name", [f"{BOLD}.nii.gz", f"{BOLD}.json"])
def test_a_link_to_nothing_is_refused_and_nothing_taken_in_its_place(func, name) -> None:
    write_run(func.parents[1], space="MNI152NLin2009cAsym")
    (func / name).unlink()
    (func / name).symlink_to(func / "never-fetched")
    with pytest.raises(InputError, match=rf"{name.replace('.', '[.]')}: there is no such file"):
        load(func)


def test_a_pipe_is_refused_and_not_waited_for(func) -> None:
    table = func / f"{STEM}_desc-confounds_timeseries.tsv"
    table.unlink()
    os.mkfifo(func / "pipe")
    table.symlink_to(func / "pipe")
    with pytest.raises(InputError, match=r"timeseries\.tsv: not a regular file \(a pipe"):
        load(func)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows[:-1], rf"{N_VOLUMES - 1} rows for a run of {N_VOLUMES} volumes"),
        (lambda rows: [*rows, rows[-1]], rf"{N_VOLUMES + 1} rows for a run of {N_VOLUMES}"),
        (lambda rows: [*rows[:4], rows[4].replace("0.", "inf\t", 1)], "cells, the header"),
        (
            lambda rows: [*rows[:4], "inf" + rows[4][8:], *rows[5:]],
            r"row 5.*'trans_x' holds 'inf'",
        ),
        (
            lambda rows: [*rows[:4], "nan" + rows[4][8:], *rows[5:]],
            r"row 5.*'trans_x' holds 'nan'",
        ),
        (lambda rows: [rows[0].replace("trans_y", "trans_x"), *rows[1:]], "used twice"),
    ],
)
def test_a_table_that_is_not_of_this_run(func, change, words) -> None:
    table = func / f"{STEM}_desc-confounds_timeseries.tsv"
    rows = table.read_text().splitlines()
    table.write_text("\n".join(change(rows)) + "\n")
    with pytest.raises(InputError, match=rf"timeseries\.tsv: .*{words}"):
        load(func)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ('{"RepetitionTime": 2.0, "RepetitionTime": 1.4}', InputError, "'RepetitionTime' appears"),
        ('{"RepetitionTime": NaN}', InputError, "NaN is not allowed"),
        ('{"RepetitionTime": 1e999}', InputError, "RepetitionTime is 'inf'"),
        (f'{{"RepetitionTime": 1{"0" * 400}}}', InputError, "RepetitionTime is '1000"),
        ('{"RepetitionTime": true}', InputError, "RepetitionTime is 'True'"),
        ("[" * 100_000, InputError, "nested too deeply"),
        ('{"RepetitionTime": 1.4}', AmbiguityError, "stated differently"),
    ],
)
def test_a_sidecar_that_cannot_be_believed(func, text, error, words) -> None:
    (func / f"{BOLD}.json").write_text(text)
    with pytest.raises(error, match=rf"bold(\.json|\.nii\.gz): .*{words}"):
        load(func)


def test_a_cut_stream_is_refused_when_it_is_read(func) -> None:
    image = func / f"{BOLD}.nii.gz"
    image.write_bytes(image.read_bytes()[:-2000])
    series = load(func).bold  # the first volume is there
    with pytest.raises(InputError, match=r"bold\.nii\.gz: .*(truncated|corrupt)"):
        read_series(series, np.asarray(series.mask.data))


def test_a_header_that_declares_terabytes_is_refused_before_anything_is_filled(func) -> None:
    image = func / f"{BOLD}.nii.gz"
    content = bytearray(gzip.decompress(image.read_bytes()))
    content[40:56] = struct.pack("<8h", 4, 32000, 32000, 32000, 32000, 1, 1, 1)
    image.write_bytes(gzip.compress(bytes(content), 1))
    with pytest.raises(InputError, match=r"bold\.nii\.gz: "):
        load(func)


def test_infinite_voxels_are_missing_and_never_a_number(func) -> None:
    image = nib.load(func / f"{BOLD}.nii.gz")
    values = np.asarray(image.dataobj).copy()
    values[20, 20, 20, 3], values[21, 20, 20, 5] = np.inf, -np.inf
    nib.save(nib.Nifti1Image(values, image.affine, image.header), func / f"{BOLD}.nii.gz")
    series = load(func).bold
    mask = np.asarray(series.mask.data)
    rows = read_series(series, mask)
    missing = np.argwhere(mask)[np.isnan(rows).any(axis=1)]
    assert missing.tolist() == [[20, 20, 20], [21, 20, 20]]
    assert np.isnan(rows).all(axis=1).sum() == 2


def test_a_mask_with_a_hole_in_its_numbers_is_refused(func) -> None:
    path = func / f"{STEM}_space-T1w_desc-brain_mask.nii.gz"
    image = nib.load(path)
    values = np.asarray(image.dataobj).astype(np.float32)
    values[0, 0, 0] = np.nan
    made = nib.Nifti1Image(values, image.affine)
    made.set_sform(image.affine, 1)
    nib.save(made, path)
    with pytest.raises(InputError, match=r"brain_mask\.nii\.gz: .*nan.*a mask of 0 and 1"):
        load(func)


# On the cortex


def surface(path: Path, arrays: list[np.ndarray]) -> Path:
    data = per_vertex(arrays, "L").to_bytes()
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    return path


def opened(path: Path):
    return open_series(path, scanner=Frame(Scanner, "sub-01"), tr_s=2.0)


def test_a_cut_gzipped_surface_run(tmp_path) -> None:
    arrays = list(np.random.default_rng(0).normal(500, 5, (6, N)))
    path = surface(tmp_path / "sub-01_hemi-L_space-fsnative_bold.func.gii.gz", arrays)
    assert opened(path).sizes == (N,)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match=r"bold\.func\.gii\.gz: .*(truncated|corrupt|gzip)"):
        opened(path)


def test_a_vertex_with_an_infinite_value_is_missing(tmp_path) -> None:
    arrays = list(np.random.default_rng(0).normal(500, 5, (6, N)))
    arrays[2][7] = np.inf
    path = surface(tmp_path / "sub-01_hemi-L_space-fsnative_bold.func.gii", arrays)
    rows = read_sides(opened(path))[Hemi.LEFT]
    assert np.flatnonzero(np.isnan(rows).any(axis=1)).tolist() == [7]
    assert np.isnan(rows[7]).all()


@pytest.mark.parametrize("dims", [(2**31 - 1, 1, 1, 2**31 - 1), (N, 1, 1, 2**31 - 1)])
def test_an_mgh_run_that_declares_more_than_it_has(tmp_path, dims) -> None:
    path = tmp_path / "lh.bold.mgh"
    image = nib.MGHImage(np.ones((N, 1, 1, 4), np.float32), np.eye(4))
    content = bytearray(image.to_bytes())
    content[4:20] = struct.pack(">4i", *dims)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"lh\.bold\.mgh: truncated: \d+ of \d+ bytes"):
        opened(path)


# One person


@pytest.mark.parametrize("key", ["bold", "confounds", "sidecar"])
def test_a_run_of_another_person_is_refused(whole, tmp_path, key) -> None:
    source = {
        "bold": whole / f"sub-01/func/{BOLD}.nii.gz",
        "confounds": whole / f"sub-01/func/{STEM}_desc-confounds_timeseries.tsv",
        "sidecar": whole / f"sub-01/func/{BOLD}.json",
    }
    other = tmp_path / source[key].name.replace("sub-01", "sub-07")
    shutil.copy(source[key], other)
    files = {**source, key: other}
    with pytest.raises(InputError, match=r"sub-07_.*: this file is of subject sub-07, but the"):
        load_patient(whole, subject="01", maps=files)


def test_spheres_of_another_person_are_refused(tmp_path) -> None:
    lines = ['registered_to = "fsLR"']
    for side, letter in (("left", "L"), ("right", "R")):
        lines.append(f'{side}_sphere = "tpl-fsLR_den-32k_hemi-{letter}_sphere.surf.gii"')
        lines.append(f'{side}_own = "sub-07_hemi-{letter}_space-fsLR_sphere.surf.gii"')
    names = [line.split('"')[1] for line in lines[1:]]
    for name in (*names, "T1.nii.gz", *(f"{h}.{s}" for h in "lr" for s in "wp")):
        (tmp_path / name).write_bytes(b"")
    toml = tmp_path / "patient.toml"
    surfaces = "\n".join(
        f'{side}_{what} = "{side[0]}.{what[0]}"'
        for side in ("left", "right")
        for what in ("white", "pial")
    )
    toml.write_text(
        f'id = "sub-01"\n[anatomy]\nt1w = "T1.nii.gz"\n{surfaces}\n[fslr]\n' + "\n".join(lines)
    )
    with pytest.raises(InputError, match=r"sub-07_hemi-L_space-fsLR_sphere.*of subject sub-07"):
        load_patient(toml)
    toml.write_text(toml.read_text().replace("sub-01", "sub-07"))
    with pytest.raises(InputError, match=r"T1\.nii\.gz"):  # past the check: an empty image
        load_patient(toml)
