"""Resampling along the axes against scipy's interpolation, and blocks against plain means."""

import numpy as np
from scipy import ndimage

from tmsplan.coil.voxel_scale import block_means, from_blocks, linear_weights, rescaled

RNG = np.random.default_rng(4)


def test_three_products_are_scipys_trilinear_interpolation_after_its_blur():
    data = RNG.normal(size=(13, 17, 11))
    at = [np.linspace(0, n - 1, m) for n, m in zip(data.shape, (9, 20, 11), strict=True)]
    blurs = (0.7, 0.0, 0.5)
    weights = tuple(
        linear_weights(a, n, blur=b) for a, n, b in zip(at, data.shape, blurs, strict=True)
    )
    blurred = ndimage.gaussian_filter(data, blurs)
    expected = ndimage.map_coordinates(blurred, np.meshgrid(*at, indexing="ij"), order=1)
    assert np.allclose(rescaled(data, weights), expected, atol=1e-5)


def test_beyond_the_image_there_is_nothing():
    weights = linear_weights(np.array([-1.0, -0.25, 2.0, 2.5, 3.0]), 3)
    assert np.allclose(weights @ np.array([4.0, 1.0, 8.0]), [0, 3, 8, 4, 0])


def test_blocks_are_means_also_where_the_last_is_smaller():
    data = RNG.normal(size=(7, 4, 9))
    means = block_means(data, (3, 2, 4))
    assert means.shape == (3, 2, 3)
    assert np.isclose(means[0, 0, 0], data[:3, :2, :4].mean(), atol=1e-6)
    assert np.isclose(means[2, 1, 2], data[6:, 2:, 8:].mean(), atol=1e-6)


def test_a_linear_image_comes_back_from_its_blocks():
    i, j, k = np.indices((12, 9, 15))
    data = (2 * i - j + 0.5 * k).astype(float)
    back = from_blocks(block_means(data, (3, 3, 3)), 3, data.shape)
    inner = (slice(1, -1),) * 3
    assert np.allclose(back[inner], data[inner], atol=1e-4)
