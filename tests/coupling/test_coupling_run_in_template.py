"""A BOLD run in MNI152NLin2009cAsym, as fMRIPrep writes it by default: to the right places."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from patient.fmriprep_folder import AFFINE, nifti, t1w_from_mni, write_anat, write_warp
from patient.small_head import write_freesurfer

from tmsplan.base.errors import FrameError
from tmsplan.coupling import Regions, couple
from tmsplan.coupling.activity import ACTIVITY_DEFAULTS, Activity, activity_of
from tmsplan.coupling.project import project
from tmsplan.patient import Patient, load_patient
from tmsplan.space import Hemi

SETTINGS = {**ACTIVITY_DEFAULTS, "confounds": "none"}
MNI = "MNI152NLin2009cAsym"
TR, N_VOLUMES, STEP_MM = 2.5, 122, 6.0
#: How mean BOLD changes along x, y and z: interpolation reproduces a straight line exactly.
BASE_PER_MM = np.array([2.0, 3.0, -2.5])
#: Left and high up: where more slow waves are planted.
PLANTED, WIDTH_MM, HEIGHT = np.array([-54.0, -25.0, 35.0]), 45.0, 0.8
#: Largest sum of the pure second derivatives of `amplitude_log`, per mm²: the planted bump bends
#: by HEIGHT / WIDTH² along each of three axes, the waves by size / length².
BEND = 3 * HEIGHT / WIDTH_MM**2 + 0.3 / 30**2 + 0.2 / 28**2
#: Linear interpolation between places h apart errs by at most h² / 8 times the second derivative.
ONE_INTERPOLATION = STEP_MM**2 / 8 * BEND
#: The template run is interpolated to the patient's grid and from there to the cortex, the T1w
#: run to the cortex only; the warp's own field is linear between nodes (0.05 mm, slope < 0.03).
TOLERANCE = 3 * ONE_INTERPOLATION + 0.002  # 0.026


def amplitude_log(xyz: np.ndarray) -> np.ndarray:
    """Return the logarithm of the planted amplitude at places of the patient."""
    x, y, z = np.moveaxis(xyz, -1, 0)
    near = np.exp(-((xyz - PLANTED) ** 2).sum(-1) / (2 * WIDTH_MM**2))
    return 0.3 * np.sin(y / 30) + 0.2 * np.cos(z / 28) + HEIGHT * near + 0 * x


def write_run(folder: Path, space: str) -> Path:
    """Write a run whose slow waves have the planted size at every place of the patient."""
    func = folder / "sub-01" / "func"
    func.mkdir(exist_ok=True)
    affine, shape = np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0]), (34, 42, 38)
    affine[:3, 3] = (-100, -145, -90)
    ijk = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    centres = ijk @ affine[:3, :3].T + affine[:3, 3]
    places = centres if space == "T1w" else t1w_from_mni(centres)
    # One course for all, so ALFF is exactly proportional to the size; white, so not "filtered".
    wave = np.random.default_rng(8).standard_normal(N_VOLUMES)
    brain = np.linalg.norm((places - (1, -19, 18)) / (78, 95, 75), axis=-1) < 1
    size = np.where(brain, 10 * np.exp(amplitude_log(places)), 0)
    # Mean BOLD differs between places too, and percent of the mean takes it out again.
    base = np.where(brain, 1000 + places @ BASE_PER_MM, 0)
    data = (base[..., None] + (base / 1000 * size)[..., None] * wave).astype(np.float32)
    stem, code = f"{func}/sub-01_task-rest_space-{space}", 1 if space == "T1w" else 4
    nifti(f"{stem}_desc-preproc_bold.nii", data, affine, code, TR)
    nifti(f"{stem}_desc-brain_mask.nii", brain.astype(np.uint8), affine, code)
    Path(f"{stem}_desc-preproc_bold.json").write_text(json.dumps({"RepetitionTime": TR}))
    return Path(f"{stem}_desc-preproc_bold.nii")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("mni")
    made = write_anat(root / "fmriprep", write_freesurfer(root / "sub-01"))
    write_run(made, MNI)
    return made


@pytest.fixture(scope="module")
def native(folder, tmp_path_factory) -> Patient:
    copy = shutil.copytree(folder, tmp_path_factory.mktemp("t1w") / "fmriprep")
    write_run(copy, "T1w")
    return load_patient(copy)


@pytest.fixture(scope="module")
def warped(folder) -> Patient:
    return load_patient(folder)


def at_vertices(patient: Patient, activity: Activity) -> dict[Hemi, np.ndarray]:
    fields = project(patient, activity.values, name="alff", unit="1")
    return {hemi: one.values for hemi, one in fields.sides()}


def left_minus_right(patient: Patient, activity: Activity) -> float:
    """Return by how much the planted place stands above its mirror image."""
    values, means = at_vertices(patient, activity), {}
    for hemi, cortex in patient.cortex.sides():
        place = PLANTED * (1 if hemi is Hemi.LEFT else -1, 1, 1)
        away = np.linalg.norm(cortex.mid.points.mm(patient.scanner) - place, axis=1)
        means[hemi] = float(np.nanmean(values[hemi][away < 15]))
    return means[Hemi.LEFT] - means[Hemi.RIGHT]


def test_a_run_in_the_template_lands_where_it_was_planted(warped) -> None:
    assert warped.bold.template == MNI
    assert warped.qc["bold_from"].endswith("space-MNI152NLin2009cAsym_desc-preproc_bold.nii: the "
                                           "only run")  # fmt: skip
    found = activity_of(warped, SETTINGS)
    assert found.values.grid.world == warped.scanner
    assert left_minus_right(warped, found) > 0.7 * HEIGHT
    values = at_vertices(warped, found)
    truth = {h: amplitude_log(c.mid.points.mm(warped.scanner)) for h, c in warped.cortex.sides()}
    shift = np.nanmedian(np.concatenate([values[h] - truth[h] for h in Hemi]))
    for hemi in Hemi:
        assert np.isfinite(values[hemi]).mean() > 0.99
        # The mean over the depth of the cortex adds less than a third interpolation.
        assert np.nanmax(np.abs(values[hemi] - truth[hemi] - shift)) < TOLERANCE


def test_it_is_said_that_it_was_interpolated_once_more(warped, native) -> None:
    found = activity_of(warped, SETTINGS)
    assert found.params["computed_in"] == MNI
    assert found.params["brought_by"] == "the patient's own warp, trilinear, 6 mm"
    assert any(n.startswith(f"ALFF was computed in {MNI} and brought to") for n in found.notes)
    own = activity_of(native, SETTINGS)
    assert "computed_in" not in own.params
    assert not any("brought to the patient" in n for n in own.notes)


def test_it_equals_the_run_in_the_space_of_the_t1(warped, native) -> None:
    assert native.bold.template is None  # preferred where both are there
    pair = [at_vertices(p, activity_of(p, SETTINGS)) for p in (warped, native)]
    apart = np.concatenate([pair[0][h] - pair[1][h] for h in Hemi])
    # Both are relative to grey matter, which each samples at its own voxels.
    assert abs(np.nanmedian(apart)) < 0.02
    assert np.nanmax(np.abs(apart - np.nanmedian(apart))) < TOLERANCE
    bold = [project(p, activity_of(p, SETTINGS).mean_bold, name="m", unit="a") for p in
            (warped, native)]  # fmt: skip
    for hemi in Hemi:
        one, two = (b.side(hemi).values for b in bold)
        # 0.3 mm along any axis; half a voxel beside it would be 6 and more.
        assert np.nanmax(np.abs(one - two)) < 0.3 * BASE_PER_MM[0]


def test_what_alff_is_relative_to_is_the_grey_matter_of_the_patient(warped) -> None:
    found = activity_of(warped, SETTINGS)
    assert not any("no grey-matter map" in n for n in found.notes)
    gm, values = warped.maps["gm"], found.values
    ijk = np.indices(values.grid.shape).reshape(3, -1).T
    grey = gm.at_nearest(values.grid.centres(ijk), outside=0.0).reshape(values.grid.shape) > 0.5
    # A mean over voxels of another grid; it would be off by 0.2 and more over the whole head.
    assert np.log(np.nanmean(np.exp(values.data[grey]))) == pytest.approx(0, abs=0.02)


def test_a_mirrored_warp_would_land_on_the_other_side(folder, tmp_path) -> None:
    copy = shutil.copytree(folder, tmp_path / "fmriprep")
    warp = next((copy / "sub-01/anat").glob("*from-MNI*_xfm.h5"))
    write_warp(str(warp), AFFINE @ np.diag([-1.0, 1, 1, 1]))
    mirrored = load_patient(copy)
    assert left_minus_right(mirrored, activity_of(mirrored, SETTINGS)) < -0.7 * HEIGHT


def test_coupling_has_as_many_places_as_were_measured(warped, native) -> None:
    found = []
    for patient in (warped, native):
        labels = {h: c.aparc for h, c in patient.cortex.sides()}
        keys = {i: (h, n) for h, one in labels.items() for i, n in one.names.items()}
        regions = Regions("aparc", patient.cortex.map(lambda c: c.aparc), keys)
        made = couple(patient, method="partial_spearman", regions=regions, settings={
            "confounds": "none"})  # fmt: skip
        found.append(made)
    assert found[0].params["computed_in"] == MNI
    assert any("interpolated once more" in n for n in found[0].qc["notes"])
    for region in (1028, 2028):
        n = [made.per_region[region].n for made in found]
        assert n[0] == pytest.approx(n[1], rel=0.1)
        assert np.isfinite(found[0].per_region[region].value)


def test_without_a_route_it_is_refused_with_what_to_do(folder, tmp_path) -> None:
    copy = shutil.copytree(folder, tmp_path / "fmriprep")
    next((copy / "sub-01/anat").glob("*from-MNI*_xfm.h5")).unlink()
    image = next((copy / "sub-01/func").glob("*_bold.nii"))
    with pytest.raises(
        FrameError, match=r"bold\.nii: the run was resampled to MNI.*from_mni.*ut-spaces T1w"
    ):
        load_patient(copy, maps={"bold": image})
