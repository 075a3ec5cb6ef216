"""Each tripwire passes on what is right and fires on what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from strategies import SCANNER

from tmsplan.base import InputError, Params, TripwireError
from tmsplan.space import (
    Affine,
    Frame,
    Grid,
    Hemi,
    Points,
    Scanner,
    Vectors,
    Volume,
    Voxel,
    fit_midplane,
    not_run,
    require_all,
)
from tmsplan.space import tripwire as tw

P = Params()
VOXEL = Frame(Voxel, "sub-01:ribbon")


def grid(shape=(60, 50, 40), origin=(-30.0, -20.0, -15.0)) -> Grid:
    m = np.eye(4)
    m[:3, 3] = origin
    return Grid(shape, Affine.claim(m, dst=SCANNER, src=VOXEL, because="a made-up header"))


@pytest.fixture
def brain():
    """Two boxes of cortex, 3 mm thick sheets apart from the midline by 6 mm; asymmetric."""
    rng = np.random.default_rng(0)
    left = rng.uniform((-24, -12, -9), (-6, 20, 16), (4000, 3))
    right = rng.uniform((6, -15, -9), (22, 17, 18), (4000, 3))
    g = grid()
    labels = np.zeros(g.shape, np.int16)
    for points, label in ((left, 1028), (right, 2028)):
        ijk, inside = g.nearest(Points(points, SCANNER))
        labels[tuple(ijk[inside].T)] = label
    return Points(left, SCANNER), Points(right, SCANNER), Volume(labels, g)


def test_f01_is_one_where_every_vertex_is_at_home(brain) -> None:
    left, right, ribbon = brain
    result = tw.own_side_ribbon(left, right, ribbon, P.ribbon_min)
    assert (result.status, result.value) == ("pass", 1.0)


@pytest.mark.parametrize("wrong", ["swapped", "mirrored", "lps", "shifted"])
def test_f01_fires(brain, wrong) -> None:
    left, right, ribbon = brain
    lh, rh = left.mm(SCANNER), right.mm(SCANNER)
    cases = {
        "swapped": (rh, lh),
        "mirrored": (lh * (-1, 1, 1), rh * (-1, 1, 1)),
        "lps": (lh * (-1, -1, 1), rh * (-1, -1, 1)),
        "shifted": (lh + np.array([0, 12, 0]), rh + np.array([0, 12, 0])),
    }
    a, b = (Points(x, SCANNER) for x in cases[wrong])
    result = tw.own_side_ribbon(a, b, ribbon, P.ribbon_min)
    assert result.status == "fail"
    with pytest.raises(TripwireError, match=r"TP-F01 fail 0\.\d+ \(limit 0\.8\)"):
        require_all([result])


def test_f02_sees_exchanged_hemispheres(brain) -> None:
    left, right, _ = brain
    assert tw.sides_in_order(left, right).status == "pass"
    assert tw.sides_in_order(right, left).status == "fail"


def test_f03_sees_a_label_on_the_wrong_side(brain) -> None:
    left, right, _ = brain
    plane = fit_midplane(left, right)
    here = Points([-15, 0, 5], SCANNER)
    good = tw.target_on_its_side([("a", here, Hemi.LEFT)], plane)
    bad = tw.target_on_its_side([("a", here, Hemi.LEFT), ("b", here, Hemi.RIGHT)], plane)
    assert good.status == "pass"
    assert bad.status == "fail"
    assert "b is labelled right and lies -" in bad.why
    assert tw.target_on_its_side([], plane).status == "not-run"


def test_the_midplane_follows_a_turned_head(brain) -> None:
    left, right, _ = brain
    a = 0.5  # rad: a head turned by 29 degrees about z and lifted
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    move = lambda p: Points(p.mm(SCANNER) @ turn.T + (7, -30, 12), SCANNER)  # noqa: E731
    plane = fit_midplane(move(left), move(right))
    before = fit_midplane(left, right)
    np.testing.assert_allclose(plane.right_mm(move(left)), before.right_mm(left), atol=1e-9)
    assert set(plane.side(move(left))) == {Hemi.LEFT}
    assert set(plane.side(move(right))) == {Hemi.RIGHT}


def test_the_same_hemisphere_twice_has_no_midplane(brain) -> None:
    left, _, _ = brain
    with pytest.raises(InputError, match="the same file may be given twice"):
        fit_midplane(left, left)


@pytest.mark.parametrize(
    ("z", "standoff", "depth", "status"),
    [
        ((0, 0, -1), 0.0, 20.0, "pass"),
        ((0, 0, 1), 0.0, 20.0, "fail"),  # out of the head
        ((0, 1, -1), 0.0, 20.0, "fail"),  # tilted by 45 degrees
        ((0, 0, -1), -4.0, 20.0, "fail"),  # inside the scalp
        ((0, 0, -1), 0.0, 45.0, "fail"),  # too deep
        ((0, 0, -1), float("nan"), 20.0, "fail"),
    ],
)
def test_f04(z, standoff, depth, status) -> None:
    result = tw.pose_on_scalp(
        "t",
        into_head=Vectors(z, SCANNER),
        inward_normal=Vectors([0, 0, -1], SCANNER),
        standoff_error_mm=standoff,
        depth_mm=depth,
        limits=(P.tilt_max, P.contact_tolerance, P.reach),
    )
    assert result.status == status


def test_f05_needs_every_file_within_both_limits() -> None:
    limits = (P.reread_mm, P.reread_deg)
    assert tw.read_back(0.001, 0.001, 2, limits).status == "pass"
    assert tw.read_back(0.02, 0.001, 2, limits).status == "fail"
    assert tw.read_back(0.001, 0.02, 2, limits).status == "fail"
    assert tw.read_back(0.0, 0.0, 0, limits).status == "not-run"


def test_f06_judges_the_worst_probe() -> None:
    assert tw.template_near_cortex([("a", 3.0), ("b", 6.0)], P.template_max, "x").value == 6.0
    assert tw.template_near_cortex([("a", 3.0), ("b", 99.0)], P.template_max, "x").status == "fail"


def test_d01_sees_another_registration(brain) -> None:
    left, right, ribbon = brain
    plane = fit_midplane(left, right)
    both = Points(np.vstack([left.mm(SCANNER), right.mm(SCANNER)]), SCANNER)
    covered = Volume(ribbon.data > 0, ribbon.grid)
    assert tw.map_belongs(covered, both, plane, P.overlap_min).status == "pass"
    moved = Points(both.mm(SCANNER) + np.array([0, 9, 0]), SCANNER)
    assert tw.map_belongs(covered, moved, plane, P.overlap_min).status == "fail"
    flip = lambda p: Points(p.mm(SCANNER) * (-1, 1, 1), SCANNER)  # noqa: E731
    turned = fit_midplane(flip(right), flip(left))
    result = tw.map_belongs(covered, flip(both), turned, P.overlap_min)
    assert result.status == "fail"


def test_d01_a_better_wrong_hypothesis_fails_even_a_high_coverage(brain) -> None:
    """A map that covers 92 % of the cortex, and all of it when shifted, lies elsewhere."""
    left, right, _ = brain
    g = grid()
    both = Points(np.vstack([left.mm(SCANNER), right.mm(SCANNER)]), SCANNER)
    low = np.quantile(both.mm(SCANNER)[:, 1], 0.06)
    covered = np.zeros(g.shape, bool)
    ijk, _ = g.nearest(Points(np.array([[0.0, low, 0.0]]), SCANNER))
    covered[:, ijk[0, 1] :, :] = True
    result = tw.map_belongs(Volume(covered, g), both, fit_midplane(left, right), P.overlap_min)
    assert result.value is not None
    assert result.value >= P.overlap_min.value
    assert result.status == "fail"
    assert "the best wrong hypothesis (shifted 8 mm along +y)" in result.why


def test_not_run_is_never_passed_and_never_stops() -> None:
    record = not_run("TP-D01", "there is no volume map")
    assert record.status == "not-run"
    assert str(record) == "TP-D01 not-run: there is no volume map"
    require_all([record])


def test_a_volume_knows_what_lies_outside() -> None:
    g = grid((3, 3, 3), (0, 0, 0))
    data = np.arange(27, dtype=np.int16).reshape(3, 3, 3)
    v = Volume(data, g)
    got = v.at_nearest(Points([[1.4, 0, 0], [-0.6, 0, 0], [2, 2, 2]], SCANNER), outside=-5)
    np.testing.assert_array_equal(got, [9, -5, 26])
    with pytest.raises(InputError, match="does not fit its grid"):
        Volume(data[:2], g)


def test_a_frame_of_another_patient_is_seen_by_a_volume(brain) -> None:
    from tmsplan.base import FrameError

    _, _, ribbon = brain
    with pytest.raises(FrameError, match="sub-02/Scanner"):
        ribbon.at_nearest(Points([0, 0, 0], Frame(Scanner, "sub-02")), outside=0)
