"""Label sampling against nilearn and its own rules."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from surface_cases import MNI305, fsaverage5, grid, shifted, surface

from tmsplan.base.errors import FrameError, InputError
from tmsplan.space import Volume
from tmsplan.surface import sample_labels

HERE = grid((12, 7, 7), np.eye(4))


def column(labels):
    """One vertex sampled at x = 0 (pial), 1, ..., 9 (white); other vertices are beside it."""
    pial = surface([[0.0, 2, 2], [0, 4, 2], [0, 2, 4]], [[0, 1, 2]])
    white = shifted(pial, [9, 0, 0])
    data = np.zeros(HERE.shape, dtype=np.int32)
    data[: len(labels), 2, 2] = labels
    return white, pial, Volume(data, HERE)


@pytest.mark.parametrize(
    ("labels", "winner"),
    [
        ([1, 1, 1, 1, 1, 1, 2, 2, 2, 2], 1),
        ([1, 1, 1, 1, 2, 2, 2, 2, 2, 2], 2),
        # Background loses, however frequent.
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 7], 7),
        ([0] * 10, 0),
        # Equally frequent: the one nearest to the middle (samples 4 and 5).
        ([9, 9, 9, 0, 3, 3, 3, 0, 0, 0], 3),
        ([0, 0, 0, 9, 3, 3, 9, 0, 0, 0], 3),
        # Equally frequent and near: the deeper one.
        ([1, 1, 1, 1, 1, 2, 2, 2, 2, 2], 2),
        # Ids beyond int8, uint8 and int16 stay what they are.
        ([1000, 1000, 1000, 0, 0, 12101, 12101, 12101, 12101, 0], 12101),
        ([70000] * 10, 70000),
    ],
)
def test_rules(labels, winner):
    found = sample_labels(*column(labels))
    assert found.dtype == np.int32
    assert found.tolist() == [winner, 0, 0]


def test_outside_the_image_is_background():
    white, pial, volume = column([0, 0, 0, 0, 0, 0, 0, 0, 5, 5])
    sheet = [shifted(s, [-4, 0, 0]) for s in (white, pial)]
    # Samples at -4 ... 5: none reaches the label at 8.
    assert sample_labels(*sheet, volume).tolist() == [0, 0, 0]
    sheet = [shifted(s, [8, 0, 0]) for s in (white, pial)]
    assert sample_labels(*sheet, volume).tolist() == [5, 0, 0]


def test_equals_nilearn_where_no_rule_is_needed():
    from nilearn.surface import InMemoryMesh, vol_to_surf

    white, pial = fsaverage5("white_matter"), fsaverage5("pial")
    matrix = np.diag([4.0, 4, 4, 1])
    matrix[:3, 3] = [-100, -130, -80]
    # Odd counts of samples and blocks of 5 voxels: ties are rare, background absent.
    blocks = np.random.default_rng(0).permutation(np.arange(200, 200 + 10 * 12 * 10))
    data = np.kron(blocks.reshape(10, 12, 10), np.ones((5, 5, 5))).astype(np.int32)
    g = grid(data.shape, matrix, MNI305)
    expected = vol_to_surf(
        nib.Nifti1Image(data, matrix),
        InMemoryMesh(pial.points.mm(MNI305), pial.faces),
        inner_mesh=InMemoryMesh(white.points.mm(MNI305), white.faces),
        interpolation="nearest_most_frequent",
        n_samples=11,
    )
    ours = sample_labels(white, pial, Volume(data, g), samples=11)
    # nilearn breaks a tie by the lower id. With 11 samples in convex blocks a tie needs three
    # labels in one column.
    differ = expected != ours
    assert differ.mean() < 0.002
    assert len(np.unique(ours)) > 100


def test_float_labels_that_are_whole_are_taken():
    white, pial, volume = column([4.0] * 10)
    floats = Volume(volume.data.astype(np.float64), HERE)
    assert sample_labels(white, pial, floats).tolist() == [4, 0, 0]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0.5, "holds fractions"),
        (np.nan, "holds NaN or infinite"),
        (-1.0, "must lie between 0 and 2147483647; the image holds -1.0"),
        (3e9, "must lie between 0 and 2147483647"),
    ],
)
def test_refuses_what_is_no_label(value, message):
    white, pial, volume = column([4] * 10)
    data = volume.data.astype(float)
    data[0, 0, 0] = value
    with pytest.raises(InputError, match=message):
        sample_labels(white, pial, Volume(data, HERE))


def test_refuses_another_frame():
    white, pial, volume = column([4] * 10)
    other = Volume(volume.data.copy(), grid(HERE.shape, np.eye(4), MNI305))
    with pytest.raises(FrameError, match="cannot sample labels on a surface"):
        sample_labels(white, pial, other)
