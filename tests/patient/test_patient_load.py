"""Whole patients: a real one, a small oblique one, and everything that must be refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from nibabel import freesurfer as fs
from small_head import (
    C_RAS,
    FACES,
    HEAD,
    UNIT,
    N,
    apply,
    coupling,
    pial,
    surface_gifti,
    t1,
    tkras_from_scanner,
    values_gifti,
    vox2ras,
    white,
    world,
    write_explicit,
    write_freesurfer,
    write_nifti,
    write_surface,
    write_toml,
)

from tmsplan.base import Params
from tmsplan.base.errors import AmbiguityError, DomainError, FrameError, InputError
from tmsplan.patient import load_patient
from tmsplan.patient.belonging import white_is_brighter
from tmsplan.space import Frame, Hemi, Mni305, Mni2009cAsym, Points, Scanner, Tkras, Volume
from tmsplan.space.tripwire import own_side_ribbon, sides_in_order
from tmsplan.surface import Pair, require_same_domain

AFFINE = vox2ras(0.0)


@pytest.fixture(scope="session")
def real(ecog: Path):
    return load_patient(ecog, subject="ecog")


@pytest.fixture
def subject(tmp_path) -> Path:
    return write_freesurfer(tmp_path / "sub-01")


# A real person


def test_a_real_patients_cortex_lies_in_its_own_ribbon(real) -> None:
    left, right = real.cortex.left.mid.points, real.cortex.right.mid.points
    tripwire = own_side_ribbon(left, right, real.ribbon, Params().ribbon_min)
    assert tripwire.status == "pass"
    assert tripwire.value >= 0.90
    assert sides_in_order(left, right).status == "pass"


def test_a_real_patient_is_placed_by_c_ras_and_meets_its_t1(real, ecog) -> None:
    xyz, _ = fs.read_geometry(ecog / "surf" / "lh.pial")
    found = real.cortex.left.pial.points.mm(real.scanner)
    assert np.abs(found - (xyz + np.array([-0.2281723, -10.43431854, 7.75216675]))).max() < 1e-4
    for _, side in real.cortex.sides():
        assert white_is_brighter(real.t1w.volume, side.white) > 0.98


def test_a_real_patients_regions_and_counts(real) -> None:
    counts = real.cortex.map(lambda c: len(c.pial))
    assert (counts.left, counts.right) == (112_997, 109_380)
    for hemi, side in real.cortex.sides():
        ids = set(np.unique(side.aparc.ids)) - {0}
        offset = 1000 if hemi is Hemi.LEFT else 2000
        assert ids == {offset + k for k in range(1, 36) if k != 4}
        # What carries no label is the medial wall: 5 to 9 % of a hemisphere.
        assert 0.04 < (side.aparc.ids == 0).mean() < 0.10
        assert side.aparc.names[offset + 24] == "precentral"
        assert set(side.fields) == {"sulc", "volume", "curv"}
    assert real.t1w.needs_copy
    assert real.maps == {}


def test_talairach_acts_on_scanner_ras(real, ecog) -> None:
    # FreeSurfer's own chain: tal = xfm Norig inv(Torig) tkRAS
    rows = (ecog / "mri" / "transforms" / "talairach.xfm").read_text().split("=")[-1]
    xfm = np.array(rows.replace(";", "").split(), float).reshape(3, 4)
    header = nib.load(ecog / "mri" / "T1.mgz").header
    chain = xfm @ header.get_vox2ras() @ np.linalg.inv(header.get_vox2ras_tkr())
    xyz = fs.read_geometry(ecog / "surf" / "rh.white")[0][::5000]
    mni = real.tree.points(Points(xyz, Frame(Tkras, "ecog")), Frame(Mni305, "template")).mm(
        Frame(Mni305, "template")
    )
    assert np.abs(mni - (xyz @ chain[:, :3].T + chain[:, 3])).max() < 1e-3


# A small one on an oblique grid


def test_an_oblique_freesurfer_folder_lands_where_it_was_drawn(subject) -> None:
    patient = load_patient(subject)
    assert patient.id == "sub-01"
    for hemi, side in patient.cortex.sides():
        for surface, truth in ((side.pial, pial), (side.white, white)):
            found = surface.points.mm(patient.scanner)
            assert np.abs(found - truth(hemi.freesurfer)).max() < 1e-3
        assert np.array_equal(side.fields["sulc"].values, np.float32(UNIT[:, 2]))
        assert side.fields["thickness"].unit == "mm"
        region = 1028 if hemi is Hemi.LEFT else 2028
        assert np.mean(side.aparc.ids == region) > 0.99
    assert (
        np.abs(patient.scalp.points.mm(patient.scanner) - (HEAD[0] + UNIT * HEAD[1])).max() < 1e-3
    )
    roles = [i.role for i in patient.inputs]
    assert roles[:2] == ["t1w", "ribbon"]
    assert len(set(roles)) == len(roles)
    assert (
        patient.inputs[0].image["affine"] == nib.load(subject / "mri" / "T1.mgz").affine.tolist()
    )
    assert patient.inputs[0].image["qform_code"] is None


def test_a_nifti_t1_of_the_same_world_is_the_reference(subject) -> None:
    affine = vox2ras(0.0)
    write_nifti(subject.parent / "T1.nii.gz", t1(affine), affine)
    toml = write_toml(subject.parent, 't1w = "T1.nii.gz"\nfreesurfer = "sub-01"')
    patient = load_patient(toml)
    assert not patient.t1w.needs_copy
    assert np.abs(patient.cortex.left.pial.points.mm(patient.scanner) - pial("lh")).max() < 1e-3
    assert [i.role for i in patient.inputs][:3] == ["t1w", "conformed", "ribbon"]


def test_explicit_gifti_surfaces_give_the_same_patient(tmp_path) -> None:
    patient = load_patient(write_explicit(tmp_path))
    assert (patient.age, patient.sex, patient.site) == (34.0, "F", None)
    assert np.abs(patient.cortex.right.pial.points.mm(patient.scanner) - pial("rh")).max() < 1e-3
    assert patient.ribbon is None
    assert patient.cortex.left.aparc is None


def test_a_subjects_dir_and_a_folder_with_a_toml_are_sources(subject, tmp_path) -> None:
    assert load_patient(subject.parent, subject="01").id == "sub-01"
    write_explicit(tmp_path / "other")
    assert load_patient(tmp_path / "other").id == "sub-01"


# Surfaces that are not this patient's


def test_a_footer_of_another_volume_is_refused(subject) -> None:
    cras = np.array([-9.0, 4, 31])
    path = subject / "surf" / "rh.pial"
    write_surface(path, pial("rh"), vox2ras(14), cras=cras)
    with pytest.raises(InputError, match=r"rh\.pial: its volume footer .* do not match.*mixed"):
        load_patient(subject)


def test_an_invalid_footer_plays_no_part(subject) -> None:
    path = subject / "surf" / "rh.pial"
    write_surface(path, pial("rh"), vox2ras(14), valid="0  # invalid", cras=np.full(3, 60.0))
    found = load_patient(subject).cortex.right.pial.points
    assert np.abs(found.mm(found.frame) - pial("rh")).max() < 1e-3


def test_counts_that_differ_say_who_and_which(subject) -> None:
    fs.write_morph_data(subject / "surf" / "lh.thickness", np.ones(N - 1))
    with pytest.raises(
        InputError,
        match=rf"sub-01: left pial has {N} vertices but left thickness .* has {N - 1}. They must",
    ):
        load_patient(subject)


def test_white_and_pial_exchanged_are_refused(subject) -> None:
    surf = subject / "surf"
    write_surface(surf / "lh.white", pial("lh"), vox2ras(14))
    write_surface(surf / "lh.pial", white("lh"), vox2ras(14))
    with pytest.raises(InputError, match=r"left pial surface .lh\.pial. lies inside the white"):
        load_patient(subject)


def test_triangles_that_differ_are_refused(subject) -> None:
    write_surface(subject / "surf" / "lh.white", white("lh")[::-1], vox2ras(14), N - 1 - FACES)
    with pytest.raises(InputError, match=r"triangles .faces. differ.*one recon-all run"):
        load_patient(subject)


def test_an_open_surface_is_refused_by_file(subject) -> None:
    write_surface(subject / "surf" / "lh.pial", pial("lh"), vox2ras(14), FACES[60:])
    with pytest.raises(InputError, match=r"pial \(lh\.pial\) of sub-01/fsnative left"):
        load_patient(subject)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p * (-1, -1, 1),  # LPS read as RAS
        lambda p: p - C_RAS,  # tkRAS read as scanner
        lambda p: p + np.array([9, 9, 9]),  # another person's place
    ],
)
def test_surfaces_that_do_not_follow_the_t1_are_refused(tmp_path, change) -> None:
    toml = write_explicit(tmp_path)
    for side, letter in (("lh", "L"), ("rh", "R")):
        for what, xyz in (("white", white(side)), ("pial", pial(side))):
            image = surface_gifti(change(xyz), side)
            nib.save(image, tmp_path / f"hemi-{letter}_{what}.surf.gii")
    with pytest.raises(InputError, match=r"surf\.gii: .*(align|field of view)"):
        load_patient(toml)


def test_a_gifti_without_a_space_needs_the_key(tmp_path) -> None:
    toml = write_explicit(tmp_path)
    nib.save(surface_gifti(pial("lh"), "lh", space=0), tmp_path / "hemi-L_pial.surf.gii")
    with pytest.raises(AmbiguityError, match=r"hemi-L_pial.*coordinate_system = \"scanner\""):
        load_patient(toml)
    for side, letter in (("lh", "L"), ("rh", "R")):
        there = apply(tkras_from_scanner(AFFINE), pial(side))
        below = apply(tkras_from_scanner(AFFINE), white(side))
        for what, xyz in (("pial", there), ("white", below)):
            image = surface_gifti(xyz, side, space=0)
            nib.save(image, tmp_path / f"hemi-{letter}_{what}.surf.gii")
    nib.save(nib.MGHImage(t1(AFFINE), AFFINE), tmp_path / "orig.mgz")
    text = toml.read_text().replace("[maps]", 'coordinate_system = "tkras"\n[maps]')
    toml.write_text(text)
    with pytest.raises(InputError, match=r"nothing relates them to the scanner.*orig\.mgz"):
        load_patient(toml)
    toml.write_text(text.replace("[maps]", 'orig = "orig.mgz"\n[maps]'))
    found = load_patient(toml).cortex.left.pial.points
    assert np.abs(found.mm(found.frame) - pial("lh")).max() < 1e-3


def test_a_stated_space_that_a_file_contradicts_is_refused(tmp_path) -> None:
    toml = write_explicit(tmp_path, anatomy='coordinate_system = "tkras"')
    with pytest.raises(InputError, match="coordinate_system is 'tkras', but the file's own space"):
        load_patient(toml)


def test_exchanged_files_are_refused_by_what_they_say(tmp_path) -> None:
    toml = write_explicit(tmp_path)
    nib.save(surface_gifti(pial("rh"), "rh"), tmp_path / "a.surf.gii")
    toml.write_text(toml.read_text().replace("hemi-L_pial", "a").replace("a.surf", "a.surf", 1))
    with pytest.raises(InputError, match=r"a\.surf\.gii: given as the left .* file says right"):
        load_patient(toml)


def test_a_scalp_that_does_not_enclose_the_brain_is_refused(subject) -> None:
    path = subject / "bem" / "outer_skin.surf"
    write_surface(path, HEAD[0] - C_RAS + UNIT * HEAD[1], vox2ras(14))
    with pytest.raises(InputError, match=r"outer_skin\.surf: .* cortex is outside the scalp"):
        load_patient(subject)


def test_a_sphere_that_is_none_is_refused(subject) -> None:
    fs.write_geometry(subject / "surf" / "lh.sphere.reg", 90 * UNIT, FACES)
    with pytest.raises(InputError, match=r"lh\.sphere\.reg: its radius runs from 90\.0"):
        load_patient(subject)


def test_an_aparc_of_other_regions_is_refused(subject) -> None:
    table = np.array([[1, 2, 3, 0, 0], [9, 8, 7, 0, 0]])
    for side in ("lh", "rh"):
        path = subject / "label" / f"{side}.aparc.annot"
        fs.write_annot(path, np.arange(N) % 2, table, ["insula", "V1"], fill_ctab=True)
    with pytest.raises(InputError, match=r"lh\.aparc\.annot: region 'V1' is no region of the Des"):
        load_patient(subject)


def test_the_annotation_wins_over_the_volume_and_is_joined_by_name(subject) -> None:
    table = np.array([[1, 2, 3, 0, 0], [9, 8, 7, 0, 0], [4, 4, 4, 0, 0]])
    for side in ("lh", "rh"):
        path = subject / "label" / f"{side}.aparc.annot"
        names = ["insula", "unknown", "bankssts"]
        fs.write_annot(path, np.arange(N) % 3, table, names, fill_ctab=True)
    ids = load_patient(subject).cortex.right.aparc.ids
    assert ids[:3].tolist() == [2035, 0, 2001]


@pytest.mark.parametrize("name", ["surf/lh.pial", "mri/T1.mgz"])
def test_a_missing_file_is_named(subject, name) -> None:
    (subject / name).unlink()
    with pytest.raises(InputError, match=rf"sub-01: .*{name}"):
        load_patient(subject)


# patient.toml


@pytest.mark.parametrize(
    ("top", "message"),
    [
        ('id = "sub-01"\nagee = 3', "unknown key 'agee'.*Did you mean 'age'"),
        ('id = "sub-01"\nage = "34"', "age is '34'.*a number of years, 0 to 120"),
        ('id = "sub-01"\nage = 414', "age is 414.*0 to 120"),
        ('id = "sub-01"\nage = -3', "age is -3"),
        ('id = "sub-01"\nage = nan', "age is nan"),
        ('id = "sub-01"\nage = true', "age is True"),
        ('id = "sub-01"\nsex = "female"', 'sex is \'female\'.*"F" or "M"'),
        ('id = "sub-01"\nsex = 1', "sex is 1"),
        ("id = 7", "id is 7.*a text in quotes"),
        ('id = "sub 01"', "'sub 01' cannot be a patient id"),
        ('id = "../x"', "cannot be a patient id"),
        ("age = 3", "'' cannot be a patient id"),
        ('id = "sub-01"\nsynthetic = "yes"', "synthetic is 'yes'.*true or false"),
        ('id = "sub-01', "not TOML"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(tmp_path, top, message) -> None:
    toml = write_explicit(tmp_path, top=top)
    with pytest.raises(InputError, match=rf"patient\.toml: .*{message}"):
        load_patient(toml)


@pytest.mark.parametrize(
    ("anatomy", "maps", "message"),
    [
        ('t1 = "x.nii"', "", "unknown key 't1' in .anatomy..*'t1w'"),
        ("", 'couplin = "x.nii"', "unknown key 'couplin' in .maps..*'coupling'"),
        ("", 'space = "MNI"', "space is 'MNI'"),
        ("", "tr = 2000", "tr is 2000"),
        ('from_mni = "x.h5"', "", "only one of 'from_mni' and 'template'"),
        ('use_form = "s"', "", "use_form is 's'"),
        ('freesurfer = "x"', "", "no FreeSurfer subject folder|'freesurfer' and"),
    ],
)
def test_an_unknown_key_or_choice_is_refused(tmp_path, anatomy, maps, message) -> None:
    toml = write_explicit(tmp_path, anatomy, maps)
    with pytest.raises(InputError, match=message):
        load_patient(toml)


def test_sources_that_are_none_say_what_to_write(tmp_path, subject) -> None:
    with pytest.raises(InputError, match="there is no such file or folder"):
        load_patient(tmp_path / "nothing")
    (tmp_path / "bids" / "sub-01" / "anat").mkdir(parents=True)
    with pytest.raises(
        InputError, match=r"no file of sub-01 is in this BIDS folder.*write a patient\.toml"
    ):
        load_patient(tmp_path / "bids")
    shutil.copytree(subject, tmp_path / "sub 01")
    with pytest.raises(InputError, match=r"'sub 01' cannot be a patient id.*pass -s"):
        load_patient(tmp_path / "sub 01")
    assert load_patient(tmp_path / "sub 01", subject="P7").id == "P7"
    with pytest.raises(InputError, match="its id is 'sub-01', but -s sub-02"):
        load_patient(write_explicit(tmp_path / "x"), subject="sub-02")


def test_files_of_two_subjects_are_refused(tmp_path) -> None:
    toml = write_explicit(tmp_path, maps='space = "T1w"\ncoupling = "sub-08_coupling.nii.gz"')
    with pytest.raises(InputError, match=r"sub-08_coupling\.nii\.gz: .*subject sub-08.*sub-01"):
        load_patient(toml)
    text = toml.read_text()
    toml.write_text('composite = "anatomy of A, map of B"\n' + text)
    write_nifti(tmp_path / "sub-08_coupling.nii.gz", small_map(), AFFINE)
    assert load_patient(toml).composite == "anatomy of A, map of B"


# Maps


def small_map() -> np.ndarray:
    return coupling(world(AFFINE)).astype(np.float32)


def with_map(folder: Path, data: np.ndarray, affine=AFFINE, code: int = 1, extra="") -> Path:
    write_nifti(folder / "map.nii.gz", data, affine, code, code)
    return write_explicit(folder, maps=f'space = "T1w"\ncoupling = "map.nii.gz"\n{extra}')


def test_a_map_of_another_grid_has_its_values_where_they_were_drawn(tmp_path) -> None:
    grid = vox2ras(-20.0)
    grid[:3, :3] *= 0.9
    grid[:3, 3] = C_RAS - grid[:3, :3] @ (np.array([61, 66, 73]) / 2)
    toml = with_map(tmp_path, coupling(world(grid)).astype(np.float32), grid)
    patient = load_patient(toml)
    volume = patient.maps["coupling"]
    assert isinstance(volume, Volume)
    points = patient.cortex.left.mid.points
    truth = coupling(points.mm(points.frame))
    assert np.abs(volume.at_nearest(points, outside=np.nan) - truth).max() < 0.01
    record = next(i for i in patient.inputs if i.role == "coupling")
    assert record.image["shape"] == [61, 66, 73]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: with_map(f, small_map(), code=4), "MNI 152 template space"),
        (lambda f: with_map(f, small_map() * 0), "empty: every value is zero or NaN"),
        (lambda f: with_map(f, (small_map() > 0.4).astype(np.uint8)), "1 distinct values .uint8"),
        (lambda f: with_map(f, small_map() * 60), "out of the range of a correlation"),
        (lambda f: with_map(f, small_map() / 0), "a value is infinite"),
        (lambda f: with_map(f, np.repeat(small_map()[..., None], 3, 3)), "4 dimensions"),
        (lambda f: with_map(f, small_map(), AFFINE + 300 * np.eye(4)[3] * np.c_[[1, 0, 0, 0]]),
         "0 % of the cortex overlaps"),
    ],
)  # fmt: skip
def test_a_map_that_is_none_is_refused(tmp_path, make, message) -> None:
    with np.errstate(divide="ignore"):
        toml = make(tmp_path)
    with pytest.raises(InputError, match=r"map\.nii\.gz: .*" + message):
        load_patient(toml)


def test_another_unit_lifts_the_range(tmp_path) -> None:
    toml = with_map(tmp_path, small_map() * 3, extra='coupling_unit = "fisher-z"')
    assert load_patient(toml).maps["coupling"].data.max() > 1


def test_a_map_without_a_space_is_refused(tmp_path) -> None:
    write_nifti(tmp_path / "map.nii.gz", small_map(), AFFINE)
    toml = write_explicit(tmp_path, maps='coupling = "map.nii.gz"')
    with pytest.raises(AmbiguityError, match=r"map\.nii\.gz: .*space = \"T1w\""):
        load_patient(toml)


def test_maps_may_be_given_beside_a_folder(subject) -> None:
    path = write_nifti(subject.parent / "map.nii.gz", small_map(), AFFINE)
    assert set(load_patient(subject, maps={"coupling": path}).maps) == {"coupling"}
    with pytest.raises(InputError, match="there is no map called 'couplin'"):
        load_patient(subject, maps={"couplin": path})


def test_a_pair_of_vertex_files_is_a_pair_of_fields(tmp_path) -> None:
    maps = 'coupling_left = "l.shape.gii"\ncoupling_right = "r.shape.gii"'
    toml = write_explicit(tmp_path, maps=maps)
    for side, name in (("lh", "l"), ("rh", "r")):
        nib.save(values_gifti(coupling(pial(side)), side), tmp_path / f"{name}.shape.gii")
    patient = load_patient(toml)
    pair = patient.maps["coupling"]
    assert isinstance(pair, Pair)
    assert np.allclose(pair.left.values, coupling(pial("lh")), atol=1e-6)
    assert pair.right.domain == patient.cortex.right.domain
    nib.save(values_gifti(coupling(pial("rh")), "rh"), tmp_path / "l.shape.gii")
    with pytest.raises(InputError, match=r"l\.shape\.gii: given as the left .* says right"):
        load_patient(toml)
    nib.save(values_gifti(np.linspace(0.1, 0.5, 10242), "lh"), tmp_path / "l.shape.gii")
    with pytest.raises(InputError, match=rf"left pial has {N} vertices but left coupling .*10242"):
        load_patient(toml)


def test_a_table_of_parcels_is_read_by_id(tmp_path) -> None:
    toml = write_explicit(tmp_path, maps='coupling = "map.tsv"')
    (tmp_path / "map.tsv").write_text("parcel_id\tvalue\n1028\t0.25\n2003\t-0.5\n")
    assert load_patient(toml).maps["coupling"] == {1028: 0.25, 2003: -0.5}
    for row, message in (("1028\t0.3", "parcel_id 1028 occurs twice"), ("x\t1", "'x'"),
                         ("7\tnan", "'nan'")):  # fmt: skip
        text = f"parcel_id\tvalue\n1028\t0.25\n{row}\n"
        (tmp_path / "map.tsv").write_text(text)
        with pytest.raises(InputError, match=rf"map\.tsv: .*{message}"):
            load_patient(toml)


def test_a_connectome_without_names_is_refused(tmp_path) -> None:
    toml = write_explicit(tmp_path, maps='sc = "w.txt"\nfc = "f.csv"')
    with pytest.raises(InputError, match=r"lacks labels.*joined by name, never by position"):
        load_patient(toml)


# Templates


def write_warp(path: Path) -> np.ndarray:
    """Write T1w points to MNI as ITK does (LPS, fixed to moving); return it in RAS."""
    a = np.radians(7)
    ras = np.eye(4)
    ras[:3, :3] = 1.1 * np.array(
        [[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]
    )
    ras[:3, 3] = (4, -11, 17)
    lps = np.diag([-1, -1, 1, 1]) @ ras @ np.diag([-1, -1, 1, 1])
    affine = SimpleITK.AffineTransform(3)
    affine.SetMatrix(lps[:3, :3].ravel())
    affine.SetTranslation(lps[:3, 3])
    SimpleITK.WriteTransform(affine, str(path))
    return ras


WARP = "from-MNI152NLin2009cAsym_to-T1w_xfm.txt"
TEMPLATE = f'from_mni = "{WARP}"\ntemplate = "MNI152NLin2009cAsym"'


def test_from_mni_moves_points_of_the_t1_to_the_template(tmp_path) -> None:
    toml = write_explicit(tmp_path, anatomy=TEMPLATE)
    ras = write_warp(tmp_path / WARP)
    patient = load_patient(toml)
    mni = Frame(Mni2009cAsym, "template")
    here = Points([[-40.0, 20, 30], [10, -60, 5]], patient.scanner)
    there = patient.tree.points(here, mni)
    assert np.abs(there.mm(mni) - apply(ras, here.mm(patient.scanner))).max() < 1e-3
    back = patient.tree.points(there, patient.scanner)
    assert float(back.distances(here).max()) < 1e-3


def test_a_warp_whose_name_says_the_other_way_is_refused(tmp_path) -> None:
    name = "from-T1w_to-MNI152NLin2009cAsym_xfm.txt"
    toml = write_explicit(tmp_path, anatomy=TEMPLATE.replace(WARP, name))
    write_warp(tmp_path / name)
    with pytest.raises(InputError, match="its name says from T1w to MNI152NLin2009cAsym"):
        load_patient(toml)


def test_a_template_map_comes_to_the_patient_by_the_patients_own_warp(tmp_path) -> None:
    maps = 'space = "MNI152NLin2009cAsym"\ncoupling = "map.nii.gz"'
    toml = write_explicit(tmp_path, TEMPLATE, maps)
    ras = write_warp(tmp_path / WARP)
    grid = np.diag([2.0, 2, 2, 1])
    grid[:3, 3] = (-110, -150, -100)
    shape = (115, 150, 125)
    # In the template, the value at a place is what the patient has where it comes from.
    here = apply(np.linalg.inv(ras), world(grid, shape))
    write_nifti(tmp_path / "map.nii.gz", coupling(here).astype(np.float32), grid, 4, 4)
    patient = load_patient(toml)
    points = patient.cortex.left.mid.points
    found = patient.maps["coupling"].at_nearest(points, outside=np.nan)
    assert np.abs(found - coupling(points.mm(points.frame))).max() < 0.006
    no_route = write_explicit(tmp_path, maps=maps)
    with pytest.raises(FrameError, match=r"map\.nii\.gz: the map is in Mni2009cAsym, and nothing"):
        load_patient(no_route)


def test_an_identity_talairach_is_no_route(subject) -> None:
    head = "MNI Transform File\n\nTransform_Type = Linear;\nLinear_Transform =\n"
    path = subject / "mri" / "transforms" / "talairach.xfm"
    path.write_text(head + "1 0 0 0\n0 1 0 0\n0 0 1 0;\n")
    assert Frame(Mni305, "template") not in load_patient(subject).tree
    path.write_text(head + "-1 0 0 0\n0 1 0 0\n0 0 1 0;\n")
    with pytest.raises(InputError, match=r"mirrors space.*left would become right"):
        load_patient(subject)
    path.write_text("1 0 0 0\n")
    with pytest.raises(InputError, match=r"talairach\.xfm: cannot be parsed"):
        load_patient(subject)


def test_the_record_carries_base_names_only(tmp_path) -> None:
    folder = tmp_path / "DOE_JANE_19700101"
    patient = load_patient(write_explicit(folder))
    assert "DOE" not in json.dumps([[i.role, i.name, i.image] for i in patient.inputs])
    assert "DOE" not in patient.tree.draw()


def test_another_patients_mesh_is_another_domain(tmp_path) -> None:
    first = load_patient(write_explicit(tmp_path / "a"))
    second = load_patient(write_explicit(tmp_path / "b", top='id = "sub-02"'))
    assert first.scanner == Frame(Scanner, "sub-01")
    with pytest.raises(FrameError, match="sub-02/Scanner"):
        first.cortex.left.pial.points.distances(second.cortex.left.pial.points)
    domains = (first.cortex.left.domain, second.cortex.left.domain)
    with pytest.raises(DomainError, match="sub-02"):
        require_same_domain(*domains, "compare")
