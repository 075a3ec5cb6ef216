"""fMRIPrep derivatives: the same patient as by hand, the right run, and everything refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import phantom
import pytest
from fmriprep_folder import (
    LTS,
    N_VOLUMES,
    NOW,
    TR,
    beside,
    mesh,
    mni_from_t1w,
    nifti,
    write_anat,
    write_rigid,
    write_run,
    write_surface_run,
    write_warp,
)
from small_head import FACES, N, pial, vox2ras, white, write_freesurfer

from tmsplan.base.errors import AmbiguityError, FrameError, InputError
from tmsplan.coupling.activity import ACTIVITY_DEFAULTS, activity_of
from tmsplan.patient import load_patient
from tmsplan.patient.bids import parse_name, parse_selection
from tmsplan.patient.fmriprep import find_fmriprep
from tmsplan.space import Frame, Hemi, Mni2009cAsym, Points

MNI = Frame(Mni2009cAsym, "template")


@pytest.fixture(scope="module")
def head(tmp_path_factory) -> Path:
    return write_freesurfer(tmp_path_factory.mktemp("head") / "sub-01")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, head) -> Path:
    folder = write_anat(tmp_path_factory.mktemp("out") / "fmriprep", head)
    write_run(folder)
    return folder


@pytest.fixture
def folder(whole, tmp_path) -> Path:
    return shutil.copytree(whole, tmp_path / "fmriprep")


def same_cortex(a, b, mm: float = 1e-4) -> None:
    for hemi in Hemi:
        one, two = a.cortex.side(hemi), b.cortex.side(hemi)
        for x, y in ((one.white, two.white), (one.pial, two.pial)):
            assert np.array_equal(x.faces, y.faces)
            assert np.abs(x.points.mm(a.scanner) - y.points.mm(b.scanner)).max() < mm


def write_toml(folder: Path, anatomy: str, maps: str = "") -> Path:
    path = folder / "patient.toml"
    path.write_text(f'id = "sub-01"\n[anatomy]\n{anatomy}\n[maps]\nspace = "T1w"\n{maps}\n')
    return path


# The same patient as by hand


@pytest.mark.slow
def test_the_anchored_phantom_is_the_patient_of_its_patient_toml(tmp_path) -> None:
    toml, _ = phantom.write(phantom.anchored(), tmp_path, phantom.storage("PSR", 0.1))
    toml.write_text(toml.read_text().replace('"phantom"', '"sub-01"'))
    by_hand = load_patient(toml)
    folder = write_anat(tmp_path / "out", tmp_path / "fs")
    found = load_patient(folder, subject="01")
    same_cortex(found, by_hand)
    for hemi in Hemi:
        one, two = found.cortex.side(hemi), by_hand.cortex.side(hemi)
        assert np.array_equal(one.fields["sulc"].values, two.fields["sulc"].values)
        sphere = one.sphere.points.mm(one.sphere.frame) - two.sphere.points.mm(two.sphere.frame)
        assert np.abs(sphere).max() < 1e-4
    assert found.id == "sub-01"
    assert found.tree.root == by_hand.tree.root
    assert found.qc["surfaces_from"].startswith("GIFTI of fMRIPrep (there is no FreeSurfer")


def test_freesurfer_beside_it_is_preferred_and_gives_the_same_tree(tmp_path, head) -> None:
    folder = write_anat(tmp_path / "fmriprep", head)
    beside(folder, head)
    found = load_patient(folder, subject="sub-01")
    assert found.qc["surfaces_from"] == "FreeSurfer folder sourcedata/freesurfer/sub-01"
    stem = "sub-01/anat/sub-01"
    toml = write_toml(
        folder,
        f't1w = "{stem}_desc-preproc_T1w.nii.gz"\nfreesurfer = "sourcedata/freesurfer/sub-01"\n'
        f'from_mni = "{stem}_from-MNI152NLin2009cAsym_to-T1w_mode-image_xfm.h5"\n'
        'template = "MNI152NLin2009cAsym"',
        f'gm = "{stem}_label-GM_probseg.nii.gz"\nbrain_mask = "{stem}_desc-brain_mask.nii.gz"',
    )
    by_hand = load_patient(toml)
    same_cortex(found, by_hand, mm=1e-12)
    assert found.tree.draw() == by_hand.tree.draw()
    assert found.inputs == by_hand.inputs
    assert np.array_equal(found.maps["gm"].data, by_hand.maps["gm"].data)


def test_gifti_alone_gives_the_surfaces_that_were_drawn(whole) -> None:
    found = load_patient(whole)  # one subject: no -s is needed
    for hemi, side in found.cortex.sides():
        for surface, truth in ((side.white, white), (side.pial, pial)):
            there = truth(hemi.freesurfer)
            assert np.abs(surface.points.mm(found.scanner) - there).max() < 1e-3
        region = 1028 if hemi is Hemi.LEFT else 2028
        assert np.mean(side.aparc.ids == region) > 0.99
        assert set(side.fields) == {"sulc", "thickness"}
    roles = {i.role: i for i in found.inputs}
    assert roles["left_pial"].name == "sub-01_hemi-L_pial.surf.gii"
    assert roles["gm"].name == "sub-01_label-GM_probseg.nii.gz"
    assert {"bold", "confounds", "sidecar", "bold_mask", "from_mni", "brain_mask"} <= set(roles)


@pytest.mark.slow
def test_a_real_head_as_fmriprep_would_write_it(tmp_path, ecog) -> None:
    by_hand = load_patient(ecog, subject="sub-01")
    folder = write_anat(tmp_path / "fmriprep", ecog, layout=replace(NOW, image=".nii"))
    found = load_patient(folder, subject="01")
    same_cortex(found, by_hand)
    for hemi in Hemi:
        assert np.array_equal(
            found.cortex.side(hemi).aparc.ids, by_hand.cortex.side(hemi).aparc.ids
        )
        curv = [p.cortex.side(hemi).fields["curv"].values for p in (found, by_hand)]
        assert np.array_equal(*curv)


# The run


def test_the_run_brings_its_tables(whole) -> None:
    series = load_patient(whole).bold
    assert (series.tr_s, series.n_volumes, series.task) == (TR, N_VOLUMES, "rest")
    assert series.grid.shape == (40, 44, 40)
    assert np.isnan(series.confounds["framewise_displacement"][0])
    assert series.mask.data.sum() == 32 * 36 * 32
    assert load_patient(whole).qc["bold_from"].endswith("bold.nii.gz: the only run")


def test_native_space_comes_before_a_template_and_a_mesh(folder) -> None:
    write_run(folder, space="MNI152NLin2009cAsym", entities="_res-2")
    write_surface_run(folder, {"L": 10242, "R": 10242}, "fsaverage5")
    found = load_patient(folder)
    assert found.bold.grid.world == found.scanner
    said = found.qc["bold_from"]
    assert said.endswith("the only run, before fsaverage5, MNI152NLin2009cAsym")
    for path in (folder / "sub-01/func").glob("*space-T1w*"):
        path.unlink()
    series = load_patient(folder).bold
    assert series.mesh.left == "fsaverage5"
    assert [p.name.split("_")[2] for p in series.files] == ["hemi-L", "hemi-R"]
    assert len(series.confounds["csf"]) == N_VOLUMES
    for path in (folder / "sub-01/func").glob("*space-fsaverage5*"):
        path.unlink()
    series = load_patient(folder).bold
    assert (series.template, series.grid.world) == ("MNI152NLin2009cAsym", MNI)
    assert series.mask.grid.world == MNI
    maps = find_fmriprep(folder, None, {}).maps
    assert maps.space_of("bold") == maps.space_of("bold_mask") == "MNI152NLin2009cAsym"
    assert maps.space_of("gm") == "T1w"
    assert "res-2" in maps.files["bold_mask"].name


def test_a_mesh_that_nothing_relates_to_the_patient_comes_last(folder) -> None:
    for path in (folder / "sub-01/func").glob("*space-T1w*"):
        path.unlink()
    write_run(folder, space="MNI152NLin2009cAsym")
    write_surface_run(folder, {"L": 40962, "R": 40962}, "fsaverage6")
    assert load_patient(folder).bold.template == "MNI152NLin2009cAsym"
    for path in (folder / "sub-01/func").glob("*space-MNI*"):
        path.unlink()
    alone = load_patient(folder)
    assert alone.bold.vertex_at is None
    with pytest.raises(
        FrameError, match=r"lies on fsaverage6, and nothing .* --output-spaces T1w"
    ):
        activity_of(alone, {**ACTIVITY_DEFAULTS, "confounds": "none"})


def test_a_template_run_without_its_warp_is_no_candidate(tmp_path, head) -> None:
    folder = write_anat(tmp_path / "fmriprep", head)
    write_run(folder, space="MNI152NLin6Asym")
    assert load_patient(folder).bold is None
    image = next((folder / "sub-01/func").glob("*bold.nii.gz"))
    with pytest.raises(FrameError, match=r"bold\.nii\.gz: the run was resampled to MNI152NLin6"):
        load_patient(folder, maps={"bold": image})


def test_several_runs_are_refused_with_the_flag_for_each(folder) -> None:
    write_run(folder, run="task-nback_run-2")
    with pytest.raises(AmbiguityError, match=r"-s sub-01_task-nback_run-2, -s sub-01_task-rest;"):
        load_patient(folder, subject="01")
    found = load_patient(folder, subject="sub-01_task-nback_run-02")
    assert found.id == "sub-01"
    assert found.bold.files[0].name.startswith("sub-01_task-nback_run-2_space-T1w")
    tables = {i.role: i.name for i in found.inputs}
    assert tables["confounds"] == "sub-01_task-nback_run-2_desc-confounds_timeseries.tsv"
    image = folder / "sub-01/func/sub-01_task-rest_space-T1w_desc-preproc_bold.nii.gz"
    by_file = load_patient(folder, subject="01", maps={"bold": image})
    assert by_file.bold.files == (image,)
    assert by_file.bold.mask is not None
    assert "given with --map" in by_file.qc["bold_from"]


def test_a_ready_made_map_needs_no_run(folder) -> None:
    write_run(folder, run="task-nback_run-2")
    grey = folder / "sub-01/anat/sub-01_label-GM_probseg.nii.gz"
    found = load_patient(folder, maps={"alff": grey})
    assert found.bold is None
    assert set(found.maps) == {"gm", "alff", "brain_mask"}


def test_two_sessions_are_refused_until_one_is_named(tmp_path, head) -> None:
    folder = write_anat(tmp_path / "fmriprep", head)
    (folder / "sub-01/ses-a").mkdir()
    (folder / "sub-01/anat").rename(folder / "sub-01/ses-a/anat")
    for path in (folder / "sub-01/ses-a/anat").iterdir():
        path.rename(path.with_name(path.name.replace("sub-01_", "sub-01_ses-a_", 1)))
    shutil.copytree(folder / "sub-01/ses-a", folder / "sub-01/ses-b")
    for path in (folder / "sub-01/ses-b/anat").iterdir():
        path.rename(path.with_name(path.name.replace("ses-a", "ses-b")))
    with pytest.raises(AmbiguityError, match="-s sub-01_ses-a, -s sub-01_ses-b; or give the file"):
        load_patient(folder, subject="01")
    assert load_patient(folder, subject="01_ses-b").id == "sub-01"


def test_a_prefix_of_a_subject_is_another_subject(folder) -> None:
    shutil.copytree(folder / "sub-01", folder / "sub-011")
    for path in (folder / "sub-011").rglob("sub-01_*"):
        path.rename(path.with_name(path.name.replace("sub-01_", "sub-011_")))
    with pytest.raises(
        InputError, match=r"fmriprep: it holds 2 subjects \(there are: sub-01, sub-"
    ):
        load_patient(folder)
    names = {i.name for i in load_patient(folder, subject="01").inputs}
    assert all(n.startswith("sub-01_") for n in names)
    with pytest.raises(
        InputError, match=r"no file of sub-0 is in this BIDS folder \(there are: su"
    ):
        load_patient(folder, subject="0")


def test_one_subjects_own_folder_is_a_source(whole) -> None:
    assert load_patient(whole / "sub-01").id == "sub-01"
    with pytest.raises(InputError, match="sub-01: this is that subject's folder, but -s 02"):
        load_patient(whole / "sub-01", subject="02")


def test_a_run_without_a_bids_name_brings_nothing(folder, tmp_path) -> None:
    image = folder / "sub-01/func/sub-01_task-rest_space-T1w_desc-preproc_bold.nii.gz"
    other = shutil.copy(image, tmp_path / "run.nii.gz")
    found = load_patient(folder, maps={"bold": Path(other)})
    assert found.bold.confounds == {}
    assert found.bold.mask is None
    assert found.bold.tr_because == "the header of run.nii.gz"
    table = folder / "sub-01/func/sub-01_task-rest_desc-confounds_timeseries.tsv"
    found = load_patient(folder, maps={"bold": Path(other), "confounds": table})
    assert len(found.bold.confounds["csf"]) == N_VOLUMES


def test_a_map_that_is_named_comes_before_the_one_that_lies_there(folder) -> None:
    grey = folder / "sub-01/anat/sub-01_label-GM_probseg.nii.gz"
    other = shutil.copy(grey, folder.parent / "p1T1.nii.gz")
    names = {i.role: i.name for i in load_patient(folder, maps={"gm": Path(other)}).inputs}
    assert names["gm"] == "p1T1.nii.gz"
    with pytest.raises(InputError, match="there is no map called 'grey'"):
        load_patient(folder, maps={"grey": grey})


def test_a_file_of_another_session_is_refused(folder) -> None:
    image = folder / "sub-01/func/sub-01_task-rest_desc-confounds_timeseries.tsv"
    (folder / "sub-01/ses-a/func").mkdir(parents=True)
    shutil.copy(image, folder / "sub-01/ses-a/func")
    with pytest.raises(InputError, match=r"timeseries\.tsv: it lies in sub-01/ses-a\. Expected"):
        load_patient(folder)


# Versions


def test_the_names_of_20_2_are_read_with_freesurfer_beside_them(tmp_path, head) -> None:
    folder = write_anat(tmp_path / "out" / "fmriprep", head, layout=LTS)
    write_run(folder, layout=LTS)
    shutil.copytree(head, tmp_path / "out" / "freesurfer" / "sub-01")
    found = load_patient(folder, subject="01")
    assert found.qc["surfaces_from"] == "FreeSurfer folder freesurfer/sub-01"
    assert len(found.bold.confounds["csf"]) == N_VOLUMES
    assert np.abs(found.cortex.left.pial.points.mm(found.scanner) - pial("lh")).max() < 1e-3


def test_smoothwm_is_not_the_white_surface(tmp_path, head) -> None:
    folder = write_anat(tmp_path / "fmriprep", head, layout=LTS)
    with pytest.raises(InputError, match=r"hemi-L_smoothwm\.surf\.gii, but that surface was smoo"):
        load_patient(folder, subject="01")


def test_gifti_of_20_2_that_say_nothing_are_scanner_ras(folder) -> None:
    for side, prefix in (("L", "lh"), ("R", "rh")):
        for what, xyz in (("white", white(prefix)), ("pial", pial(prefix))):
            path = folder / f"sub-01/anat/sub-01_hemi-{side}_{what}.surf.gii"
            mesh(str(path), xyz, FACES, side, scanner=False)
    found = load_patient(folder)
    assert np.abs(found.cortex.right.pial.points.mm(found.scanner) - pial("rh")).max() < 1e-3
    mesh(str(path), pial("rh"), FACES, "R", scanner=False, c_ras=5.5)
    with pytest.raises(
        InputError, match=r"hemi-R_pial\.surf\.gii: its metadata carry a shift \(Vol"
    ):
        load_patient(folder)


def test_freesurfer_that_lies_elsewhere_is_not_used(tmp_path, head) -> None:
    folder = write_anat(tmp_path / "fmriprep", head)
    beside(folder, head)
    path = folder / "sub-01/anat/sub-01_from-fsnative_to-T1w_mode-image_xfm.txt"
    path.unlink()
    said = load_patient(folder).qc["surfaces_from"]
    assert said == "GIFTI of fMRIPrep (no transform says where FreeSurfer's volume lies)"
    write_rigid(str(path), shift=1.5)
    said = load_patient(folder).qc["surfaces_from"]
    assert said == "GIFTI of fMRIPrep (FreeSurfer's volume lies 1.50 mm from the T1w)"


# The warp


def test_the_warp_moves_points_as_it_was_written(whole) -> None:
    found = load_patient(whole)
    here = np.array([[-30.0, 10, 30], [-60, -40, 10], [25, 30, 40]])
    there = found.tree.points(Points(here, found.scanner), MNI).mm(MNI)
    assert np.abs(there - mni_from_t1w(here)).max() < 0.05  # linear between 4 mm nodes
    affine_only = here @ np.diag([1.05, 1.05, 1.08])
    assert np.abs(there - affine_only).max() > 2


def test_a_template_of_its_own_is_read_where_the_run_needs_it(tmp_path, head) -> None:
    folder = write_anat(tmp_path / "fmriprep", head)
    stem = folder / "sub-01/anat/sub-01_from-MNI152NLin6Asym_to-T1w_mode-image_xfm.h5"
    write_warp(str(stem))
    assert "Mni2009cAsym" in load_patient(folder).tree.draw()
    write_run(folder, space="MNI152NLin6Asym")
    recipe = find_fmriprep(folder, "01", {})
    assert recipe.template == "MNI152NLin6Asym"
    assert recipe.from_mni == stem


# Who


def test_age_and_sex_come_from_participants(folder) -> None:
    table = folder / "participants.tsv"
    table.write_text("participant_id\tage\tsex\nsub-011\t70\tM\nsub-01\t34.5\tfemale\n")
    found = load_patient(folder)
    assert (found.age, found.sex) == (34.5, "F")
    (folder.parent / "participants.tsv").write_text("participant_id\tage\tsex\nsub-01\t31\tF\n")
    with pytest.raises(AmbiguityError, match="in the folder itself than in the folder above"):
        load_patient(folder)


def test_participants_of_the_dataset_above_derivatives_are_read(tmp_path, head) -> None:
    folder = write_anat(tmp_path / "ds" / "derivatives" / "fmriprep", head)
    (tmp_path / "ds/participants.tsv").write_text("participant_id\tage\tsex\nsub-01\t41\tm\n")
    assert (load_patient(folder).age, load_patient(folder).sex) == (41.0, "M")


@pytest.mark.parametrize(
    ("cells", "age", "sex", "note"),
    [
        ("n/a\tn/a", None, None, None),
        ("89+\tM", None, "M", ("age", "'89+'")),
        ("40\t1", 40.0, None, ("sex", "neither F nor M")),
        ("40\tother", 40.0, None, ("sex", "'other'")),
    ],
)
def test_what_is_not_said_is_missing_and_told(folder, cells, age, sex, note) -> None:
    table = folder / "participants.tsv"
    table.write_text(f"participant_id\tage\tsex\nsub-01\t{cells}\n")
    found = load_patient(folder)
    assert (found.age, found.sex) == (age, sex)
    if note is not None:
        assert note[1] in found.qc[note[0]]


def test_months_are_not_years(folder) -> None:
    (folder / "participants.tsv").write_text("participant_id\tage\tsex\nsub-01\t18\tF\n")
    (folder / "participants.json").write_text(json.dumps({"age": {"Units": "months"}}))
    found = load_patient(folder)
    assert found.age is None
    assert "in 'months', not in years" in found.qc["age"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("sub-01\t34\tF\nsub-01\t35\tF", "sub-01 has 2 rows"),
        ("sub-01\t340\tF", "the age is '340'"),
        ("sub-01\told\tF", "the age is 'old'"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(folder, rows, message) -> None:
    (folder / "participants.tsv").write_text(f"participant_id\tage\tsex\n{rows}\n")
    with pytest.raises(InputError, match=rf"participants\.tsv: {message}"):
        load_patient(folder)


# Refused


def test_raw_data_are_refused_with_what_to_run(tmp_path) -> None:
    anat = tmp_path / "ds" / "sub-01" / "anat"
    anat.mkdir(parents=True)
    nifti(str(anat / "sub-01_T1w.nii.gz"), np.zeros((4, 4, 4), np.uint8), vox2ras())
    with pytest.raises(
        InputError, match=r"ds: sub-01 has a raw T1w .* Run fMRIPrep first, or 'tm"
    ):
        load_patient(tmp_path / "ds", subject="01")
    (tmp_path / "ds/derivatives/fmriprep").mkdir(parents=True)
    with pytest.raises(InputError, match="Pass its derivatives/fmriprep instead"):
        load_patient(tmp_path / "ds", subject="01")


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("desc-preproc_T1w.nii.gz", r"sub-01_desc-preproc_T1w\.nii\.gz is missing"),
        ("hemi-R_pial.surf.gii", r"sub-01_hemi-R_pial\.surf\.gii is missing.*FreeSurfer folder"),
        ("hemi-L_white.surf.gii", r"sub-01_hemi-L_white\.surf\.gii is missing"),
    ],
)
def test_a_missing_file_is_named(folder, gone, message) -> None:
    (folder / f"sub-01/anat/sub-01_{gone}").unlink()
    with pytest.raises(InputError, match=message):
        load_patient(folder)


def test_files_of_another_person_in_the_folder_are_refused(folder) -> None:
    anat = folder / "sub-01/anat"
    shutil.copy(anat / "sub-01_label-GM_probseg.nii.gz", anat / "sub-07_label-GM_probseg.nii.gz")
    with pytest.raises(InputError, match=r"sub-07_label-GM_probseg.*: it lies in sub-01\. Expect"):
        load_patient(folder)


def test_one_run_in_two_resolutions_and_two_tables_are_refused(folder) -> None:
    func = folder / "sub-01/func"
    stem = "sub-01_task-rest"
    table = func / f"{stem}_desc-confounds_timeseries.tsv"
    shutil.copy(table, func / f"{stem}_desc-confounds_regressors.tsv")
    with pytest.raises(
        AmbiguityError, match=r"two tables of confounds .*regressors\.tsv, sub-01_t"
    ):
        load_patient(folder)
    (func / f"{stem}_desc-confounds_regressors.tsv").unlink()
    image = func / f"{stem}_space-T1w_desc-preproc_bold.nii.gz"
    shutil.copy(image, func / f"{stem}_space-T1w_res-2_desc-preproc_bold.nii.gz")
    with pytest.raises(AmbiguityError, match=r"2 files are possible .* They differ; or name one"):
        load_patient(folder)


def test_one_side_of_a_surface_run_is_refused(folder) -> None:
    write_surface_run(folder, {"L": N, "R": N}, "fsnative")
    left = folder / "sub-01/func/sub-01_task-rest_hemi-L_space-fsnative_bold.func.gii"
    series = load_patient(folder, maps={"bold": left}).bold
    assert series.mesh.right == "fsnative"
    (left.parent / left.name.replace("hemi-L", "hemi-R")).unlink()
    with pytest.raises(InputError, match=r"hemi-R_space-fsnative_bold\.func\.gii is missing"):
        load_patient(folder, maps={"bold": left})


@pytest.mark.parametrize("name", ["IM0001", "a.dcm", "DICOMDIR"])
def test_dicom_is_sent_to_dcm2niix(tmp_path, name) -> None:
    path = tmp_path / "scan" / name
    path.parent.mkdir()
    path.write_bytes(b"\0" * 128 + b"DICM" + b"\0" * 64)
    for source in (tmp_path / "scan", path):
        with pytest.raises(InputError, match=r"DICOM files.*dcm2niix -z y.*tmsplan prepare"):
            load_patient(source)


# Names


def test_names_are_taken_apart_whole_or_not_at_all() -> None:
    name = parse_name(Path("sub-01_ses-2_task-rest_run-01_space-T1w_desc-preproc_bold.nii.gz"))
    assert name.suffix == "bold"
    assert name.extension == ".nii.gz"
    assert name.run() == (("ses", "2"), ("task", "rest"), ("run", "1"))
    assert name.beside_run() == {"space": "T1w", "desc": "preproc"}
    for none in ("T1w.nii", "sub-01.html", "task-rest_sub-01_bold.nii", "sub-01_sub-02_T1w.nii",
                 "sub-01_desc_T1w.nii", "sub-_T1w.nii", "sub-01_T1 w.nii"):  # fmt: skip
        found = parse_name(Path(none))
        assert found is None or found.suffix == "01", none


@pytest.mark.parametrize("text", ["01_desc-x", "01_ses", "a b", "01_run-1_run-2", "../01"])
def test_a_selection_that_is_none_is_refused(text) -> None:
    with pytest.raises(InputError, match=r"this is no BIDS subject.*sub-01_ses-2_task-rest_run-1"):
        parse_selection(text)
