"""The scene: what the page may look at, in its place; and old scene files still open."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from export.plan_builder import FRAME, round_scene

from tmsplan.base.errors import InputError
from tmsplan.base.provenance import sha256_bytes
from tmsplan.plan.draw import seen_t1
from tmsplan.plan.scene import Scene
from tmsplan.plan.scene_store import load_scene, scene_bytes
from tmsplan.space import Affine, Frame, Grid, Points, Volume, Voxel
from tmsplan.surface import Pair

AFFINE = np.array([[-0.5, 0, 0.02, 60], [0, 0.02, 1.0, -90], [0.01, 0.5, 0, -40], [0, 0, 0, 1]])


def volume(data: np.ndarray, affine: np.ndarray = AFFINE) -> Volume:
    claimed = Affine.claim(affine, dst=FRAME, src=Frame(Voxel, "t1"), because="test")
    return Volume(data, Grid(data.shape, claimed))


def ramp(shape: tuple[int, int, int]) -> np.ndarray:
    """Each voxel's own x in mm, so that a value says where it was."""
    ijk = np.indices(shape).reshape(3, -1)
    x = AFFINE[0, :3] @ ijk + AFFINE[0, 3]
    return x.reshape(shape).astype(np.float32)


def full_scene() -> Scene:
    scene = round_scene()
    rng = np.random.default_rng(5)

    def half(part):
        inner = part.pial.points.mm(FRAME) * 0.95
        return replace(part, white=part.pial.with_points(Points(inner, FRAME)))

    both = Pair(half(scene.cortex.left), half(scene.cortex.right))
    t1 = volume(rng.integers(0, 255, (12, 11, 10), dtype=np.uint8))
    return replace(scene, cortex=both, t1=t1)


def reopened(data: bytes) -> Scene:
    return load_scene(data, sha256_bytes(data), FRAME)


def rewritten(data: bytes, **changed: np.ndarray | None) -> bytes:
    """The same file with entries replaced, or left out where None is given."""
    with np.load(io.BytesIO(data)) as stored:
        arrays = {k: stored[k] for k in stored.files}
    arrays |= changed
    out = io.BytesIO()
    np.savez(out, **{k: v for k, v in arrays.items() if v is not None})
    return out.getvalue()


def test_white_surface_and_t1_come_back() -> None:
    scene = full_scene()
    data = scene_bytes(scene)
    again = reopened(data)
    assert scene_bytes(again) == data
    assert np.array_equal(again.t1.data, scene.t1.data)
    ijk = np.array([[1, 2, 3], [11, 10, 9]])
    moved = (again.t1.grid.centres(ijk) - scene.t1.grid.centres(ijk)).lengths()
    assert moved.max() < 1e-9
    gap = again.cortex.left.white.points - scene.cortex.left.white.points
    assert gap.lengths().max() < 1e-4


def test_a_scene_of_the_first_format_still_opens() -> None:
    """Format 1 had no number, no white surface and no T1."""
    old = rewritten(scene_bytes(round_scene()), format=None)
    assert "format.npy" not in zipfile.ZipFile(io.BytesIO(old)).namelist()
    scene = reopened(old)
    assert (scene.t1, scene.cortex.left.white) == (None, None)
    assert np.array_equal(
        scene.scalp.points.mm(FRAME), reopened(scene_bytes(round_scene())).scalp.points.mm(FRAME)
    )


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"format": np.array([3])}, "of format 3 and this version reads up to 2"),
        ({"format": None}, "its entries are"),
        ({"left_white": None}, r"its entries are \['left_white'\] off"),
        ({"t1_affine": None}, r"its entries are \['t1_affine'\] off"),
        ({"surprise": np.zeros(1)}, r"its entries are \['surprise'\] off"),
        ({"t1": np.zeros((3, 3, 3))}, r"its T1 is float64 of shape \(3, 3, 3\), not a uint8"),
        ({"t1": np.zeros((3, 3), np.uint8)}, r"uint8 of shape \(3, 3\), not a uint8 volume"),
    ],
)
def test_an_odd_scene_is_refused(changed: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        reopened(rewritten(scene_bytes(full_scene()), **changed))


def test_the_t1_to_look_at_stays_where_it_was() -> None:
    """Voxels of .5 mm are averaged in pairs, and every mean lies where its block lies."""
    shape = (200, 180, 130)
    t1 = volume(ramp(shape))
    scalp = Points([[-20, -60, -10], [30, 0, 25]], FRAME)
    seen = seen_t1(t1, scalp)
    zooms = np.linalg.norm(
        seen.grid.world_from_voxel.matrix(FRAME, seen.grid.voxel)[:3, :3], axis=0
    )
    assert zooms == pytest.approx([1.0, 1.0, 1.0], abs=0.01)
    corners = np.array([[0, 0, 0], np.array(seen.grid.shape) - 1])
    x = seen.grid.centres(corners).mm(FRAME)
    assert x.min(axis=0) == pytest.approx([-26, -66, -16], abs=2.5)
    assert x.max(axis=0) == pytest.approx([36, 6, 31], abs=2.5)
    # Grey is linear in x between black and white: two means tell the x of all others.
    ijk = np.argwhere((seen.data > 5) & (seen.data < 250))
    place = seen.grid.centres(ijk).mm(FRAME)[:, 0]
    grey = seen.data[tuple(ijk.T)].astype(float)
    slope, start = np.polyfit(grey, place, 1)
    assert np.abs(slope * grey + start - place).max() < 0.6 * abs(slope) + 0.02
    assert slope > 0


def test_coarse_voxels_are_kept_as_they_are() -> None:
    affine = np.diag([1.2, 1.2, 1.2, 1.0])
    data = np.random.default_rng(1).integers(0, 1000, (40, 40, 40)).astype(np.int16)
    t1 = volume(data, affine)
    inside = Points([[15, 15, 15], [30, 30, 30]], FRAME)
    seen = seen_t1(t1, inside)
    ijk = np.array([[0, 0, 0]])
    first = np.rint(t1.grid.indices(seen.grid.centres(ijk))[0]).astype(int)
    assert np.abs(t1.grid.indices(seen.grid.centres(ijk))[0] - first).max() < 1e-9
    block = data[tuple(slice(a, a + n) for a, n in zip(first, seen.grid.shape, strict=True))]
    assert np.corrcoef(block.ravel(), seen.data.ravel())[0, 1] > 0.99
    assert (seen.data.dtype, seen.data.max()) == (np.uint8, 255)


def test_a_scalp_beside_the_image_is_refused() -> None:
    far = Points([[500, 500, 500], [520, 520, 520]], FRAME)
    with pytest.raises(InputError, match="the scalp lies outside the T1"):
        seen_t1(volume(np.ones((10, 10, 10), np.float32)), far)


def test_missing_voxels_are_black() -> None:
    data = np.full((20, 20, 20), 100.0, np.float32)
    data[:10] = np.nan
    t1 = volume(data, np.diag([1.0, 1.0, 1.0, 1.0]))
    seen = seen_t1(t1, Points([[0, 0, 0], [19, 19, 19]], FRAME))
    assert seen.data[:10].max() == 0
    assert seen.data[10:].min() == 255
