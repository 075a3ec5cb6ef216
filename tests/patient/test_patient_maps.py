"""Maps and runs of a patient.toml: which space each is in, and what a name contradicts."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from fmriprep_folder import N_VOLUMES, mni_from_t1w, nifti, write_run, write_warp
from real_files import real_data
from small_head import (
    UNIT,
    coupling,
    t1,
    values_gifti,
    vox2ras,
    world,
    write_explicit,
    write_nifti,
)

from tmsplan.base.errors import AmbiguityError, FrameError, InputError
from tmsplan.patient import load_patient
from tmsplan.patient.image import ImageRules, read_image
from tmsplan.patient.template_map import to_template
from tmsplan.space import (
    Affine,
    Frame,
    Grid,
    Hemi,
    Mni2009cAsym,
    MniNlin6Asym,
    Points,
    Volume,
    Voxel,
)

AFFINE = vox2ras(0.0)
MNI = Frame(Mni2009cAsym, "template")
WARP = "sub-01_from-MNI152NLin2009cAsym_to-T1w_mode-image_xfm.h5"
ROUTE = f'from_mni = "{WARP}"\ntemplate = "MNI152NLin2009cAsym"'
#: 2 mm, as template images are.
GRID = np.array([[2.0, 0, 0, -110], [0, 2, 0, -150], [0, 0, 2, -100], [0, 0, 0, 1]])
SHAPE = (115, 150, 125)


def small_map() -> np.ndarray:
    return coupling(world(AFFINE)).astype(np.float32)


def with_maps(folder: Path, maps: str, anatomy: str = "", top: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    return write_explicit(folder, anatomy, f'space = "T1w"\n{maps}', top)


# Names and spaces


def test_maps_of_the_users_own_names_are_read_with_the_rest(tmp_path) -> None:
    for name in ("gm", "cbf", "fa"):
        write_nifti(tmp_path / f"{name}.nii.gz", small_map(), AFFINE)
    toml = with_maps(
        tmp_path, 'gm = "gm.nii.gz"\n[maps.more]\ncbf = "cbf.nii.gz"\nfa = "fa.nii.gz"'
    )
    patient = load_patient(toml)
    assert set(patient.maps) == {"gm", "cbf", "fa"}
    assert [i.role for i in patient.inputs][-3:] == ["gm", "cbf", "fa"]


@pytest.mark.parametrize("name", ["gm", "space", "Cbf", "c-b-f", "9t"])
def test_a_name_that_is_taken_or_odd_is_refused(tmp_path, name) -> None:
    toml = with_maps(tmp_path, f'[maps.more]\n{name} = "x.nii.gz"')
    with pytest.raises(InputError, match=rf"patient\.toml: {name} is .*a new name of lower-case"):
        load_patient(toml)


def test_each_map_keeps_its_own_grid_and_may_have_its_own_space(tmp_path) -> None:
    write_warp(str(tmp_path / WARP))
    coarse = AFFINE @ np.diag([2, 2, 2, 1])
    shape = (31, 33, 37)
    write_nifti(tmp_path / "gm.nii.gz", small_map(), AFFINE)
    write_nifti(tmp_path / "alff.nii.gz", np.float32(coupling(world(coarse, shape))), coarse)
    write_nifti(tmp_path / "cbf.nii.gz", np.float32(coupling(world(GRID, SHAPE))), GRID, 4, 4)
    toml = with_maps(
        tmp_path,
        'gm = "gm.nii.gz"\nalff = "alff.nii.gz"\n[maps.more]\ncbf = "cbf.nii.gz"\n'
        '[maps.spaces]\ncbf = "MNI152NLin2009cAsym"',
        ROUTE,
    )
    maps = load_patient(toml).maps
    assert maps["gm"].grid.shape == (61, 66, 73)
    assert maps["alff"].grid.shape == shape
    assert np.array_equal(maps["gm"].data, small_map())
    assert maps["cbf"].grid.world == maps["gm"].grid.world


def test_a_space_for_a_map_that_is_not_there_is_refused(tmp_path) -> None:
    write_nifti(tmp_path / "gm.nii.gz", small_map(), AFFINE)
    toml = with_maps(tmp_path, 'gm = "gm.nii.gz"\n[maps.spaces]\ngmm = "T1w"')
    with pytest.raises(
        InputError, match=r"unknown key 'gmm' in \[maps\.spaces\].*Did you mean 'gm'"
    ):
        load_patient(toml)
    toml.write_text(toml.read_text().replace('gmm = "T1w"', 'gm = "MNI"'))
    with pytest.raises(InputError, match=r"gm is 'MNI'.*\"T1w\" or \"MNI152NLin2009cAsym\""):
        load_patient(toml)


def test_a_bids_name_that_says_another_space_is_refused(tmp_path) -> None:
    name = "sub-01_space-MNI152NLin2009cAsym_label-GM_probseg.nii.gz"
    write_nifti(tmp_path / name, small_map(), AFFINE)
    toml = with_maps(tmp_path, f'gm = "{name}"')
    with pytest.raises(
        InputError, match="its name says space-MNI152NLin2009cAsym, but T1w is dec"
    ):
        load_patient(toml)


def test_a_map_flag_takes_the_space_from_its_bids_name(tmp_path) -> None:
    write_warp(str(tmp_path / WARP))
    path = tmp_path / "sub-01_space-MNI152NLin2009cAsym_alff.nii.gz"
    write_nifti(path, np.float32(coupling(world(GRID, SHAPE))), GRID, 4, 4)
    toml = with_maps(tmp_path, "", ROUTE)
    volume = load_patient(toml, maps={"alff": path}).maps["alff"]
    points = Points([[-30.0, -20, 20]], volume.grid.world)
    there = coupling(mni_from_t1w(points.mm(volume.grid.world)))
    assert abs(volume.at_nearest(points, outside=np.nan)[0] - there[0]) < 0.01
    toml.write_text(toml.read_text().replace('space = "T1w"', 'space = "MNI152NLin2009cAsym"'))
    with pytest.raises(
        AmbiguityError, match=r"maps are in MNI152NLin2009cAsym; maps given with -"
    ):
        load_patient(toml, maps={"alff": path})


def test_a_mask_is_a_mask(tmp_path) -> None:
    write_nifti(tmp_path / "mask.nii.gz", (t1(AFFINE) > 300).astype(np.uint8), AFFINE)
    toml = with_maps(tmp_path, 'brain_mask = "mask.nii.gz"')
    mask = load_patient(toml).maps["brain_mask"]
    assert np.array_equal(mask.data, t1(AFFINE) > 300)
    write_nifti(tmp_path / "mask.nii.gz", (t1(AFFINE) > 0).astype(np.uint8), AFFINE)
    with pytest.raises(
        InputError, match=r"mask\.nii\.gz: it holds 1 distinct values, 1\..*0 and 1"
    ):
        load_patient(toml)


# CAT12 and SPM


@pytest.mark.parametrize(
    ("name", "space", "message"),
    [
        ("mwp1sub-01_T1w.nii", "T1w", "'mwp1' is warped to a template, but .* the T1.*CAT12 12.8"),
        ("wp1T1.nii", "T1w", "'wp1' is warped to a template"),
        ("m0wp1T1.nii", "T1w", "'m0wp1' is warped to a template"),
        (
            "p1T1.nii",
            "MNI152NLin2009cAsym",
            "'p1' is in the patient's own space, but MNI152NLin20",
        ),
        ("c1T1.nii", "MNI152NLin6Asym", "'c1' is in the patient's own space"),
        ("rp1T1.nii", "T1w", "'rp1' is a copy that was moved towards the template"),
        ("mwc1T1.nii", "MNI152NLin2009cAsym", "IXI549Space.*so MNI152NLin2009cAsym cannot be r"),
    ],
)
def test_a_prefix_that_contradicts_the_space_is_refused(tmp_path, name, space, message) -> None:
    write_nifti(tmp_path / name, small_map(), AFFINE)
    toml = with_maps(tmp_path, f'gm = "{name}"\n[maps.spaces]\ngm = "{space}"')
    with pytest.raises(InputError, match=message):
        load_patient(toml)


def test_cat12_images_are_read_where_their_prefix_says(tmp_path) -> None:
    write_warp(str(tmp_path / WARP))
    write_nifti(tmp_path / "p1T1.nii", small_map(), AFFINE)
    assert load_patient(with_maps(tmp_path, 'gm = "p1T1.nii"')).maps["gm"].grid.shape == (
        61,
        66,
        73,
    )
    warped = np.float32(coupling(world(GRID, SHAPE)))
    write_nifti(tmp_path / "mwp1T1.nii", warped, GRID, 4, 4)
    maps = 'gm = "mwp1T1.nii"\n[maps.spaces]\ngm = "MNI152NLin2009cAsym"'
    volume = load_patient(with_maps(tmp_path, maps, ROUTE)).maps["gm"]
    points = Points([[-30.0, -20, 20], [35, 10, 30]], volume.grid.world)
    there = coupling(mni_from_t1w(points.mm(volume.grid.world)))
    assert np.abs(volume.at_nearest(points, outside=np.nan) - there).max() < 0.01


# Both ways through a nonlinear warp


def test_a_map_goes_to_the_template_and_back(tmp_path) -> None:
    write_warp(str(tmp_path / WARP))
    write_nifti(tmp_path / "gm.nii.gz", small_map(), AFFINE)
    patient = load_patient(with_maps(tmp_path, 'gm = "gm.nii.gz"', ROUTE))
    coarse = GRID @ np.diag([2.0, 2, 2, 1])
    voxel = Frame(Voxel, "a run in MNI")
    grid = Grid((58, 75, 63), Affine.claim(coarse, dst=MNI, src=voxel, because="a test"))
    moved = to_template(patient.maps["gm"], patient.tree, patient.cortex, grid)
    assert moved.grid is grid
    here = np.array([[-45.0, -20, 20], [-30, 10, 30], [40, -40, 30]])
    there = mni_from_t1w(here)
    at = np.rint((there - coarse[:3, 3]) / 4).astype(int)
    # The value at a voxel is the patient's value where the voxel's centre comes from.
    centres = at * 4 + coarse[:3, 3]
    back = patient.tree.points(Points(centres, MNI), patient.scanner).mm(patient.scanner)
    assert np.abs(moved.data[tuple(at.T)] - coupling(back)).max() < 1e-3
    assert np.isnan(moved.data[0, 0, 0])
    other = Frame(MniNlin6Asym, "template")
    alien = Grid((9, 9, 9), Affine.claim(coarse, dst=other, src=voxel, because="a test"))
    with pytest.raises(FrameError, match="nothing relates MniNlin6Asym to this patient"):
        to_template(patient.maps["gm"], patient.tree, patient.cortex, alien)


def test_orientation_on_disk_does_not_matter_for_real_maps() -> None:
    folder = real_data("pimco_pnc2647")
    paths = [folder / n for n in ("2647_alffStd.nii.gz", "2647_pvgmpnc_cbf.nii.gz")]
    images = [nib.load(p) for p in paths]
    assert ["".join(nib.aff2axcodes(i.affine)) for i in images] == ["LAS", "RAS"]
    rng = np.random.default_rng(1)
    xyz = rng.uniform((-70, -100, -40), (70, 70, 80), (100_000, 3))
    found = []
    for path, image in zip(paths, images, strict=True):
        volume = read_image(path, ImageRules((30.0, 400.0), templates=True)).volume(MNI, "map")
        back = np.linalg.inv(image.affine)
        ijk = np.rint(xyz @ back[:3, :3].T + back[:3, 3]).astype(int)
        inside = ((ijk >= 0) & (ijk < volume.grid.shape)).all(axis=1)
        values = volume.at_nearest(Points(xyz, MNI), outside=0)
        truth = np.asarray(image.dataobj).squeeze()[tuple(ijk[inside].T)]
        assert np.array_equal(values[inside], truth)
        mirrored = volume.at_nearest(Points(xyz * (-1, 1, 1), MNI), outside=0)
        found.append((values, mirrored))
    (alff, other), (cbf, _) = found
    # Stored side by side the arrays are mirror images; in the world they are one brain.
    same, swapped = (np.corrcoef(a[m := (a > 0) & (cbf > 0)], cbf[m])[0, 1] for a in (alff, other))
    assert same > swapped + 0.01


# Runs


def test_a_run_of_a_patient_toml(tmp_path) -> None:
    image = write_run(tmp_path)
    stem = "sub-01/func/sub-01_task-rest"
    maps = (
        f'bold = "{image.relative_to(tmp_path)}"\n'
        f'confounds = "{stem}_desc-confounds_timeseries.tsv"\n'
        f'bold_mask = "{stem}_space-T1w_desc-brain_mask.nii.gz"'
    )
    patient = load_patient(with_maps(tmp_path, maps))
    assert patient.bold.n_volumes == N_VOLUMES
    assert patient.bold.grid.world == patient.scanner
    assert patient.bold.mask is not None
    sidecar = tmp_path / "other.json"
    sidecar.write_text(json.dumps({"RepetitionTime": 1.4}))
    toml = with_maps(tmp_path, f'{maps}\nsidecar = "other.json"')
    with pytest.raises(
        AmbiguityError, match=r"stated differently: 2 s in .* 1\.4 s in .*tr = SEC"
    ):
        load_patient(toml)
    toml = with_maps(tmp_path, f'{maps}\nsidecar = "other.json"\ntr = 2.0')
    assert "overruled: 1.4 s" in load_patient(toml).bold.tr_because


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        (
            'bold = "{0}"\nbold_left = "{0}"\nbold_right = "{0}"',
            "bold and bold_left and bold_right",
        ),
        (
            'bold_left = "{0}"',
            "bold_left is given.*Expected 'bold' alone, or bold_left and bold_r",
        ),
        ('confounds = "{0}"', "'confounds' is given without a run"),
        (
            'bold = "{0}"\n[maps.spaces]\nbold = "MNI152NLin2009cAsym"',
            "its name says space-T1w, but",
        ),
    ],
)
def test_a_run_that_is_not_one_is_refused(tmp_path, maps, message) -> None:
    image = write_run(tmp_path).relative_to(tmp_path)
    with pytest.raises(InputError, match=message):
        load_patient(with_maps(tmp_path, maps.format(image)))


def test_a_run_without_a_space_is_refused(tmp_path) -> None:
    rng = np.random.default_rng(0)
    data = np.float32(500 + rng.standard_normal((61, 66, 73, 3)))
    nifti(str(tmp_path / "run.nii.gz"), data, AFFINE, tr=2.0)
    toml = write_explicit(tmp_path, maps='bold = "run.nii.gz"')
    with pytest.raises(
        AmbiguityError, match=r"run\.nii\.gz: nothing says in which space this run"
    ):
        load_patient(toml)
    toml = write_explicit(tmp_path, maps='bold = "run.nii.gz"\nspace = "MNI152NLin6Asym"')
    with pytest.raises(FrameError, match=r"run\.nii\.gz: the run was resampled to MNI152NLin6"):
        load_patient(toml)


def test_one_side_of_a_real_run_is_opened_with_its_declared_tr(tmp_path) -> None:
    folder = real_data("lemon_sub-010188_fsa5")
    path = folder / "sub-010188_task-rest_run-01_space-fsaverage5_hemi-lh_bold.mgz"
    sidecar = folder / "sub-010188_ses-02_task-rest_acq-AP_run-01_bold.json"
    top, maps = 'id = "lemon"', f'bold = "{path}"\nsidecar = "{sidecar}"'
    with pytest.raises(AmbiguityError, match=r"stated differently: 1 s in .* 1\.4 s in"):
        load_patient(with_maps(tmp_path, maps, top=top))
    series = load_patient(with_maps(tmp_path, f"{maps}\ntr = 1.4", top=top)).bold
    assert (series.tr_s, series.n_volumes, series.mesh.left) == (1.4, 652, "fsaverage5")
    assert series.hemis == (Hemi.LEFT,)


def test_a_map_of_another_person_under_any_name_is_refused(tmp_path) -> None:
    write_nifti(tmp_path / "sub-02_cbf.nii.gz", small_map(), AFFINE)
    toml = with_maps(tmp_path, '[maps.more]\ncbf = "sub-02_cbf.nii.gz"')
    with pytest.raises(InputError, match=r"sub-02_cbf\.nii\.gz: this file is of subject sub-02"):
        load_patient(toml)


# What the preparation says


def test_quality_and_the_origin_of_surfaces_are_carried(tmp_path) -> None:
    anatomy = 'surfaces = "template-warped"\nsurfaces_because = "hit rate 0.86"'
    toml = with_maps(
        tmp_path, '[qc]\nmean_fd_mm = 0.12\nminutes = 5\nnote = "task, not rest"', anatomy
    )
    patient = load_patient(toml)
    assert patient.surfaces_because == "template-warped"
    assert patient.qc == {
        "mean_fd_mm": 0.12,
        "minutes": 5.0,
        "note": "task, not rest",
        "surfaces_because": "hit rate 0.86",
    }
    assert load_patient(with_maps(tmp_path, "")).surfaces_because == "reconstructed"


@pytest.mark.parametrize(
    ("anatomy", "maps", "message"),
    [
        (
            'surfaces = "warped"',
            "",
            'surfaces is \'warped\'.*"reconstructed" or "template-warped"',
        ),
        ('surfaces_because = "x"', "", r"\[anatomy\] has no 'surfaces'"),
        ("", "[qc]\nfd = true", "fd is True.*a number or a text"),
        ("", "[qc]\nfd = nan", "fd is nan.*a finite number"),
        ("", "[qc]\nfd = [1, 2]", "fd is .1, 2.*a number or a text"),
        ("", 'qc = "good"', "unknown key 'qc' in .maps."),
    ],
)
def test_quality_that_is_none_is_refused(tmp_path, anatomy, maps, message) -> None:
    with pytest.raises(InputError, match=rf"patient\.toml: .*{message}"):
        load_patient(with_maps(tmp_path, maps, anatomy))


def test_volume_and_thickness_are_given_as_single_files(tmp_path) -> None:
    lines = []
    for side, word in (("lh", "left"), ("rh", "right")):
        for name in ("volume", "thickness"):
            values = 2.5 + UNIT[:, 0] + (name == "volume")
            nib.save(values_gifti(values, side), tmp_path / f"{side}.{name}.shape.gii")
            lines.append(f'{word}_{name} = "{side}.{name}.shape.gii"')
    patient = load_patient(with_maps(tmp_path, "", "\n".join(lines)))
    for hemi in Hemi:
        fields = patient.cortex.side(hemi).fields
        assert (fields["volume"].unit, fields["thickness"].unit) == ("mm3", "mm")
        assert np.allclose(fields["volume"].values, 3.5 + UNIT[:, 0], atol=1e-6)


def test_a_template_map_follows_the_patients_own_bump(tmp_path) -> None:
    write_warp(str(tmp_path / WARP))
    write_nifti(tmp_path / "map.nii.gz", np.float32(coupling(world(GRID, SHAPE))), GRID, 4, 4)
    maps = 'coupling = "map.nii.gz"\n[maps.spaces]\ncoupling = "MNI152NLin2009cAsym"'
    patient = load_patient(with_maps(tmp_path, maps, ROUTE))
    volume = patient.maps["coupling"]
    assert isinstance(volume, Volume)
    points = patient.cortex.left.mid.points
    there = coupling(mni_from_t1w(points.mm(patient.scanner)))
    assert np.abs(volume.at_nearest(points, outside=np.nan) - there).max() < 0.006
