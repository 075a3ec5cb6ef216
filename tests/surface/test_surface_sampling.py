"""The sparse operator against nilearn, against closed forms, and its refusals."""

from __future__ import annotations

import warnings

import nibabel as nib
import numpy as np
import pytest
from surface_cases import MNI305, SCANNER, fsaverage5, grid, icosphere, shifted, surface

from tmsplan.base.errors import DomainError, FrameError, InputError
from tmsplan.space import Frame, Hemi, Points, Scanner, Volume
from tmsplan.surface import build_sampler

#: nilearn interpolates on float64 positions of up to 200 voxels: a few rounding steps.
SAME = 1e-12

WHOLE = np.array([[2.0, 0.1, 0, -89], [0, 2.0, -0.2, -126], [0, 0.1, 2.0, -72], [0, 0, 0, 1.0]])
#: Cuts through the hemisphere, so that samples fall off every kind of border.
CUT = WHOLE @ np.array([[1, 0, 0, 5.3], [0, 1, 0, 10], [0, 0, 1, 12], [0, 0, 0, 1]])
GRIDS = {"whole": ((91, 109, 91), WHOLE), "cut": ((25, 60, 40), CUT)}


def nilearn_says(data, matrix, white, pial, **options):
    from nilearn.surface import InMemoryMesh, vol_to_surf

    def mesh(s):
        return InMemoryMesh(s.points.mm(s.frame), s.faces)

    with warnings.catch_warnings():
        # A vertex without samples: nilearn's nanmean warns and returns the NaN that is compared.
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        image = nib.Nifti1Image(data, matrix)
        return vol_to_surf(image, mesh(pial), inner_mesh=mesh(white), **options)


def two_spheres():
    """White and pial as spheres of 60 and 63 mm on one mesh."""
    pial = icosphere(3, 63.0)
    return pial.with_points(Points(pial.points.mm(SCANNER) * (60 / 63), SCANNER)), pial


def ball_grid(step=3.0, half=75.0):
    n = int(2 * half / step) + 1
    matrix = np.diag([step, step, step, 1.0])
    matrix[:3, 3] = -half
    return grid((n, n, n), matrix)


def centres(g):
    ijk = np.stack(np.meshgrid(*[np.arange(s) for s in g.shape], indexing="ij"), axis=-1)
    return g.centres(ijk.reshape(-1, 3)).mm(g.world).reshape(*g.shape, 3)


@pytest.mark.parametrize("where", GRIDS)
@pytest.mark.parametrize(
    ("kind", "samples", "radius"),
    [
        ("depth", None, 3.0),
        ("line", None, 3.0),
        ("ball", None, 3.0),
        ("depth", 3, 3.0),
        ("line", 7, 1.5),
        ("ball", 40, 5.0),
    ],
)
def test_equals_nilearn(where, kind, samples, radius):
    shape, matrix = GRIDS[where]
    white, pial = fsaverage5("white_matter"), fsaverage5("pial")
    data = np.random.default_rng(3).normal(size=shape)
    expected = nilearn_says(data, matrix, white, pial, kind=kind, n_samples=samples, radius=radius)
    g = grid(shape, matrix, MNI305)
    sampler = build_sampler(white, pial, g, kind=kind, samples=samples, radius_mm=radius)
    ours = sampler.apply(Volume(data, g), name="noise", unit="1").values
    assert np.array_equal(np.isnan(expected), np.isnan(ours))
    assert np.nanmax(np.abs(expected - ours)) < SAME
    if where == "cut":
        # The test is only worth its name if samples really fell off the grid.
        assert 0.2 < np.isnan(ours).mean() < 0.8
        assert ((sampler.inside > 0) & (sampler.inside < 1)).sum() > 50


def test_equals_nilearn_in_the_last_half_voxel():
    # Beyond the last voxel centre both extrapolate; a clamped border would give 7, not 7.4.
    xyz = np.array([[7.4, 3, 3], [7.9, 3, 3], [3, 3, 3]])
    sheet = surface(xyz, [[0, 1, 2]])
    g = grid((8, 8, 8), np.eye(4))
    ramp = np.broadcast_to(np.arange(8.0)[:, None, None], (8, 8, 8)).copy()
    ours = build_sampler(sheet, sheet, g).apply(Volume(ramp, g), name="x", unit="mm").values
    assert ours == pytest.approx([7.4, 7.9, 3.0], abs=1e-12)
    assert ours == pytest.approx(nilearn_says(ramp, np.eye(4), sheet, sheet), abs=1e-12)


def test_linear_field_is_reproduced_at_mid_cortex():
    # Trilinear weights reproduce a linear function exactly, so its mean over depth is its
    # value half way.
    white, pial = two_spheres()
    g = ball_grid()
    data = centres(g) @ np.array([0.3, -0.2, 0.7]) + 5
    field = build_sampler(white, pial, g).apply(Volume(data, g), name="ramp", unit="mm")
    mid = white.points.midway(pial.points).mm(SCANNER)
    assert field.values == pytest.approx(mid @ np.array([0.3, -0.2, 0.7]) + 5, abs=1e-10)
    assert (field.name, field.unit, field.domain) == ("ramp", "mm", pial.domain)


