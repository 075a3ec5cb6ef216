"""Images: the same head in every storage order, and a refusal for every way to mislead."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from small_head import SHAPE, coupling, t1, vox2ras, world, write_nifti

from tmsplan.base.errors import AmbiguityError, InputError
from tmsplan.patient import NAVIGATOR_T1, navigator_t1_bytes, navigator_t1_record
from tmsplan.patient.image import ImageRules, read_image
from tmsplan.patient.t1w import build_t1w
from tmsplan.space import Frame, Points, Scanner

AFFINE = vox2ras(0.0)
SCANNER = Frame(Scanner, "sub-01")
HEADER = nib.nifti1.header_dtype


def nifti(data=None, affine=AFFINE, q=1, s=1, **fields) -> bytes:
    """NIfTI bytes with raw header fields replaced afterwards."""
    image = nib.Nifti1Image(t1(AFFINE) if data is None else data, affine)
    image.set_qform(affine, q)
    image.set_sform(affine, s)
    return patched(image.to_bytes(), **{"xyzt_units": 2, **fields})


def patched(data: bytes, **fields) -> bytes:
    header = np.frombuffer(data[:348], HEADER).copy()
    for key, value in fields.items():
        header[key] = value
    return header.tobytes() + data[348:]


def shifted(x: float, y: float, z: float) -> np.ndarray:
    m = np.eye(4)
    m[:3, 3] = x, y, z
    return m


def with_qform(affine: np.ndarray) -> bytes:
    image = nib.Nifti1Image(t1(AFFINE), AFFINE)
    image.set_sform(AFFINE, 1)
    image.set_qform(affine, 1)
    return image.to_bytes()


# What must give the same head


@pytest.mark.parametrize("codes", ["RAS", "LAS", "LPS", "PSR", "ASR", "SPL", "LIA"])
@pytest.mark.parametrize("degrees", [0.0, 14.0])
def test_every_storage_order_puts_the_same_value_at_the_same_place(tmp_path, codes, degrees):
    affine = vox2ras(degrees)
    target = nib.orientations.axcodes2ornt(codes)
    turn = nib.orientations.ornt_transform(nib.io_orientation(affine), target)
    stored = nib.Nifti1Image(t1(affine), affine).as_reoriented(turn)
    path = write_nifti(tmp_path / "T1.nii.gz", np.asarray(stored.dataobj), stored.affine)
    volume = read_image(path).volume(SCANNER, "T1w")
    places = world(affine)[5:-5:9, 4:-4:9, 6:-6:9].reshape(-1, 3)
    expected = t1(affine)[5:-5:9, 4:-4:9, 6:-6:9].ravel()
    assert np.array_equal(volume.at_nearest(Points(places, SCANNER), outside=-1), expected)


def test_mgz_big_endian_scaled_and_nifti2_hold_the_same_voxels(tmp_path) -> None:
    data = t1(AFFINE)
    nib.save(nib.MGHImage(data, AFFINE), tmp_path / "T1.mgz")
    raw = np.round((data - 20.0) / 0.05).astype(np.int16)
    (tmp_path / "scaled.nii").write_bytes(nifti(raw, scl_slope=0.05, scl_inter=20.0))
    little = nib.Nifti1Image(data, AFFINE)
    little.set_qform(AFFINE, 1)
    big = nib.Nifti1Image(data, None, little.header.as_byteswapped(">"))
    (tmp_path / "big.nii").write_bytes(big.to_bytes())
    second = nib.Nifti2Image(data, AFFINE)
    second.set_sform(AFFINE, 1)
    nib.save(second, tmp_path / "second.nii.gz")
    for name, off in (("T1.mgz", 0), ("scaled.nii", 1e-3), ("big.nii", 0), ("second.nii.gz", 0)):
        image = read_image(tmp_path / name)
        assert np.abs(image.data - data).max() <= off, name
        assert np.abs(image.affine - AFFINE).max() < 1e-4


def test_a_real_oblique_las_image_equals_nibabel() -> None:
    from real_files import real_data

    path = real_data("studyforrest") / "T1.nii.gz"
    image, truth = read_image(path), nib.load(path)
    assert np.array_equal(image.data, np.asarray(truth.dataobj))
    assert np.array_equal(image.affine, truth.affine)
    assert image.because == "sform of T1.nii.gz (code 1, scanner)"
    t1w = build_t1w(image, SCANNER)
    assert (t1w.qform_code, t1w.sform_code, t1w.needs_copy) == (1, 1, False)
    assert np.allclose(t1w.zooms, truth.header.get_zooms(), atol=1e-4)


def test_only_the_form_that_has_a_code_counts(tmp_path) -> None:
    (tmp_path / "q.nii").write_bytes(nifti(s=0, srow_x=[9] * 4, srow_y=[9] * 4, srow_z=[9] * 4))
    (tmp_path / "s.nii").write_bytes(nifti(q=0, quatern_b=0.7, quatern_c=0.7, qoffset_x=77))
    for name in ("q.nii", "s.nii"):
        assert np.abs(read_image(tmp_path / name).affine - AFFINE).max() < 1e-3


@pytest.mark.parametrize("form", ["qform", "sform"])
def test_the_chosen_form_is_used_and_named_in_the_claim(tmp_path, form) -> None:
    other = shifted(12, 0, 0) @ AFFINE
    path = tmp_path / "T1.nii"
    path.write_bytes(with_qform(other))
    with pytest.raises(AmbiguityError, match=r"disagree by up to 12\.0 mm.*--use-form sform"):
        read_image(path)
    image = read_image(path, ImageRules(use_form=form))
    assert np.abs(image.affine - (other if form == "qform" else AFFINE)).max() < 1e-3
    assert image.because == f"{form} of T1.nii (code 1, scanner), chosen by use_form"
    # A navigator may read the other form: it is given a copy in which both are the chosen one.
    assert not image.forms_agree
    t1w = build_t1w(image, Frame(Scanner, "sub-01"))
    assert t1w.needs_copy
    record = navigator_t1_record(t1w)
    assert record.image is not None
    np.testing.assert_allclose(record.image["affine"], image.affine, atol=1e-4)
    assert (record.image["qform_code"], record.image["sform_code"]) == (1, 1)


# What must be refused, and why


def gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def bad_crc() -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=0, mtime=0) as stream:
        stream.write(nifti())
    data = bytearray(out.getvalue())  # stored blocks: the voxel changes, deflate stays valid
    data[len(data) // 2] ^= 0x7F
    return bytes(data)


SHEAR = AFFINE.copy()
SHEAR[0, 2] += 0.8
REFUSED = {
    "no orientation": (lambda: nifti(q=0, s=0), r"qform_code and sform_code are 0"),
    "mirrored forms": (lambda: with_qform(np.diag([-1, 1, 1, 1]) @ AFFINE),
                       "disagree by up to .* and exchange left and right"),
    "2 mm": (lambda: with_qform(shifted(0, 2, 0) @ AFFINE), r"disagree by up to 2\.0 mm"),
    "nan": (lambda: patched(nifti(q=0), srow_x=[np.nan, 0, 0, 0]), "affine is not finite"),
    "zero": (lambda: patched(nifti(q=0), srow_x=[0] * 4, srow_y=[0] * 4, srow_z=[0] * 4),
             "affine is singular or zero"),
    "shear": (lambda: nifti(affine=SHEAR, q=0), "the affine has shear"),
    "quaternion": (lambda: nifti(s=0, quatern_b=0.9, quatern_c=0.9), "quaternion is invalid"),
    "pixdim": (lambda: patched(nifti(q=0), pixdim=[1, 1, 1, 1, 1, 1, 1, 1]), "pixdim says"),
    "metres": (lambda: nifti(affine=np.diag([1e-3, 1e-3, 1e-3, 1]) @ AFFINE), "voxel size is"),
    "unit": (lambda: nifti(xyzt_units=3), "its unit is the micron"),
    "mni": (lambda: nifti(q=4, s=4), "sform_code 4: the image is in MNI 152 template space"),
    "talairach": (lambda: nifti(q=3, s=3), "Talairach template space"),
    "4-D": (lambda: nifti(np.repeat(t1(AFFINE)[..., None], 2, 3)), "4 dimensions .a series"),
    "slice": (lambda: nifti(t1(AFFINE)[:, :, 30]), "2 dimensions .a single slice"),
    "complex": (lambda: nifti(t1(AFFINE).astype(np.complex64)), "datatype is complex"),
    "type": (lambda: nifti(datatype=9999), "datatype is unknown"),
    "scaling": (lambda: nifti(scl_slope=1.0, scl_inter=np.inf), "scl_inter inf are not finite"),
    "dim": (lambda: nifti(dim=[3, 60, 0, 70, 1, 1, 1, 1]), "the header's dim is"),
    "offset": (lambda: nifti(vox_offset=100.0), "vox_offset 100 points into the header"),
    "bomb": (lambda: nifti(dim=[3, 32767, 32767, 32767, 1, 1, 1, 1], datatype=64, bitpix=64),
             "dim and offset declare .* the file has"),
    "cut": (lambda: nifti()[:200_000], "dim and offset declare"),
    "magic": (lambda: nifti(magic=b"xx1"), "no NIfTI header"),
    "head": (lambda: nifti(sizeof_hdr=0), "sizeof_hdr is neither 348 nor 540"),
    "empty": (lambda: b"", "empty"),
    "small": (lambda: nifti(t1(AFFINE)[:20, :20, :20]), "field of view is"),
    "trailing": (lambda: nifti() + b"\0" * (2 << 20), "trailing data of more than 1 MB"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_misleading_t1_is_refused_by_name(tmp_path, case) -> None:
    make, message = REFUSED[case]
    path = tmp_path / "T1.nii"
    path.write_bytes(make())
    with pytest.raises(InputError, match=r"^T1\.nii: .*" + message):
        read_image(path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (bad_crc, "corrupt or truncated gzip.*CRC"),
        (lambda: gz(nifti())[:-8], "corrupt or truncated gzip"),
        (lambda: gz(nifti())[:9000], "corrupt or truncated gzip|dim and offset declare"),
        (nifti, "not a gzip stream, against its name"),
        (lambda: gz(nifti()) + gz(b"\0" * (3 << 20)), "trailing data"),
        (lambda: gz(nifti(dim=[3, 900, 900, 900, 1, 1, 1, 1], datatype=64, bitpix=64)),
         "declare 5832000352 bytes"),
    ],
)  # fmt: skip
def test_a_damaged_gzip_is_refused_by_name(tmp_path, make, message) -> None:
    path = tmp_path / "T1.nii.gz"
    path.write_bytes(make())
    with pytest.raises(InputError, match=r"^T1\.nii\.gz: .*" + message):
        read_image(path)


def test_what_is_no_regular_file_is_refused_at_once(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe.nii")
    (tmp_path / "zero.nii").symlink_to("/dev/zero")
    (tmp_path / "loop.nii").symlink_to("loop.nii")
    (tmp_path / "dir.nii.gz").mkdir()
    for name, message in (
        ("pipe.nii", "not a regular file"),
        ("zero.nii", "not a regular file"),
        ("loop.nii", "a loop of links"),
        ("dir.nii.gz", "it is a directory"),
        ("none.nii", "there is no such file"),
    ):
        with pytest.raises(InputError, match=rf"^{name}: {message}"):
            read_image(tmp_path / name)


def test_an_mgh_image_that_guesses_its_orientation_is_refused(tmp_path) -> None:
    # nibabel's header class replaces the bad flag by a made-up coronal orientation.
    data = bytearray(nib.MGHImage(t1(AFFINE), AFFINE).to_bytes())
    data[28:30] = b"\0\0"
    (tmp_path / "T1.mgh").write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"T1\.mgh: goodRASFlag is 0: its orientation"):
        read_image(tmp_path / "T1.mgh")


@pytest.mark.parametrize(
    ("value", "message"),
    [(np.nan, "voxels are not finite"), (np.inf, "voxels are not finite"), (None, "constant")],
)
def test_a_t1_with_holes_or_without_contrast_is_refused(tmp_path, value, message) -> None:
    data = t1(AFFINE).astype(np.float32)
    if value is None:
        data[:] = 7
    else:
        data[30:33, 30:33, 30:33] = value
    image = read_image(write_nifti(tmp_path / "T1.nii.gz", data, AFFINE))
    with pytest.raises(InputError, match=r"T1\.nii\.gz: .*" + message):
        build_t1w(image, SCANNER)


def test_no_damage_raises_anything_but_an_input_error(tmp_path) -> None:
    rng = np.random.default_rng(4)
    mgh = nib.MGHImage(t1(AFFINE), AFFINE).to_bytes()
    for name, whole in (("T1.nii", nifti()), ("T1.nii.gz", gz(nifti())), ("T1.mgh", mgh)):
        for _ in range(30):
            data = bytearray(whole)
            for at in rng.integers(0, 352, 3):
                data[at] = rng.integers(256)
            (tmp_path / name).write_bytes(bytes(data))
            try:
                image = read_image(tmp_path / name)
            except InputError as err:
                assert name in str(err)  # noqa: PT017  the name is what is tested
            else:
                assert np.isfinite(image.affine).all()


# The copy for the navigator


def test_the_navigators_copy_lies_where_the_t1_lies_in_another_reader(tmp_path) -> None:
    affine = vox2ras(14.0)
    nib.save(nib.MGHImage(t1(affine), affine), tmp_path / "T1.mgz")
    t1w = build_t1w(read_image(tmp_path / "T1.mgz"), SCANNER)
    data = navigator_t1_bytes(t1w)
    path = tmp_path / NAVIGATOR_T1
    path.write_bytes(data)
    image = SimpleITK.ReadImage(str(path))
    for ijk in ((0, 0, 0), (60, 65, 72), (11, 30, 50)):
        ras = np.array(image.TransformIndexToPhysicalPoint(ijk)) * (-1, -1, 1)  # ITK is LPS
        assert np.abs(ras - (affine @ [*ijk, 1])[:3]).max() < 1e-3
        assert image.GetPixel(*ijk) == t1(affine)[ijk]
    header = nib.load(path).header
    assert (int(header["qform_code"]), int(header["sform_code"])) == (1, 1)
    assert np.abs(header.get_qform() - header.get_sform()).max() < 1e-3
    assert navigator_t1_bytes(t1w) == data
    record = navigator_t1_record(t1w)
    assert (record.role, record.name) == ("t1w-navigator", NAVIGATOR_T1)
    assert np.array_equal(record.image["affine"], nib.load(path).affine)


def test_nothing_of_the_inputs_header_reaches_the_copy(tmp_path) -> None:
    (tmp_path / "T1.nii").write_bytes(nifti(descrip=b"DOE^JANE 19700101", aux_file=b"MRN0012"))
    t1w = build_t1w(read_image(tmp_path / "T1.nii"), SCANNER)
    plain = gzip.decompress(navigator_t1_bytes(t1w))
    assert b"DOE" not in plain
    assert b"MRN" not in plain


def test_a_t1_with_shear_is_no_navigator_image(tmp_path) -> None:
    affine = AFFINE.copy()
    affine[0, 2] += 0.02  # below the reader's limit, above what a qform can hold
    nib.save(nib.MGHImage(t1(AFFINE), AFFINE), tmp_path / "T1.mgz")
    image = read_image(write_nifti(tmp_path / "T1.nii.gz", t1(AFFINE), affine, q=0))
    with pytest.raises(InputError, match="the T1's affine has shear: a qform would be"):
        navigator_t1_bytes(build_t1w(image, SCANNER))


def test_coverage_is_finite_and_not_zero(tmp_path: Path) -> None:
    from tmsplan.patient import covered_by

    data = coupling(world(AFFINE)).astype(np.float32)
    data[:5] = np.nan
    data[5:9] = 0
    volume = read_image(write_nifti(tmp_path / "m.nii.gz", data, AFFINE)).volume(SCANNER, "map")
    expected = np.ones(SHAPE, dtype=bool)
    expected[:9] = False
    assert np.array_equal(covered_by(volume).data, expected)
