"""The tree of frames: one route or an error."""

from __future__ import annotations

import numpy as np
import pytest
from strategies import OTHER, SCANNER, TKRAS

from tmsplan.base import FrameError
from tmsplan.space import Affine, Frame, FrameTree, Mni305, Mni2009cAsym, Points, Rigid, Voxel

MNI305 = Frame(Mni305, "template")
MNI09 = Frame(Mni2009cAsym, "template")
VOXEL = Frame(Voxel, "sub-01:T1w")


def shift(x: float) -> np.ndarray:
    m = np.eye(4)
    m[0, 3] = x
    return m


@pytest.fixture
def tree() -> FrameTree:
    s_from_t = Rigid.claim(shift(3), dst=SCANNER, src=TKRAS, because="c_ras of T1.mgz")
    s_from_v = Affine.claim(np.diag([2.0, 2, 2, 1]), dst=SCANNER, src=VOXEL, because="sform")
    t_from_m = Affine.claim(shift(5), dst=TKRAS, src=MNI305, because="a test")
    return FrameTree(SCANNER).with_edge(s_from_t).with_edge(s_from_v).with_edge(t_from_m)


def test_points_walk_the_one_route(tree) -> None:
    # MNI305 -> tkRAS (+5) -> scanner (+3) -> voxel (/2)
    p = tree.points(Points([2, 4, 6], MNI305), VOXEL)
    np.testing.assert_allclose(p.ijk(VOXEL), [[5, 2, 3]])
    back = tree.points(p, MNI305)
    np.testing.assert_allclose(back.mm(MNI305), [[2, 4, 6]])


def test_a_common_stem_is_not_walked(tree) -> None:
    p = tree.points(Points([1, 0, 0], MNI305), TKRAS)
    np.testing.assert_allclose(p.mm(TKRAS), [[6, 0, 0]])


def test_the_same_frame_is_no_journey(tree) -> None:
    np.testing.assert_array_equal(
        tree.points(Points([1, 2, 3], TKRAS), TKRAS).mm(TKRAS), [[1, 2, 3]]
    )


def test_a_missing_route_is_an_error_and_names_what_is_known(tree) -> None:
    with pytest.raises(FrameError, match=r"no route from template/Mni2009cAsym.*Known frames"):
        tree.points(Points([0, 0, 0], MNI09), SCANNER)
    with pytest.raises(FrameError, match="no route from sub-02/Scanner"):
        tree.points(Points([0, 0, 0], OTHER), SCANNER)


def test_a_second_edge_to_one_frame_is_refused(tree) -> None:
    again = Rigid.claim(shift(4), dst=SCANNER, src=TKRAS, because="another header")
    with pytest.raises(FrameError, match=r"in the tree of sub-01/Scanner already.*contradict"):
        tree.with_edge(again)


def test_a_frame_hangs_on_a_known_parent(tree) -> None:
    stray = Rigid.claim(np.eye(4), dst=OTHER, src=Frame(Mni305, "x"), because="a test")
    with pytest.raises(FrameError, match="cannot hang on sub-02/Scanner"):
        tree.with_edge(stray)


def test_a_rigid_route_is_rigid_or_refused(tree) -> None:
    m = tree.rigid(SCANNER, TKRAS).matrix(SCANNER, TKRAS)
    np.testing.assert_allclose(m, shift(3))
    with pytest.raises(FrameError, match="is not rigid"):
        tree.rigid(SCANNER, VOXEL)
    with pytest.raises(FrameError, match="the same frame"):
        tree.rigid(SCANNER, SCANNER)


def test_the_drawing_shows_every_frame_with_its_reason(tree) -> None:
    lines = tree.draw().splitlines()
    assert lines[0] == "sub-01/Scanner  RAS mm"
    assert len(lines) == 4
    assert any("Tkras" in line and "c_ras of T1.mgz" in line for line in lines)
