"""Transforms: claims, chains, and the guards against mirrors, shears and wrong routes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import OTHER, SCANNER, TKRAS, affine_matrices, rigid_matrices, shifts

from tmsplan.base import ChiralityError, FrameError, InputError
from tmsplan.space import (
    Affine,
    CoilBrainsight,
    CoilLocalite,
    CoilSimnibs,
    Frame,
    Mni305,
    Points,
    Rigid,
    ScannerLps,
    Vectors,
    Voxel,
    lps_from_ras,
)
from tmsplan.space.testing import assert_pose_close, pose_difference

MNI = Frame(Mni305, "template")
VOXEL = Frame(Voxel, "sub-01:T1w")
COIL = Frame(CoilSimnibs, "coil")


def claim(m, dst=SCANNER, src=TKRAS, because="a test"):
    return Rigid.claim(m, dst=dst, src=src, because=because)


@given(rigid_matrices(), shifts)
def test_there_and_back(m, p) -> None:
    t = claim(m)
    there = t @ Points([p], TKRAS)
    np.testing.assert_allclose((t.inverse() @ there).mm(TKRAS), [p], atol=1e-9)


@given(affine_matrices(), shifts)
def test_affine_there_and_back(m, p) -> None:
    t = Affine.claim(m, dst=MNI, src=SCANNER, because="a test")
    back = t.inverse() @ (t @ Points([p], SCANNER))
    np.testing.assert_allclose(back.mm(SCANNER), [p], atol=1e-7)


@given(rigid_matrices(), rigid_matrices(), shifts)
def test_a_chain_is_one_map_after_the_other(a, b, p) -> None:
    s_from_t = claim(a)
    t_from_m = Rigid.claim(b, dst=TKRAS, src=MNI, because="another test")
    point = Points([p], MNI)
    one, two = (s_from_t @ t_from_m) @ point, s_from_t @ (t_from_m @ point)
    np.testing.assert_allclose(one.mm(SCANNER), two.mm(SCANNER), atol=1e-9)
    assert (s_from_t @ t_from_m).because == ("a test", "another test")


@given(rigid_matrices(), st.integers(0, 2))
def test_the_mirror_guard_fires(m, axis) -> None:
    m[:3, axis] *= -1
    with pytest.raises(
        ChiralityError, match=r"mirrors space.*left would become right.*because: a broken header"
    ):
        claim(m, because="a broken header")
    with pytest.raises(ChiralityError, match="mirrors space"):
        Affine.claim(m, dst=MNI, src=SCANNER, because="a broken header")


def test_array_axes_may_be_left_handed() -> None:
    las = np.diag([-1.0, 1, 1, 1])
    t = Affine.claim(las, dst=SCANNER, src=VOXEL, because="sform of a LAS image")
    assert t.matrix(SCANNER, VOXEL)[0, 0] == -1


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.diag([2.0, 1, 1, 1]), "it scales or shears"),
        (np.eye(3), r"must be \(4, 4\); got \(3, 3\)"),
        (np.full((4, 4), np.nan), "not finite"),
        (np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [5, 6, 7, 1.0]]), "looks transposed"),
        (np.diag([1.0, 1, 1, 2]), "last row must be 0 0 0 1"),
    ],
)
def test_what_is_no_rigid_map_is_refused_with_a_diagnosis(matrix, message) -> None:
    with pytest.raises(InputError, match=message):
        claim(matrix)


def test_a_flat_affine_is_refused() -> None:
    with pytest.raises(InputError, match=r"singular.*flattens space"):
        Affine.claim(np.diag([1.0, 1, 0, 1]), dst=SCANNER, src=VOXEL, because="a test")


@pytest.mark.parametrize("because", ["", "   "])
def test_a_claim_needs_a_reason(because) -> None:
    with pytest.raises(InputError, match="a claim needs a reason"):
        claim(np.eye(4), because=because)


def test_wrong_chains_are_refused() -> None:
    t = claim(np.eye(4))
    with pytest.raises(FrameError, match="cannot chain transforms: left is in sub-01/Tkras"):
        t @ t
    with pytest.raises(FrameError, match="cannot transform points"):
        t @ Points([0, 0, 0], OTHER)
    with pytest.raises(FrameError, match="cannot transform vectors"):
        t @ Vectors([0, 0, 1], SCANNER)


def test_a_matrix_leaves_only_by_both_frames() -> None:
    t = claim(np.eye(4))
    with pytest.raises(FrameError, match="its destination"):
        t.matrix(OTHER, TKRAS)
    with pytest.raises(FrameError, match="its source"):
        t.matrix(SCANNER, SCANNER)
    with pytest.raises(ValueError, match="read-only"):
        t.matrix(SCANNER, TKRAS)[0, 0] = 3


def test_directions_turn_but_do_not_shift() -> None:
    m = np.eye(4)
    m[:3, 3] = (10, 20, 30)
    moved = claim(m) @ Vectors([0, 0, 1], TKRAS)
    np.testing.assert_array_equal(moved.components(SCANNER), [[0, 0, 1]])


def test_an_affine_does_not_carry_directions() -> None:
    t = Affine.claim(np.eye(4), dst=MNI, src=SCANNER, because="a test")
    with pytest.raises(TypeError):
        t @ Vectors([0, 0, 1], SCANNER)


@given(rigid_matrices())
def test_vendor_axes_multiply_on_the_right_and_the_world_on_the_left(m) -> None:
    """The golden vectors of two vendors: a flip of the coil is not a flip of the world."""
    pose = Rigid.claim(m, dst=SCANNER, src=COIL, because="a test")
    brainsight = Frame(CoilBrainsight, "coil")
    localite = Frame(CoilLocalite, "coil")
    b = Rigid.claim(np.diag([-1.0, 1, -1, 1]), dst=COIL, src=brainsight, because="z out of head")
    permutation = np.array([[0, 0, 1.0, 0], [0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
    loc = Rigid.claim(permutation, dst=COIL, src=localite, because="x into the head")
    got = (pose @ b).matrix(SCANNER, brainsight)
    np.testing.assert_allclose(got[:3, :3], m[:3, :3] * (-1, 1, -1), atol=1e-12)
    np.testing.assert_allclose(got[:3, 3], m[:3, 3], atol=1e-12)
    lps = lps_from_ras(SCANNER) @ pose @ loc
    expected = np.diag([-1.0, -1, 1, 1]) @ m @ permutation
    np.testing.assert_allclose(lps.matrix(Frame(ScannerLps, "sub-01"), localite), expected)
    with pytest.raises(FrameError, match="cannot chain"):
        b @ pose  # coil axes on the side of the world


@given(rigid_matrices(), st.floats(1e-7, 3.0), shifts)
def test_pose_difference_is_the_angle_of_the_turn(m, angle, axis) -> None:
    if np.linalg.norm(axis) < 1:
        axis = (0.0, 0.0, 1.0)
    n = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -n[2], n[1]], [n[2], 0, -n[0]], [-n[1], n[0], 0]])
    turn = np.eye(4)
    turn[:3, :3] = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    a = Rigid.claim(m, dst=SCANNER, src=COIL, because="a test")
    b = Rigid.claim(m @ turn, dst=SCANNER, src=COIL, because="a test")
    mm, deg = pose_difference(a, b)
    assert mm == pytest.approx(0, abs=1e-9)
    # 1e-6 deg: float64 leaves about 1e-16 / 1e-7 of a tiny angle's chord.
    assert deg == pytest.approx(np.degrees(angle), abs=1e-6)


def test_the_shipped_comparison_fails_loudly() -> None:
    a = Rigid.claim(np.eye(4), dst=SCANNER, src=COIL, because="a test")
    m = np.eye(4)
    m[0, 3] = 0.5
    b = Rigid.claim(m, dst=SCANNER, src=COIL, because="a test")
    assert_pose_close(a, b, mm=0.51, deg=0.001)
    with pytest.raises(AssertionError, match=r"poses differ by 0\.500000 mm"):
        assert_pose_close(a, b, mm=0.49, deg=0.001)
