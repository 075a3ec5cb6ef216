"""Refinement and brain extraction on made shapes whose boundaries are known."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tmsplan.base.errors import InputError
from tmsplan.plan.prepare.anatomy import Anatomy
from tmsplan.plan.prepare.brain import cleaned_brain, rough_brain
from tmsplan.plan.prepare.engine import own_temporary_folder
from tmsplan.plan.prepare.itk_chain import Chain
from tmsplan.plan.prepare.picture import Picture, cropped
from tmsplan.plan.prepare.refine import THINNEST, TRAVEL, refined_cortex
from tmsplan.plan.prepare.template import Sheet
from tmsplan.surface.pair import Pair

WHITE_MM, PIAL_MM = 30.0, 33.0


def _grid(n: int = 84, step: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = -(n - 1) / 2 * step
    ijk = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), -1)
    return ijk @ affine[:3, :3].T + affine[:3, 3], affine


def _ball_anatomy() -> Anatomy:
    """Return white matter to 30 mm and grey matter to 33 mm from the origin."""
    world, affine = _grid()
    r = np.linalg.norm(world, axis=-1)
    white = 1 / (1 + np.exp((r - WHITE_MM) / 0.3))
    grey = 1 / (1 + np.exp((r - PIAL_MM) / 0.3)) - white
    image = [Picture(x.astype(np.float32), affine) for x in (r, grey + white, grey, white, r)]
    none = np.zeros((2, 2, 2, 3))
    chain = Chain(np.eye(4), none, none, np.eye(4))
    return Anatomy(*image, chain, 1.0)


def _sphere(radius: float, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Sheet:
    import pyvista as pv

    mesh = pv.Icosphere(radius=1.0, nsub=4)
    unit = np.asarray(mesh.points, dtype=float)
    faces = np.asarray(mesh.faces).reshape(-1, 4)[:, 1:].astype(np.int32)
    n = len(unit)
    white = radius * unit + shift
    pial = (radius + 2.0) * unit + shift
    return Sheet(white, pial, unit, faces, np.zeros(n), np.ones(n, dtype=np.int32))


@pytest.mark.parametrize("radius", [27.5, 32.0])
def test_a_sphere_at_a_wrong_depth_comes_to_the_boundaries(radius):
    sheet = _sphere(radius)
    found = refined_cortex(Pair(left=sheet, right=sheet), _ball_anatomy()).left
    assert np.linalg.norm(found.white, axis=1) == pytest.approx(WHITE_MM, abs=0.15)
    assert np.linalg.norm(found.pial, axis=1) == pytest.approx(PIAL_MM, abs=0.3)


def test_it_never_travels_farther_than_the_limit_and_stays_thick_enough():
    """A sphere 9 mm off must not be dragged home: that would hide a failed registration."""
    sheet = _sphere(WHITE_MM, shift=(9.0, 0.0, 0.0))
    found = refined_cortex(Pair(left=sheet, right=sheet), _ball_anatomy()).left
    travel = np.linalg.norm(found.white - sheet.white, axis=1)
    assert travel.max() <= TRAVEL.value + 1e-9
    assert np.linalg.norm(found.white[sheet.white[:, 0] > 35], axis=1).min() > WHITE_MM + 2
    assert np.linalg.norm(found.pial - found.white, axis=1).min() >= THINNEST.value - 1e-9


def test_faces_labels_and_their_order_are_those_of_the_template():
    sheet = _sphere(29.0)
    found = refined_cortex(Pair(left=sheet, right=sheet), _ball_anatomy()).right
    assert found.faces is sheet.faces
    assert found.parcels is sheet.parcels
    outward = np.einsum("ij,ij->i", found.pial - found.white, found.white)
    assert (outward > 0).all()


@dataclass(frozen=True)
class _Head:
    t1: Picture
    brain: np.ndarray


def _head(fat: float) -> _Head:
    """Return fat, dark skull, fluid and a brain with white matter inside; 2.2 mm voxels."""
    world, affine = _grid(96, 2.2)
    r = np.linalg.norm(world / (0.88, 1.1, 1.0), axis=-1)
    value = np.select([r < 52, r < 70, r < 73, r < 79, r < 87], [100, 72, 25, 8, fat], 0.0)
    noise = np.random.default_rng(2).normal(0, 2, value.shape)
    return _Head(Picture(np.abs(value + noise).astype(np.float32), affine), r < 70)


@pytest.mark.parametrize("fat", [90.0, 250.0])
def test_the_rough_brain_is_the_brain_under_dark_and_under_bright_fat(fat):
    head = _head(fat)
    found = rough_brain(head.t1).data > 0
    dice = 2 * (found & head.brain).sum() / (found.sum() + head.brain.sum())
    assert dice > 0.95


def test_no_head_is_refused():
    head = _head(90.0)
    with pytest.raises(InputError, match=r"shows no head.*whole head; check it"):
        rough_brain(head.t1.with_data(np.where(np.indices(head.t1.data.shape)[0] < 6, 90, 0)))


def test_an_empty_mask_is_refused():
    head = _head(90.0)
    with pytest.raises(InputError, match=r"no brain was found"):
        cleaned_brain(head.t1, head.t1.with_data(np.zeros(head.t1.data.shape)))


def test_a_crop_keeps_every_voxel_in_its_place():
    head = _head(90.0)
    mask = head.t1.with_data(head.brain)
    box = cropped(head.t1, mask, 5.0)
    index = np.argwhere(np.ones(box.data.shape, dtype=bool))[::997]
    world = index @ box.affine[:3, :3].T + box.affine[:3, 3]
    assert box.data.size < 0.75 * head.t1.data.size
    assert head.t1.at(world) == pytest.approx(box.data[tuple(index.T)], abs=1e-3)


def test_what_ants_leaves_in_the_temporary_folder_is_removed():
    before = tempfile.gettempdir()
    with own_temporary_folder() as folder:
        name = Path(tempfile.mktemp(suffix="Warp.nii.gz"))
        name.write_bytes(b"patient")
        assert name.parent == folder
    assert not folder.exists()
    assert tempfile.gettempdir() == before
