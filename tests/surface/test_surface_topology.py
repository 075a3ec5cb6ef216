"""Patches and smoothing on the mesh."""

from __future__ import annotations

import numpy as np
import pytest
from surface_cases import SCANNER, fsaverage5, icosphere, plane, surface

from tmsplan.base.errors import DomainError, InputError
from tmsplan.surface import clusters, smooth
from tmsplan.surface.topology import edge_lengths


def test_clusters_largest_first():
    s = plane(9)
    mask = np.zeros((9, 9), dtype=bool)
    mask[0, 0:3] = True
    mask[4:7, 4:7] = True
    mask[8, 0] = True
    found = clusters(s, mask.ravel()).reshape(9, 9)
    assert (found[4:7, 4:7] == 1).all()
    assert (found[0, 0:3] == 2).all()
    assert found[8, 0] == 3
    assert np.array_equal(found > 0, mask)


def test_clusters_join_along_edges_only():
    # Diagonals of this grid run from (0, 0) to (1, 1), not from (0, 1) to (1, 0).
    s = plane(3)
    joined, apart = np.zeros((2, 3, 3), dtype=bool)
    joined[[0, 1], [0, 1]] = True
    apart[[0, 1], [1, 0]] = True
    assert clusters(s, joined.ravel()).max() == 1
    assert clusters(s, apart.ravel()).tolist() == [0, 1, 0, 2, 0, 0, 0, 0, 0]


def test_clusters_of_nothing_and_all():
    s = icosphere(2)
    assert not clusters(s, np.zeros(len(s), dtype=bool)).any()
    assert (clusters(s, np.ones(len(s), dtype=bool)) == 1).all()


def test_clusters_refuse():
    s = plane(3)
    with pytest.raises(DomainError, match=r"mask of shape \(8,\) does not fit"):
        clusters(s, np.zeros(8, dtype=bool))
    with pytest.raises(InputError, match="must be boolean, not float64"):
        clusters(s, np.zeros(9))


def test_smooth_is_the_mean_of_self_and_neighbours():
    s = plane(3)
    values = np.zeros(9)
    values[4] = 7.0
    # The middle has 6 neighbours on this grid; (0, 0) has (0,1), (1,0), (1,1).
    found = smooth(s, values, 1)
    assert found[4] == pytest.approx(1.0)
    assert found[0] == pytest.approx(7 / 4)
    assert found[2] == pytest.approx(0.0)


def test_smooth_keeps_a_constant_and_missing_values():
    s = fsaverage5("pial")
    values = np.full(len(s), 3.25)
    values[::5] = np.nan
    found = smooth(s, values, 4)
    assert np.array_equal(np.isnan(found), np.isnan(values))
    assert found[~np.isnan(found)] == pytest.approx(3.25, abs=1e-12)


def test_smooth_does_not_read_missing_as_zero():
    s = plane(3)
    values = np.full(9, np.nan)
    values[[4, 0]] = [2.0, 4.0]
    found = smooth(s, values, 1)
    assert found[[0, 4]] == pytest.approx([3.0, 3.0])
    assert np.isnan(found[[1, 2, 3, 5, 6, 7, 8]]).all()


def test_smooth_no_steps_is_the_same_numbers():
    s = plane(3)
    values = np.arange(9.0)
    found = smooth(s, values, 0)
    assert np.array_equal(found, values)
    assert found is not values


def test_smooth_refuses():
    s = plane(3)
    with pytest.raises(DomainError, match=r"values of shape \(8,\)"):
        smooth(s, np.zeros(8), 1)
    with pytest.raises(InputError, match="-1 smoothing steps"):
        smooth(s, np.zeros(9), -1)
    with pytest.raises(InputError, match="missing values must be NaN"):
        smooth(s, np.full(9, np.inf), 1)


def test_edge_lengths_count_each_edge_once_and_keep_zero_ones():
    s = surface([[0, 0, 0], [3, 0, 0], [0, 4, 0], [0, 4, 0.0]], [[0, 1, 2], [2, 1, 3]])
    found = edge_lengths(s.points.mm(SCANNER), s.faces).toarray()
    assert found[0, [1, 2]].tolist() == [3, 4]
    assert found[1, 2] == found[2, 1] == 5
    assert 0 < found[2, 3] < 1e-300
    assert found[0, 3] == 0