def test_operator_weights_sum_to_one():
    white, pial = two_spheres()
    for kind in ("depth", "line", "ball"):
        sampler = build_sampler(white, pial, ball_grid(), kind=kind)
        assert sampler.weights.sum(axis=1) == pytest.approx(1, abs=1e-12)
        assert f"{kind} sampler" in str(sampler)


def test_storage_order_of_the_image_does_not_matter():
    white, pial = two_spheres()
    g = ball_grid()
    data = np.random.default_rng(0).normal(size=g.shape)
    sampler = build_sampler(white, pial, g)
    expected = sampler.apply(Volume(data.copy(), g), name="c", unit="1").values
    strided = np.repeat(data, 2, axis=2)[:, :, ::2]
    assert not strided.flags.forc
    for other in (np.asfortranarray(data), strided):
        found = sampler.apply(Volume(other, g), name="o", unit="1").values
        assert np.array_equal(found, expected)


def test_integer_image_is_not_rounded():
    white, pial = two_spheres()
    g = ball_grid()
    data = np.random.default_rng(0).integers(0, 4000, g.shape).astype(np.int16)
    sampler = build_sampler(white, pial, g)
    ours = sampler.apply(Volume(data, g), name="t1", unit="1").values
    floats = sampler.apply(Volume(data.astype(float), g), name="t1", unit="1").values
    assert np.array_equal(ours, floats)


def test_vertex_that_reads_a_nan_is_nan_and_no_other():
    white, pial = two_spheres()
    g = ball_grid()
    data = np.random.default_rng(1).normal(size=g.shape)
    sampler = build_sampler(white, pial, g)
    whole = sampler.apply(Volume(data.copy(), g), name="x", unit="1").values
    hole = np.linalg.norm(centres(g) - [63, 0, 0], axis=-1) < 12
    data[hole] = np.nan
    found = sampler.apply(Volume(data, g), name="x", unit="1").values
    reads_hole = (abs(sampler.weights) @ sampler.voxels.of_array(hole).astype(float)) > 0
    assert np.array_equal(np.isnan(found), reads_hole)
    assert 5 < reads_hole.sum() < 100
    assert np.array_equal(found[~reads_hole], whole[~reads_hole])


def test_nan_where_no_vertex_reads_changes_nothing():
    # A voxel of weight 0 must not spread its NaN: vertices exactly on voxel planes have such.
    xyz = np.array([[2.0, 2, 2], [4, 2, 2], [2, 4, 2]])
    sheet = surface(xyz, [[0, 1, 2]])
    g = grid((7, 7, 7), np.eye(4))
    data = np.full(g.shape, np.nan)
    data[2, 2, 2], data[4, 2, 2], data[2, 4, 2] = 1, 2, 3
    field = build_sampler(sheet, sheet, g).apply(Volume(data, g), name="x", unit="1")
    assert field.values == pytest.approx([1, 2, 3], abs=1e-12)


def test_mask_makes_what_it_leaves_out_missing():
    white, pial = two_spheres()
    g = ball_grid()
    data = np.random.default_rng(1).normal(size=g.shape)
    mask = centres(g)[..., 0] > 0
    sampler = build_sampler(white, pial, g)
    masked = sampler.apply(Volume(data, g), name="x", unit="1", covered=Volume(mask, g)).values
    by_nan = sampler.apply(Volume(np.where(mask, data, np.nan), g), name="x", unit="1").values
    assert np.array_equal(masked, by_nan, equal_nan=True)
    x = pial.points.mm(SCANNER)[:, 0]
    assert np.isnan(masked[x < -3]).all()
    assert not np.isnan(masked[x > 6]).any()


def test_coverage_is_the_share_of_the_sampling():
    # Along x, samples at 0, 1, ..., 9 voxels; voxels below 5 are covered: half of the samples.
    pial = surface([[0.0, 2, 2], [0, 4, 2], [0, 2, 4]], [[0, 1, 2]])
    white = shifted(pial, [9, 0, 0])
    g = grid((10, 7, 7), np.eye(4))
    mask = np.zeros(g.shape)
    mask[:5] = 1
    sampler = build_sampler(white, pial, g, samples=10)
    assert sampler.coverage(Volume(mask.copy(), g)) == pytest.approx(0.5, abs=1e-12)
    assert sampler.coverage() == pytest.approx(1)
    mask[0, 2, 2] = np.nan
    assert sampler.coverage(Volume(mask, g))[0] == pytest.approx(0.4, abs=1e-12)
    short = grid((6, 7, 7), np.eye(4))
    partly = build_sampler(white, pial, short)
    assert partly.coverage() == pytest.approx(0.6)
    # 6 of 10 samples are inside, and the voxels of 3 of those are covered.
    half = np.zeros(short.shape)
    half[:3] = 1
    assert partly.coverage(Volume(half, short)) == pytest.approx(0.3, abs=1e-12)


