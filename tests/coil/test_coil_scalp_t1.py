"""The scalp from a T1: a made head of known shape, and a real one against another program."""

import numpy as np
import pytest
from real_files import real_data

from tmsplan.base.errors import InputError
from tmsplan.coil.scalp_from_t1 import scalp_from_t1
from tmsplan.patient.image import read_image
from tmsplan.space import Affine, Frame, Points, Scanner, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.surface.proximity import closest_on_faces

HEAD = Frame(Scanner, "sub-01")
AXES = np.array([75.0, 95.0, 85.0])


def _made(*, bias: float = 0.0, cut_mm: float | None = None) -> Volume[Scanner]:
    """Return an ellipsoid head: skin, bright fat, dark skull, brain; noise, bias, a slab cut."""
    rng = np.random.default_rng(5)
    affine = np.diag([-1.6, 1.6, 1.6, 1.0])
    affine[:3, 3] = (100, -125, -115)
    shape = (126, 156, 144)
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1)
    world = ijk @ affine[:3, :3].T + affine[:3, 3]
    r = np.linalg.norm(world / AXES, axis=-1)
    depth = (1 - r) * 85.0  # about mm near the surface
    edge = 1 / (1 + np.exp(-depth / 0.35))
    value = 80 * edge
    value = np.where((depth > 3.5) & (depth < 6), 190.0, value)
    value = np.where((depth > 6) & (depth < 12), 12.0, value)
    value = np.where(depth >= 12, 110.0, value)
    value = value * np.exp(bias * world[..., 1] / 100)
    value = np.abs(value + rng.normal(0, 2.5, shape))
    if cut_mm is not None:
        value[world[..., 1] > cut_mm] = 0
    claim = Affine.claim(affine, dst=HEAD, src=Frame(Voxel, "sub-01 T1w"), because="made")
    return Volume(value.astype(np.float32), Grid(shape, claim))


@pytest.mark.parametrize("bias", [0.0, 0.6])
def test_the_made_skin_is_found_to_a_fraction_of_a_voxel(bias):
    made = scalp_from_t1(_made(bias=bias))
    xyz = made.surface.points.mm(HEAD)
    off = (np.linalg.norm(xyz / AXES, axis=1) - 1) * 85.0
    assert np.abs(np.median(off)) < 0.3
    assert np.quantile(np.abs(off), 0.95) < 0.6
    assert made.surface.signed_volume() > 0
    assert made.cut.values.max() == 0


def test_a_cut_face_is_flagged_and_nothing_else():
    made = scalp_from_t1(_made(cut_mm=70.0))
    y = made.surface.points.mm(HEAD)[:, 1]
    flagged = made.cut.values > 0
    assert flagged[y > 69].mean() > 0.85
    assert flagged[y < 66].mean() < 0.005


def test_an_image_without_a_head_is_refused():
    made = _made()
    small = Volume(np.where(np.indices(made.data.shape)[0] < 8, 100.0, 0.0), made.grid)
    with pytest.raises(InputError, match=r"litres brighter than air.*whole-head T1"):
        scalp_from_t1(small)


def test_an_empty_image_is_refused():
    made = _made()
    with pytest.raises(InputError, match=r"no positive value, so no head"):
        scalp_from_t1(Volume(np.zeros(made.data.shape), made.grid))


@pytest.mark.slow
def test_on_a_real_head_it_lies_within_a_millimetre_of_the_watershed_skin():
    """The watershed skin is another program's, 0.55 mm outside the half level of the dermis."""
    import nibabel as nib

    folder = real_data("mne_sample_ecog")
    image = read_image(folder / "mri/T1.mgz")
    world = Frame(Scanner, "ecog")
    made = scalp_from_t1(image.volume(world, "T1w"))
    tkras, _ = nib.freesurfer.read_geometry(
        folder / "bem/watershed/sample_ecog_outer_skin_surface"
    )
    m = image.affine @ np.linalg.inv(image.tkras_from_voxel)
    skin = tkras @ m[:3, :3].T + m[:3, 3]
    above = skin[skin[:, 2] > np.median(skin[:, 2]) + 20]
    found = closest_on_faces(made.surface, Points(above, world))
    assert np.median(np.abs(found.signed_mm)) < 1.0
