"""Points and vectors keep their frame, and refuse everything that would lose it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from strategies import OTHER, SCANNER, TKRAS, point_arrays

from tmsplan.base import FrameError, InputError
from tmsplan.space import Frame, Points, Scanner, Vectors, Voxel

VOXEL = Frame(Voxel, "sub-01:T1w")


def test_frames_of_two_patients_differ() -> None:
    with pytest.raises(
        FrameError, match=r"cannot subtract: left is in sub-01/Scanner \(RAS\), right is in sub-02"
    ):
        Points([1, 2, 3], SCANNER) - Points([1, 2, 3], OTHER)


def test_numbers_leave_only_by_their_own_frame() -> None:
    with pytest.raises(FrameError, match="cannot read coordinates: left is in sub-01/Tkras"):
        Points([1, 2, 3], SCANNER).mm(TKRAS)
    with pytest.raises(FrameError, match="cannot read components"):
        Vectors([1, 2, 3], SCANNER).components(OTHER)


@pytest.mark.parametrize("make", [np.asarray, np.mean, list, lambda p: p * np.ones((1, 3))])
def test_no_silent_array(make) -> None:
    with pytest.raises(TypeError):
        make(Points([[1, 2, 3]], SCANNER))


def test_the_refusal_says_how_numbers_leave() -> None:
    with pytest.raises(TypeError, match=r"would lose their frame as a bare array.*\.mm\(frame\)"):
        np.asarray(Points([1, 2, 3], SCANNER))
    with pytest.raises(TypeError, match="Vectors in sub-01/Scanner would lose their frame"):
        np.asarray(Vectors([1, 2, 3], SCANNER))


def test_points_do_not_add() -> None:
    with pytest.raises(TypeError):
        Points([1, 2, 3], SCANNER) + Points([1, 2, 3], SCANNER)


def test_arrays_are_read_only_and_copied() -> None:
    source = np.zeros((1, 3))
    p = Points(source, SCANNER)
    source[0, 0] = 9
    assert p.mm(SCANNER)[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        p.mm(SCANNER)[0, 0] = 5


def test_millimetres_are_not_voxels() -> None:
    with pytest.raises(FrameError, match="measured in voxel, not in mm"):
        Points([1, 2, 3], VOXEL).mm(VOXEL)
    with pytest.raises(FrameError, match="measured in mm, not in voxel"):
        Points([1, 2, 3], SCANNER).ijk(SCANNER)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([[1, 2]], r"must have shape \(n, 3\); got \(1, 2\)"),
        ([[1, 2, 3], [np.nan, 0, 0]], r"row 1 is not finite"),
        ([[np.inf, 2, 3]], r"row 0 is not finite"),
    ],
)
def test_what_is_no_point_is_refused(bad, message) -> None:
    with pytest.raises(InputError, match=message):
        Points(bad, SCANNER)


def test_a_vector_of_no_length_has_no_direction() -> None:
    with pytest.raises(InputError, match="has no direction"):
        Vectors([0, 0, 0], SCANNER).units()


def test_a_frame_needs_an_owner() -> None:
    with pytest.raises(InputError, match="a Scanner frame needs an owner"):
        Frame(Scanner, "")


@given(point_arrays, point_arrays)
def test_difference_and_sum_undo_each_other(a, b) -> None:
    n = min(len(a), len(b))
    p, q = Points(a[:n], SCANNER), Points(b[:n], SCANNER)
    np.testing.assert_allclose((q + (p - q)).mm(SCANNER), a[:n], atol=1e-9)
    np.testing.assert_allclose(p.distances(q), np.linalg.norm(a[:n] - b[:n], axis=1), atol=1e-9)


def test_one_line_says_frame_and_unit() -> None:
    assert str(Points([1, 2, 3], SCANNER)) == "(1.00, 2.00, 3.00) mm, sub-01/Scanner RAS"
    assert str(Points(np.zeros((5, 3)), TKRAS)) == "5 Points mm, sub-01/Tkras RAS"


def test_vector_algebra_matches_numpy() -> None:
    a, b = np.array([[1.0, 2, 3]]), np.array([[-2.0, 0.5, 4]])
    u, v = Vectors(a, SCANNER), Vectors(b, SCANNER)
    np.testing.assert_array_equal(u.cross(v).components(SCANNER), np.cross(a, b))
    np.testing.assert_array_equal(u.dot(v), (a * b).sum(axis=1))
    np.testing.assert_array_equal((u - v).components(SCANNER), a - b)
    np.testing.assert_allclose(u.units().lengths(), 1, atol=1e-15)