def test_many_maps_equal_one_by_one():
    white, pial = two_spheres()
    g = ball_grid()
    maps = np.random.default_rng(2).normal(size=(19, *g.shape))
    maps[4, 30] = np.nan
    sampler = build_sampler(white, pial, g)
    many = sampler.apply_many(maps)
    assert many.shape == (19, len(pial))
    for k in (0, 4, 15, 16, 18):
        one = sampler.apply(Volume(maps[k].copy(), g), name="x", unit="1").values
        assert np.allclose(many[k], one, rtol=0, atol=1e-13, equal_nan=True)


def test_header_rounding_is_the_same_grid():
    white, pial = two_spheres()
    g = ball_grid()
    matrix = g.world_from_voxel.matrix(g.world, g.voxel).astype(np.float32)
    matrix[:3] += np.float32(1e-6)
    near = grid(g.shape, matrix, image="other")
    volume = Volume(np.ones(g.shape), near)
    assert build_sampler(white, pial, g).apply(volume, name="x", unit="1").values == (
        pytest.approx(1)
    )


class TestRefusals:
    def test_other_frame(self):
        white, pial = two_spheres()
        other = grid((20, 20, 20), np.eye(4), Frame(Scanner, "sub-02"))
        with pytest.raises(FrameError, match=r"sub-01/Scanner .* sub-02/Scanner"):
            build_sampler(white, pial, other)

    def test_volume_in_other_frame(self):
        white, pial = two_spheres()
        g = ball_grid()
        matrix = g.world_from_voxel.matrix(g.world, g.voxel)
        other = grid(g.shape, matrix, Frame(Scanner, "sub-02"))
        with pytest.raises(FrameError, match="cannot sample a volume"):
            build_sampler(white, pial, g).apply(
                Volume(np.ones(g.shape), other), name="x", unit="1"
            )

    def test_other_shape(self):
        white, pial = two_spheres()
        g = ball_grid()
        other = ball_grid(step=2.0)
        with pytest.raises(InputError, match=r"grid of \(51, 51, 51\), the image has \(76, 76"):
            build_sampler(white, pial, g).apply(
                Volume(np.ones(other.shape), other), name="x", unit="1"
            )

    def test_other_affine(self):
        white, pial = two_spheres()
        g = ball_grid()
        moved = g.world_from_voxel.matrix(g.world, g.voxel).copy()
        moved[0, 3] += 0.01
        other = grid(g.shape, moved)
        with pytest.raises(InputError, match=r"lie up to 0\.01 mm from the sampler's"):
            build_sampler(white, pial, g).apply(
                Volume(np.ones(g.shape), other), name="x", unit="1"
            )

    def test_surface_outside_the_image(self):
        white, pial = two_spheres()
        far = np.eye(4)
        far[:3, 3] = 500
        with pytest.raises(FrameError, match=r"no vertex of .* lies inside the image"):
            build_sampler(white, pial, grid((20, 20, 20), far))

    def test_white_of_the_other_hemisphere(self):
        _, pial = two_spheres()
        right = icosphere(3, 60.0, hemi=Hemi.RIGHT)
        with pytest.raises(DomainError, match="right"):
            build_sampler(right, pial, ball_grid())

    def test_white_with_other_triangles(self):
        white, pial = two_spheres()
        turned = surface(white.points.mm(SCANNER), white.faces[::-1])
        with pytest.raises(InputError, match="white and pial have different triangles"):
            build_sampler(turned, pial, ball_grid())

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"kind": "auto"}, "'auto' is no way to sample"),
            ({"samples": 1}, "1 samples per vertex are too few"),
            ({"kind": "ball", "samples": 25}, "a ball of 25 samples is not stored"),
            ({"kind": "line", "radius_mm": 0.0}, "radius of 0.0 mm is not positive"),
            ({"kind": "ball", "radius_mm": np.nan}, "radius of nan mm is not positive"),
        ],
    )
    def test_options(self, options, message):
        with pytest.raises(InputError, match=message):
            build_sampler(*two_spheres(), ball_grid(), **options)

    def test_flat_image(self):
        with pytest.raises(InputError, match="too thin to interpolate"):
            build_sampler(*two_spheres(), grid((20, 20, 1), np.eye(4)))

    def test_infinite_value(self):
        g = ball_grid()
        data = np.ones(g.shape)
        data[np.linalg.norm(centres(g) - [61, 0, 0], axis=-1) < 5] = np.inf
        with pytest.raises(InputError, match="infinite values at the cortex"):
            build_sampler(*two_spheres(), g).apply(Volume(data, g), name="x", unit="1")

    def test_axis_of_maps_at_the_end(self):
        g = ball_grid()
        with pytest.raises(InputError, match="Put the axis of maps first"):
            build_sampler(*two_spheres(), g).apply_many(np.ones((*g.shape, 3)))
