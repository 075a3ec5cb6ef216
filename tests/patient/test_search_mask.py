"""A user's search mask: volumes and surface files onto the cortex, and what is refused."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
import round_head as rh

from tmsplan.base import AmbiguityError, InputError
from tmsplan.patient.search_mask import read_search_mask
from tmsplan.space.side import Hemi


@pytest.fixture(scope="module")
def patient():
    return rh.head()


def vertices(patient, hemi=Hemi.LEFT) -> np.ndarray:
    return patient.cortex.side(hemi).mid.points.mm(rh.FRAME)


def box(path, rule, affine=None, dtype=np.uint8):
    """An image of 2 mm voxels over the head; `rule` of the world's coordinates."""
    if affine is None:
        affine = np.diag([2.0, 2.0, 2.0, 1.0])
        affine[:3, 3] = -100
    ijk = np.stack(np.meshgrid(*(np.arange(101),) * 3, indexing="ij"), -1)
    xyz = ijk @ affine[:3, :3].T + affine[:3, 3]
    image = nib.Nifti1Image(rule(xyz).astype(dtype), affine)
    image.set_sform(affine, 1)
    image.set_qform(affine, 1)
    nib.save(image, path)
    return path


def gifti(path, values, side="CortexLeft"):
    meta = nib.gifti.GiftiMetaData({"AnatomicalStructurePrimary": side} if side else {})
    data = nib.gifti.GiftiDataArray(np.asarray(values, np.float32))
    nib.save(nib.gifti.GiftiImage(meta=meta, darrays=[data]), path)
    return path


def test_a_volume_marks_the_vertices_that_lie_in_it(patient, tmp_path) -> None:
    def upper_left(xyz):
        return (xyz[..., 0] < 0) & (xyz[..., 2] > 10)

    mask, inputs = read_search_mask([box(tmp_path / "mask.nii.gz", upper_left)], patient)
    xyz = vertices(patient)
    sure = np.abs(xyz[:, 2] - 10) > 1.0
    np.testing.assert_array_equal(mask.left.values[sure], (xyz[:, 2] > 10)[sure].astype(float))
    assert not mask.right.values.any()
    assert mask.left.domain == patient.cortex.left.domain
    assert [(i.role, i.name) for i in inputs] == [("search_mask", "mask.nii.gz")]
    assert len(inputs[0].sha256) == 64


def test_a_flipped_storage_order_marks_the_same_vertices(patient, tmp_path) -> None:
    """Stored LAS: the affine decides, never the order of the voxels."""

    def right(xyz):
        return xyz[..., 0] > 0

    affine = np.diag([-2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = [100, -100, -100]
    mask, _ = read_search_mask([box(tmp_path / "m.nii", right, affine)], patient)
    assert mask.right.values.all()
    assert not mask.left.values.any()


def test_surface_files_of_one_or_both_sides(patient, tmp_path) -> None:
    left = (vertices(patient)[:, 1] > 0).astype(float)
    n = len(left)
    one = gifti(tmp_path / "a.func.gii", left * 3)
    mask, inputs = read_search_mask([one], patient)
    np.testing.assert_array_equal(mask.left.values, left)
    assert not mask.right.values.any()
    assert len(inputs) == 1
    label = tmp_path / "rh.mine.label"
    lines = "".join(f"{k} 0.0 0.0 0.0 0.0\n" for k in (5, 17, n - 1))
    label.write_text(f"#!ascii label\n3\n{lines}", encoding="ascii")
    mask, inputs = read_search_mask([one, label], patient)
    assert np.flatnonzero(mask.right.values).tolist() == [5, 17, n - 1]
    np.testing.assert_array_equal(mask.left.values, left)
    assert [i.name for i in inputs] == ["a.func.gii", "rh.mine.label"]


def test_a_missing_value_is_outside(patient, tmp_path) -> None:
    values = np.full(len(vertices(patient)), np.nan)
    values[:3] = 1
    mask, _ = read_search_mask([gifti(tmp_path / "a.func.gii", values)], patient)
    assert mask.left.values.sum() == 3


def test_a_side_is_never_guessed(patient, tmp_path) -> None:
    values = np.ones(len(vertices(patient)))
    with pytest.raises(AmbiguityError, match=r"a\.func\.gii: nothing says which hemisphere"):
        read_search_mask([gifti(tmp_path / "a.func.gii", values, side="")], patient)


@pytest.mark.parametrize(
    ("rule", "dtype", "message"),
    [
        (lambda p: p[..., 2] / 300 + 0.5, np.float32, r"m\.nii: it holds \d+ distinct values: "),
        (lambda p: p[..., 2] > 1e9, np.uint8, r"it holds 1 distinct values: 0\. Expected a mask"),
        (lambda p: 2 * (p[..., 2] > 0), np.uint8, r"it holds 2 distinct values: 0, 2"),
        (lambda p: p[..., 2] > 95, np.uint8, r"no cortex of round lies in it"),
    ],
)
def test_what_is_no_mask_is_refused(patient, tmp_path, rule, dtype, message) -> None:
    with pytest.raises(InputError, match=message):
        read_search_mask([box(tmp_path / "m.nii", rule, dtype=dtype)], patient)


def test_a_mask_of_a_template_is_refused_by_its_name(patient, tmp_path) -> None:
    path = tmp_path / "sub-1_space-MNI152NLin2009cAsym_desc-roi_mask.nii"
    box(path, lambda p: p[..., 2] > 0)
    with pytest.raises(InputError, match="its name says space-MNI152NLin2009cAsym, but T1w is"):
        read_search_mask([path], patient)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("2\n1 0 0 0 0\n", r"lh\.a\.label: 1 of 2 lines"),
        ("0\n", r"0 of 0 lines"),
        ("1\n99999 0 0 0 0\n", r"vertex 99999\. Expected vertices of round/fsnative left"),
        ("one\n1 0 0 0 0\n", r"lh\.a\.label: cannot be parsed"),
    ],
)
def test_damaged_labels_are_refused(patient, tmp_path, lines, message) -> None:
    path = tmp_path / "lh.a.label"
    path.write_text(f"#!ascii label\n{lines}", encoding="ascii")
    with pytest.raises(InputError, match=message):
        read_search_mask([path], patient)


def test_files_that_do_not_fit_are_refused(patient, tmp_path) -> None:
    n = len(vertices(patient))
    with pytest.raises(
        InputError, match=rf"a\.func\.gii: 7 values\. Expected one per vertex .*{n}"
    ):
        read_search_mask([gifti(tmp_path / "a.func.gii", np.ones(7))], patient)
    two = [gifti(tmp_path / f"{k}.func.gii", np.ones(n)) for k in "ab"]
    with pytest.raises(InputError, match=r"b\.func\.gii: a second file of the left side"):
        read_search_mask(two, patient)
    with pytest.raises(InputError, match="no cortex of round lies in it"):
        read_search_mask([gifti(tmp_path / "c.func.gii", np.zeros(n))], patient)
    with pytest.raises(InputError, match="no file of a search mask was given"):
        read_search_mask([], patient)
